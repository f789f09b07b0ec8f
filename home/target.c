/*
 * By descriptors, following no link: an upper's names are a user's.
 */
#include "home/target.h"

#include "lib/own.h"
#include "lib/text.h"
#include "lib/upper_mark.h"
#include "lib/walk.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

/* The next component; 0: there is none. */
static int
next_name(const char **path, char *name, struct error *err)
{
	const char *start = *path + strspn(*path, "/");
	size_t length;
	char shown[128];

	/* "./-name", which a command line would take for an option without. */
	while (!strncmp(start, "./", 2))
		start += 1 + strspn(start + 1, "/");
	length = strcspn(start, "/");
	*path = start + length;
	if (length > NAME_MAX)
		return error_set(err, ENAMETOOLONG, "find the path");
	memcpy(name, start, length);
	name[length] = '\0';
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return error_set(err, 0, "%s: a path below the home is wanted, without . and ..",
		    text_escape(start, shown, sizeof(shown)));
	return length > 0;
}

static int
open_beside(const struct target *target, const char *name, struct error *err)
{
	int fd = target->lower < 0 ? -1 : walk_open(target->lower, name);

	if (fd < 0 && target->lower >= 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
		return error_set(err, errno, "open what is below %s", name);
	return fd;
}

/* Into the directory name; 1: the upper has none. */
static int
enter(struct target *target, const char *name, struct error *err)
{
	char shown[128];
	autofd int upper = walk_open(target->upper, name);

	if (upper < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 1 :
		    error_set(err, errno, "open %s", text_escape(name, shown, sizeof(shown)));
	autofd int lower = open_beside(target, name, err);
	if (lower < 0 && err->text[0])
		return -1;
	if (lower >= 0 && upper_is_opaque(upper))
		return error_set(err, 0, "the directory %s was made anew in place of the one below: only "
		    "the whole of it can be taken", text_escape(name, shown, sizeof(shown)));
	own_close(&target->upper);
	own_close(&target->lower);
	target->upper = take_fd(&upper);
	target->lower = take_fd(&lower);
	return 0;
}

int
target_find(int upper, int lower, const char *path, struct target *target, struct error *err)
{
	char name[NAME_MAX + 1];
	struct stat st;
	int rc, found = 0;

	*target = (struct target)TARGET_INIT;
	target->upper = fcntl(upper, F_DUPFD_CLOEXEC, 0);
	target->lower = lower < 0 ? -1 : fcntl(lower, F_DUPFD_CLOEXEC, 0);
	if (target->upper < 0 || (lower >= 0 && target->lower < 0))
		return error_set(err, errno, "find the path");
	while ((rc = next_name(&path, name, err)) > 0) {
		found = target->name[0] ? enter(target, target->name, err) : 0;
		if (found != 0)
			return found;
		memcpy(target->name, name, sizeof(target->name));
	}
	if (rc == 0 && !target->name[0])
		return error_set(err, 0, "an empty path: leave it away to name the whole home");
	if (rc < 0)
		return -1;
	return fstatat(target->upper, target->name, &st, AT_SYMLINK_NOFOLLOW) < 0;
}

void
target_free(struct target *target)
{
	own_close(&target->upper);
	own_close(&target->lower);
}
