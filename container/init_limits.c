/*
 * Runs in the supervisor, before a caller gets its kit.  Where init's hard limit is higher than
 * the login's, pam_limits is refused and leaves the login's alone; where it is lower, the login
 * loses; so higher is the side to err on.
 */
#include "container/init_limits.h"

#include "lib/process_attributes.h"
#include "lib/sys.h"

#include <linux/capability.h>

/* pam_limits takes no larger soft limit of descriptors from PID 1: FD_SETSIZE. */
#define NOFILE_TAKEN 1024

struct rlimit
init_limit(unsigned resource, struct rlimit login, const struct rlimit *before)
{
	struct rlimit limit = login;

	/* The kernel kills PID 1, too, when its time is up; of the soft limit it hears nothing. */
	if (resource == RLIMIT_CPU)
		limit.rlim_max = RLIM_INFINITY;
	/* Not to be taken at all, rather than to be cut. */
	if (resource == RLIMIT_NOFILE && login.rlim_cur > NOFILE_TAKEN && login.rlim_max != RLIM_INFINITY)
		limit.rlim_max++;
	/* A login that comes at the same time may have more, and reads the same file. */
	if (before && before->rlim_max > limit.rlim_max)
		limit.rlim_max = before->rlim_max;
	return limit;
}

static int
set(pid_t init, unsigned resource, struct rlimit limit, const struct rlimit *before)
{
	if (sys_prlimit(init, resource, &limit, NULL) == 0)
		return 0;
	/* The host's root in a container of its own, or more descriptors than fs.nr_open allows. */
	if (errno != EPERM || limit.rlim_max <= before->rlim_max)
		return -1;
	limit.rlim_max = before->rlim_max;
	if (limit.rlim_cur > limit.rlim_max)
		limit.rlim_cur = limit.rlim_max;
	return sys_prlimit(init, resource, &limit, NULL);
}

int
init_limits_follow(pid_t init, pid_t caller, const struct wire_process *process, bool first,
    struct error *err)
{
	/* What can't be raised again for the next login is not lowered for this one. */
	bool lower = first && attributes_has_capability(CAP_SYS_RESOURCE);

	for (unsigned i = 0; i < WIRE_RLIMITS; i++) {
		struct rlimit login, before;

		if (sys_prlimit(init, i, NULL, &before) < 0)
			return error_set(err, errno, "read limit %u of the container's init", i);
		/* su's caller has the user's real id: a host's root without CAP_SYS_RESOURCE may not look. */
		if (sys_prlimit(caller, i, NULL, &login) < 0) {
			if (errno != EPERM)
				return error_set(err, errno, "read limit %u of the caller", i);
			login = before;
		}
		if (process->rlimits >> i & 1)
			login = (struct rlimit) { .rlim_cur = process->rlimit[i][0], .rlim_max = process->rlimit[i][1] };
		if (set(init, i, init_limit(i, login, lower ? NULL : &before), &before) < 0)
			return error_set(err, errno, "set limit %u of the container's init", i);
	}
	return 0;
}
