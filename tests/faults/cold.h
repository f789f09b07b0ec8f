/*
 * The helpers have something to do only where there is nothing yet: no filter, no ids.
 */
#ifndef FAULTS_COLD_H
#define FAULTS_COLD_H

#include "tests/faults/worker.h"

/* Forgets the filters that are compiled, and the ids that the worker's user was allotted. */
void cold_begin(const struct worker *worker);

#endif
