/*
 * Runs as root in ctrctl, on what a container's root made.  One descriptor a layer, whatever
 * the depth: the way back up is "..", checked to be where the walk came from.
 * Documentation/filesystems/overlayfs.rst says what whiteouts, opaque and redirected are.
 */
#include "lib/upper.h"

#include "lib/names.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/text.h"
#include "lib/upper_compare.h"
#include "lib/upper_mark.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* gcc 12's analyzer loses sight of pointers that are stored through walk->level[]. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

/* Inside an id is this or its own, lib/id_map.h. */
#define SHIFTED_IDS 65536

/* A directory on the way from the top to where the walk is. */
struct level {
	struct names names;
	size_t next;     /* of names: not yet visited */
	size_t length;   /* of the walk's path, up to and with this directory */
	bool is_replaced; /* it, or one above, was emptied: what is below it does not show */
	char *below;      /* owned; what it lies over, from the mount's top, "" for it; NULL: nothing */
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

static int
tell(struct walk *walk, const char *name, struct upper_difference *difference)
{
	char path[PATH_MAX];

	if (text_format(path, sizeof(path), "%s/%s", walk->path, name) < 0) {
		walk->upper->too_deep++;
		return 0;
	}
	difference->path = path;
	difference->type &= S_IFMT;
	return walk->visit(difference, walk->context) == 0 ? 0 : -1;
}

/* A name that is there in the upper, and below, if below is not NULL. */
static int
tell_present(struct walk *walk, const char *name, const struct stat *st, const struct stat *below,
    const char *from)
{
	struct upper_difference difference = { .change = below ? UPPER_CHANGED : UPPER_ADDED,
		.from = from, .type = st->st_mode };

	if (below && walk->upper->compares)
		difference.differs = upper_compare(walk->upper,
		    &(struct upper_name) { .directory = walk->at, .name = name, .st = st },
		    &(struct upper_name) { .directory = walk->below, .name = name, .st = below });
	return tell(walk, name, &difference);
}

static int
tell_deleted(struct walk *walk, const char *name, const struct stat *below)
{
	return tell(walk, name, &(struct upper_difference) { .change = UPPER_DELETED,
	    .type = below->st_mode });
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

bool
upper_is_same_owner(const struct upper *upper, const struct stat *above, const struct stat *below)
{
	return is_same_id(above->st_uid, below->st_uid, upper->root_uid) &&
	    is_same_id(above->st_gid, below->st_gid, upper->root_gid);
}

/* Of two directories: whether one can stand for the other. */
static bool
is_same_directory(const struct walk *walk, const char *name, const struct stat *st,
    const struct stat *below)
{
	if ((st->st_mode & 07777) != (below->st_mode & 07777) ||
	    !upper_is_same_owner(walk->upper, st, below))
		return false;
	return !walk->upper->compares || upper_compare(walk->upper,
	    &(struct upper_name) { .directory = walk->at, .name = name, .st = st },
	    &(struct upper_name) { .directory = walk->below, .name = name, .st = below }) == 0;
}

/*
 * Where a renamed directory is below, from the mount's top: beside what its parent lies over,
 * if not named from the top.  One that was renamed back is where it would be anyway.
 */
static bool
was_renamed(const struct walk *walk, int directory, const char *name, char *from, size_t size)
{
	char value[PATH_MAX], own[PATH_MAX];
	const char *parent = walk->level[walk->depth - 1].below;

	if (upper_is_opaque(directory) || !upper_redirect(directory, value, sizeof(value)))
		return false;
	int rc = value[0] == '/' ? text_format(from, size, "%s", value)
	                         : text_format(from, size, "%s/%s", parent ? parent : "", value);
	return rc == 0 && (!parent || text_format(own, sizeof(own), "%s/%s", parent, name) < 0 ||
	    strcmp(from, own) != 0);
}

static int
tell_lost(struct walk *walk, const struct level *level)
{
	struct names below = NAMES_INIT;
	struct stat st;
	int rc = names_read(walk->below, &below, walk->err);

	for (size_t i = 0; i < below.count && rc == 0; i++) {
		const char *name = below.item[i]->d_name;
		if (!names_has(&level->names, name) && stat_below(walk, name, &st))
			rc = tell_deleted(walk, name, &st);
	}
	names_free(&below);
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
	const char *path = walk->level[walk->depth - 1].below;

	own_close(&walk->below);
	if (path && walk->upper->below >= 0)
		walk->below = path_open_beneath(walk->upper->below, path[0] ? path + 1 : ".",
		    O_RDONLY | O_DIRECTORY, &missing);
}

/* The walk is in a new directory, whose path is set; below is what it lies over, or NULL. */
static int
push_level(struct walk *walk, bool is_replaced, const char *below)
{
	struct stat st;

	if (grow(walk) < 0)
		return -1;
	struct level *level = &walk->level[walk->depth++];
	*level = (struct level) { .length = strlen(walk->path), .is_replaced = is_replaced,
	    .below = below ? strdup(below) : NULL };
	if ((below && !level->below) || fstat(walk->at, &st) < 0)
		return error_set(walk->err, errno, "stat %s", walk->path);
	level->device = st.st_dev;
	level->inode = st.st_ino;
	if (names_read(walk->at, &level->names, walk->err) < 0)
		return error_prefix(walk->err, "%s", walk->path);
	open_below(walk);
	return is_replaced && walk->below >= 0 ? tell_lost(walk, level) : 0;
}

static void
free_level(struct level *level)
{
	names_free(&level->names);
	free(level->below);
}

/* Back to the directory above, or to the end. */
static int
pop_level(struct walk *walk)
{
	struct stat st;

	free_level(&walk->level[--walk->depth]);
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
descend(struct walk *walk, int directory, const char *name, bool is_replaced, const char *below)
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
	return push_level(walk, is_replaced, below);
}

/* A name that stands where below another directory is known by another: its former path. */
static int
visit_renamed(struct walk *walk, int directory, const char *name, const struct stat *st,
    const struct stat *below, const char *from)
{
	char shown[PATH_MAX];

	if (text_format(shown, sizeof(shown), "%.*s%s", (int)walk->point, walk->path, from) < 0 ||
	    tell_present(walk, name, st, below, shown) < 0)
		return -1;
	return descend(walk, directory, name, walk->level[walk->depth - 1].is_replaced, from);
}

static int
visit_directory(struct walk *walk, const char *name, const struct stat *st)
{
	struct stat below;
	char from[PATH_MAX];
	const struct level *level = &walk->level[walk->depth - 1];
	bool is_there = stat_below(walk, name, &below), is_replaced;
	autofd int directory = openat(walk->at, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (directory < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 :
		    error_set(walk->err, errno, "open %s in %s", name, walk->path);
	if (was_renamed(walk, directory, name, from, sizeof(from)))
		return visit_renamed(walk, directory, name, st, is_there ? &below : NULL, from);
	bool is_merged = is_there && S_ISDIR(below.st_mode);
	is_replaced = level->is_replaced || upper_is_opaque(directory);
	if ((!is_merged || !is_same_directory(walk, name, st, &below)) &&
	    tell_present(walk, name, st, is_there ? &below : NULL, NULL) < 0)
		return -1;
	return descend(walk, directory, name, is_replaced, is_merged && level->below &&
	    text_format(from, sizeof(from), "%s/%s", level->below, name) == 0 ? from : NULL);
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
	if (upper_is_whiteout(walk->at, name, &st))
		return is_there ? tell_deleted(walk, name, &below) : 0;
	return tell_present(walk, name, &st, is_there ? &below : NULL, NULL);
}

/* The mount point itself has no name in a directory of the walk's. */
static int
tell_top(struct walk *walk)
{
	struct upper_difference difference = { .change = UPPER_CHANGED, .path = walk->upper->point,
		.type = S_IFDIR };
	struct stat st, below;

	walk->below = walk->upper->below;
	if (walk->below < 0)
		return 0;
	if (fstat(walk->at, &st) < 0 || fstat(walk->below, &below) < 0)
		return error_set(walk->err, errno, "stat %s", walk->upper->point);
	bool is_same = is_same_directory(walk, "", &st, &below);
	if (!is_same && walk->upper->compares)
		difference.differs = upper_compare(walk->upper,
		    &(struct upper_name) { .directory = walk->at, .name = "", .st = &st },
		    &(struct upper_name) { .directory = walk->below, .name = "", .st = &below });
	walk->below = -1;
	return is_same || walk->visit(&difference, walk->context) == 0 ? 0 : -1;
}

static int
run(struct walk *walk)
{
	int rc = tell_top(walk) < 0 ? -1 : push_level(walk, upper_is_opaque(walk->at), "");

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
		free_level(&walk.level[--walk.depth]);
	free(walk.level);
	own_close(&walk.at);
	own_close(&walk.below);
	return rc;
}
