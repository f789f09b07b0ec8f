/*
 * The plan's PHASE_HOST steps that are not cgroups' own: the mount of their hierarchy,
 * directories and mount propagation.
 */
#ifndef CONTAINER_HOST_H
#define CONTAINER_HOST_H

#include "lib/error.h"
#include "policy/plan.h"

/* One of them, a cgroup's mount or options, a directory, the host's propagation; 0 for any other kind. */
int host_step_run(const struct step *step, struct error *err);

/* Runs them; each is idempotent, so that a failed build leaves nothing to undo. */
int host_prepare(const struct plan *plan, struct error *err);

#endif
