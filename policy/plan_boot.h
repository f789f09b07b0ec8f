/*
 * What a host needs before logins come, as a plan: its PHASE_HOST steps are run by ctrctl boot,
 * and the first of them by the first login of a host that was not booted with it.  Pure.
 */
#ifndef POLICY_PLAN_BOOT_H
#define POLICY_PLAN_BOOT_H

#include "lib/cgroup_host.h"
#include "policy/plan.h"

/*
 * The steps that host still needs, none where it needs none: cgroup2 mounted, its options, its
 * controllers handed down, run (/run/pam_ctr) made unless has_run.  A foreign tree is left
 * alone.  plan must be PLAN_INIT or freed; it is the caller's.
 */
int plan_boot(const struct cgroup_host *host, const char *run, bool has_run, struct plan *plan,
    struct error *err);

/* The first step of a plan on a machine with mounts_cgroup2; nothing on any other. */
int plan_cgroup_mount(const struct machine *machine, struct plan *plan, struct error *err);

#endif
