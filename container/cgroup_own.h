/*
 * The supervisor's own cgroup: under systemd it must not stay in the session's that started it.
 */
#ifndef CONTAINER_CGROUP_OWN_H
#define CONTAINER_CGROUP_OWN_H

#include "lib/error.h"
#include "lib/machine.h"

/*
 * Under systemd a login's caller is in a scope (pam_systemd(8)) or in its service's cgroup, and
 * what it starts would be killed with it, and would keep the session open.  Moves the calling
 * process below the unit that is pam_ctr's.  Elsewhere, and where the unit is not running
 * (every plan says so then), nothing is done.
 */
int cgroup_own_leave(const struct machine *machine, struct error *err);

#endif
