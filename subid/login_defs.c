/*
 * libsubid reads login.defs(5) for nothing: what useradd(8) and usermod(8) take from there, the
 * helper hands to it.  As root, in the helper; the file must be root's alone.
 */
#include "subid/login_defs.h"

#include "lib/id_map.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/text.h"

#include <string.h>

#define NAMES 3

static const char *const name[SUBID_KINDS][NAMES] = {
	[SUBID_UIDS] = { "SUB_UID_MIN", "SUB_UID_MAX", "SUB_UID_COUNT" },
	[SUBID_GIDS] = { "SUB_GID_MIN", "SUB_GID_MAX", "SUB_GID_COUNT" },
};

/* The value of a line "NAME VALUE", cut free; NULL: it is another's. */
static char *
line_value(char *line, const char *wanted)
{
	static const char blank[] = " \t";
	size_t length = strlen(wanted);

	line += strspn(line, blank);
	if (strncmp(line, wanted, length) != 0 || !strchr(blank, line[length]))
		return NULL;
	line += length;
	line += strspn(line, " \t\"");
	line[strcspn(line, " \t\"\r#")] = '\0';
	return line;
}

int
login_defs_parse(const char *text, enum subid_kind kind, struct login_defs *defs,
    struct error *err)
{
	uint64_t *const field[NAMES] = { &defs->min, &defs->max, &defs->count };
	autofree char *copy = strdup(text);
	char *cursor = copy, *line;

	if (!copy)
		return error_set(err, errno, "read /etc/login.defs");
	*defs = (struct login_defs) { .min = 100000, .max = 600100000, .count = ID_MAP_RANGE };
	while ((line = text_next_line(&cursor)) != NULL) {
		for (int i = 0; i < NAMES; i++) {
			char *value = line_value(line, name[kind][i]);

			if (value && !text_to_number(value, UINT32_MAX, field[i]))
				return error_set(err, 0, "/etc/login.defs: %s: %s is not a number up to %u",
				    name[kind][i], value, UINT32_MAX);
		}
	}
	/* A smaller count would do for newuidmap(1), not for a container. */
	if (defs->count < ID_MAP_RANGE)
		defs->count = ID_MAP_RANGE;
	if (defs->min < ID_MAP_RANGE)
		defs->min = ID_MAP_RANGE;
	if (defs->max < defs->min || defs->max - defs->min < defs->count - 1)
		return error_set(err, 0, "/etc/login.defs: between %s and %s there is no room for %llu ids",
		    name[kind][0], name[kind][1], (unsigned long long)defs->count);
	return 0;
}

int
login_defs_read(enum subid_kind kind, struct login_defs *defs, struct error *err)
{
	struct error missing = ERROR_INIT;
	size_t length;
	autofree char *text = path_read_trusted("/etc/login.defs", SUBID_FILE_MAX, &length, &missing);

	if (!text && missing.errnum != ENOENT)
		return error_set(err, missing.errnum, "%s", missing.text);
	return login_defs_parse(text ? text : "", kind, defs, err);
}
