/*
 * Reads on until the end.  Paths are the kernel's own, and constant but for a mount point.
 */
#include "lib/kernel_file.h"

#include "lib/own.h"
#include "lib/text.h"

#include <fcntl.h>
#include <string.h>

enum {
	FIRST = 4096,
	LIMIT = 64 << 20
};

/* Twice the room, and at first what begin has read; NULL: no more than that is read. */
static char *
grow(char *text, const char *begin, size_t length, size_t *room)
{
	char *larger = *room < LIMIT ? realloc(text, *room * 2) : NULL;

	if (larger && !text)
		memcpy(larger, begin, length);
	*room *= 2;
	return larger;
}

/* Most files are a line, which then needs no more memory than it is long. */
char *
kernel_file_read(const char *path, struct error *err)
{
	char begin[FIRST];
	autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	autofree char *text = NULL;
	size_t length = 0, room = FIRST;
	ssize_t got;

	if (fd < 0) {
		error_set(err, errno, "open %s", path);
		return NULL;
	}
	do {
		/* A read of a page's rest would cut lines into many. */
		if (room - length < FIRST / 2) {
			char *larger = grow(text, begin, length, &room);
			if (!larger) {
				error_set(err, ENOMEM, "read %s", path);
				return NULL;
			}
			text = larger;
		}
		got = read(fd, (text ? text : begin) + length, room - length - 1);
		if (got > 0)
			length += (size_t)got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	if (got < 0) {
		error_set(err, errno, "read %s", path);
		return NULL;
	}
	if (text)
		text[length] = '\0';
	else if (!(text = strndup(begin, length)))
		error_set(err, ENOMEM, "read %s", path);
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
