/*
 * Which CPUs a user gets who may use some of them: a share is to look like a smaller machine.
 * Pure.  Internal to policy/.
 */
#ifndef POLICY_CPU_SHARE_H
#define POLICY_CPU_SHARE_H

#include "policy/policy.h"

/*
 * Sets policy->limits' cpuset.cpus to as many CPUs as its cpu.max gives, rounded up, of those
 * that are online and that the slice and the host leave.  Nothing is set where cpu_view is
 * machine, cpuset.cpus is set already, cpu.max gives all, or nobody mounted the controller.
 */
int cpu_share(const struct subject *subject, const struct machine *machine,
    struct policy *policy, struct error *err);

#endif
