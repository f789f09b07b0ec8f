/*
 * In what two names differ, one in an upper and one below it: both are a user's, and either
 * may be anything.
 */
#ifndef LIB_UPPER_COMPARE_H
#define LIB_UPPER_COMPARE_H

#include "lib/upper.h"

#include <sys/stat.h>

/* Where the two of them are. */
struct upper_name {
	int directory;
	const char *name; /* "": the directory itself */
	const struct stat *st;
};

/*
 * UPPER_DIFFERS_* of the two; a file's content is read where its size is the same, and counts
 * as different where it can't be read.  Of directories neither content nor time is judged.
 */
unsigned upper_compare(const struct upper *upper, const struct upper_name *above,
    const struct upper_name *below);

#endif
