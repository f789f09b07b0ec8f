/*
 * Walks a tree with another beside it, directory by directory: an upper and what it lies over, a
 * tree and its copy.  Iterative, by descriptors, whatever the depth; the way back up is "..",
 * checked to be where the walk came from, so that what is moved meanwhile ends it.
 */
#ifndef LIB_WALK_H
#define LIB_WALK_H

#include "lib/error.h"
#include "lib/names.h"

#include <stdbool.h>
#include <sys/stat.h>

struct walk;

struct walk_operations {
	/*
	 * A name in walk->from.  To go down, it puts the two directories into walk->child, and the
	 * walk takes them; to[1] -1: there is nothing beside it.
	 */
	int (*visit)(struct walk *walk, const char *name, const struct stat *st, struct error *err);
	/* walk->from has been seen, with all that is below it.  May be NULL. */
	int (*leave)(struct walk *walk, struct error *err);
};

struct walk_child {
	int from, to;   /* the walk's from then on; -1 */
	bool is_aside;  /* to is not in walk->to, but anywhere */
	unsigned flags; /* the visitor's own, of this directory */
};

struct walk {
	const struct walk_operations *operations;
	void *context;
	int from, to;            /* owned; the present directories; to may be -1 */
	unsigned flags;          /* of the present directory */
	const struct names *names; /* of the present walk->from; while it is visited */
	bool is_top;             /* the walk began here */
	struct walk_child child;
	struct walk_level *level; /* owned */
	size_t depth, room;
};

/*
 * From the two directories, which stay the caller's, and whose leave() is called, too.  only:
 * of the names in the first directory this one alone, and then no leave() of it; NULL: all.
 */
int walk_run(const struct walk_operations *operations, void *context, int from, int to,
    const char *only, struct error *err);

/* Opens a directory of the walk's: RDONLY, following no link, never blocking. */
int walk_open(int directory, const char *name);

#endif
