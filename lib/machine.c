/*
 * Facts of the machine, read once before a policy is resolved: RAM, pids, CPUs, its name, and
 * where each cgroup controller is mounted.  Runs as root in the supervisor and as anybody in
 * ctrctl.  The mount table is hostile text (users mount by fusermount, and name things): a
 * line is taken only field by field, and what does not fit is passed over, never cut.
 */
#include "lib/machine.h"

#include "lib/kernel_file.h"
#include "lib/mount_line.h"
#include "lib/own.h"
#include "lib/places.h"
#include "lib/text.h"

#include <fcntl.h>
#include <stdbool.h>
#include <grp.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

static const char *const controller_names[CONTROLLER_COUNT][2] = {
	[CONTROLLER_CPU] = { "cpu", "cpu" },
	[CONTROLLER_CPUSET] = { "cpuset", "cpuset" },
	[CONTROLLER_MEMORY] = { "memory", "memory" },
	[CONTROLLER_PIDS] = { "pids", "pids" },
	[CONTROLLER_IO] = { "io", "blkio" },
	[CONTROLLER_DEVICES] = { "devices", "devices" },
};

/* How good the mount found so far is for each purpose; a hierarchy may be mounted twice. */
struct mount_ranks {
	int unified;
	int place[CONTROLLER_COUNT];
};

const char *
controller_name(enum controller controller, enum cgroup_version version)
{
	if (controller >= CONTROLLER_COUNT)
		return "cgroup2";
	return controller_names[controller][version == CGROUP_V1];
}

/* A writable mount before a read-only one, then a whole hierarchy before a part of one. */
static int
mount_rank(const struct mount_line *mount)
{
	bool writable = !mount_line_list_has(mount->options, ",", "ro") && !mount_line_list_has(mount->super, ",", "ro");
	bool whole = strcmp(mount->root, "/") == 0;

	return 1 + 2 * writable + whole;
}

/* Takes the mount point if it is better than what is there. */
static bool
place_take(char *place, size_t size, int *rank, const struct mount_line *mount)
{
	int found = mount_rank(mount);
	size_t length = strlen(mount->point);

	if (found <= *rank || length >= size || mount->point[0] != '/')
		return false;
	memcpy(place, mount->point, length + 1);
	*rank = found;
	return true;
}

static void
mount_line_use(struct machine *machine, struct mount_ranks *ranks, const struct mount_line *mount)
{
	if (strcmp(mount->type, "cgroup2") == 0) {
		(void)place_take(machine->unified, sizeof(machine->unified), &ranks->unified,
		    mount);
		return;
	}
	for (unsigned i = 0; i < CONTROLLER_COUNT; i++) {
		struct controller_place *place = &machine->place[i];

		if (!mount_line_list_has(mount->super, ",", controller_names[i][1]))
			continue;
		if (place_take(place->root, sizeof(place->root), &ranks->place[i], mount))
			place->version = CGROUP_V1;
	}
}

void
machine_parse_mounts(struct machine *machine, char *mountinfo)
{
	struct mount_ranks ranks = { .unified = 0 };
	char *line;

	while ((line = text_next_line(&mountinfo))) {
		struct mount_line mount;

		if (!mount_line_parse(line, &mount))
			continue;
		if (strcmp(mount.type, "fuse.lxcfs") == 0 && strcmp(mount.point, PLACE_LXCFS) == 0)
			machine->has_lxcfs = true;
		if (strcmp(mount.type, "cgroup") == 0 || strcmp(mount.type, "cgroup2") == 0)
			mount_line_use(machine, &ranks, &mount);
	}
}

void
machine_parse_controllers(struct machine *machine, const char *controllers)
{
	for (unsigned i = 0; i < CONTROLLER_COUNT; i++) {
		if (!mount_line_list_has(controllers, " \n", controller_names[i][0]))
			continue;
		machine->place[i].version = CGROUP_V2;
		memcpy(machine->place[i].root, machine->unified, sizeof(machine->unified));
	}
}

static int
read_number(const char *path, uint64_t *number, struct error *err)
{
	autofree char *text = kernel_file_read(path, err);

	if (!text)
		return -1;
	text[strcspn(text, "\n")] = '\0';
	if (!text_to_number(text, UINT64_MAX, number))
		return error_set(err, 0, "%s: not a number", path);
	return 0;
}

static int
read_cgroups(struct machine *machine, struct error *err)
{
	autofree char *mountinfo = kernel_file_read("/proc/self/mountinfo", err);
	autofree char *controllers = NULL;
	char path[sizeof(machine->unified) + sizeof("/cgroup.controllers")];

	if (!mountinfo)
		return -1;
	machine_parse_mounts(machine, mountinfo);
	if (!machine->unified[0])
		return 0;
	if (text_format(path, sizeof(path), "%s/cgroup.controllers", machine->unified) < 0)
		return error_set(err, errno, "%s/cgroup.controllers", machine->unified);
	controllers = kernel_file_read(path, err);
	if (!controllers)
		return -1;
	machine_parse_controllers(machine, controllers);
	return 0;
}

/*
 * Not by sysconf(3): musl's counts the CPUs that the caller may run on, and an sshd may be
 * pinned to one.  The list reads "0-3,8".
 */
static unsigned
count_cpus(const char *list)
{
	unsigned count = 0;

	while (*list >= '0' && *list <= '9') {
		char *end;
		unsigned long first = strtoul(list, &end, 10), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		if (last < first || last - first > 65535)
			return 0;
		count += (unsigned)(last - first) + 1;
		list = *end == ',' ? end + 1 : end;
	}
	return count;
}

static unsigned
read_cpus(char *list, size_t size)
{
	autofree char *online = kernel_file_read("/sys/devices/system/cpu/online", NULL);
	unsigned cpus = online ? count_cpus(online) : 0;

	/* A list that is too long is passed over: only which CPUs a share has depends on it. */
	if (online && text_format(list, size, "%.*s", (int)strcspn(online, "\n"), online) < 0)
		list[0] = '\0';
	long known = sysconf(_SC_NPROCESSORS_ONLN);

	if (cpus)
		return cpus;
	return known > 0 ? (unsigned)known : 1;
}

/* "|PROGRAM", "@SOCKET", or a file's name.  Unreadable: what must be kept from happening. */
static enum core_target
read_core_target(void)
{
	autofree char *pattern = kernel_file_read("/proc/sys/kernel/core_pattern", NULL);

	if (pattern && pattern[0] == '@')
		return CORE_TO_SOCKET;
	return !pattern || pattern[0] == '|' ? CORE_TO_PROGRAM : CORE_TO_FILE;
}

/* Fixed in every distribution that we know of; for where /etc/group has no tty. */
#define TTY_GID 5

static uint32_t
read_tty_gid(void)
{
	const struct group *tty = getgrnam("tty");

	return tty ? tty->gr_gid : TTY_GID;
}

int
machine_read(struct machine *machine, struct error *err)
{
	struct sysinfo info;
	struct utsname name;
	uint64_t threads_max, cap_last;

	*machine = (struct machine){ .tty_gid = read_tty_gid() };
	machine->cpus = read_cpus(machine->cpus_online, sizeof(machine->cpus_online));
	if (sysinfo(&info) < 0)
		return error_set(err, errno, "sysinfo");
	machine->memory = (uint64_t)info.totalram * info.mem_unit;
	if (uname(&name) < 0)
		return error_set(err, errno, "uname");
	if (text_format(machine->hostname, sizeof(machine->hostname), "%s", name.nodename) < 0)
		return error_set(err, errno, "host name");
	if (read_number("/proc/sys/kernel/pid_max", &machine->pid_max, err) < 0 ||
	    read_number("/proc/sys/kernel/threads-max", &threads_max, err) < 0)
		return -1;
	if (threads_max < machine->pid_max)
		machine->pid_max = threads_max;
	if (read_number("/proc/sys/kernel/cap_last_cap", &cap_last, err) < 0)
		return -1;
	machine->cap_last = (unsigned)cap_last;
	machine->core = read_core_target();
	return read_cgroups(machine, err);
}
