/*
 * What a session's processes are besides contained: limits, capabilities, what programs see of
 * the machine.  Part of plan_build().
 */
#ifndef POLICY_PLAN_PROCESS_H
#define POLICY_PLAN_PROCESS_H

#include "policy/plan.h"

/* PHASE_SESSION, in the order in which a caller applies them. */
int plan_process(const struct policy *policy, const struct subject *subject,
    const struct machine *machine, struct plan *plan, struct error *err);

/* PHASE_INSIDE: lxcfs's files over those of /proc, where they tell of the machine. */
int plan_lxcfs(const struct policy *policy, const struct machine *machine, struct plan *plan,
    struct error *err);

#endif
