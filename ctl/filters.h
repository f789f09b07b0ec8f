/*
 * The system call filters that a policy names: judged, and compiled ahead of the logins.
 */
#ifndef CTL_FILTERS_H
#define CTL_FILTERS_H

#include "policy/policy.h"

/*
 * Prints the faults of each filter that text names, and of the built-in one.  Without faults
 * root also has them in the cache of logins.  Returns an enum ctl_exit.
 */
int filters_check(const struct policy_text *text);

#endif
