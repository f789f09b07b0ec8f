/*
 * The plan's PHASE_HOST steps that are not cgroups: directories and mount propagation.
 */
#ifndef CONTAINER_HOST_H
#define CONTAINER_HOST_H

#include "lib/error.h"
#include "policy/plan.h"

/* Runs them; each is idempotent, so that a failed build leaves nothing to undo. */
int host_prepare(const struct plan *plan, struct error *err);

#endif
