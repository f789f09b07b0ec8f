/*
 * Texts for text_parse(), kept: what a filter was made of is part of its cache entry.
 */
#ifndef FILTER_SOURCE_H
#define FILTER_SOURCE_H

#include "filter/text.h"

#define SOURCES_MAX 64

struct source {
	char name[256];
	char *path;    /* owned */
	char *text;    /* owned */
	size_t length;
};

struct sources {
	struct source source[SOURCES_MAX]; /* in the order in which they were first named */
	size_t count;
};

/*
 * For struct filter_reader, context a struct sources.  A name with a "/" in it is a draft's
 * path, and read whoever's it is; only ctrctl and an admin's own call of the helper get there.
 */
int sources_read(void *context, const char *name, struct filter_text *text, struct error *err);
void sources_free(struct sources *sources);

#endif
