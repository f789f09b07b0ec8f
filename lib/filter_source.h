/*
 * The texts of system call filters by their names: the admin's, which win, and the shipped ones.
 */
#ifndef LIB_FILTER_SOURCE_H
#define LIB_FILTER_SOURCE_H

#include "lib/error.h"

#include <stdbool.h>
#include <stddef.h>

#define FILTER_NAME_SIZE 64      /* with the NUL */
#define FILTER_TEXT_MAX (256 * 1024)
#define FILTER_NONE "none"       /* the policy's word for no filter; no text has that name */

/* a-z, 0-9, "_" and "-". */
bool filter_name_is_good(const char *name);

/*
 * Reads the text of name; path (PATH_MAX bytes, may be NULL) tells where it was.  Only files of root's
 * count, lib/path.h.  The text is the caller's, and ends with a NUL that is not counted.
 * NULL with err; err->errnum ENOENT: there is none.
 */
char *filter_source_read(const char *name, size_t *length, char *path, struct error *err);

#endif
