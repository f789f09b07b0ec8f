/*
 * Facts of the machine, read once before a policy is resolved: RAM, pids, CPUs, its name; its
 * cgroups are machine_cgroups.c's.  Runs as root in the supervisor and as anybody in ctrctl.
 */
#include "lib/machine.h"

#include "lib/kernel_file.h"
#include "lib/own.h"
#include "lib/text.h"

#include <stdbool.h>
#include <grp.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

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
	if (kernel_file_number("/proc/sys/kernel/pid_max", &machine->pid_max, err) < 0 ||
	    kernel_file_number("/proc/sys/kernel/threads-max", &threads_max, err) < 0)
		return -1;
	if (threads_max < machine->pid_max)
		machine->pid_max = threads_max;
	if (kernel_file_number("/proc/sys/kernel/cap_last_cap", &cap_last, err) < 0)
		return -1;
	machine->cap_last = (unsigned)cap_last;
	machine->core = read_core_target();
	return machine_read_cgroups(machine, err);
}
