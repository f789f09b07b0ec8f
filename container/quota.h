/*
 * A limit on what a directory's tree may hold, where its file system has project quotas.
 * quotactl(2), ioctl FS_IOC_FSSETXATTR.
 */
#ifndef CONTAINER_QUOTA_H
#define CONTAINER_QUOTA_H

#include "lib/error.h"

#include <stdint.h>

/*
 * Puts what is made below directory (an open descriptor) from now on into project, and limits
 * the project to bytes; 0 takes the limit away.  Read back.  Fails where the file system has
 * no project quotas, or they are not switched on, with what to do.
 */
int quota_set(int directory, uint32_t project, uint64_t bytes, struct error *err);

#endif
