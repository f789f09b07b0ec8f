/*
 * Runs one STEP_CGROUP_MAKE, _ENABLE, _SET, _DELEGATE or _VACATE of a plan.  Decides nothing.  The supervisor's,
 * as root on the host.
 */
#ifndef CONTAINER_CGROUP_STEP_H
#define CONTAINER_CGROUP_STEP_H

#include "lib/error.h"
#include "policy/plan.h"

/*
 * 0, or -1 with err: ENOENT may mean that a directory on the way was removed meanwhile; EBUSY
 * of a STEP_F_FRESH directory that processes are in it.
 */
int cgroup_step_run(const struct step *step, struct error *err);

/*
 * Writes value to directory's file and reads back whether it was taken; name is what
 * messages call the directory.
 */
int cgroup_step_set(int directory, const char *file, const char *value, const char *name,
    struct error *err);

#endif
