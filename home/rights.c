/*
 * Runs as root in ctrctl, which has one thread: these are a thread's own.
 */
#include "home/rights.h"

#include "lib/sys.h"

#include <grp.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/syscall.h>

#define BIT(capability) (1U << (capability))
/* What the user's file system ids leave of root's effective capabilities. */
#define KEPT (BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_SYS_ADMIN))

static int
get_sets(struct __user_cap_data_struct *half, struct error *err)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return syscall(SYS_capget, &head, half) < 0 ? error_set(err, errno, "read the capabilities") : 0;
}

static int
set_sets(const struct __user_cap_data_struct *half, struct error *err)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return syscall(SYS_capset, &head, half) < 0 ? error_set(err, errno, "set the capabilities") : 0;
}

static int
change_effective(bool is_user, struct error *err)
{
	struct __user_cap_data_struct half[_LINUX_CAPABILITY_U32S_3];

	if (get_sets(half, err) < 0)
		return -1;
	half[0].effective = is_user ? half[0].permitted & KEPT : half[0].permitted;
	half[1].effective = is_user ? 0 : half[1].permitted;
	return set_sets(half, err);
}

int
rights_take(const struct rights_user *user, struct rights *before, struct error *err)
{
	int count = getgroups(0, NULL);

	*before = (struct rights)RIGHTS_INIT;
	before->groups = calloc((size_t)count + 1, sizeof(*before->groups));
	if (count < 0 || !before->groups || getgroups(count, before->groups) < 0)
		return error_set(err, errno, "look at root's groups");
	before->groups_count = (size_t)count;
	if (setgroups(user->groups_count, user->groups) < 0)
		return error_set(err, errno, "take the user's groups");
	if (user_rights_take(user->uid, user->gid, &before->ids, err) < 0)
		return -1;
	/* After the ids: their change takes and gives capabilities itself. */
	return change_effective(true, err);
}

int
rights_return(struct rights *before, struct error *err)
{
	int rc = change_effective(false, err);

	if (before->groups) {
		if (user_rights_return(&before->ids, err) < 0 || change_effective(false, err) < 0)
			rc = -1;
		else if (setgroups(before->groups_count, before->groups) < 0)
			rc = error_set(err, errno, "take root's groups again");
	}
	free(before->groups);
	*before = (struct rights)RIGHTS_INIT;
	return rc;
}

bool
rights_has_group(const struct rights_user *user, gid_t gid)
{
	for (size_t i = 0; i < user->groups_count; i++)
		if (user->groups[i] == gid)
			return true;
	return gid == user->gid;
}
