/*
 * ioctl_ficlone(2), lseek(2) SEEK_DATA.
 */
#include "home/content.h"

#include "lib/own.h"

#include <linux/fs.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CHUNK ((size_t)256 * 1024)

static int
write_all(int out, const char *text, size_t length, off_t offset)
{
	while (length > 0) {
		ssize_t n = pwrite(out, text, length, offset);
		if (n < 0)
			return -1;
		text += n;
		offset += n;
		length -= (size_t)n;
	}
	return 0;
}

static int
copy_range(int in, int out, off_t at, off_t end, struct progress *progress, struct error *err)
{
	autofree char *text = malloc(CHUNK);

	if (!text)
		return error_set(err, errno, "copy");
	while (at < end) {
		ssize_t n = pread(in, text, end - at < (off_t)CHUNK ? (size_t)(end - at) : CHUNK, at);
		if (n < 0)
			return error_set(err, errno, "read");
		if (n == 0)
			break;
		if (write_all(out, text, (size_t)n, at) < 0)
			return error_set(err, errno, "write the copy");
		at += n;
		progress_add(progress, (uint64_t)n, 0);
	}
	return 0;
}

/* Where data begins at or after offset, and where it ends; a file system without holes: all. */
static bool
next_data(int in, off_t *data, off_t *end, off_t size)
{
	off_t begin = lseek(in, *end, SEEK_DATA);

	if (begin < 0 && errno == ENXIO)
		return false;
	*data = begin < 0 ? *end : begin;
	*end = begin < 0 ? size : lseek(in, begin, SEEK_HOLE);
	if (*end < 0 || *end > size)
		*end = size;
	return *data < size && *data < *end;
}

int
content_copy(int in, int out, off_t size, struct progress *progress, struct error *err)
{
	off_t data, end = 0;

	if (size > 0 && ioctl(out, FICLONE, in) == 0)
		progress_add(progress, (uint64_t)size, 0);
	else
		while (next_data(in, &data, &end, size))
			if (copy_range(in, out, data, end, progress, err) < 0)
				return -1;
	return ftruncate(out, size) < 0 ? error_set(err, errno, "set the size of the copy") : 0;
}
