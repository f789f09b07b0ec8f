/*
 * Merges what an upper keeps into the home that it lies over, and drops it.
 *
 * A kill at any moment loses nothing: until all of a path is in the home and on the disk, the
 * upper keeps it, and hides what is done below.  A login in between sees what it saw before,
 * and the next call ends the work.
 */
#ifndef HOME_COMMIT_H
#define HOME_COMMIT_H

#include "home/progress.h"
#include "home/rights.h"
#include "lib/error.h"

#include <stdbool.h>
#include <stddef.h>

struct commit {
	int store;               /* has the upper, root's alone; no container uses it.  Not owned */
	int upper, lower;        /* opened to be read; lower without mounts below it.  Not owned */
	struct rights_user user; /* whose home it is */
	struct progress *progress;
	size_t foreign;          /* result: names that were another's, and are the user's now */
};

/* All of it. */
int commit_all(struct commit *commit, struct error *err);

/* One path, relative to the home; 1: nothing differs there. */
int commit_path(struct commit *commit, const char *path, struct error *err);

/*
 * Drops what the upper has of one path: what is below shows again.  In one step.  1: there is
 * nothing.  lower -1: not known.
 */
int commit_drop_path(int store, int upper, int lower, const char *path, struct error *err);

#endif
