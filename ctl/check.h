/*
 * What check tells of a policy, for boot, too.
 */
#ifndef CTL_CHECK_H
#define CTL_CHECK_H

#include "policy/policy.h"

#include <stdbool.h>

/*
 * Complains of what a policy without faults of text asks in vain of this machine, and compiles the
 * filters that it names; a draft's is told as a note.  CTL_OK, CTL_NO, or CTL_FAILED.  text is
 * gone with it.
 */
int check_parsed(struct policy_text *text, bool is_draft);

#endif
