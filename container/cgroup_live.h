/*
 * Other limits for a container that lives.  The supervisor's, as root on the host.
 */
#ifndef CONTAINER_CGROUP_LIVE_H
#define CONTAINER_CGROUP_LIVE_H

#include "container/cgroup.h"

/*
 * Runs the plan of plan_cgroups_live(): each value is read back.  A hierarchy that the container
 * was not in is one of its places then, with all its processes in it.  -1 with
 * err: what was written before stays written.  Takes up to some seconds where memory.max falls
 * below what is used, and the kernel has to reclaim, or to kill.
 */
int cgroups_change(struct cgroups *cgroups, const struct plan *plan, struct error *err);

/* pids.max of the leaves that there are, and of those to come; NULL: no limit. */
int cgroups_change_leaves(struct cgroups *cgroups, const char *pids_max, struct error *err);

#endif
