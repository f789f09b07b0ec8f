/*
 * Pure.  Used by whoever looks for cgroups in the mount table.
 */
#include "lib/mount_line.h"

#include <stddef.h>
#include <string.h>

bool
mount_line_list_has(const char *list, const char *separators, const char *word)
{
	size_t length = strlen(word);

	while (*list) {
		size_t here = strcspn(list, separators);
		if (here == length && memcmp(list, word, length) == 0)
			return true;
		list += here;
		list += strspn(list, separators);
	}
	return false;
}

static bool
is_octal(const char *digits)
{
	for (int i = 0; i < 3; i++)
		if (digits[i] < '0' || digits[i] > '7')
			return false;
	return digits[0] <= '3';
}

void
mount_line_unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (*from == '\\' && is_octal(from + 1)) {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

static char *
next_field(char **cursor)
{
	char *field = strsep(cursor, " ");

	return field && *field ? field : NULL;
}

/*
 * id parent dev root point options [optional...] - type source super
 * The optional fields end with the first that is "-": no field in front of it is free text
 * with a space in it, since the kernel escapes these.
 */
bool
mount_line_parse(char *line, struct mount_line *mount)
{
	char *cursor = line;

	for (int i = 0; i < 3; i++)
		if (!next_field(&cursor))
			return false;
	mount->root = next_field(&cursor);
	mount->point = next_field(&cursor);
	mount->options = next_field(&cursor);
	if (!mount->root || !mount->point || !mount->options)
		return false;
	for (const char *field = next_field(&cursor); !field || strcmp(field, "-") != 0;
	    field = next_field(&cursor))
		if (!field)
			return false;
	mount->type = next_field(&cursor);
	/* The source may be empty: strsep, so that it still counts as a field. */
	(void)strsep(&cursor, " ");
	mount->super = cursor;
	if (!mount->type || !mount->super)
		return false;
	mount_line_unescape(mount->root);
	mount_line_unescape(mount->point);
	return true;
}
