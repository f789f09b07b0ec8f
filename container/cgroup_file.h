/*
 * Reading and writing the files of one cgroup directory, for container/cgroup*.c.  The
 * directory is a descriptor (O_PATH will do) or AT_FDCWD with a path; a value is one write.
 */
#ifndef CONTAINER_CGROUP_FILE_H
#define CONTAINER_CGROUP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0, or -1 with errno: ENOENT is "no such file", anything else may be the kernel's verdict. */
int cgroup_file_write(int directory, const char *file, const char *value);

/* The whole file, cut at size - 1, terminated.  Length, or -1 with errno. */
long cgroup_file_read(int directory, const char *file, char *text, size_t size);

/* The same from the start of an open file; arms poll(2) on it again. */
long cgroup_file_reread(int fd, char *text, size_t size);

/* The number after "key " at the start of a line; 0 if there is no such line. */
uint64_t cgroup_file_count(const char *text, const char *key);

#endif
