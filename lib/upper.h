/*
 * What an overlay's upper directory changes of what it lies over: a walk that tells added,
 * changed and deleted names.  For ctrctl, as host root, on trees that a user filled: nothing
 * but directories is opened, no link is followed, and a tree that changes meanwhile ends it.
 */
#ifndef LIB_UPPER_H
#define LIB_UPPER_H

#include "lib/error.h"

#include <stddef.h>
#include <sys/types.h>

enum upper_change {
	UPPER_ADDED,
	UPPER_CHANGED,
	UPPER_DELETED
};

struct upper_difference {
	enum upper_change change;
	const char *path; /* absolute, any bytes; valid during the visit */
	const char *from; /* of a renamed directory: its former path; else NULL */
};

/* Anything but 0 ends the walk, which then returns -1 and leaves err alone. */
typedef int upper_visit(const struct upper_difference *difference, void *context);

struct upper {
	int directory;     /* an overlay's upper, opened; not owned */
	int below;         /* the directory that it lies over, opened; -1: nothing.  Not owned */
	const char *point; /* where both are mounted: "/", "/usr" */
	uid_t root_uid;    /* what the owner 0 below is in the upper; 0: the same */
	gid_t root_gid;
	size_t too_deep;   /* result: directories whose paths no program can name; not walked */
};

/*
 * Names in each directory come sorted.  A directory that was emptied and filled anew has its
 * lost names told as deleted, first.  An unchanged name that lies in the upper (a directory on
 * the way to a change) is not told; a file is, whatever is in it.
 */
int upper_diff(struct upper *upper, upper_visit *visit, void *context, struct error *err);

#endif
