/*
 * struct policy -> the step that lets a user have more devices.  Pure.
 */
#include "policy/plan_devices.h"

#include "lib/own.h"
#include "policy/draft.h"
#include "policy/value.h"

#include <stdio.h>

int
plan_devices(const struct policy *policy, const struct subject *subject, struct plan *plan,
    struct error *err)
{
	autofree char *rules = calloc(1, VALUE_MAX + 1);
	size_t length = 0;

	if (!rules)
		return error_set(err, ENOMEM, "add the devices to the plan");
	for (size_t i = 0; i < policy->devices.count; i++)
		length += (size_t)snprintf(rules + length, VALUE_MAX - length, "%s%s",
		    length > 0 ? "\n" : "", policy->devices.item[i]);
	if (length == 0)
		return 0;
	const struct draft draft = {
		.step = { .phase = PHASE_HOST, .kind = STEP_DEVICES, .uid = subject->uid,
		    .gid = subject->gid, .because = "policy: devices" },
		.value = rules,
	};
	return draft_add(plan, draft, err);
}
