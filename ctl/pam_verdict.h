/*
 * A session stack -> where pam_ctr.so stands in it, and whether a login can get past it: all
 * ways through the stack are gone through, whatever its modules return.  Pure.
 */
#ifndef CTL_PAM_VERDICT_H
#define CTL_PAM_VERDICT_H

#include "ctl/pam_stack.h"

struct pam_verdict {
	bool has_module;
	size_t at;           /* its last entry, where it has one */
	bool may_be_skipped; /* a login can be let in though the module was never asked */
	size_t skipped_by;   /* the entry that leads past it */
	bool may_be_ignored; /* a login can be let in though the module refused it */
	bool may_be_missing; /* "-session": the same where its file is gone */
};

void pam_verdict_of(const struct pam_stack *stack, struct pam_verdict *verdict);

/*
 * What a module that stands behind pam_ctr.so does there: NULL where it does no harm, else why it
 * belongs in front of it, or what to know of it (*is_serious: it undoes something, or fails).
 */
const char *pam_verdict_after(const char *module, bool *is_serious);

#endif
