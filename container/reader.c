/*
 * Runs as root in the container's first process, on the host's tree.  credentials(7).
 */
#include "container/reader.h"

#include "lib/own.h"
#include "lib/sys.h"

#include <grp.h>
#include <stdlib.h>
#include <string.h>

int
reader_groups(const struct step *step, gid_t **groups, size_t *count, struct error *err)
{
	const char *text = step->groups;
	size_t room = strlen(text) / 2 + 1;
	gid_t *list = calloc(room, sizeof(*list));

	if (!list)
		return error_set(err, ENOMEM, "list the user's groups");
	for (*count = 0; *text && *count < room; text += strspn(text, " ")) {
		char *end;
		list[(*count)++] = (gid_t)strtoul(text, &end, 10);
		text = end;
	}
	*groups = list;
	return 0;
}

int
reader_end(const struct user_rights *before, struct error *err)
{
	int rc = user_rights_return(before, err);

	return setgroups(0, NULL) < 0 ? error_set(err, errno, "drop the user's groups") : rc;
}

int
reader_become(const struct step *step, struct user_rights *before, struct error *err)
{
	autofree gid_t *groups = NULL;
	struct error ignored = ERROR_INIT;
	size_t count = 0;

	if (reader_groups(step, &groups, &count, err) < 0)
		return -1;
	if (setgroups(count, groups) < 0)
		return error_set(err, errno, "take the user's groups");
	if (user_rights_take(step->uid, step->gid, before, err) == 0)
		return 0;
	/* Whoever goes on without it has nothing of the user's. */
	(void)reader_end(before, &ignored);
	return -1;
}

/* AT_EACCESS keeps the kernel from taking the real ids; musl has no such call of its own. */
bool
reader_may(const char *path, int mode)
{
	return syscall(SYS_faccessat2, AT_FDCWD, path, mode, AT_EACCESS | AT_SYMLINK_NOFOLLOW) == 0;
}
