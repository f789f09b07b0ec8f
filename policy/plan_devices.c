/*
 * struct policy -> the step that lets a user have more devices.  Pure.
 */
#include "policy/plan_devices.h"

#include "lib/own.h"
#include "policy/draft.h"
#include "policy/value.h"

#include <stdio.h>

/* A node alone is no limit: who owns it can link it, and the next device may have its number. */
static int
check_machine(const struct machine *machine, struct error *err)
{
	if (machine->place[CONTROLLER_DEVICES].version == CGROUP_V1 || machine->unified[0])
		return 0;
	return error_set(err, 0, "devices: nothing on this machine would hold a login to the rules: mount "
	    "cgroup2, or the v1 hierarchy \"devices\"");
}

int
plan_devices(const struct policy *policy, const struct subject *subject,
    const struct machine *machine, struct plan *plan, struct error *err)
{
	size_t length = 0;

	if (policy->devices.count == 0)
		return 0;
	autofree char *rules = malloc(VALUE_MAX + 1);
	if (!rules)
		return error_set(err, ENOMEM, "add the devices to the plan");
	for (size_t i = 0; i < policy->devices.count; i++)
		length += (size_t)snprintf(rules + length, VALUE_MAX - length, "%s%s",
		    length > 0 ? "\n" : "", policy->devices.item[i]);
	if (check_machine(machine, err) < 0)
		return -1;
	const struct draft draft = {
		.step = { .phase = PHASE_HOST, .kind = STEP_DEVICES, .uid = subject->uid,
		    .gid = subject->gid, .because = "policy: devices" },
		.value = rules,
	};
	return draft_add(plan, draft, err);
}
