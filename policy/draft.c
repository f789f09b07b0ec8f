/*
 * Pure; the texts that a plan owns are copied here and nowhere else.
 */
#include "policy/draft.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int
copy_text(char **copy, const char *text)
{
	*copy = text ? strdup(text) : NULL;
	return text && !*copy ? -1 : 0;
}

int
draft_add(struct plan *plan, struct draft draft, struct error *err)
{
	struct step *step = &draft.step;

	if (copy_text(&step->target, draft.target) < 0 || copy_text(&step->source, draft.source) < 0 ||
	    copy_text(&step->value, draft.value) < 0 || copy_text(&step->groups, draft.groups) < 0) {
		free(step->target);
		free(step->source);
		free(step->value);
		return error_set(err, ENOMEM, "add a step to the plan");
	}
	return plan_add(plan, *step, err);
}
