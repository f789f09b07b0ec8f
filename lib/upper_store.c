/*
 * Runs as root, in the container's first process (names) and in ctrctl (the rest), in
 * directories that are root's alone.
 */
#include "lib/upper_store.h"

#include "lib/own.h"
#include "lib/path.h"
#include "lib/places.h"
#include "lib/text.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define ASIDE_NAME "reset"

static const struct {
	char byte;
	const char *text;
} escapes[] = {
	{ '/', "%2f" },
	{ '%', "%25" },
};

#define ESCAPES (sizeof(escapes) / sizeof(escapes[0]))
#define ESCAPE_LENGTH 3

int
upper_store_name(const char *point, char *name, size_t size, struct error *err)
{
	size_t length = 0;

	for (const char *byte = point[1] ? point + 1 : point; *byte; byte++) {
		char text[] = { *byte, '\0' };
		const char *put = text;
		for (size_t i = 0; i < ESCAPES; i++)
			if (*byte == escapes[i].byte)
				put = escapes[i].text;
		if (length + strlen(put) >= size || length + strlen(put) > NAME_MAX)
			return error_set(err, ENAMETOOLONG, "name the upper of %s", point);
		memcpy(name + length, put, strlen(put) + 1);
		length += strlen(put);
	}
	return 0;
}

static const char *
next_byte(const char *name, char *byte)
{
	*byte = *name;
	for (size_t i = 0; i < ESCAPES; i++)
		if (!strncmp(name, escapes[i].text, ESCAPE_LENGTH)) {
			*byte = escapes[i].byte;
			return name + ESCAPE_LENGTH;
		}
	return *name == '%' ? NULL : name + 1;
}

int
upper_store_point(const char *name, char *point, size_t size, struct error *err)
{
	size_t length = 0;

	if (strcmp(name, escapes[0].text) != 0)
		point[length++] = '/';
	for (const char *at = name; *at;) {
		char byte;
		at = next_byte(at, &byte);
		if (!at || length + 1 >= size)
			return error_set(err, EINVAL, "read the store's name %s", name);
		point[length++] = byte;
	}
	point[length] = '\0';
	return 0;
}

int
upper_store_open(uid_t uid, struct error *err)
{
	char path[sizeof(PLACE_LIB) + 16];

	if (text_format(path, sizeof(path), PLACE_LIB "/%u", (unsigned)uid) < 0)
		return error_set(err, errno, "name the stores of uid %u", (unsigned)uid);
	autofd int directory = path_open_trusted(path, err);
	return directory < 0 ? -1 : path_reopen(directory, O_RDONLY | O_DIRECTORY, err);
}

int
upper_store_set_aside_from(int directory, int from, const char *name, struct error *err)
{
	autofd int aside = path_make_private(directory, ASIDE_NAME, 0700, err);
	char shown[128];

	if (aside < 0)
		return -1;
	if (renameat(from, name, aside, name) == 0)
		return 1;
	return errno == ENOENT ? 0 :
	    error_set(err, errno, "move %s aside", text_escape(name, shown, sizeof(shown)));
}

int
upper_store_set_aside(int directory, const char *store, struct error *err)
{
	return upper_store_set_aside_from(directory, directory, store, err);
}

int
upper_store_remove(int directory, struct error *err)
{
	return path_remove_tree(directory, ASIDE_NAME, err);
}
