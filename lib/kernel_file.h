/*
 * Files of /proc, /sys and cgroup file systems: they have no size, and one read gives a page or so.
 */
#ifndef LIB_KERNEL_FILE_H
#define LIB_KERNEL_FILE_H

#include "lib/error.h"

/* The whole text with a NUL at its end, the caller's; more than 64 MiB is refused.  NULL with err. */
char *kernel_file_read(const char *path, struct error *err);

#endif
