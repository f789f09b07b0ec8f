/*
 * Runs as root in ctrctl, on what a container's root made.  One descriptor a layer, whatever
 * the depth: the way back up is "..", checked to be where the walk came from.
 * Documentation/filesystems/overlayfs.rst says what whiteouts, opaque and redirected are.
 */
#include "lib/upper.h"

#include "lib/own.h"
#include "lib/path.h"
#include "lib/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#define OPAQUE "trusted.overlay.opaque"
#define REDIRECT "trusted.overlay.redirect"
/* Inside an id is this or its own, lib/id_map.h. */
#define SHIFTED_IDS 65536

struct names {
	struct dirent **item; /* owned, sorted */
	size_t count;
};

/* A directory on the way from the top to where the walk is. */
struct level {
	struct names names;
	size_t next;     /* of names: not yet visited */
	size_t length;   /* of the walk's path, up to and with this directory */
	bool is_replaced; /* it, or one above, was emptied: what is below it does not show */
	bool has_below;   /* false: made, renamed, or in place of something else */
	dev_t device;
	ino_t inode;
};

struct walk {
	struct upper *upper;
	upper_visit *visit;
	void *context;
	struct error *err;
	char path[PATH_MAX]; /* of the directory that the walk is in; "" for "/" */
	size_t point;        /* of path: the mount point's length */
	int at;              /* owned; that directory in the upper */
	int below;           /* owned; in what is below; -1: it has none */
	struct level *level; /* owned */
	size_t depth, room;
};

static void
free_names(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->item[i]);
	free(names->item);
	*names = (struct names) { .count = 0 };
}

static int
compare_names(const void *left, const void *right)
{
	const struct dirent *const *a = left, *const *b = right;

	return strcmp((*a)->d_name, (*b)->d_name);
}

/* gcc 12's analyzer loses sight of pointers that are stored through names->item[]. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

static int
is_name(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int
read_names(int directory, struct names *names, struct error *err)
{
	char path[32];

	(void)text_format(path, sizeof(path), "/proc/self/fd/%d", directory);
	int count = scandir(path, &names->item, is_name, NULL);
	if (count < 0)
		return error_set(err, errno, "read a directory");
	names->count = (size_t)count;
	/* Bytes count, whatever the locale's alphasort(3) takes for an order. */
	if (count > 0)
		qsort(names->item, names->count, sizeof(struct dirent *), compare_names);
	return 0;
}

static int
tell(struct walk *walk, enum upper_change change, const char *name, const char *from)
{
	char path[PATH_MAX];
	struct upper_difference difference = { .change = change, .path = path, .from = from };

	if (text_format(path, sizeof(path), "%s/%s", walk->path, name) < 0) {
		walk->upper->too_deep++;
		return 0;
	}
	return walk->visit(&difference, walk->context) == 0 ? 0 : -1;
}

/* What is below of that name, if anything. */
static bool
stat_below(const struct walk *walk, const char *name, struct stat *st)
{
	return walk->below >= 0 &&
	    fstatat(walk->below, name, st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0;
}

static bool
is_same_id(unsigned upper, unsigned below, unsigned root)
{
	return upper == below || (below < SHIFTED_IDS && upper == root + below);
}

static bool
is_same_directory(const struct upper *upper, const struct stat *st, const struct stat *below)
{
	return (st->st_mode & 07777) == (below->st_mode & 07777) &&
	    is_same_id(st->st_uid, below->st_uid, upper->root_uid) &&
	    is_same_id(st->st_gid, below->st_gid, upper->root_gid);
}

static bool
is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

static bool
is_opaque(int directory)
{
	char value;

	return fgetxattr(directory, OPAQUE, &value, 1) == 1 && value == 'y';
}

/*
 * The path that a renamed directory had: from the mount's top, or beside its present one.  One
 * that was renamed back has its own.
 */
static bool
was_renamed(const struct walk *walk, int directory, const char *name, char *from, size_t size)
{
	char value[PATH_MAX], own[PATH_MAX];
	ssize_t length = fgetxattr(directory, REDIRECT, value, sizeof(value) - 1);

	if (length <= 0)
		return false;
	value[length] = '\0';
	int rc = value[0] == '/'
	    ? text_format(from, size, "%.*s%s", (int)walk->point, walk->path, value)
	    : text_format(from, size, "%s/%s", walk->path, value);
	return rc == 0 && (text_format(own, sizeof(own), "%s/%s", walk->path, name) < 0 ||
	    strcmp(from, own) != 0);
}

static int
tell_lost(struct walk *walk, const struct level *level)
{
	struct names below = { .count = 0 };
	int rc = read_names(walk->below, &below, walk->err);

	for (size_t i = 0; i < below.count && rc == 0; i++) {
		struct dirent *const *name = &below.item[i];
		if (level->names.count == 0 || !bsearch(name, level->names.item, level->names.count,
		        sizeof(*name), compare_names))
			rc = tell(walk, UPPER_DELETED, (*name)->d_name, NULL);
	}
	free_names(&below);
	return rc;
}

static int
grow(struct walk *walk)
{
	size_t room = walk->room ? walk->room * 2 : 32;
	struct level *more;

	if (walk->depth < walk->room)
		return 0;
	more = realloc(walk->level, room * sizeof(*more));
	if (!more)
		return error_set(walk->err, ENOMEM, "walk %s", walk->path);
	walk->level = more;
	walk->room = room;
	return 0;
}

static void
open_below(struct walk *walk)
{
	struct error missing = ERROR_INIT;
	const char *path = walk->path + walk->point;

	own_close(&walk->below);
	if (walk->level[walk->depth - 1].has_below && walk->upper->below >= 0)
		walk->below = path_open_beneath(walk->upper->below, path[0] ? path + 1 : ".",
		    O_RDONLY | O_DIRECTORY, &missing);
}

/* The walk is in a new directory, whose path is set. */
static int
push_level(struct walk *walk, bool is_replaced, bool has_below)
{
	struct stat st;

	if (grow(walk) < 0)
		return -1;
	struct level *level = &walk->level[walk->depth++];
	*level = (struct level) { .length = strlen(walk->path), .is_replaced = is_replaced,
	    .has_below = has_below };
	if (fstat(walk->at, &st) < 0)
		return error_set(walk->err, errno, "stat %s", walk->path);
	level->device = st.st_dev;
	level->inode = st.st_ino;
	if (read_names(walk->at, &level->names, walk->err) < 0)
		return error_prefix(walk->err, "%s", walk->path);
	open_below(walk);
	return is_replaced && walk->below >= 0 ? tell_lost(walk, level) : 0;
}

/* Back to the directory above, or to the end. */
static int
pop_level(struct walk *walk)
{
	struct stat st;

	free_names(&walk->level[--walk->depth].names);
	if (walk->depth == 0)
		return 0;
	const struct level *level = &walk->level[walk->depth - 1];
	autofd int up = openat(walk->at, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (up < 0 || fstat(up, &st) < 0)
		return error_set(walk->err, errno, "leave %s", walk->path);
	if (st.st_dev != level->device || st.st_ino != level->inode)
		return error_set(walk->err, ESTALE, "%s was moved while it was read", walk->path);
	walk->path[level->length] = '\0';
	own_close(&walk->at);
	walk->at = take_fd(&up);
	open_below(walk);
	return 0;
}

static int
descend(struct walk *walk, int directory, const char *name, bool is_replaced, bool has_below)
{
	size_t length = strlen(walk->path);

	if (text_format(walk->path + length, sizeof(walk->path) - length, "/%s", name) < 0) {
		walk->path[length] = '\0';
		walk->upper->too_deep++;
		return 0;
	}
	own_close(&walk->at);
	walk->at = fcntl(directory, F_DUPFD_CLOEXEC, 0);
	if (walk->at < 0)
		return error_set(walk->err, errno, "open %s", walk->path);
	return push_level(walk, is_replaced, has_below);
}

static int
visit_directory(struct walk *walk, const char *name, const struct stat *st)
{
	struct stat below;
	char from[PATH_MAX];
	bool is_there = stat_below(walk, name, &below), is_replaced;
	autofd int directory = openat(walk->at, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (directory < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 :
		    error_set(walk->err, errno, "open %s in %s", name, walk->path);
	bool is_renamed = was_renamed(walk, directory, name, from, sizeof(from));
	bool is_merged = is_there && S_ISDIR(below.st_mode) && !is_renamed;
	if ((!is_merged || !is_same_directory(walk->upper, st, &below)) &&
	    tell(walk, is_there ? UPPER_CHANGED : UPPER_ADDED, name, is_renamed ? from : NULL) < 0)
		return -1;
	is_replaced = walk->level[walk->depth - 1].is_replaced || is_opaque(directory);
	return descend(walk, directory, name, is_replaced, is_merged);
}

static int
visit_name(struct walk *walk, const char *name)
{
	struct stat st, below;

	if (fstatat(walk->at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 :
		    error_set(walk->err, errno, "stat %s in %s", name, walk->path);
	if (S_ISDIR(st.st_mode))
		return visit_directory(walk, name, &st);
	bool is_there = stat_below(walk, name, &below);
	if (is_whiteout(&st))
		return is_there ? tell(walk, UPPER_DELETED, name, NULL) : 0;
	return tell(walk, is_there ? UPPER_CHANGED : UPPER_ADDED, name, NULL);
}

/* The mount point itself has no name in a directory of the walk's. */
static int
tell_top(struct walk *walk)
{
	const struct upper_difference difference = { .change = UPPER_CHANGED,
		.path = walk->upper->point };
	struct stat st, below;

	if (walk->upper->below < 0)
		return 0;
	if (fstat(walk->at, &st) < 0 || fstat(walk->upper->below, &below) < 0)
		return error_set(walk->err, errno, "stat %s", walk->upper->point);
	return is_same_directory(walk->upper, &st, &below) ? 0 :
	    walk->visit(&difference, walk->context) == 0 ? 0 : -1;
}

static int
run(struct walk *walk)
{
	int rc = tell_top(walk) < 0 ? -1 : push_level(walk, is_opaque(walk->at), true);

	while (rc == 0 && walk->depth > 0) {
		struct level *level = &walk->level[walk->depth - 1];
		const struct names *names = &level->names;
		rc = level->next < names->count ? visit_name(walk, names->item[level->next++]->d_name)
		                                : pop_level(walk);
	}
	return rc;
}

int
upper_diff(struct upper *upper, upper_visit *visit, void *context, struct error *err)
{
	struct walk walk = { .upper = upper, .visit = visit, .context = context, .err = err,
		.at = -1, .below = -1 };
	const char *point = strcmp(upper->point, "/") != 0 ? upper->point : "";

	upper->too_deep = 0;
	if (text_format(walk.path, sizeof(walk.path), "%s", point) < 0)
		return error_set(err, errno, "walk %s", upper->point);
	walk.point = strlen(walk.path);
	walk.at = fcntl(upper->directory, F_DUPFD_CLOEXEC, 0);
	int rc = walk.at >= 0 ? run(&walk) :
	    error_set(err, errno, "open the upper of %s", upper->point);
	while (walk.depth > 0)
		free_names(&walk.level[--walk.depth].names);
	free(walk.level);
	own_close(&walk.at);
	own_close(&walk.below);
	return rc;
}
