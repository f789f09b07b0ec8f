/*
 * A path in a home, as the directories that have it: one name of them is committed or reset
 * without the rest.
 */
#ifndef HOME_TARGET_H
#define HOME_TARGET_H

#include "lib/error.h"

#include <limits.h>

struct target {
	int upper; /* owned; the directory with the name, of the upper */
	int lower; /* owned; of what lies below, -1: it has none */
	char name[NAME_MAX + 1];
};

#define TARGET_INIT { .upper = -1, .lower = -1, .name = "" }

/*
 * path is relative to the home.  1: the upper has no such name, nothing differs there; 0: it is
 * found; -1: err, also where a directory on the way was made anew over another, so that what is
 * in it can't be told apart from what it hides.  target_free() is the caller's in all cases.
 */
int target_find(int upper, int lower, const char *path, struct target *target, struct error *err);

void target_free(struct target *target);

#endif
