/*
 * Cgroups of pam_ctr's that are no container's, removed where they are empty.  As root.
 */
#ifndef CTL_SWEEP_H
#define CTL_SWEEP_H

#include "lib/error.h"
#include "lib/machine.h"

enum sweep_news {
	SWEEP_REMOVED,
	SWEEP_BUSY /* processes are in it: left alone */
};

typedef void sweep_tell(enum sweep_news news, const char *directory, void *context);

/*
 * Looks through <root>/<cgroup> of every hierarchy for directories named by a uid, there and
 * in *.slice, that no supervisor has; then removes the shared ones, if empty.
 */
int sweep_run(const struct machine *machine, const char *cgroup, sweep_tell *tell, void *context,
    struct error *err);

#endif
