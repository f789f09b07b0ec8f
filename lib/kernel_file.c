/*
 * Reads on until the end.  Paths are the kernel's own, and constant but for a mount point.
 */
#include "lib/kernel_file.h"

#include "lib/own.h"
#include "lib/text.h"

#include <fcntl.h>
#include <string.h>

char *
kernel_file_read(const char *path, struct error *err)
{
	enum { FIRST = 4096, LIMIT = 64 << 20 };
	autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	autofree char *text = NULL;
	size_t length = 0, room = 0;
	ssize_t got;

	if (fd < 0) {
		error_set(err, errno, "open %s", path);
		return NULL;
	}
	do {
		/* Most are a line; a read of a page's rest would cut others into many. */
		if (room - length < FIRST / 2) {
			size_t more = room ? room * 2 : FIRST;
			char *larger = room < LIMIT ? realloc(text, more) : NULL;
			if (!larger) {
				error_set(err, ENOMEM, "read %s", path);
				return NULL;
			}
			text = larger;
			room = more;
		}
		got = read(fd, text + length, room - length - 1);
		if (got > 0)
			length += (size_t)got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	if (got < 0) {
		error_set(err, errno, "read %s", path);
		return NULL;
	}
	text[length] = '\0';
	return take_ptr(&text);
}

int
kernel_file_number(const char *path, uint64_t *number, struct error *err)
{
	autofree char *text = kernel_file_read(path, err);

	if (!text)
		return -1;
	text[strcspn(text, "\n")] = '\0';
	if (!text_to_number(text, UINT64_MAX, number))
		return error_set(err, 0, "%s: not a number", path);
	return 0;
}
