/*
 * The container's cgroups: runs the plan's STEP_CGROUP_* steps, lets processes in, counts
 * and ends them, takes everything down.  The supervisor's, as root on the host; nothing here
 * waits for anybody, what takes time is called again by the event loop.
 *
 * A container has one directory in each hierarchy that its plan uses (a "place").  In the
 * one that tracks it (cgroup2 where pids is there, else v1's pids) each session has a leaf.
 * Where the user may nest, anything below the place may be the user's, by any name.
 */
#ifndef CONTAINER_CGROUP_H
#define CONTAINER_CGROUP_H

#include "lib/error.h"
#include "policy/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CGROUP_PLACES_MAX 8 /* as many as struct record and a kit hold */
#define CGROUP_WATCHES_MAX 4

struct cgroup_place {
	char directory[512]; /* absolute, of the container */
	int fd;              /* owned; the directory, O_PATH */
	int login;           /* owned; CGROUP_LOGIN in it, where the user may nest; or -1 */
	bool unified;        /* cgroup2 */
	bool tracks;         /* sessions have leaves here, all processes are found here */
};

struct cgroups {
	struct cgroup_place place[CGROUP_PLACES_MAX]; /* cgroup2's first */
	size_t count;
	char leaf_pids[32];  /* pids.max of a leaf, "" if none */
};

#define CGROUPS_INIT { .count = 0 }

/*
 * Runs the plan's PHASE_HOST steps (make, enable, set and read back) and opens the places.
 * A container directory left over by an earlier one is made anew if no process is in it, else
 * EBUSY: adopt it, cgroups_kill(), cgroups_remove(), and come again.  What a supervisor of
 * another user does with the shared parents meanwhile is harmless.  On failure
 * nothing of the container's is left.  cgroups must be CGROUPS_INIT or freed.
 */
int cgroups_make(struct cgroups *cgroups, const struct plan *plan, struct error *err);

/*
 * Opens the places of a container that a predecessor made: the record's directories (any
 * that is gone is passed over; "" ends).  None left: -1, ENOENT.
 */
int cgroups_adopt(struct cgroups *cgroups, const char (*directory)[512], size_t count,
    struct error *err);

/* The directory of the sessions' leaves, where the place tracks; its own, not to be closed. */
int cgroup_place_leaves(const struct cgroup_place *place);

/* Opens one more place, a directory that is there.  For cgroup_place.c. */
int cgroups_open_place(struct cgroups *cgroups, const char *directory, struct error *err);

/* The place where sessions have leaves and all processes are found; NULL before it is made. */
const struct cgroup_place *cgroups_tracking(const struct cgroups *cgroups);

/*
 * For clone_args.cgroup with CLONE_INTO_CGROUP: cgroup2's directory, or -1 if the container
 * has none there.  The cgroups' own, not to be closed.
 */
int cgroups_clone_fd(const struct cgroups *cgroups);

/*
 * The container's first process goes into the v1 places itself, after the clone and before
 * it unshares its cgroup namespace; calls nothing but openat(2) and write(2).
 */
int cgroups_enter(const struct cgroups *cgroups, struct error *err);

/*
 * Makes a session's leaf and opens what its caller writes "0" to, O_WRONLY | O_CLOEXEC:
 * fds has room for CGROUP_PLACES_MAX, *count of them are the caller's to close.  id is a
 * name of letters, digits, '-' and '_'.
 */
int cgroups_session_make(const struct cgroups *cgroups, const char *id, int *fds, size_t *count,
    struct error *err);

/*
 * Removes a session's leaf.  0: gone.  1: a process is left in it (one that outlived its
 * session); cgroups_remove() takes the leaf with the rest.  -1: err.
 */
int cgroups_session_remove(const struct cgroups *cgroups, const char *id, struct error *err);

/*
 * All processes of the container, as pids of the caller's PID namespace; init and the
 * callers are among them.  *pids is the caller's to free(), also when it is empty.
 */
int cgroups_pids(const struct cgroups *cgroups, pid_t **pids, size_t *count, struct error *err);

/* The processes that are in one place itself; the same ownership. */
int cgroups_place_pids(const struct cgroup_place *place, pid_t **pids, size_t *count,
    struct error *err);

/*
 * The processes of a session's leaf, its caller among them; none where there is no leaf.  The
 * same ownership.
 */
int cgroups_session_pids(const struct cgroups *cgroups, const char *id, pid_t **pids,
    size_t *count, struct error *err);

/*
 * Sends the signal to every process of a session's leaf but that one (0: to all), each by its
 * pidfd.  Returns how many there were, that one not counted; -1: err.
 */
int cgroups_session_signal(const struct cgroups *cgroups, const char *id, pid_t but, int signal,
    struct error *err);

/* From now on no process is born in the leaf; where there is no pids controller, in vain. */
void cgroups_session_close(const struct cgroups *cgroups, const char *id);

/* Forks refused in the leaf, which are lost with it; 0 where the kernel keeps them above. */
uint64_t cgroups_session_refused(const struct cgroups *cgroups, const char *id);

/* Whether there is such a leaf. */
bool cgroups_session_exists(const struct cgroups *cgroups, const char *id);

/*
 * Sends SIGKILL to every process of the container, callers included, by cgroup.kill or each
 * by its pidfd; nobody can fork there any more.  Returns how many there were: 0 is the end, else
 * call again, in some 10 ms (death takes time).  -1: err.
 */
int cgroups_kill(const struct cgroups *cgroups, struct error *err);

/*
 * Removes what is below the places, the places and the shared parents that are empty.  0: all
 * gone.  1: a process is left, call again.  -1: err.  Above the places at most two directories
 * are removed, which their names say are pam_ctr's.
 */
int cgroups_remove(struct cgroups *cgroups, struct error *err);

/* Closes the descriptors and forgets the places; removes nothing. */
void cgroups_free(struct cgroups *cgroups);

enum cgroup_event {
	CGROUP_OOM_KILL, /* memory.max (with swap) reached and a process killed for it */
	CGROUP_PIDS_MAX  /* pids.max reached: a fork was refused */
};

/*
 * A counter that poll(2) watches: poll_fd is ready for poll_events when it may have grown.
 * v1's pids.events is counted, but told by no kernel that was tried: read every watch of a
 * session when it ends, and every watch when the container does.
 */
struct cgroup_watch {
	enum cgroup_event event;
	int poll_fd;       /* owned */
	int read_fd;       /* owned; may be the same number */
	short poll_events; /* POLLPRI (a cgroup file), or POLLIN (v1's eventfd) */
	uint64_t seen;     /* the count at the last reading */
};

#define CGROUP_WATCH_INIT { .poll_fd = -1, .read_fd = -1 }

/*
 * Opens the watches of the container (session NULL), or of a session's leaf (pids: up to
 * Linux 6.10 a refused fork is counted where the process is, not where the limit is).  Returns
 * how many were opened, at most CGROUP_WATCHES_MAX; a kernel that cannot tell gives none.
 */
size_t cgroups_watch(const struct cgroups *cgroups, const char *session,
    struct cgroup_watch *watch);

/*
 * Reads the counter and arms poll_fd again.  Returns how much it grew since the last call.
 * v1 tells of an out-of-memory kill a moment before it counts it: where poll_fd was
 * ready and this returns 0, look again in 100 ms.
 */
uint64_t cgroup_watch_read(struct cgroup_watch *watch);

void cgroup_watch_free(struct cgroup_watch *watch);

#endif
