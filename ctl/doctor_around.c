/*
 * ctrctl doctor: ways to run programs outside that no PAM stack closes.
 */
#include "ctl/doctor.h"

#include "lib/own.h"
#include "lib/path.h"
#include "lib/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define AREA "around"
#define SSHD_CONFIG "/etc/ssh/sshd_config"

/* Who is in one of these is root of the host, by a socket or a device. */
static const struct {
	const char *name, *how;
} groups[] = {
	{ "docker", "its daemon starts containers with the host's root in them" },
	{ "podman", "its service runs containers outside" },
	{ "lxd", "its daemon starts containers with the host's root in them" },
	{ "incus-admin", "its daemon starts containers with the host's root in them" },
	{ "libvirt", "its daemon gives machines the host's disks" },
	{ "disk", "it reads and writes the host's disks" },
	{ "kmem", "it reads the kernel's memory" },
};

static const char *const sockets[] = {
	"/run/docker.sock", "/run/podman/podman.sock", "/run/containerd/containerd.sock",
	"/run/crio/crio.sock", "/var/lib/lxd/unix.socket", "/var/lib/incus/unix.socket",
	"/var/snap/lxd/common/lxd/unix.socket",
};

static void
look_at_groups(struct findings *findings)
{
	char members[256];

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		const struct group *group = getgrnam(groups[i].name);
		size_t length = 0;

		if (!group || !group->gr_mem[0])
			continue;
		members[0] = '\0';
		for (char **member = group->gr_mem; *member && length + 2 < sizeof(members); member++)
			length += (size_t)snprintf(members + length, sizeof(members) - length, "%s%s", length ? ", " : "",
			    *member);
		finding_add(findings, FINDING_WARN, AREA, groups[i].name, "a group that is as good as root (%s): %s",
		    groups[i].how, members);
		finding_advise(findings, "take users out of it, or hide its socket: logins keep their groups inside");
	}
}

static void
look_at_sockets(struct findings *findings)
{
	struct stat st;

	for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++) {
		if (stat(sockets[i], &st) < 0 || !S_ISSOCK(st.st_mode))
			continue;
		bool open_to_all = st.st_mode & S_IWOTH;
		finding_add(findings, open_to_all ? FINDING_FAIL : FINDING_NOTE, AREA, sockets[i],
		    "a runtime's socket, mode %04o: who can write to it runs programs outside",
		    (unsigned)(st.st_mode & 07777));
		finding_advise(findings, "profiles sealed and machine have a /run of their own without it; with shared: "
		    "hidden = %s", sockets[i]);
	}
}

/* systemd(1): users whose manager is started at boot and kept, outside of any login. */
static void
look_at_lingering(struct findings *findings)
{
	DIR *directory = opendir("/var/lib/systemd/linger");

	if (!directory)
		return;
	for (struct dirent *entry; (entry = readdir(directory));) {
		if (entry->d_name[0] == '.')
			continue;
		finding_add(findings, FINDING_WARN, AREA, entry->d_name, "lingers: systemd runs the user's services "
		    "without a login");
		finding_advise(findings, "loginctl disable-linger %s, or pam_ctr.so in systemd-user", entry->d_name);
	}
	(void)closedir(directory);
}

enum use_pam { USE_PAM_UNSET, USE_PAM_YES, USE_PAM_NO };

static enum use_pam read_sshd_config(const char *path, unsigned depth);

static enum use_pam
read_sshd_included(const char *pattern, unsigned depth)
{
	enum use_pam found = USE_PAM_UNSET;
	char absolute[512];
	glob_t files;

	if (text_format(absolute, sizeof(absolute), "%s%s", pattern[0] == '/' ? "" : "/etc/ssh/", pattern) < 0 ||
	    glob(absolute, 0, NULL, &files) != 0)
		return USE_PAM_UNSET;
	for (size_t i = 0; i < files.gl_pathc && found == USE_PAM_UNSET; i++)
		found = read_sshd_config(files.gl_pathv[i], depth + 1);
	globfree(&files);
	return found;
}

/* The first line that says it counts; no Match block can. */
static enum use_pam
read_sshd_config(const char *path, unsigned depth)
{
	FILE *file = depth < 16 ? fopen(path, "re") : NULL;
	enum use_pam found = USE_PAM_UNSET;
	char line[1024];

	while (file && found == USE_PAM_UNSET && fgets(line, sizeof(line), file)) {
		char *cursor = line, *key = strtok_r(line, " \t=\n", &cursor);
		const char *value = key ? strtok_r(NULL, " \t=\n\"", &cursor) : NULL;

		if (!value || key[0] == '#')
			continue;
		if (!strcasecmp(key, "UsePAM"))
			found = strcasecmp(value, "yes") != 0 ? USE_PAM_NO : USE_PAM_YES;
		for (; value && !strcasecmp(key, "Include") && found == USE_PAM_UNSET;
		    value = strtok_r(NULL, " \t\n\"", &cursor))
			found = read_sshd_included(value, depth);
	}
	if (file)
		(void)fclose(file);
	return found;
}

static void
look_at_sshd(struct findings *findings)
{
	if (access(SSHD_CONFIG, F_OK) < 0)
		return;
	if (access(SSHD_CONFIG, R_OK) < 0) {
		finding_add(findings, FINDING_NOTE, AREA, "sshd UsePAM", SSHD_CONFIG ": %m");
		return;
	}
	bool uses = read_sshd_config(SSHD_CONFIG, 0) == USE_PAM_YES;
	finding_add(findings, uses ? FINDING_OK : FINDING_FAIL, AREA, "sshd UsePAM", uses ? "yes" :
	    "is not \"yes\" in " SSHD_CONFIG ": sshd asks no PAM module, and its logins are outside");
	if (!uses)
		finding_advise(findings, "UsePAM yes, then reload sshd (sshd -T tells what it uses)");
}

void
doctor_around(struct findings *findings)
{
	size_t before = findings->count;

	look_at_sshd(findings);
	look_at_groups(findings);
	look_at_sockets(findings);
	look_at_lingering(findings);
	if (findings->count == before)
		finding_add(findings, FINDING_OK, AREA, "ways out", "no runtime's socket or group, nobody lingers");
}
