/*
 * A container that nears its memory limit: its user is told while there is time, and what the
 * login itself consists of is made the last that the kernel would kill.
 *
 * The kernel kills the largest process of the container.  That is the user's sshd, where all
 * others are small, or the memory is taken by files of a tmpfs.  So whatever the user has
 * started weighs 32 MiB more than it is, oom_score_adj of proc(5), than the caller of PAM, its
 * child and the leaders of sessions below that: sshd and shells.  Children inherit the weight,
 * and no kernel takes it from them when they become programs; so it is not the login that
 * weighs less, which all its programs would, too, but the rest that weighs more, as soon as it is
 * seen: the nearer the limit is, the more often that is looked at.
 */
#ifndef CONTAINER_STRAIN_H
#define CONTAINER_STRAIN_H

#include "container/census.h"

#include <stdbool.h>
#include <stdint.h>

struct server;

struct strain {
	int use, max, high, stat; /* owned; files of the cgroup with the memory, or -1 */
	int pressure;             /* owned; cgroup2's memory.pressure, told of stalls; or -1 */
	bool unified;
	bool warned;              /* and the use has not fallen since */
	int64_t quiet_until;      /* monotonic ms: no warning before */
	int64_t again;            /* monotonic ms, or NEVER: the next look */
	int64_t noted;            /* monotonic ms: when that was */
	struct census census;     /* owned; who was there when that mattered last */
};

#define STRAIN_INIT { .use = -1, .max = -1, .high = -1, .stat = -1, .pressure = -1, .again = INT64_MAX }

void strain_begin(struct server *server); /* the container is alive */
void strain_end(struct server *server);
void strain_soon(struct server *server);  /* a login has begun: look at it */

/* Memory is short, by the pressure file: looks at once. */
void strain_pressed(struct server *server);
void strain_step(struct server *server);

/* Takes down who is there, before somebody is killed. */
void strain_note(struct server *server);

/* How much more than a login all else weighs, for oom_score_adj; 0: there is no limit.  Pure. */
int strain_weight(uint64_t limit);

/* When to look again, in ms, where this much is left.  Pure. */
int64_t strain_pause(uint64_t use, uint64_t limit);

#endif
