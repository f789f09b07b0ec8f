/*
 * What the kernel's log tells of a container: which process it killed for want of memory, and that
 * it refused a fork.  Counters tell how often, and only this tells whom, dmesg(1), kmsg.
 *
 * Nothing depends on it: where it can't be read, or another PID namespace's numbers are in it,
 * less is told.  What it says of a container is found by its cgroup, whose name is root's; the
 * name of a program is the user's, and can look like anything.
 */
#ifndef CONTAINER_KERNEL_LOG_H
#define CONTAINER_KERNEL_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum kernel_event_kind {
	KERNEL_OOM_KILL,
	KERNEL_FORK_REFUSED
};

/* Whose memory it was that was used up. */
enum oom_cause {
	OOM_OWN,    /* the container's memory.max */
	OOM_SHARED, /* of what it is in: its slice, all containers */
	OOM_HOST,
	OOM_UNKNOWN
};

struct kernel_event {
	enum kernel_event_kind kind;
	bool has_cgroup;      /* else the log has the program alone: it may be another container's */
	enum oom_cause cause; /* of KERNEL_OOM_KILL, as the rest */
	pid_t pid;            /* of the kernel's first PID namespace */
	char program[32];     /* as the program calls itself, not escaped; "" not told */
};

/*
 * One record of the log, as read(2) gives it ("6,1234,5678,-;text"), cut up on the way.  cgroup:
 * the container's, from where the containers' hierarchy begins ("/pam_ctr/1000"), which the
 * kernel's own name for it ends with.  False: it is not about that one.  After some kills in a
 * few seconds a kernel names no cgroups any more.  Pure.
 */
bool kernel_log_parse(char *record, const char *cgroup, struct kernel_event *event);

struct kernel_log {
	int fd;              /* owned; -1: it can't be read */
	bool is_ours;        /* its pids are those that we see */
	int64_t quiet_until; /* monotonic ms: not polled before */
};

#define KERNEL_LOG_INIT { .fd = -1 }

/* From now on. */
void kernel_log_open(struct kernel_log *log);
void kernel_log_close(struct kernel_log *log);

/* The next record that is about one of the cgroups ("" ends, at most count); false: no more. */
bool kernel_log_next(struct kernel_log *log, const char (*cgroup)[512], int count,
    struct kernel_event *event);

#endif
