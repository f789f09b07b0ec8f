/*
 * The supervisor's own cgroup: it must not stay in the session's or the service's that started it.
 */
#ifndef CONTAINER_CGROUP_OWN_H
#define CONTAINER_CGROUP_OWN_H

#include "lib/error.h"
#include "lib/machine.h"

/*
 * Under systemd a login's caller is in a scope (pam_systemd(8)) or in its service's cgroup, and
 * what it starts would be killed with it, and would keep the session open.  Moves the calling
 * process below the unit that is pam_ctr's; where that is not running (every plan says so then),
 * nothing is done.  Elsewhere the caller may be in its service's cgroup, which OpenRC kills when
 * the service stops and is told to clean up: moves the process to the root of cgroup2, if that is
 * the machine's own.
 */
int cgroup_own_leave(const struct machine *machine, struct error *err);

#endif
