/*
 * Copies of what lies in homes, with everything that it is: content with its holes, owner, mode,
 * ACLs, extended attributes, times, hard links, and whatever kind it is of.  A name is made
 * elsewhere and then put in place by rename(2): it is there whole, or as it was before.
 */
#ifndef HOME_COPY_H
#define HOME_COPY_H

#include "home/progress.h"
#include "home/rights.h"
#include "lib/error.h"

#include <stdbool.h>
#include <sys/stat.h>

enum copy_kind {
	COPY_TO_HOME,  /* what a user could have made there: no overlay's marks, no capabilities */
	COPY_TO_UPPER, /* of the same owner; what lies below becomes part of the upper */
	COPY_OF_UPPER  /* the same with the marks: an upper as a whole */
};

struct copy {
	enum copy_kind kind;
	int scratch;                    /* a directory of the target's file system, empty at first; not owned */
	const struct rights_user *user; /* COPY_TO_HOME: who is to own it all; else NULL */
	struct progress *progress;      /* may be NULL */
	size_t foreign;                 /* result: how many were another's, and are the user's now */
	char *buffer;                   /* owned */
};

#define COPY_INIT { .scratch = -1, .buffer = NULL }

/*
 * Copies what fd names (O_PATH; no directory) to name in the directory to, in place of whatever
 * is there but a directory.  Names that are one file in the source are one in the target, for
 * as long as scratch is kept.
 */
int copy_name(struct copy *copy, int fd, const struct stat *st, int to, const char *name,
    struct error *err);

/* Makes the directory to what from is; what differs alone is touched. */
int copy_directory(struct copy *copy, int from, int to, struct error *err);

/* All that is in the directory from, into to, which is empty; to then is what from is. */
int copy_tree(struct copy *copy, int from, int to, struct error *err);

/* Opens what is of that name without following or opening it, and looks at it. */
int copy_open(int directory, const char *name, struct stat *st, struct error *err);

void copy_free(struct copy *copy);

#endif
