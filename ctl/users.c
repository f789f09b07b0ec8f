/*
 * NSS, and the directories below PLACE_LIB, as root.
 */
#include "ctl/users.h"

#include "ctl/account.h"
#include "lib/names.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/places.h"
#include "lib/text.h"

#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>

/* gcc 12's analyzer loses sight of pointers that are stored through users->name[]. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

static int
add(struct users *users, const char *name, struct error *err)
{
	char **more = reallocarray(users->name, users->count + 1, sizeof(*more));

	if (!more)
		return error_set(err, ENOMEM, "list users");
	users->name = more;
	users->name[users->count] = strdup(name);
	if (!users->name[users->count])
		return error_set(err, ENOMEM, "list users");
	users->count++;
	return 0;
}

/* uid is a directory's name; who is gone from NSS is in no group. */
static int
add_member(struct users *users, const char *uid, const char *group, struct error *err)
{
	struct subject subject = SUBJECT_INIT;
	struct error ignored = ERROR_INIT;
	uint64_t number;
	int rc = 0;

	if (text_to_number(uid, UINT32_MAX - 1, &number) &&
	    account_subject(uid, "sshd", &subject, &ignored) == 0 && subject.uid == (uid_t)number &&
	    subject_in_group(&subject, group))
		rc = add(users, subject.user, err);
	subject_free(&subject);
	return rc;
}

static int
add_group(struct users *users, const char *group, struct error *err)
{
	struct names names = NAMES_INIT;
	struct error why = ERROR_INIT;
	autofd int place = path_open_trusted(PLACE_LIB, &why);
	autofd int lib = place < 0 ? -1 : path_reopen(place, O_RDONLY | O_DIRECTORY, &why);
	char shown[128];

	if (!getgrnam(group))
		return error_set(err, ENOENT, "@%s: no such group", text_escape(group, shown, sizeof(shown)));
	if (lib < 0 && why.errnum != ENOENT)
		*err = why;
	if (lib < 0)
		return why.errnum == ENOENT ? 0 : -1;
	int rc = names_read(lib, &names, err);
	for (size_t i = 0; i < names.count && rc == 0; i++)
		rc = add_member(users, names.item[i]->d_name, group, err);
	names_free(&names);
	return rc;
}

int
users_find(const char *text, struct users *users, struct error *err)
{
	*users = (struct users)USERS_INIT;
	users->is_group = text[0] == '@';
	return users->is_group ? add_group(users, text + 1, err) : add(users, text, err);
}

void
users_free(struct users *users)
{
	for (size_t i = 0; i < users->count; i++)
		free(users->name[i]);
	free(users->name);
	*users = (struct users)USERS_INIT;
}
