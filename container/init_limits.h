/*
 * PID 1's limits, which /proc/1/limits shows inside.  Debian's pam_limits, which its sshd, cron and
 * atd run after us, takes them for the defaults of every login: they have to be the login's own.
 */
#ifndef CONTAINER_INIT_LIMITS_H
#define CONTAINER_INIT_LIMITS_H

#include "lib/error.h"
#include "lib/wire.h"

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

/*
 * What init's limit becomes for a login whose own will be login; before: init's so far, or NULL
 * for the container's first.  Pure.
 */
struct rlimit init_limit(unsigned resource, struct rlimit login, const struct rlimit *before);

/*
 * Sets them all, as the caller, which waits for its kit, will have them: the policy's, else its
 * own.  first: no login was in this container before.  Where the host's root may not raise a hard
 * limit, it stays.  prlimit(2).
 */
int init_limits_follow(pid_t init, pid_t caller, const struct wire_process *process, bool first,
    struct error *err);

#endif
