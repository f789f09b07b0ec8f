/*
 * What orders change, as text: a session that stands still, what ctrctl shows, and what was written
 * to the policy.  Equal where nothing was changed.
 */
#ifndef FAULTS_SIGHT_H
#define FAULTS_SIGHT_H

#include "tests/faults/worker.h"

/* Owned by the caller of this function. */
char *sight_of(const struct worker *worker);

/* Writes another policy for the worker's user; takes away that, and what ctrctl has written. */
int sight_write_policy(const struct worker *worker);
void sight_remove_policy(const struct worker *worker);

#endif
