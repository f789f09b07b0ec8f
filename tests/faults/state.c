/*
 * Reads /proc and the cgroup trees.  What differs from one login to the next by its nature (pids,
 * inodes, numbers of mounts) is left out, or told by what it is equal to.
 */
#include "tests/faults/state.h"

#include "lib/own.h"
#include "lib/places.h"
#include "lib/sys.h"
#include "lib/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_ 4096

static FILE *
open_file(pid_t pid, const char *name)
{
	char path[128];

	(void)text_format(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return fopen(path, "re");
}

/* Lines of status that tell what a process may do. */
static void
print_status(FILE *out, pid_t pid)
{
	static const char *const names[] = { "Umask:", "Uid:", "Gid:", "Groups:", "Threads:", "SigBlk:",
		"SigIgn:", "SigCgt:", "Cap", "NoNewPrivs:", "Seccomp" };
	char line[LINE_MAX_];
	FILE *in = open_file(pid, "status");

	while (in && fgets(line, sizeof(line), in))
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (!strncmp(line, names[i], strlen(names[i])))
				(void)fputs(line, out);
	if (in)
		(void)fclose(in);
}

static void
print_files(FILE *out, pid_t pid)
{
	static const char *const names[] = { "limits", "oom_score_adj", "timerslack_ns", "loginuid", "timers" };
	char line[LINE_MAX_];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		FILE *in = open_file(pid, names[i]);
		while (in && fgets(line, sizeof(line), in))
			(void)fprintf(out, "%s %s", names[i], line);
		if (in)
			(void)fclose(in);
	}
}

/* proc(5) stat: priority 18, nice 19, policy 41, counted from the command's end. */
static void
print_schedule(FILE *out, pid_t pid)
{
	char line[LINE_MAX_] = "";
	FILE *in = open_file(pid, "stat");

	if (!in || !fgets(line, sizeof(line), in))
		line[0] = '\0';
	if (in)
		(void)fclose(in);
	char *save = NULL, *at = strrchr(line, ')');
	char *field = at ? strtok_r(at + 1, " ", &save) : NULL;
	for (int i = 3; field; i++, field = strtok_r(NULL, " ", &save))
		if (i == 18 || i == 19 || i == 41)
			(void)fprintf(out, "stat %d %s\n", i, field);
}

static void
print_link(FILE *out, pid_t pid, const char *name)
{
	char path[128], target[PATH_MAX];

	(void)text_format(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	ssize_t length = readlink(path, target, sizeof(target) - 1);
	target[length < 0 ? 0 : length] = '\0';
	/* A socket's number is its own in each process. */
	if (!strncmp(target, "socket:", 7))
		target[7] = '\0';
	(void)fprintf(out, "%s %s\n", name, target);
}

static void
print_descriptors(FILE *out, pid_t pid)
{
	char path[64], name[300];

	for (int fd = 0; fd < 256; fd++) {
		(void)text_format(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
		if (access(path, F_OK) < 0 && errno == ENOENT && readlink(path, name, sizeof(name)) < 0)
			continue;
		(void)text_format(name, sizeof(name), "fd/%d", fd);
		print_link(out, pid, name);
	}
}

/* Who owns its /proc directory: root's where it is not dumpable. */
static void
print_owner(FILE *out, pid_t pid)
{
	struct stat st;
	char path[64];

	(void)text_format(path, sizeof(path), "/proc/%d", (int)pid);
	if (stat(path, &st) == 0)
		(void)fprintf(out, "owner %u:%u\n", (unsigned)st.st_uid, (unsigned)st.st_gid);
}

static const char *const namespaces[] = { "mnt", "pid_for_children", "ipc", "uts", "net", "user", "cgroup" };

static ino_t
namespace_of(pid_t pid, const char *name)
{
	char path[64];
	struct stat st;

	(void)text_format(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, name);
	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

static void
print_process(FILE *out, pid_t pid)
{
	print_status(out, pid);
	print_files(out, pid);
	print_schedule(out, pid);
	print_descriptors(out, pid);
	print_owner(out, pid);
}

char *
state_of_process(pid_t pid)
{
	char *text = NULL, path[64];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)text_format(path, sizeof(path), "/proc/%d", (int)pid);
	if (!out)
		return NULL;
	print_process(out, pid);
	print_link(out, pid, "cwd");
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
		(void)fprintf(out, "namespace %s %lu\n", namespaces[i],
		    (unsigned long)namespace_of(pid, namespaces[i]));
	FILE *in = open_file(pid, "cgroup");
	for (char line[LINE_MAX_]; in && fgets(line, sizeof(line), in);)
		(void)fputs(line, out);
	if (in)
		(void)fclose(in);
	(void)fclose(out);
	return text;
}

/* --- what keeps it in ------------------------------------------------------------------- */

static void
print_namespaces(FILE *out, pid_t pid, pid_t init)
{
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++) {
		const char *of_init = !strcmp(namespaces[i], "pid_for_children") ? "pid" : namespaces[i];
		ino_t own = namespace_of(pid, namespaces[i]);
		(void)fprintf(out, "namespace %s%s%s\n", namespaces[i],
		    own == namespace_of(getpid(), namespaces[i]) ? " host" : "",
		    own == namespace_of(init, of_init) ? " init" : "");
	}
}

/* An overlay's layers are told by the descriptors that they were mounted by. */
static void
cut_descriptors(char *field)
{
	static const char name[] = "/proc/self/fd/";

	for (char *at = strstr(field, name); at; at = strstr(at + 1, name)) {
		char *number = at + sizeof(name) - 1;
		size_t digits = strspn(number, "0123456789");
		memmove(number, number + digits, strlen(number + digits) + 1);
	}
}

/* Without what is numbered: ids, parent's ids, devices, peer groups. */
static void
print_mounts(FILE *out, pid_t pid)
{
	char line[LINE_MAX_];
	FILE *in = open_file(pid, "mountinfo");

	while (in && fgets(line, sizeof(line), in)) {
		char *save = NULL, *field = strtok_r(line, " \n", &save);
		(void)fputs("mount", out);
		for (int i = 0; field; i++, field = strtok_r(NULL, " \n", &save)) {
			char *number = i > 5 ? strchr(field, ':') : NULL;
			if (number && (!strncmp(field, "master:", 7) || !strncmp(field, "shared:", 7)))
				*number = '\0';
			cut_descriptors(field);
			if (i > 2)
				(void)fprintf(out, " %s", field);
		}
		(void)fputc('\n', out);
	}
	if (in)
		(void)fclose(in);
}

/* Where the hierarchy with these controllers is mounted; "" is cgroup2's name in /proc/PID/cgroup. */
static bool
find_hierarchy(const char *controllers, char *path, size_t size)
{
	char line[LINE_MAX_], wanted[128];
	FILE *in = open_file(getpid(), "mountinfo");
	bool found = false;

	(void)text_format(wanted, sizeof(wanted), ",%s,", controllers);
	while (in && !found && fgets(line, sizeof(line), in)) {
		char options[512], *type = strstr(line, " - ");
		char place[512], super[512];
		if (!type || sscanf(line, "%*s %*s %*s %*s %511s", place) != 1 ||
		    sscanf(type, " - %*s %*s %510s", super) != 1)
			continue;
		(void)text_format(options, sizeof(options), ",%s,", super);
		found = controllers[0] ? !strncmp(type, " - cgroup ", 10) && strstr(options, wanted) :
		    !strncmp(type, " - cgroup2 ", 11);
		if (found && text_format(path, size, "%s", place) < 0)
			found = false;
	}
	if (in)
		(void)fclose(in);
	return found;
}

static void
print_knobs(FILE *out, const char *directory, const char *controllers, int level)
{
	static const char *const knobs[] = { "pids.max", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes",
		"memory.soft_limit_in_bytes", "memory.max", "memory.high", "memory.swap.max", "memory.oom.group",
		"cpu.shares", "cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.max", "cpu.weight", "cpuset.cpus",
		"cpuset.mems", "devices.list", "cgroup.type", "cgroup.subtree_control", "cgroup.max.depth",
		"cgroup.max.descendants", "io.max", "io.weight", "cgroup.freeze", "freezer.state" };
	struct stat st;

	if (stat(directory, &st) == 0)
		(void)fprintf(out, "cgroup %s up %d owner %u mode %o\n", controllers, level,
		    (unsigned)st.st_uid, (unsigned)st.st_mode);
	for (size_t i = 0; i < sizeof(knobs) / sizeof(knobs[0]); i++) {
		char path[PATH_MAX], line[512];
		FILE *in = text_format(path, sizeof(path), "%s/%s", directory, knobs[i]) < 0 ? NULL :
		    fopen(path, "re");
		while (in && fgets(line, sizeof(line), in))
			(void)fprintf(out, "cgroup %s up %d %s %s", controllers, level, knobs[i], line);
		if (in)
			(void)fclose(in);
	}
}

/* From its own cgroup up to where the hierarchy is mounted. */
static void
print_cgroups(FILE *out, pid_t pid)
{
	char line[LINE_MAX_], mounted[512], path[PATH_MAX];
	FILE *in = open_file(pid, "cgroup");

	while (in && fgets(line, sizeof(line), in)) {
		char *controllers = strchr(line, ':'), *below = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!below)
			continue;
		*below++ = '\0';
		below[strcspn(below, "\n")] = '\0';
		if (!find_hierarchy(++controllers, mounted, sizeof(mounted)))
			continue;
		for (int level = 0; strlen(below) > 1; level++) {
			if (text_format(path, sizeof(path), "%s%s", mounted, below) == 0)
				print_knobs(out, path, controllers, level);
			*strrchr(below, '/') = '\0';
		}
	}
	if (in)
		(void)fclose(in);
}

char *
state_of_member(pid_t pid, pid_t init)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	print_process(out, pid);
	print_namespaces(out, pid, init);
	print_mounts(out, pid);
	print_cgroups(out, pid);
	(void)fputs("of init\n", out);
	print_status(out, init);
	print_owner(out, init);
	(void)fclose(out);
	return text;
}

/* --- what is left ------------------------------------------------------------------------- */

struct search {
	FILE *out;
	char name[16];
};

static struct search search; /* nftw(3) has no context; one search at a time */

static int
print_found(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	if (type == FTW_D && !strcmp(path + at->base, search.name))
		(void)fprintf(search.out, "cgroup %s\n", path);
	return 0;
}

static void
print_left_cgroups(FILE *out, uid_t uid)
{
	const char *own = getenv("WORLD_CGROUP");
	char line[LINE_MAX_], place[512], path[PATH_MAX];
	FILE *in = open_file(getpid(), "mountinfo");

	search.out = out;
	(void)text_format(search.name, sizeof(search.name), "%u", (unsigned)uid);
	while (in && fgets(line, sizeof(line), in))
		if (strstr(line, " - cgroup") && sscanf(line, "%*s %*s %*s %*s %511s", place) == 1 &&
		    text_format(path, sizeof(path), "%s/%s", place, own ? own : "pam_ctr") == 0)
			(void)nftw(path, print_found, 16, FTW_PHYS);
	if (in)
		(void)fclose(in);
}

static int
print_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	(void)fprintf(search.out, "file %s\n", path);
	return 0;
}

/* Its supervisor, and whoever has its ids. */
static void
print_left_processes(FILE *out, uid_t uid)
{
	DIR *all = opendir("/proc");
	char number[16];

	(void)text_format(number, sizeof(number), "%u", (unsigned)uid);
	for (struct dirent *entry; all && (entry = readdir(all));) {
		char text[512] = "";
		pid_t pid = (pid_t)atoi(entry->d_name);
		FILE *in = pid > 0 ? open_file(pid, "cmdline") : NULL;
		size_t length = in ? fread(text, 1, sizeof(text) - 1, in) : 0;
		const char *argument = text + strlen(text) + 1;
		if (length > 0 && strstr(text, "pam_ctr/supervisor") && !strcmp(argument, number))
			(void)fprintf(out, "process %s %s\n", text, number);
		if (in)
			(void)fclose(in);
	}
	if (all)
		(void)closedir(all);
}

char *
state_of_host(uid_t uid)
{
	char *text = NULL, path[PATH_MAX];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	print_left_cgroups(out, uid);
	(void)text_format(path, sizeof(path), PLACE_RUN "/%u", (unsigned)uid);
	(void)nftw(path, print_entry, 16, FTW_PHYS);
	(void)nftw(PLACE_FILTER_CACHE, print_entry, 16, FTW_PHYS);
	print_left_processes(out, uid);
	print_mounts(out, getpid());
	(void)fclose(out);
	return text;
}

/* --- the record ---------------------------------------------------------------------------- */

static FILE *
open_record(uid_t uid)
{
	char path[64];

	(void)text_format(path, sizeof(path), PLACE_RUN "/%u/record", (unsigned)uid);
	return fopen(path, "re");
}

pid_t
state_recorded(uid_t uid, const char *name)
{
	char line[LINE_MAX_];
	FILE *in = open_record(uid);
	int pid = 0;

	while (in && fgets(line, sizeof(line), in))
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ' ')
			pid = atoi(line + strlen(name));
	if (in)
		(void)fclose(in);
	return pid;
}

int
state_sessions(uid_t uid)
{
	char line[LINE_MAX_];
	FILE *in = open_record(uid);
	int count = in ? 0 : -1;

	while (in && fgets(line, sizeof(line), in))
		count += !strncmp(line, "session ", 8);
	if (in)
		(void)fclose(in);
	return count;
}

/* One that is dead and not reaped yet still has its pid. */
bool
state_lives(pid_t pid)
{
	autofd int pidfd = sys_pidfd_open(pid);
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };

	return pidfd >= 0 && poll(&ended, 1, 0) == 0;
}

void
state_last_session(uid_t uid, char *id, size_t size)
{
	char line[LINE_MAX_], name[32] = "";
	FILE *in = open_record(uid);

	while (in && fgets(line, sizeof(line), in))
		(void)sscanf(line, "session %31s", name);
	if (in)
		(void)fclose(in);
	(void)text_format(id, size, "%s", name);
}

int
state_descriptors(pid_t pid)
{
	char path[64];
	int count = 0;

	(void)text_format(path, sizeof(path), "/proc/%d/fd", (int)pid);
	DIR *all = opendir(path);
	for (struct dirent *entry; all && (entry = readdir(all));)
		count += entry->d_name[0] != '.';
	if (all)
		(void)closedir(all);
	return count;
}

void
state_difference(const char *before, const char *after, char *text, size_t size)
{
	size_t i = 0, line = 0;

	if (!before || !after) {
		(void)text_format(text, size, "nothing to read");
		return;
	}
	for (; before[i] && before[i] == after[i]; i++)
		if (before[i] == '\n')
			line = i + 1;
	before += line;
	after += line;
	(void)snprintf(text, size, "\"%.*s\" is \"%.*s\"", (int)strcspn(before, "\n"), before,
	    (int)strcspn(after, "\n"), after);
}
