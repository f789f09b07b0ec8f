/*
 * What the policy needs to know of this machine, as plain data: collected once by
 * machine_read(), or made up by a test.
 */
#ifndef LIB_MACHINE_H
#define LIB_MACHINE_H

#include "lib/error.h"

#include <stdbool.h>
#include <stdint.h>

enum controller {
	CONTROLLER_CPU,
	CONTROLLER_CPUSET,
	CONTROLLER_MEMORY,
	CONTROLLER_PIDS,
	CONTROLLER_IO, /* v1 calls it blkio */
	CONTROLLER_DEVICES, /* v1 alone; on cgroup2 a BPF program does it */
	CONTROLLER_COUNT
};

enum cgroup_version {
	CGROUP_NONE, /* the kernel lacks the controller, or nobody mounted it */
	CGROUP_V1,
	CGROUP_V2
};

/* Where a controller's cgroups are made. */
struct controller_place {
	enum cgroup_version version;
	char root[256]; /* absolute directory: the hierarchy's mount point; "" if none */
};

/* Where a crash's memory goes, core(5). */
enum core_target {
	CORE_TO_FILE,
	CORE_TO_PROGRAM, /* which the kernel runs as the host's root; RLIMIT_CORE 1 keeps it from it */
	CORE_TO_SOCKET   /* Linux 6.16: whatever RLIMIT_CORE says */
};

struct machine {
	uint64_t memory;      /* bytes of RAM */
	uint64_t pid_max;     /* kernel.pid_max, or kernel.threads-max if that is lower */
	unsigned cpus;        /* online */
	char cpus_online[128]; /* which, "0-3,8"; "": the first ones */
	enum core_target core; /* by kernel.core_pattern */
	bool has_lxcfs;       /* mounted where its package mounts it */
	unsigned cap_last;    /* the running kernel's last capability; 0: not known */
	uint32_t tty_gid;     /* of the group tty, to which terminals belong */
	char hostname[65];
	char unified[256];    /* where cgroup2 is mounted, "" if nowhere */
	struct controller_place place[CONTROLLER_COUNT];
};

/* The kernel's v2 name ("cpu", "io", ...), and v1's ("blkio" for io). */
const char *controller_name(enum controller controller, enum cgroup_version version);

/*
 * Fills machine from sysconf, uname, /proc/self/mountinfo and cgroup2's cgroup.controllers.
 * A controller that cgroup2 offers is used there, else on its v1 mount.  cgroups(7).
 */
int machine_read(struct machine *machine, struct error *err);

/*
 * The pure parts of it, in this order: v1's places and machine->unified from the text of
 * /proc/self/mountinfo (which is cut up on the way), then what cgroup2 takes over from the text
 * of its cgroup.controllers.  Other fields are left alone.
 */
void machine_parse_mounts(struct machine *machine, char *mountinfo);
void machine_parse_controllers(struct machine *machine, const char *controllers);

#endif
