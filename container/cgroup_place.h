/*
 * A hierarchy that a container that lives comes into: what a limit or a freeze needs that its
 * plan did not.  The supervisor's, as root on the host.
 */
#ifndef CONTAINER_CGROUP_PLACE_H
#define CONTAINER_CGROUP_PLACE_H

#include "container/cgroup.h"

/* Takes in the directory, which is there; 1 with it at the end of the places, 0: is one of them. */
int cgroups_add(struct cgroups *cgroups, const char *directory, struct error *err);

/*
 * Moves every process of the container into that place, until none is left outside it; what
 * is born meanwhile is born where its parent is.  Takes some milliseconds, and for who forks
 * without end as long as it takes to move as many as pids.max allows.
 */
int cgroups_fill(const struct cgroups *cgroups, size_t index, struct error *err);

/* The same for all but the place where sessions have leaves: a login came in with an older kit. */
int cgroups_fill_all(const struct cgroups *cgroups, struct error *err);

#endif
