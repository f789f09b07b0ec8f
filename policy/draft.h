/*
 * How plan.c and plan_root.c add steps: a step as it is written down, its texts still the
 * caller's.
 */
#ifndef POLICY_DRAFT_H
#define POLICY_DRAFT_H

#include "policy/plan.h"

struct draft {
	struct step step; /* without texts */
	const char *target;
	const char *source;
	const char *value;
	const char *groups;
};

/* Appends the step with copies of its texts. */
int draft_add(struct plan *plan, struct draft draft, struct error *err);

#endif
