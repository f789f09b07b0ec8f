/*
 * Opens what lib/subid_text.c reads.  As root: the files say which ids a container's root
 * gets, so each must be root's alone, and so must every directory above.
 */
#include "lib/subid_file.h"

#include "lib/own.h"
#include "lib/path.h"

#include <stdio.h>

const char *const subid_file_path[SUBID_KINDS] = {
	[SUBID_UIDS] = "/etc/subuid",
	[SUBID_GIDS] = "/etc/subgid",
};

int
subid_file_find(enum subid_kind kind, const char *user, uid_t uid, struct subid_span *span,
    struct error *err)
{
	/* Which gids are the user's own is not known here: id_map_build() sees them all. */
	struct subid_query query = { .path = subid_file_path[kind], .user = user, .uid = uid,
		.self = kind == SUBID_UIDS ? uid : UINT32_MAX };
	struct error missing = ERROR_INIT;
	size_t length;

	if (subid_user_check(user, err) < 0)
		return -1;
	autofree char *text = path_read_trusted(query.path, SUBID_FILE_MAX, &length, &missing);
	if (!text && missing.errnum == ENOENT)
		return error_set(err, ENOENT, "%s has no range in %s: there is no such file", user,
		    query.path);
	if (!text)
		return error_set(err, missing.errnum, "%s", missing.text);
	return subid_text_find(&query, text, length, span, err);
}

int
subid_file_source(char name[SUBID_SOURCE_MAX], struct error *err)
{
	struct error missing = ERROR_INIT;
	size_t length;
	autofree char *text = path_read_trusted("/etc/nsswitch.conf", SUBID_FILE_MAX, &length,
	    &missing);

	if (!text && missing.errnum != ENOENT)
		return error_set(err, missing.errnum, "%s", missing.text);
	subid_text_source(text ? text : "", name);
	return 0;
}
