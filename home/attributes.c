/*
 * Descriptors that are O_PATH have no fchmod() and no fsetxattr(): their names in /proc do,
 * which lead to what was opened, even where that is a symbolic link.
 */
#include "home/attributes.h"

#include "lib/text.h"
#include "lib/upper_mark.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define NAME_ROOM 32
/* xattr(7): names of a file together, and each value, are 64 KiB at most. */
#define XATTR_ROOM 65536

static const char *
name_of(int fd, char *name)
{
	(void)text_format(name, NAME_ROOM, "/proc/self/fd/%d", fd);
	return name;
}

static bool
begins(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* Of an overlay's marks only those that say what shows: the rest is a name of a former place. */
static bool
is_wanted(enum copy_kind kind, const char *name)
{
	if (begins(name, "user.") || begins(name, "system.posix_acl_"))
		return true;
	if (kind == COPY_TO_HOME)
		return false;
	if (begins(name, "security."))
		return true;
	return kind == COPY_OF_UPPER && (!strcmp(name, UPPER_OPAQUE) || !strcmp(name, UPPER_REDIRECT) ||
	    !strcmp(name, UPPER_MARKS "whiteout"));
}

static int
set_one(struct copy *copy, const char *from, const char *to, const char *name, struct error *err)
{
	char *value = copy->buffer + 2 * XATTR_ROOM, *present = copy->buffer + 3 * XATTR_ROOM;
	ssize_t length = getxattr(from, name, value, XATTR_ROOM);

	if (length < 0)
		return errno == ENODATA ? 0 : error_set(err, errno, "read the attribute %.64s", name);
	if (getxattr(to, name, present, XATTR_ROOM) == length &&
	    memcmp(value, present, (size_t)length) == 0)
		return 0;
	if (setxattr(to, name, value, (size_t)length, 0) < 0)
		return error_set(err, errno, "set the attribute %.64s", name);
	return 0;
}

static int
list(const char *path, char *names, struct error *err)
{
	ssize_t length = listxattr(path, names, XATTR_ROOM);

	if (length < 0 && errno != EOPNOTSUPP)
		return error_set(err, errno, "list the attributes");
	return length < 0 ? 0 : (int)length;
}

static bool
list_has(const char *names, int length, const char *name)
{
	for (const char *at = names; at < names + length; at += strlen(at) + 1)
		if (!strcmp(at, name))
			return true;
	return false;
}

static int
copy_xattrs(struct copy *copy, const char *from, const char *to, struct error *err)
{
	if (!copy->buffer && !(copy->buffer = malloc(4 * XATTR_ROOM)))
		return error_set(err, errno, "copy attributes");
	char *wanted = copy->buffer, *present = copy->buffer + XATTR_ROOM;
	int wanted_length = list(from, wanted, err);
	int present_length = wanted_length < 0 ? -1 : list(to, present, err);

	if (present_length < 0)
		return -1;
	/* What a directory's default ACL gave, or what was there before. */
	for (const char *name = present; name < present + present_length; name += strlen(name) + 1)
		if (is_wanted(copy->kind, name) && !list_has(wanted, wanted_length, name) &&
		    removexattr(to, name) < 0 && errno != ENODATA)
			return error_set(err, errno, "remove the attribute %.64s", name);
	for (const char *name = wanted; name < wanted + wanted_length; name += strlen(name) + 1)
		if (is_wanted(copy->kind, name) && set_one(copy, from, to, name, err) < 0)
			return -1;
	return 0;
}

/*
 * In a home everything is its user's: what another made (root inside) becomes so, without the
 * bits that would have given its rights.  What is another's already, and was, stays.
 */
static int
copy_owner(struct copy *copy, const struct stat *st, int to, const struct stat *present,
    mode_t *mode, struct error *err)
{
	const struct rights_user *user = copy->user;
	uid_t uid = !user || present->st_uid == st->st_uid ? st->st_uid : user->uid;
	gid_t gid = !user || present->st_gid == st->st_gid || rights_has_group(user, st->st_gid)
	    ? st->st_gid : user->gid;

	if (uid != st->st_uid || gid != st->st_gid) {
		*mode &= ~(mode_t)(S_ISUID | S_ISGID);
		copy->foreign++;
	}
	if (uid == present->st_uid && gid == present->st_gid)
		return 0;
	if (fchownat(to, "", uid, gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0)
		return error_set(err, errno, "chown");
	return 0;
}

static bool
is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static int
copy_times(const struct copy *copy, const struct stat *st, int to, struct error *err)
{
	const struct timespec times[] = { st->st_atim, st->st_mtim };
	struct stat present;

	if (fstat(to, &present) < 0)
		return error_set(err, errno, "stat");
	if (is_same_time(&present.st_atim, &times[0]) && is_same_time(&present.st_mtim, &times[1]))
		return 0;
	if (utimensat(to, "", times, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	/* In another's directory a user may write, but not set its times. */
	if (errno == EPERM && copy->user && present.st_uid != copy->user->uid)
		return 0;
	return error_set(err, errno, "set the times");
}

int
attributes_copy(struct copy *copy, int from, const struct stat *st, int to,
    const struct stat *present, struct error *err)
{
	char from_name[NAME_ROOM], to_name[NAME_ROOM];
	mode_t mode = st->st_mode & 07777;
	struct stat now;

	if (copy_owner(copy, st, to, present, &mode, err) < 0)
		return -1;
	if (!S_ISLNK(st->st_mode)) {
		if (copy_xattrs(copy, name_of(from, from_name), name_of(to, to_name), err) < 0)
			return -1;
		if (fstat(to, &now) < 0 || ((now.st_mode & 07777) != mode && chmod(to_name, mode) < 0))
			return error_set(err, errno, "chmod");
	}
	return copy_times(copy, st, to, err);
}
