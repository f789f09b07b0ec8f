/*
 * Runs as root, or with a user's rights, on what users filled.
 */
#include "lib/walk.h"

#include "lib/own.h"
#include "lib/text.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* How a directory is known again. */
struct identity {
	dev_t device;
	ino_t inode;
};

struct walk_level {
	struct names names;
	size_t next;
	struct identity from, to;
	bool is_aside; /* to's ".." is not where to goes on after this directory, but aside */
	int aside;     /* owned; -1: nowhere */
	unsigned flags;
	char name[NAME_MAX + 1]; /* for messages */
};

int
walk_open(int directory, const char *name)
{
	return openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

static int
identify(int fd, struct identity *identity, struct error *err)
{
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) < 0)
		return error_set(err, errno, "stat a directory");
	if (fd >= 0)
		*identity = (struct identity) { .device = st.st_dev, .inode = st.st_ino };
	return 0;
}

/* The next level, as yet unused. */
static struct walk_level *
grow(struct walk *walk, struct error *err)
{
	size_t room = walk->room ? walk->room * 2 : 32;
	struct walk_level *more = walk->level;

	if (!more || walk->depth == walk->room) {
		more = reallocarray(walk->level, room, sizeof(*more));
		if (!more) {
			(void)error_set(err, ENOMEM, "walk that deep");
			return NULL;
		}
		walk->level = more;
		walk->room = room;
	}
	return &more[walk->depth++];
}

static void
show(struct walk *walk)
{
	const struct walk_level *level = &walk->level[walk->depth - 1];

	walk->flags = level->flags;
	walk->names = &level->names;
	walk->is_top = walk->depth == 1;
}

/* The walk is in a new directory: from and to are set. */
static int
push(struct walk *walk, const char *name, unsigned flags, struct error *err)
{
	struct walk_level *level = grow(walk, err);

	if (!level)
		return -1;
	*level = (struct walk_level) { .names = NAMES_INIT, .aside = -1, .flags = flags };
	(void)text_format(level->name, sizeof(level->name), "%s", name);
	if (identify(walk->from, &level->from, err) < 0 || identify(walk->to, &level->to, err) < 0 ||
	    names_read(walk->from, &level->names, err) < 0)
		return -1;
	show(walk);
	return 0;
}

static int
go_down(struct walk *walk, const char *name, struct error *err)
{
	struct walk_child child = walk->child;
	/* Without a directory beside it there is no ".." to come back by, either. */
	bool is_aside = child.is_aside || child.to < 0;
	autofd int aside = is_aside ? take_fd(&walk->to) : -1;

	walk->child = (struct walk_child) { .from = -1, .to = -1 };
	own_close(&walk->from);
	own_close(&walk->to);
	walk->from = child.from;
	walk->to = child.to;
	if (push(walk, name, child.flags, err) < 0)
		return -1;
	walk->level[walk->depth - 1].is_aside = is_aside;
	walk->level[walk->depth - 1].aside = take_fd(&aside);
	return 0;
}

static int
open_above(int fd, const struct identity *wanted, struct error *err)
{
	struct identity found;
	autofd int up = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (up < 0)
		return error_set(err, errno, "leave a directory");
	if (identify(up, &found, err) < 0)
		return -1;
	if (found.device != wanted->device || found.inode != wanted->inode)
		return error_set(err, ESTALE, "a directory was moved while it was read");
	return take_fd(&up);
}

/* The ways up are opened before leave(), which may give a directory its mode, that of none. */
static int
go_up(struct walk *walk, struct error *err)
{
	struct walk_level *level = &walk->level[walk->depth - 1];
	const struct walk_level *above = walk->depth > 1 ? level - 1 : NULL;
	autofd int from = -1, to = -1;

	if (above && (from = open_above(walk->from, &above->from, err)) < 0)
		return -1;
	if (above && level->is_aside)
		to = take_fd(&level->aside);
	else if (above && walk->to >= 0 && (to = open_above(walk->to, &above->to, err)) < 0)
		return -1;
	if (walk->operations->leave && walk->operations->leave(walk, err) < 0)
		return -1;
	names_free(&level->names);
	own_close(&walk->from);
	own_close(&walk->to);
	walk->from = take_fd(&from);
	walk->to = take_fd(&to);
	if (--walk->depth > 0)
		show(walk);
	return 0;
}

static int
visit(struct walk *walk, const char *name, struct error *err)
{
	struct stat st;

	walk->child = (struct walk_child) { .from = -1, .to = -1 };
	if (fstatat(walk->from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : error_set(err, errno, "stat");
	int rc = walk->operations->visit(walk, name, &st, err);
	if (rc == 0 && walk->child.from >= 0)
		return go_down(walk, name, err);
	own_close(&walk->child.from);
	own_close(&walk->child.to);
	return rc;
}

static int
step(struct walk *walk, struct error *err)
{
	struct walk_level *level = &walk->level[walk->depth - 1];
	char shown[128];

	if (level->next == level->names.count)
		return go_up(walk, err);
	const char *name = level->names.item[level->next++]->d_name;
	/* The name lives in a level, which may move when the walk goes deeper. */
	if (visit(walk, name, err) == 0)
		return 0;
	return error_prefix(err, "%s", text_escape(name, shown, sizeof(shown)));
}

static int
run(struct walk *walk, const char *only, struct error *err)
{
	int rc = push(walk, "", 0, err);

	if (rc == 0 && only) {
		rc = visit(walk, only, err);
		walk->level[0].next = walk->level[0].names.count;
	}
	while (rc == 0 && walk->depth > (only ? 1 : 0))
		rc = step(walk, err);
	return rc;
}

/* The names on the way to where it went wrong, the lowest few. */
static int
explain(const struct walk *walk, struct error *err)
{
	char shown[96];

	for (size_t i = walk->depth; i > 1 && walk->depth - i < 4; i--)
		(void)error_prefix(err, "%s", text_escape(walk->level[i - 1].name, shown, sizeof(shown)));
	return -1;
}

int
walk_run(const struct walk_operations *operations, void *context, int from, int to,
    const char *only, struct error *err)
{
	struct walk walk = { .operations = operations, .context = context, .to = -1,
		.child = { .from = -1, .to = -1 } };
	int rc = 0;

	walk.from = fcntl(from, F_DUPFD_CLOEXEC, 0);
	if (to >= 0)
		walk.to = fcntl(to, F_DUPFD_CLOEXEC, 0);
	if (walk.from < 0 || (to >= 0 && walk.to < 0))
		rc = error_set(err, errno, "begin a walk");
	if (rc == 0 && run(&walk, only, err) < 0)
		rc = explain(&walk, err);
	while (walk.depth > 0) {
		names_free(&walk.level[--walk.depth].names);
		own_close(&walk.level[walk.depth].aside);
	}
	free(walk.level);
	own_close(&walk.from);
	own_close(&walk.to);
	return rc;
}
