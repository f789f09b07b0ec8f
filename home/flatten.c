/*
 * Runs as root, while no container has the upper mounted.  The walk has the upper as its first
 * tree, and beside each directory what it lies over, wherever that is.
 */
#include "home/flatten.h"

#include "lib/names.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/text.h"
#include "lib/upper_mark.h"
#include "lib/walk.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

/* Of a directory, and of those below it that are merged with what is in its former place. */
#define MOVED 1U
/* In scratch: a directory that is not whole yet. */
#define TREE_NAME "tree"

struct flatten {
	struct copy *copy;
	int lower; /* the top: where redirections that are paths begin */
};

/* What can't be merged with a directory is nothing to it. */
static bool
is_no_directory(int errnum)
{
	return errnum == ENOENT || errnum == ENOTDIR || errnum == ELOOP;
}

/* The directory below that a name has, -1 in *fd where there is none. */
static int
open_beside(const struct walk *walk, const char *name, int *fd, struct error *err)
{
	*fd = walk->to < 0 ? -1 : walk_open(walk->to, name);
	if (*fd < 0 && walk->to >= 0 && !is_no_directory(errno))
		return error_set(err, errno, "open what is below");
	return 0;
}

static int
open_target(const struct walk *walk, const char *target, int *fd, struct error *err)
{
	const struct flatten *flatten = walk->context;
	struct error why = ERROR_INIT;

	if (target[0] != '/')
		return open_beside(walk, target, fd, err);
	*fd = path_open_beneath(flatten->lower, target + 1, O_RDONLY | O_DIRECTORY, &why);
	if (*fd >= 0 || is_no_directory(why.errnum))
		return 0;
	*err = why;
	return -1;
}

static bool
is_same(int a, int b)
{
	struct stat left, right;

	return a >= 0 && b >= 0 && fstat(a, &left) == 0 && fstat(b, &right) == 0 &&
	    left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

/* A directory that was renamed and renamed back leads to where it is anyway. */
static int
find_lower(struct walk *walk, const char *name, struct error *err)
{
	char target[PATH_MAX];
	autofd int beside = -1, other = -1;

	if (upper_is_opaque(walk->child.from))
		return 0;
	walk->child.flags = walk->flags;
	if (open_beside(walk, name, &beside, err) < 0)
		return -1;
	if (!upper_redirect(walk->child.from, target, sizeof(target))) {
		walk->child.to = take_fd(&beside);
		return 0;
	}
	if (open_target(walk, target, &other, err) < 0)
		return -1;
	if (!is_same(beside, other))
		walk->child.flags |= MOVED;
	walk->child.is_aside = true;
	walk->child.to = take_fd(&other);
	return 0;
}

static int
visit(struct walk *walk, const char *name, const struct stat *st, struct error *err)
{
	if (!S_ISDIR(st->st_mode))
		return 0;
	walk->child.from = walk_open(walk->from, name);
	if (walk->child.from < 0)
		return error_set(err, errno, "open");
	return find_lower(walk, name, err);
}

/* A directory is there with all that is in it, or not yet. */
static int
take_directory(struct copy *copy, int from, const char *name, int upper, struct error *err)
{
	if (path_remove_tree(copy->scratch, TREE_NAME, err) < 0)
		return -1;
	autofd int source = walk_open(from, name);
	if (source < 0 || mkdirat(copy->scratch, TREE_NAME, 0700) < 0)
		return error_set(err, errno, "make a directory");
	autofd int made = walk_open(copy->scratch, TREE_NAME);
	if (made < 0)
		return error_set(err, errno, "open a directory");
	if (copy_tree(copy, source, made, err) < 0)
		return -1;
	return renameat(copy->scratch, TREE_NAME, upper, name) < 0
	    ? error_set(err, errno, "put in place") : 0;
}

static int
take_name(struct copy *copy, int from, const char *name, int upper, struct error *err)
{
	struct stat st;
	char shown[128];
	autofd int fd = copy_open(from, name, &st, err);
	int rc = fd < 0 ? -1 : S_ISDIR(st.st_mode) ? take_directory(copy, from, name, upper, err)
	                                           : copy_name(copy, fd, &st, upper, name, err);

	return rc < 0 ? error_prefix(err, "%s", text_escape(name, shown, sizeof(shown))) : 0;
}

/* What the user did not touch of a renamed directory. */
static int
take_missing(struct walk *walk, struct error *err)
{
	const struct flatten *flatten = walk->context;
	struct names below = NAMES_INIT;
	int rc = names_read(walk->to, &below, err);

	for (size_t i = 0; i < below.count && rc == 0; i++)
		if (!names_has(walk->names, below.item[i]->d_name))
			rc = take_name(flatten->copy, walk->to, below.item[i]->d_name, walk->from, err);
	names_free(&below);
	return rc;
}

/* In an opaque directory there is nothing to hide, and the kernel would list them. */
static int
remove_whiteouts(struct walk *walk, struct error *err)
{
	struct stat st;

	for (size_t i = 0; i < walk->names->count; i++) {
		const char *name = walk->names->item[i]->d_name;
		if (fstatat(walk->from, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    upper_is_whiteout(walk->from, name, &st) && unlinkat(walk->from, name, 0) < 0)
			return error_set(err, errno, "remove a whiteout");
	}
	return 0;
}

/* The directory's own times are kept. */
static int
leave(struct walk *walk, struct error *err)
{
	struct stat st;

	if (!(walk->flags & MOVED))
		return 0;
	if (fstat(walk->from, &st) < 0)
		return error_set(err, errno, "stat a directory");
	if (walk->to >= 0 && take_missing(walk, err) < 0)
		return -1;
	if (upper_set_opaque(walk->from, err) < 0 || remove_whiteouts(walk, err) < 0)
		return -1;
	const struct timespec times[] = { st.st_atim, st.st_mtim };
	return futimens(walk->from, times) < 0 ? error_set(err, errno, "set the times") : 0;
}

int
flatten_upper(struct copy *copy, int upper, int lower, struct error *err)
{
	static const struct walk_operations operations = { .visit = visit, .leave = leave };
	struct flatten flatten = { .copy = copy, .lower = lower };

	if (walk_run(&operations, &flatten, upper, lower, NULL, err) < 0)
		return error_prefix(err, "make renamed directories whole");
	return 0;
}
