/*
 * What of this machine's file systems can be shown with a container's own owners.
 */
#ifndef CTL_MOUNTS_H
#define CTL_MOUNTS_H

#include "lib/error.h"

/* A mount whose files of root's would be nobody's in a container with a private user namespace. */
typedef void mounts_tell(const char *point, const char *type, void *context);

/*
 * Tries each mount that such a container would have, and tells of those that can't be shown with its
 * owners.  Needs root; changes nothing.
 */
int mounts_try(mounts_tell *tell, void *context, struct error *err);

/* The same, told as complaints. */
void mounts_note(void);

#endif
