/*
 * What is wrong with the policy's files, collected: an admin gets all of it at once.
 * Internal to policy/.
 */
#ifndef POLICY_FAULT_H
#define POLICY_FAULT_H

#include "policy/policy.h"

/* A file of garbage must not become megabytes of messages. */
#define FAULTS_MAX 100

/* total counts those, too, that were not kept (too many, no memory): 0 is "all is well". */
struct fault_list {
	struct policy_faults kept;
	size_t total;
};

#define FAULT_LIST_INIT { .kept = POLICY_FAULTS_INIT, .total = 0 }

/*
 * Adds "file:line: what: reason"; line 0 leaves out the line, what (a key's name or
 * "[section]") may be NULL.
 */
void fault_add(struct fault_list *list, struct origin origin, const char *what,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The last thing to happen: err names the first fault, *faults (if not NULL) gets all. */
void fault_report(struct fault_list *list, struct policy_faults *faults, struct error *err);

#endif
