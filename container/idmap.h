/*
 * Mounts that show other owners than the disk has: a template's files as the user's own.
 * mount_setattr(2), MOUNT_ATTR_IDMAP.
 */
#ifndef CONTAINER_IDMAP_H
#define CONTAINER_IDMAP_H

#include "lib/error.h"

#include <sys/types.h>

/*
 * Shows a detached mount, and all below it, through the maps of a user namespace, an open
 * descriptor: an id on disk as the id that the namespace maps it to.
 */
int idmap_mount(int mount, int userns, struct error *err);

/* A user namespace that maps root to uid and gid, and nobody else. */
int idmap_root_to(uid_t uid, gid_t gid, struct error *err);

#endif
