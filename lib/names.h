/*
 * The names in a directory, all at once and sorted by their bytes, so that what is done with
 * them is done in one order whatever the file system and the locale.
 */
#ifndef LIB_NAMES_H
#define LIB_NAMES_H

#include "lib/error.h"

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>

struct names {
	struct dirent **item; /* owned, sorted; without "." and ".." */
	size_t count;
};

#define NAMES_INIT { .item = NULL, .count = 0 }

/* Reads an open directory; names is then names_free()'s. */
int names_read(int directory, struct names *names, struct error *err);

bool names_has(const struct names *names, const char *name);

/* Accepts an empty one. */
void names_free(struct names *names);

#endif
