/*
 * A limit on what a directory's tree may hold, where its file system has project quotas.
 * quotactl(2), ioctl FS_IOC_FSSETXATTR.
 */
#ifndef CONTAINER_QUOTA_H
#define CONTAINER_QUOTA_H

#include "lib/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Of a policy's key: what it limits, and what to do where that can't be. */
struct quota_key {
	const char *name;   /* "root_size" */
	const char *way_out; /* "leave root_size away, or use root = ephemeral" */
};

/*
 * Puts what is made below directory (an open descriptor) from now on into project, and limits
 * the project to bytes; 0 takes the limit away.  Read back.  Fails where the file system has
 * no project quotas, or they are not switched on, with what to do.
 */
int quota_set(int directory, uint32_t project, uint64_t bytes, const struct quota_key *key,
    struct error *err);

/*
 * The same with all that is there already, which else could not be renamed into what is new; a
 * walk that is done once, and goes on where it was interrupted.  No one may use the tree.  Where
 * there is no limit and nothing there yet, it is counted if the file system can do that.
 */
int quota_set_tree(int directory, uint32_t project, uint64_t bytes, const struct quota_key *key,
    struct error *err);

/*
 * What root itself must have room for in an overlay's store until the overlay is mounted: xfs
 * holds root to a limit, too, and wants room at hand for each new directory.
 */
#define QUOTA_MOUNT_ROOM (1 << 20)

/*
 * Takes the limit of directory's project away while root works there, and puts it back; *limit
 * is what it was, 0: none.  Who is killed between the two leaves none; a login sets it again.
 */
int quota_lift(int directory, uint32_t project, uint64_t *limit, struct error *err);
int quota_put_back(int directory, uint32_t project, uint64_t limit, struct error *err);

/* What the project of directory holds and may hold, bytes, 0: no limit.  False: nobody counts. */
bool quota_read(int directory, uint32_t project, uint64_t *used, uint64_t *limit);

/* Whether a limit could be set there at all; err says what is missing.  Changes nothing. */
int quota_check(int directory, struct error *err);

#endif
