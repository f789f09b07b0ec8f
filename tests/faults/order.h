/*
 * ctrctl's orders under faults: each in ctrctl itself, in what it starts, and in the supervisor that
 * carries it out.  Done or not, and told as it is.
 */
#ifndef FAULTS_ORDER_H
#define FAULTS_ORDER_H

#include "tests/faults/run.h"

#include <stdbool.h>

/* The order of a scene's name, "ctl-kill"; NULL: there is none. */
const struct order *order_find(const char *name);

const char *order_name(const struct order *order);

/* Faults in this role belong to it; those of a container's building belong to a login. */
bool order_concerns(const struct order *order, enum role role);

/* It is about the whole host: one worker at a time. */
bool order_is_alone(const struct order *order);

/* Learns what it changes. */
void order_begin(struct worker *worker, struct result *result);

void order_run(struct run *run);

void order_end(struct worker *worker);

#endif
