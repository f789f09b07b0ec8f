/*
 * The bytes of a file, holes as holes.
 */
#ifndef HOME_CONTENT_H
#define HOME_CONTENT_H

#include "home/progress.h"
#include "lib/error.h"

#include <sys/types.h>

/*
 * Copies size bytes from one regular file to another, which is empty; shares the blocks where
 * the file system can.  What was cut off the first meanwhile is a hole in the second.
 */
int content_copy(int in, int out, off_t size, struct progress *progress, struct error *err);

#endif
