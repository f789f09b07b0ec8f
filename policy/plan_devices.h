/*
 * The devices' part of the plan.  Pure.
 */
#ifndef POLICY_PLAN_DEVICES_H
#define POLICY_PLAN_DEVICES_H

#include "policy/plan.h"

/*
 * What every container may open: null, zero, full, random, urandom and the process's terminal,
 * whose nodes its first process makes, and the terminals of devpts.  As v1's devices.allow has
 * it; "m", to make a node, needs CAP_MKNOD besides, which no user has.
 */
#define PLAN_DEVICE_LIST \
	"c 1:3 rwm\nc 1:5 rwm\nc 1:7 rwm\nc 1:8 rwm\nc 1:9 rwm\nc 5:0 rwm\nc 5:2 rw\nc 136:* rw"

/*
 * Appends STEP_DEVICES, where the policy has rules for this login; -1 where the machine has no
 * controller that would enforce them.
 */
int plan_devices(const struct policy *policy, const struct subject *subject,
    const struct machine *machine, struct plan *plan, struct error *err);

#endif
