/*
 * Runs as root, which alone sees trusted.* attributes.
 */
#include "lib/upper_mark.h"

#include "lib/own.h"
#include "lib/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#define WHITEOUT UPPER_MARKS "whiteout"
#define METACOPY UPPER_MARKS "metacopy"

/* Of a name that may be anything, without opening it. */
static bool
has_mark(int directory, const char *name, const char *mark)
{
	char path[32];
	autofd int fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	(void)text_format(path, sizeof(path), "/proc/self/fd/%d", fd);
	return fd >= 0 && getxattr(path, mark, NULL, 0) >= 0;
}

bool
upper_is_whiteout(int directory, const char *name, const struct stat *st)
{
	if (S_ISCHR(st->st_mode))
		return st->st_rdev == makedev(0, 0);
	return S_ISREG(st->st_mode) && st->st_size == 0 && has_mark(directory, name, WHITEOUT);
}

bool
upper_is_opaque(int directory)
{
	char value;

	return fgetxattr(directory, UPPER_OPAQUE, &value, 1) == 1 && value == 'y';
}

int
upper_set_opaque(int directory, struct error *err)
{
	if (fsetxattr(directory, UPPER_OPAQUE, "y", 1, 0) < 0)
		return error_set(err, errno, "make a directory opaque");
	if (fremovexattr(directory, UPPER_REDIRECT) < 0 && errno != ENODATA)
		return error_set(err, errno, "end a directory's redirection");
	return 0;
}

bool
upper_redirect(int directory, char *target, size_t size)
{
	ssize_t length = fgetxattr(directory, UPPER_REDIRECT, target, size - 1);

	if (length <= 0)
		return false;
	target[length] = '\0';
	return true;
}

bool
upper_is_metacopy(int directory, const char *name, const struct stat *st)
{
	return S_ISREG(st->st_mode) && has_mark(directory, name, METACOPY);
}
