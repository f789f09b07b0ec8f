/*
 * What an overlay's upper directory changes of what it lies over: a walk that tells added,
 * changed and deleted names.  For ctrctl, as host root, on trees that a user filled: nothing
 * but directories is opened (and regular files, where content is to be compared), no link is
 * followed, and a tree that changes meanwhile ends it.
 */
#ifndef LIB_UPPER_H
#define LIB_UPPER_H

#include "lib/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

enum upper_change {
	UPPER_ADDED,
	UPPER_CHANGED,
	UPPER_DELETED
};

/* In what a changed name differs from the one below. */
enum upper_differs {
	UPPER_DIFFERS_TYPE = 1 << 0, /* a file in a directory's place; then nothing else is judged */
	UPPER_DIFFERS_CONTENT = 1 << 1,
	UPPER_DIFFERS_MODE = 1 << 2,
	UPPER_DIFFERS_OWNER = 1 << 3,
	UPPER_DIFFERS_ACL = 1 << 4,
	UPPER_DIFFERS_XATTR = 1 << 5,
	UPPER_DIFFERS_TIME = 1 << 6 /* of the last modification */
};

struct upper_difference {
	enum upper_change change;
	const char *path; /* absolute, any bytes; valid during the visit */
	const char *from; /* of a renamed directory: its former path; else NULL */
	mode_t type;      /* S_IFMT of what is there now, or was deleted */
	unsigned differs; /* enum upper_differs, of UPPER_CHANGED; 0 unless upper.compares */
};

/* Anything but 0 ends the walk, which then returns -1 and leaves err alone. */
typedef int upper_visit(const struct upper_difference *difference, void *context);

struct upper {
	int directory;     /* an overlay's upper, opened; not owned */
	int below;         /* the directory that it lies over, opened; -1: nothing.  Not owned */
	const char *point; /* where both are mounted: "/", "/usr" */
	uid_t root_uid;    /* what the owner 0 below is in the upper; 0: the same */
	gid_t root_gid;
	bool compares;     /* tells in what names differ, for which files are read */
	size_t too_deep;   /* result: directories whose paths no program can name; not walked */
};

/*
 * Names in each directory come sorted.  A directory that was emptied and filled anew has its
 * lost names told as deleted, first.  An unchanged name that lies in the upper (a directory on
 * the way to a change) is not told; a file is, whatever is in it.
 */
int upper_diff(struct upper *upper, upper_visit *visit, void *context, struct error *err);

/* Whether both are the same one's, seen from inside. */
bool upper_is_same_owner(const struct upper *upper, const struct stat *above,
    const struct stat *below);

#endif
