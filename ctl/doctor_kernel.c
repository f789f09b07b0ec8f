/*
 * ctrctl doctor: what this kernel and host can do, and which profiles thus work.  Tried where
 * trying changes nothing, looked up else.
 */
#include "ctl/doctor.h"

#include "ctl/mounts.h"
#include "lib/kernel_file.h"
#include "lib/machine.h"
#include "lib/mount_line.h"
#include "lib/own.h"
#include "lib/places.h"
#include "lib/subid_file.h"
#include "lib/sys.h"
#include "lib/text.h"

#include <linux/bpf.h>
#include <linux/quota.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#define KERNEL "kernel"
#define PROFILES "profiles"
#define VERSION(major, minor) ((major) * 1000U + (minor))
#define FEW_NAMESPACES 256
#define FEW_PIDS 4096

/* What the profiles ask for, as far as it was found. */
struct host {
	unsigned version;
	struct machine machine;
	bool has_userns, has_overlay, is_root;
	bool root_is_mapped; /* id-mapped mounts work on "/" */
};

static bool
read_word(const char *path, char *word, size_t size)
{
	autofree char *text = kernel_file_read(path, NULL);

	if (!text)
		return false;
	text[strcspn(text, "\n")] = '\0';
	return text_format(word, size, "%s", text) == 0;
}

static bool
read_count(const char *path, uint64_t *number)
{
	char word[32];

	return read_word(path, word, sizeof(word)) && text_to_number(word, UINT64_MAX, number);
}

static void
look_at_release(struct findings *findings, struct host *host)
{
	struct utsname name;
	unsigned major = 0, minor = 0;

	if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2)
		return;
	host->version = VERSION(major, minor);
	finding_add(findings, host->version < VERSION(5, 6) ? FINDING_FAIL : FINDING_OK, KERNEL, "release",
	    "Linux %s, %s", name.release, name.machine);
	if (host->version < VERSION(5, 6))
		finding_advise(findings, "pam_ctr wants Linux 5.6 (openat2), profile sealed 5.12, machine 5.19");
}

static void
look_at_namespaces(struct findings *findings, struct host *host)
{
	static const char *const names[] = { "mnt", "pid", "ipc", "uts", "cgroup", "net", "user" };
	char path[64], missing[64] = "";
	uint64_t most;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		bool is_user = !strcmp(names[i], "user");

		(void)text_format(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		bool there = access(path, F_OK) == 0;
		if (!there)
			(void)text_format(missing + strlen(missing), sizeof(missing) - strlen(missing), " %s", names[i]);
		(void)text_format(path, sizeof(path), "/proc/sys/user/max_%s_namespaces", names[i]);
		bool counted = read_count(path, &most);
		host->has_userns = host->has_userns || (is_user && there && !(counted && most == 0));
		if (!counted || most >= FEW_NAMESPACES)
			continue;
		finding_add(findings, most ? FINDING_WARN : is_user ? FINDING_NOTE : FINDING_FAIL, KERNEL,
		    path + strlen("/proc/sys/"), "%llu: no more containers than that at once",
		    (unsigned long long)most);
		finding_advise(findings, "sysctl user.max_%s_namespaces=65536", names[i]);
	}
	if (missing[0])
		finding_add(findings, FINDING_FAIL, KERNEL, "namespaces", "this kernel lacks:%s", missing);
	else
		finding_add(findings, FINDING_OK, KERNEL, "namespaces", "mount, PID, IPC, UTS, cgroup, network, user");
}

static void
look_at_controller(struct findings *findings, const struct host *host, enum controller controller)
{
	const struct controller_place *place = &host->machine.place[controller];
	char what[64];

	(void)text_format(what, sizeof(what), "cgroup %s", controller_name(controller, CGROUP_V2));
	if (place->version != CGROUP_NONE) {
		finding_add(findings, FINDING_OK, KERNEL, what, "version %d, %s", place->version == CGROUP_V2 ? 2 : 1,
		    place->root);
		return;
	}
	if (controller == CONTROLLER_DEVICES && host->machine.unified[0])
		return; /* a BPF program does it there */
	finding_add(findings, controller == CONTROLLER_MEMORY || controller == CONTROLLER_PIDS ?
	    FINDING_WARN : FINDING_NOTE, KERNEL, what, "no hierarchy has it: limits of it are refused");
	finding_advise(findings, "ctrctl boot prepares cgroups; memory may want cgroup_enable=memory on the "
	    "kernel's command line");
}

/* How cgroup2 was mounted decides what a login's move into its cgroup takes. */
static void
look_at_unified(struct findings *findings, const struct host *host)
{
	autofree char *text = kernel_file_read("/proc/self/mountinfo", NULL);
	size_t length = strlen(host->machine.unified) - host->machine.unified_below;
	char *cursor = text, *line;

	while (text && (line = text_next_line(&cursor))) {
		struct mount_line mount;

		if (!mount_line_parse(line, &mount) || strcmp(mount.type, "cgroup2") != 0 ||
		    strlen(mount.point) != length || strncmp(mount.point, host->machine.unified, length) != 0)
			continue;
		bool favours = mount_line_list_has(mount.super, ",", "favordynmods");
		if (host->machine.place[CONTROLLER_PIDS].version != CGROUP_V2)
			return;
		finding_add(findings, favours ? FINDING_OK : FINDING_NOTE, KERNEL, "cgroup2 favordynmods",
		    favours ? "set: moving a login into its cgroup is fast" :
		    "not set: a login waits some milliseconds for a grace period of the kernel's");
		if (!favours)
			finding_advise(findings, "mount -o remount,favordynmods %s (Linux 6.0; ctrctl boot does it)",
			    mount.point);
		return;
	}
}

static void
look_at_bpf(struct findings *findings, const struct host *host)
{
	autofd int group = host->machine.unified[0] ?
	    open(host->machine.unified, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	union bpf_attr query;

	if (group < 0 || host->machine.place[CONTROLLER_DEVICES].version == CGROUP_V1 || !host->is_root)
		return;
	memset(&query, 0, sizeof(query));
	query.query.target_fd = (unsigned)group;
	query.query.attach_type = BPF_CGROUP_DEVICE;
	if (syscall(SYS_bpf, BPF_PROG_QUERY, &query, sizeof(query)) == 0) {
		finding_add(findings, FINDING_OK, KERNEL, "BPF for devices", "cgroup2 takes device programs");
		return;
	}
	finding_add(findings, FINDING_WARN, KERNEL, "BPF for devices", "%m: device rules have no wall but nodes");
	finding_advise(findings, "the kernel wants CONFIG_CGROUP_BPF; \"devices\" of the policy are refused");
}

static void
look_at_cgroups(struct findings *findings, struct host *host)
{
	struct error err = ERROR_INIT;
	char text[640];

	if (machine_read(&host->machine, &err) < 0) {
		finding_add(findings, FINDING_FAIL, KERNEL, "cgroups", "%s", error_render(&err, text, sizeof(text)));
		return;
	}
	for (int i = 0; i < CONTROLLER_COUNT; i++)
		look_at_controller(findings, host, (enum controller)i);
	if (host->machine.lacks_unit) {
		finding_add(findings, FINDING_FAIL, KERNEL, "cgroups", "systemd runs, and its unit for pam_ctr does not: "
		    "there is no place for containers");
		finding_advise(findings, "systemctl enable --now pam_ctr");
	} else if (host->machine.is_delegated) {
		finding_add(findings, FINDING_NOTE, KERNEL, "cgroups", "only a part of the tree is ours: %s",
		    host->machine.unified);
	}
	look_at_unified(findings, host);
	look_at_bpf(findings, host);
	if (host->machine.pid_max < FEW_PIDS) {
		finding_add(findings, FINDING_WARN, KERNEL, "pid_max", "%llu tasks for all",
		    (unsigned long long)host->machine.pid_max);
		finding_advise(findings, "sysctl kernel.pid_max=4194304");
	}
}

/* A module that is not loaded yet is as good. */
static bool
has_overlay(void)
{
	autofree char *known = kernel_file_read("/proc/filesystems", NULL);
	struct utsname name;
	char path[256];

	if (known && strstr(known, "\toverlay\n"))
		return true;
	if (uname(&name) < 0 || text_format(path, sizeof(path), "/lib/modules/%s/modules.dep", name.release) < 0)
		return false;
	autofree char *modules = kernel_file_read(path, NULL);
	return modules && strstr(modules, "/overlay.ko");
}

static void
look_at_files(struct findings *findings, struct host *host)
{
	host->has_overlay = has_overlay();
	finding_add(findings, host->has_overlay ? FINDING_OK : FINDING_WARN, KERNEL, "overlay",
	    host->has_overlay ? "homes and roots can be kept apart" :
	    "this kernel has no overlay file system: home = host and root = host or read_only alone work");
	finding_add(findings, access("/proc/sys/kernel/seccomp/actions_avail", F_OK) == 0 ? FINDING_OK :
	    FINDING_FAIL, KERNEL, "seccomp", access("/proc/sys/kernel/seccomp/actions_avail", F_OK) == 0 ?
	    "filters work" : "this kernel has no system call filters: seccomp = none alone works");
	finding_add(findings, access("/proc/pressure/memory", F_OK) == 0 ? FINDING_OK : FINDING_NOTE, KERNEL,
	    "PSI", access("/proc/pressure/memory", F_OK) == 0 ? "pressure is told" :
	    "no pressure is told: no early warnings, no pressure in ctrctl metrics (kernel option psi=1)");
}

static bool
has_quota(int directory)
{
	struct if_dqblk quota;

	return sys_quotactl_fd(directory, (unsigned)Q_GETQUOTA << SUBCMDSHIFT | PRJQUOTA, 1, &quota) == 0 ||
	    errno == ENOENT;
}

static void
look_at_quota(struct findings *findings, const struct host *host)
{
	autofd int directory = open(PLACE_LIB, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (!host->is_root)
		return;
	if (directory < 0)
		directory = open("/var/lib", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool has = directory >= 0 && has_quota(directory);
	finding_add(findings, has ? FINDING_OK : FINDING_NOTE, KERNEL, "quota on " PLACE_LIB,
	    has ? "project quotas work: sizes of kept homes and roots can be limited" :
	    "no project quotas: the size of what is kept can't be limited");
	if (!has)
		finding_advise(findings, "ext4: tune2fs -O project,quota, then mount -o prjquota; xfs: mount -o prjquota");
}

static void
look_at_sysctls(struct findings *findings, const struct host *host)
{
	char word[256];
	uint64_t number;

	if (host->machine.core == CORE_TO_PROGRAM && read_word("/proc/sys/kernel/core_pattern", word, sizeof(word)))
		finding_add(findings, FINDING_NOTE, KERNEL, "core_pattern",
		    "runs a program as root outside for each crash: contained logins have no core dumps (%s)", word);
	else if (host->machine.core == CORE_TO_SOCKET)
		finding_add(findings, FINDING_WARN, KERNEL, "core_pattern",
		    "hands each crash to a socket of the host's, whatever a login's limits say");
	if (read_count("/proc/sys/kernel/yama/ptrace_scope", &number) && number > 1)
		finding_add(findings, FINDING_NOTE, KERNEL, "yama ptrace_scope",
		    "%llu: debuggers can't attach, inside neither", (unsigned long long)number);
	if (read_count("/proc/sys/kernel/unprivileged_userns_clone", &number) && number == 0)
		finding_add(findings, FINDING_NOTE, KERNEL, "unprivileged_userns_clone",
		    "0: nesting = yes has no effect");
	finding_add(findings, FINDING_NOTE, KERNEL, "lxcfs", host->machine.has_lxcfs ?
	    "mounted: free and uptime tell of the container" : "not mounted: free and uptime tell of the host");
	finding_add(findings, FINDING_NOTE, KERNEL, "udevd", access("/run/udev/control", F_OK) == 0 ?
	    "runs: device rules may name its properties" :
	    "does not run: device rules that name its properties or tags match nothing");
}

/* Of "/" it decides whether there can be a root of one's own, of others how their files look. */
static void
tell_mount(const char *point, const char *type, void *context)
{
	struct findings *findings = context;
	bool is_root = point[1] == '\0';

	finding_add(findings, is_root ? FINDING_WARN : FINDING_NOTE, KERNEL, "id-mapped mounts",
	    "%s (%s) has none: %s", point, type, is_root ? "profile = shared alone works" :
	    "in sealed and machine, files of root and of other users are nobody's there");
}

static void
look_at_mounts(struct findings *findings, struct host *host)
{
	struct error err = ERROR_INIT;
	char text[640];
	size_t before = findings->count;

	host->root_is_mapped = host->version >= VERSION(5, 12);
	if (!host->is_root) {
		finding_add(findings, FINDING_NOTE, KERNEL, "id-mapped mounts", "only root can try");
		return;
	}
	if (mounts_try(tell_mount, findings, &err) < 0) {
		finding_add(findings, FINDING_WARN, KERNEL, "id-mapped mounts", "%s",
		    error_render(&err, text, sizeof(text)));
		host->root_is_mapped = false;
		return;
	}
	for (size_t i = before; i < findings->count; i++)
		if (findings->item[i].level == FINDING_WARN)
			host->root_is_mapped = false;
	if (findings->count == before)
		finding_add(findings, FINDING_OK, KERNEL, "id-mapped mounts", "work on all file systems here");
}

static void
look_at_subids(struct findings *findings, const struct host *host)
{
	char source[SUBID_SOURCE_MAX];
	struct error err = ERROR_INIT;

	if (subid_file_source(source, &err) < 0 || strcmp(source, "files") != 0) {
		finding_add(findings, FINDING_NOTE, KERNEL, "subordinate ids", "from NSS: %s", source);
		return;
	}
	bool there = access(subid_file_path[SUBID_UIDS], F_OK) == 0 && access(subid_file_path[SUBID_GIDS], F_OK) == 0;
	finding_add(findings, there || !host->has_userns ? FINDING_OK : FINDING_NOTE, KERNEL, "subordinate ids",
	    there ? "from /etc/subuid and /etc/subgid; a user without gets some at the first login" :
	    "there are no /etc/subuid and /etc/subgid yet: made at the first login that wants some");
}

static void
judge_profile(struct findings *findings, const char *name, bool works, const char *why_not)
{
	finding_add(findings, works ? FINDING_OK : FINDING_WARN, PROFILES, name, works ? "works here" :
	    "does not work here: %s", why_not);
	if (!works)
		finding_advise(findings, "logins whose policy says profile = %s are refused", name);
}

void
doctor_kernel(struct findings *findings)
{
	struct host host = { .is_root = geteuid() == 0 };

	look_at_release(findings, &host);
	look_at_namespaces(findings, &host);
	look_at_cgroups(findings, &host);
	look_at_files(findings, &host);
	look_at_mounts(findings, &host);
	look_at_quota(findings, &host);
	look_at_subids(findings, &host);
	look_at_sysctls(findings, &host);
	bool sealed = host.has_userns && host.root_is_mapped;
	judge_profile(findings, "shared", host.version >= VERSION(5, 6), "the kernel is too old");
	judge_profile(findings, "sealed", sealed, host.has_userns ? "no id-mapped mount of /" : "no user namespaces");
	judge_profile(findings, "machine", sealed && host.has_overlay && host.version >= VERSION(5, 19),
	    !sealed ? "as sealed" : host.has_overlay ? "it wants Linux 5.19" : "no overlay file system");
}
