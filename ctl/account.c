/*
 * Who is meant, from NSS.  A name that is all digits is looked up as a name first, as
 * chown(1) does.
 */
#include "ctl/account.h"

#include "lib/own.h"
#include "lib/text.h"

#include <grp.h>
#include <pwd.h>
#include <stdint.h>

static const struct passwd *
find_entry(const char *text)
{
	uint64_t uid;
	const struct passwd *entry = getpwnam(text);

	if (!entry && text_to_number(text, UINT32_MAX - 1, &uid))
		entry = getpwuid((uid_t)uid);
	return entry;
}

static int
no_such_user(const char *text, struct error *err)
{
	char shown[128];

	return error_set(err, ENOENT, "%s: no such user: give a name or a uid",
	    text_escape(text, shown, sizeof(shown)));
}

int
account_uid(const char *text, uid_t *uid, struct error *err)
{
	const struct passwd *entry = find_entry(text);
	uint64_t number;

	if (entry)
		*uid = entry->pw_uid;
	else if (text_to_number(text, UINT32_MAX - 1, &number))
		*uid = (uid_t)number;
	else
		return no_such_user(text, err);
	return 0;
}

void
account_name(uid_t uid, char *name, size_t size)
{
	const struct passwd *entry = getpwuid(uid);

	if (!entry || text_format(name, size, "%s", entry->pw_name) < 0)
		(void)text_format(name, size, "%u", (unsigned)uid);
}

static gid_t *
list_gids(const struct subject *subject, int *count)
{
	for (int room = 64; room <= SUBJECT_GROUPS_MAX; room *= 4) {
		gid_t *gids = calloc((size_t)room, sizeof(*gids));
		*count = room;
		if (!gids || getgrouplist(subject->user, subject->gid, gids, count) >= 0)
			return gids;
		free(gids);
	}
	errno = E2BIG;
	return NULL;
}

static int
add_groups(struct subject *subject, struct error *err)
{
	int count;
	autofree gid_t *gids = list_gids(subject, &count);

	if (!gids)
		return error_set(err, errno, "list the groups of %s", subject->user);
	subject->groups = calloc((size_t)count + 1, sizeof(*subject->groups));
	if (!subject->groups)
		return error_set(err, errno, "list the groups of %s", subject->user);
	for (int i = 0; i < count; i++) {
		struct subject_group *group = &subject->groups[subject->groups_count++];
		const struct group *entry = getgrgid(gids[i]);
		group->gid = gids[i];
		/* A longer name can't be in a policy either; "" matches none. */
		if (!entry || text_format(group->name, sizeof(group->name), "%s", entry->gr_name) < 0)
			group->name[0] = '\0';
	}
	return 0;
}

int
account_subject(const char *text, const char *service, struct subject *subject,
    struct error *err)
{
	const struct passwd *entry = find_entry(text);

	if (!entry)
		return no_such_user(text, err);
	subject->uid = entry->pw_uid;
	subject->gid = entry->pw_gid;
	if (text_format(subject->user, sizeof(subject->user), "%s", entry->pw_name) < 0 ||
	    text_format(subject->home, sizeof(subject->home), "%s", entry->pw_dir) < 0 ||
	    text_format(subject->shell, sizeof(subject->shell), "%s", entry->pw_shell) < 0 ||
	    text_format(subject->service, sizeof(subject->service), "%s", service) < 0)
		return error_set(err, errno, "take over the passwd entry of %s", text);
	return add_groups(subject, err);
}
