/*
 * The part of a plan that makes a root of its own (policy/plan_root.c): the user namespace,
 * the tree that takes the place of the host's, and what of the host shows in it.  For plan.c.
 */
#ifndef POLICY_PLAN_ROOT_H
#define POLICY_PLAN_ROOT_H

#include "policy/plan.h"

/*
 * The private user namespace with its maps, which owns the namespaces of flags owned
 * (CLONE_NEW*).  Without subordinate ids in subject the step has no maps, and can be shown
 * but not run.
 */
int plan_user_namespace(const struct policy *policy, const struct subject *subject,
    const struct machine *machine, unsigned owned, struct plan *plan, struct error *err);

/* The root itself, and the entries of the host's /run; nothing with root = host. */
int plan_root(const struct policy *policy, const struct subject *subject,
    const struct plan_places *places, struct plan *plan, struct error *err);

/* The last step inside: the host's tree goes. */
int plan_root_pivot(const struct policy *policy, struct plan *plan, struct error *err);

/* The host's path, as it is and writable, at its place; a leading '-': it may be missing. */
int plan_root_bind(struct plan *plan, const char *path, const char *because, struct error *err);

#endif
