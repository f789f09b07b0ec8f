/*
 * How an overlay marks what it keeps in an upper: the one place that knows its attributes.
 * Nobody but the kernel can have set them: a user's trusted.* attributes are none.
 * Documentation/filesystems/overlayfs.rst.
 */
#ifndef LIB_UPPER_MARK_H
#define LIB_UPPER_MARK_H

#include "lib/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#define UPPER_MARKS "trusted.overlay."
#define UPPER_OPAQUE UPPER_MARKS "opaque"
#define UPPER_REDIRECT UPPER_MARKS "redirect"

/* The name in directory stands for one that was deleted: device 0/0, or an empty file so marked. */
bool upper_is_whiteout(int directory, const char *name, const struct stat *st);

/* What lies below this directory does not show. */
bool upper_is_opaque(int directory);

/* Makes it so, in one step; a redirection counts no more then, and is taken away. */
int upper_set_opaque(int directory, struct error *err);

/*
 * Of a renamed directory: what lies below it by another name, either beside it or, where it
 * begins with "/", from the mount's top.  False: it was not renamed.
 */
bool upper_redirect(int directory, char *target, size_t size);

/* A file whose content is not here but below (metacopy, which our mounts don't use). */
bool upper_is_metacopy(int directory, const char *name, const struct stat *st);

#endif
