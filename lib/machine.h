/*
 * What the policy needs to know of this machine, as plain data: collected once by
 * machine_read(), or made up by a test.
 */
#ifndef LIB_MACHINE_H
#define LIB_MACHINE_H

#include "lib/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum controller {
	CONTROLLER_CPU,
	CONTROLLER_CPUSET,
	CONTROLLER_MEMORY,
	CONTROLLER_PIDS,
	CONTROLLER_IO, /* v1 calls it blkio */
	CONTROLLER_DEVICES, /* v1 alone; on cgroup2 a BPF program does it */
	CONTROLLER_FREEZER, /* v1 alone; every cgroup of cgroup2 can be frozen */
	CONTROLLER_COUNT
};

enum cgroup_version {
	CGROUP_NONE, /* the kernel lacks the controller, or nobody mounted it */
	CGROUP_V1,
	CGROUP_V2
};

/*
 * Where a controller's cgroups are made: at the hierarchy's mount point, or, where the tree is
 * not ours, at the topmost cgroup on the way to our own that we may write to.
 */
struct controller_place {
	enum cgroup_version version;
	char root[256];  /* absolute directory; "" if none */
	char part[256];  /* what of the hierarchy is mounted there: "/", all that is to be seen */
	unsigned below;  /* bytes at root's end that are below the mount point */
};

/* Where a crash's memory goes, core(5). */
enum core_target {
	CORE_TO_FILE,
	CORE_TO_PROGRAM, /* which the kernel runs as the host's root; RLIMIT_CORE 1 keeps it from it */
	CORE_TO_SOCKET   /* Linux 6.16: whatever RLIMIT_CORE says */
};

struct machine {
	uint64_t memory;      /* bytes of RAM, or what our own cgroup may use if that is less */
	uint64_t pid_max;     /* kernel.pid_max, kernel.threads-max or our own cgroup's pids.max */
	unsigned cpus;        /* online */
	char cpus_online[128]; /* which, "0-3,8"; "": the first ones */
	enum core_target core; /* by kernel.core_pattern */
	bool has_lxcfs;       /* mounted where its package mounts it */
	unsigned cap_last;    /* the running kernel's last capability; 0: not known */
	uint32_t tty_gid;     /* of the group tty, to which terminals belong */
	char hostname[65];
	char unified[256];    /* where cgroup2's cgroups are made, "" if nowhere */
	char unified_part[256]; /* as in struct controller_place */
	unsigned unified_below;
	bool is_delegated;    /* unified is not cgroup2's root: processes may sit there */
	bool has_systemd;     /* it is the cgroups' single writer: ours are below its unit for us */
	bool lacks_unit;      /* which is not running, so that there is no place for cgroups */
	bool mounts_cgroup2;  /* it is not mounted yet: the first login does that, with these options */
	char cgroup2_options[64];
	struct controller_place place[CONTROLLER_COUNT];
};

/* The kernel's v2 name ("cpu", "io", ...), and v1's ("blkio" for io). */
const char *controller_name(enum controller controller, enum cgroup_version version);

/*
 * Fills machine from sysconf, uname, /proc/self/mountinfo and cgroup2's cgroup.controllers.
 * A controller that cgroup2 offers is used there, else on its v1 mount.  cgroups(7).
 */
int machine_read(struct machine *machine, struct error *err);

/* The part of it that is about cgroups (machine_cgroups.c); the rest must have been read. */
int machine_read_cgroups(struct machine *machine, struct error *err);

/* cgroup2 as if it were a controller, and back. */
struct controller_place machine_unified(const struct machine *machine);
void machine_set_unified(struct machine *machine, const struct controller_place *place);

/*
 * The pure parts of it, in this order: v1's places and machine->unified from the text of
 * /proc/self/mountinfo (which is cut up on the way), then what cgroup2 takes over from the text
 * of its cgroup.controllers.  Other fields are left alone.
 */
void machine_parse_mounts(struct machine *machine, char *mountinfo);
void machine_parse_controllers(struct machine *machine, const char *controllers);

/*
 * Our own cgroup from the text of /proc/self/cgroup: of v1's controller of this name, or of
 * cgroup2 (NULL).  False if there is no such line, or it does not fit.
 */
bool machine_find_own(const char *cgroups, const char *controller, char *own, size_t size);

/*
 * The own cgroup as it is seen below a mount of that part of the hierarchy: "" or "/x/y", a
 * part of own.  False if it is not seen there.
 */
bool machine_own_below(const char *part, const char *own, const char **below);

#endif
