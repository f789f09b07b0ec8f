/*
 * The way in: a process that got a kit from a supervisor becomes part of the container.
 * Used by the PAM module inside sshd and friends, and by ctrctl enter.
 */
#ifndef LIB_JOIN_H
#define LIB_JOIN_H

#include "lib/error.h"
#include "lib/wire.h"

struct join_kit {
	struct wire_kit message;
	int pidfd;                   /* owned; of the container's init */
	int userns;                  /* owned; the container's own user namespace, or -1 */
	int filter;                  /* owned; a compiled system call filter, or -1 */
	int cgroup[WIRE_CGROUPS_MAX]; /* owned; message.cgroups of them */
};

#define JOIN_KIT_INIT { .pidfd = -1, .userns = -1, .filter = -1 }

/*
 * True if this process has one thread.  With more, setns(2) of a PID namespace breaks
 * pthread_create, and of a mount namespace is refused: a caller with threads can't join.
 */
int join_is_possible(struct error *err);

/*
 * Enters the container: its cgroups, then its namespaces by one setns(2), takes the session's
 * limits, then its user namespace, if it has one, whose root the caller becomes: the host's root
 * is given up.  Then what capabilities there are (lib/process_attributes.h), and last the system
 * call filter (lib/filter_load.h): what comes before needs calls that it may refuse.  cwd is taken
 * again by name inside where that is possible, else it is "/".
 * -1: err is filled; the process may be half inside by then (in the container's cgroups, its
 * oom_score_adj reset) and must not run the user's code.  From success on, children of the
 * process are born in the container.  setns(2), user_namespaces(7).
 */
int join_enter(const struct join_kit *kit, struct error *err);

/* Closes what the kit owns; accepts a half-filled and a freed one. */
void join_kit_free(struct join_kit *kit);

#endif
