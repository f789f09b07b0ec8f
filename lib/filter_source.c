/*
 * Reads filters' texts as root, in the supervisor, its helper and ctrctl.
 */
#include "lib/filter_source.h"

#include "lib/path.h"
#include "lib/places.h"
#include "lib/text.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

bool
filter_name_is_good(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length < FILTER_NAME_SIZE &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == length;
}

char *
filter_source_read(const char *name, size_t *length, char *path, struct error *err)
{
	static const char *const directory[] = { PLACE_OWN_FILTERS, PLACE_FILTERS };
	char own[PATH_MAX];
	char *where = path ? path : own;

	if (!filter_name_is_good(name) || !strcmp(name, FILTER_NONE)) {
		(void)error_set(err, EINVAL, "\"%s\" is no name of a filter", name);
		return NULL;
	}
	for (size_t i = 0; i < sizeof(directory) / sizeof(directory[0]); i++) {
		char *text;

		(void)text_format(where, PATH_MAX, "%s/%s", directory[i], name);
		text = path_read_trusted(where, FILTER_TEXT_MAX, length, err);
		if (text || err->errnum != ENOENT)
			return text;
	}
	(void)error_set(err, ENOENT, "there is no filter \"%s\": neither in %s nor in %s", name,
	    directory[0], directory[1]);
	return NULL;
}
