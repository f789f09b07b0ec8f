/*
 * What is left on the host once a user's last session is over: nothing.
 */
#ifndef FAULTS_HOST_H
#define FAULTS_HOST_H

#include "tests/faults/result.h"
#include "tests/faults/worker.h"

#include <stdbool.h>

/* In ms at the latest. */
bool host_becomes_clean(const struct worker *worker, int ms);

/* That it does, in good time; else what is left is told, once. */
void host_check_clean(struct worker *worker, struct result *result);

#endif
