/* What the floor's parts do with files; each returns 0, or -1 after having said why. */
#ifndef BENCH_FLOOR_FILE_H
#define BENCH_FLOOR_FILE_H

#include "lib/own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static inline int
fail(const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	return -1;
}

static inline int
write_file(int directory, const char *path, const char *text)
{
	autofd int fd = openat(directory, path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return fail(path);
	return 0;
}

static inline int
make_directory(int directory, const char *path, mode_t mode)
{
	return mkdirat(directory, path, mode) < 0 && errno != EEXIST ? fail(path) : 0;
}

#endif
