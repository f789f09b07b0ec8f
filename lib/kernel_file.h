/*
 * Files of /proc, /sys and cgroup file systems: they have no size, and one read gives a page or so.
 */
#ifndef LIB_KERNEL_FILE_H
#define LIB_KERNEL_FILE_H

#include "lib/error.h"

#include <stdint.h>

/* The whole text with a NUL at its end, the caller's; more than 64 MiB is refused.  NULL with err. */
char *kernel_file_read(const char *path, struct error *err);

/* The one number in it; -1 with err. */
int kernel_file_number(const char *path, uint64_t *number, struct error *err);

#endif
