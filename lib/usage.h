/*
 * What a container uses and may use, read from its cgroup directories (a record's): for
 * ctrctl list and show, and for the supervisor's log.  Changes nothing; as root, or as whoever
 * may read cgroup files.
 */
#ifndef LIB_USAGE_H
#define LIB_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USAGE_UNKNOWN UINT64_MAX         /* no controller of the container's tells */
#define USAGE_UNLIMITED (UINT64_MAX - 1) /* a limit that is not set */

/* What a container waits for, and how: the kernel's accounting of stalls, PSI; v2 only. */
enum usage_pressure { USAGE_PRESSURE_CPU, USAGE_PRESSURE_MEMORY, USAGE_PRESSURE_IO, USAGE_PRESSURES };
enum usage_stalled { USAGE_SOME, USAGE_FULL }; /* some of its tasks waited, or all */

/* Each is a number or USAGE_UNKNOWN; those called _max and _high may be USAGE_UNLIMITED. */
struct usage {
	uint64_t memory;      /* bytes */
	uint64_t memory_peak;
	uint64_t memory_max;
	uint64_t memory_high; /* v2 only */
	uint64_t swap;
	uint64_t swap_max;
	uint64_t oom_kills;
	uint64_t cpu_usec;    /* CPU time used, microseconds */
	uint64_t cpu_max;     /* per mille of one CPU: 1500 is a CPU and a half */
	uint64_t cpu_weight;  /* 1..10000, v2's scale */
	uint64_t pids;
	uint64_t pids_max;
	uint64_t pids_refused; /* forks refused, also in the cgroups below that are there now */
	uint64_t io_read;     /* bytes */
	uint64_t io_written;
	uint64_t pressure[USAGE_PRESSURES][2]; /* microseconds waited; [..][enum usage_stalled] */
	uint64_t home;        /* bytes kept of the home, where a project quota counts them; */
	uint64_t home_max;    /* not of cgroups: usage_read() leaves both unknown */
	char cpuset[256];     /* CPUs it may use, "" if not told */
};

/* Whether a container with these directories is frozen, or on its way there. */
bool usage_is_frozen(const char (*directory)[512], size_t count);

/*
 * Reads what the directories ("" ends, at most count; struct record's cgroup) have; a
 * directory or a file that is not there leaves its numbers USAGE_UNKNOWN.
 */
void usage_read(const char (*directory)[512], size_t count, struct usage *usage);

#endif
