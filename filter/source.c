/*
 * Reads each text once, so that a filter is made of one state of the files.
 */
#include "filter/source.h"

#include "lib/filter_source.h"
#include "lib/own.h"
#include "lib/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char *
draft_read(const char *path, size_t *length, struct error *err)
{
	autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	autofree char *text = NULL;
	struct stat st;
	ssize_t got;

	if (fd < 0 || fstat(fd, &st) < 0) {
		(void)error_set(err, errno, "open %s", path);
		return NULL;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > FILTER_TEXT_MAX) {
		(void)error_set(err, 0, "%s is no regular file of at most %d bytes", path, FILTER_TEXT_MAX);
		return NULL;
	}
	text = malloc((size_t)st.st_size + 1);
	got = text ? read(fd, text, (size_t)st.st_size) : -1;
	if (got < 0) {
		(void)error_set(err, errno, "read %s", path);
		return NULL;
	}
	text[got] = '\0';
	*length = (size_t)got;
	return take_ptr(&text);
}

static const struct source *
source_add(struct sources *sources, const char *name, struct error *err)
{
	struct source *source = &sources->source[sources->count];
	char path[PATH_MAX];
	bool is_draft = strchr(name, '/') != NULL;

	if (sources->count == SOURCES_MAX || text_format(source->name, sizeof(source->name), "%s", name) < 0) {
		(void)error_set(err, 0, "%s: more texts, or a longer name, than are reasonable", name);
		return NULL;
	}
	source->text = is_draft ? draft_read(name, &source->length, err) :
	    filter_source_read(name, &source->length, path, err);
	if (!source->text)
		return NULL;
	source->path = strdup(is_draft ? name : path);
	if (!source->path) {
		own_free(&source->text);
		(void)error_set(err, ENOMEM, "read %s", name);
		return NULL;
	}
	sources->count++;
	return source;
}

int
sources_read(void *context, const char *name, struct filter_text *text, struct error *err)
{
	struct sources *sources = context;
	const struct source *source = NULL;

	for (size_t i = 0; i < sources->count; i++)
		if (!strcmp(sources->source[i].name, name))
			source = &sources->source[i];
	if (!source)
		source = source_add(sources, name, err);
	if (!source)
		return -1;
	*text = (struct filter_text) { source->name, source->path, source->text, source->length };
	return 0;
}

void
sources_free(struct sources *sources)
{
	for (size_t i = 0; i < sources->count; i++) {
		free(sources->source[i].path);
		free(sources->source[i].text);
	}
	sources->count = 0;
}
