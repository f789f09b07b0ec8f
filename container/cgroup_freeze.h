/*
 * Stops all processes of a container, and lets them go on: by cgroup.freeze where it has a
 * directory on cgroup2, else by v1's freezer, into which it is moved at the first time.
 */
#ifndef CONTAINER_CGROUP_FREEZE_H
#define CONTAINER_CGROUP_FREEZE_H

#include "container/cgroup.h"
#include "lib/machine.h"

enum freeze {
	FREEZE_THAWED,
	FREEZE_FREEZING, /* asked for; somebody waits in the kernel, and stops when he comes back */
	FREEZE_FROZEN
};

/*
 * 0: it has a place where it can be frozen.  1: it gets one more, directory, which the record must
 * have before it is made: else a successor could neither thaw nor remove it.  -1 with err where
 * neither cgroup2 nor the freezer is mounted.
 */
int cgroups_freezer(const struct cgroups *cgroups, const struct machine *machine, char directory[512],
    struct error *err);

/*
 * Asks for it.  What is told to stop runs no code of the user's again before cgroups_thaw(), but
 * may be busy in the kernel for a while, see cgroups_frozen().
 */
int cgroups_freeze(struct cgroups *cgroups, const struct machine *machine, struct error *err);

int cgroups_thaw(const struct cgroups *cgroups, struct error *err);

/* The kernel's word. */
enum freeze cgroups_frozen(const struct cgroups *cgroups);

#endif
