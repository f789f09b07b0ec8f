/*
 * Used by the supervisor for its record and its policy, which must be whole or not be there.
 */
#include "lib/text_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#define ROOM 512

static ssize_t
append(void *cookie, const char *bytes, size_t length)
{
	struct text_stream *stream = cookie;
	size_t wanted = stream->length + length + 1;

	if (stream->failed)
		return 0;
	if (wanted > stream->room) {
		size_t room = wanted * 2 > ROOM ? wanted * 2 : ROOM;
		char *text = realloc(stream->text, room);
		stream->failed = !text;
		if (!text)
			return 0;
		stream->text = text;
		stream->room = room;
	}
	memcpy(stream->text + stream->length, bytes, length);
	stream->length += length;
	stream->text[stream->length] = '\0';
	return (ssize_t)length;
}

FILE *
text_stream_open(struct text_stream *stream)
{
	*stream = (struct text_stream) { .text = calloc(1, ROOM), .room = ROOM };
	FILE *file = stream->text ? fopencookie(stream, "w", (cookie_io_functions_t) { .write = append }) : NULL;

	if (!file) {
		free(stream->text);
		stream->text = NULL;
		errno = ENOMEM;
	}
	return file;
}

char *
text_stream_close(struct text_stream *stream, FILE *file, size_t *length)
{
	bool closed = fclose(file) == 0 && !stream->failed;

	if (length)
		*length = stream->length;
	if (closed)
		return stream->text;
	free(stream->text);
	stream->text = NULL;
	errno = ENOMEM;
	return NULL;
}
