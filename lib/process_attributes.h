/*
 * What a session's processes are besides contained, put on the caller by join_enter() and read
 * back: limits and priorities as the host's root, then keyring and capabilities as root of the
 * container.  Children inherit all of it.
 */
#ifndef LIB_PROCESS_ATTRIBUTES_H
#define LIB_PROCESS_ATTRIBUTES_H

#include "lib/error.h"
#include "lib/wire.h"

#include <stdbool.h>

/* Effective, of this process. */
bool attributes_has_capability(unsigned number);

/*
 * Whether attributes_apply_host() would be let, changing nothing: to be asked before the caller
 * is anywhere but where it was.
 */
int attributes_check(const struct wire_process *process, struct error *err);

/* Limits, nice, scheduler, timer slack, umask; for who has the host's capabilities still. */
int attributes_apply_host(const struct wire_process *process, struct error *err);

/*
 * Session keyring, bounding set, securebits, inheritable set, no_new_privs, in this order.
 * The caller keeps what it has permitted, which goes with the change to the user's ids, but for
 * what undoes the limits and the nice value that the policy set.  With an
 * ambient set PR_SET_KEEPCAPS is left on for that, until attributes_raise_ambient() or exec.
 */
int attributes_apply_last(const struct wire_process *process, uint64_t bounding,
    struct error *err);

/*
 * For a process that has become the user: the ambient set, and no capability besides.  Without
 * an ambient set nothing but the permitted ones are dropped, and the inheritable ones stay.
 */
int attributes_raise_ambient(const struct wire_process *process, struct error *err);

#endif
