/*
 * Runs as root in the container's first process, whose file system ids it changes for as
 * long as it looks at the user's files.
 */
#include "container/user.h"

#include "lib/own.h"
#include "lib/path.h"

#include <fcntl.h>
#include <sys/fsuid.h>
#include <sys/stat.h>

/* (uid_t)-1 is no id: the call changes nothing and tells the present one. */
static int
change(uid_t uid, gid_t gid, struct error *err)
{
	/* Group first: without the file system uid 0 the kernel would not let us. */
	(void)setfsgid(gid);
	(void)setfsuid(uid);
	if ((uid_t)setfsuid((uid_t)-1) != uid || (gid_t)setfsgid((gid_t)-1) != gid)
		return error_set(err, EPERM, "take the file system ids %u:%u", (unsigned)uid, (unsigned)gid);
	return 0;
}

int
user_rights_take(uid_t uid, gid_t gid, struct user_rights *before, struct error *err)
{
	before->fsuid = (uid_t)setfsuid((uid_t)-1);
	before->fsgid = (gid_t)setfsgid((gid_t)-1);
	return change(uid, gid, err);
}

int
user_rights_return(const struct user_rights *before, struct error *err)
{
	return change(before->fsuid, before->fsgid, err);
}

static int
open_or_make(int directory, const char *name, struct error *err)
{
	struct error why = ERROR_INIT;
	int fd = path_open_beneath(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, &why);

	if (fd < 0 && why.errnum == ENOENT) {
		if (mkdirat(directory, name, 0700) < 0)
			return error_set(err, errno, "mkdir %s", name);
		fd = path_open_beneath(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, &why);
	}
	if (fd < 0)
		*err = why;
	return fd;
}

int
user_directory(int directory, const char *name, uid_t uid, gid_t gid, struct error *err)
{
	struct user_rights before;

	if (user_rights_take(uid, gid, &before, err) < 0)
		return -1;
	autofd int fd = open_or_make(directory, name, err);
	if (user_rights_return(&before, err) < 0)
		return -1;
	return take_fd(&fd);
}
