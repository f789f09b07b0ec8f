/*
 * A stream into memory that tells when something of it is missing: open_memstream(3) of musl drops
 * what it finds no memory for, and its fclose(3) says nothing of it.  fopencookie(3).
 */
#ifndef LIB_TEXT_STREAM_H
#define LIB_TEXT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct text_stream {
	char *text; /* until text_stream_close() */
	size_t length, room;
	bool failed;
};

/* Writes go into stream, which must stay where it is.  NULL with errno. */
FILE *text_stream_open(struct text_stream *stream);

/* Closes it; all that was written, owned by the caller, length not counting the NUL.  NULL with errno: some is missing. */
char *text_stream_close(struct text_stream *stream, FILE *file, size_t *length);

#endif
