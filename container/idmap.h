/*
 * A mount seen through other ids, mount_setattr(2) MOUNT_ATTR_IDMAP.
 */
#ifndef CONTAINER_IDMAP_H
#define CONTAINER_IDMAP_H

#include "lib/error.h"

#include <sys/types.h>

/*
 * Makes what is root's on the detached mount appear as uid's and gid's, and what these
 * write as root's.  Linux 5.12, and a file system that supports it; refused with a sentence
 * that says so otherwise.
 */
int idmap_root_to(int mount, uid_t uid, gid_t gid, struct error *err);

#endif
