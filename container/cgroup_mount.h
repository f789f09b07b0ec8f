/*
 * The mount of cgroup2: STEP_CGROUP_MOUNT and STEP_CGROUP_OPTIONS of a plan.  As root on a host
 * whose tree is its own, lib/cgroup_host.h.
 */
#ifndef CONTAINER_CGROUP_MOUNT_H
#define CONTAINER_CGROUP_MOUNT_H

#include "lib/error.h"
#include "policy/plan.h"

/* Mounts it, unless somebody did meanwhile.  Where the kernel says no, err says what to do. */
int cgroup_mount_make(const struct step *step, struct error *err);

/* Sets the options, and reads back that the kernel has taken them.  fspick(2) */
int cgroup_mount_set_options(const struct step *step, struct error *err);

#endif
