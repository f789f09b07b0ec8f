/*
 * Asks libsubid, which asks the module.  In the helper, as root.  A module that cannot be
 * loaded is an error here: libsubid would silently take the local files instead, whose ranges
 * may be other users' in the database that the machine was told to use.
 */
#include "subid/module.h"

#include "lib/id_map.h"
#include "lib/own.h"
#include "lib/text.h"

#include <dlfcn.h>
#include <shadow/subid.h>

typedef int get_ranges(const char *owner, struct subid_range **ranges);
typedef int get_owners(uint32_t id, uid_t **owners);

static int
get_uid_owners(uint32_t id, uid_t **owners)
{
	return subid_get_uid_owners((uid_t)id, owners);
}

static int
get_gid_owners(uint32_t id, uid_t **owners)
{
	return subid_get_gid_owners((gid_t)id, owners);
}

static const struct {
	get_ranges *ranges;
	get_owners *owners;
	char name[8];
} database[SUBID_KINDS] = {
	[SUBID_UIDS] = { subid_get_uid_ranges, get_uid_owners, "uids" },
	[SUBID_GIDS] = { subid_get_gid_ranges, get_gid_owners, "gids" },
};

static int
check_loadable(const char *module, struct error *err)
{
	char name[SUBID_SOURCE_MAX + 16];

	(void)text_format(name, sizeof(name), "libsubid_%s.so", module);
	void *library = dlopen(name, RTLD_LAZY);
	if (!library || !dlsym(library, "shadow_subid_list_owner_ranges"))
		return error_set(err, 0, "/etc/nsswitch.conf names the subid source %s, but %s cannot be "
		    "loaded: install it, or name files", module, name);
	/* Left open: libsubid is about to take it. */
	return 0;
}

/* Few modules can tell; one that can and names somebody else is believed. */
static int
check_owner(enum subid_kind kind, uint32_t id, uid_t uid, const char *what, struct error *err)
{
	uid_t *owners = NULL;
	int count = database[kind].owners(id, &owners);
	autofree uid_t *held = owners;

	for (int i = 0; i < count; i++)
		if (held[i] != uid)
			return error_set(err, 0, "%s: id %u is uid %u's, too", what, (unsigned)id,
			    (unsigned)held[i]);
	return 0;
}

static int
find_kind(enum subid_kind kind, const char *module, const struct grant_user *user,
    struct subid_span *span, struct error *err)
{
	struct subid_range *ranges = NULL;
	const struct subid_range *lowest = NULL;
	char what[SUBID_SOURCE_MAX + 32];
	int count = database[kind].ranges(user->name, &ranges);
	autofree struct subid_range *held = ranges;

	/* A user that it does not know and a server that is down look the same here. */
	if (count < 0)
		return error_set(err, 0, "the subid source %s of /etc/nsswitch.conf cannot tell the "
		    "subordinate %s of %s: is it running, and does it know the user?", module,
		    database[kind].name, user->name);
	for (int i = 0; i < count; i++)
		if (held[i].count >= ID_MAP_RANGE && (!lowest || held[i].start < lowest->start))
			lowest = &held[i];
	if (!lowest)
		return error_set(err, ENOENT, "the subid source %s of /etc/nsswitch.conf has no range of %d "
		    "subordinate %s for %s: allot one there", module, ID_MAP_RANGE, database[kind].name,
		    user->name);
	(void)text_format(what, sizeof(what), "the subid source %s", module);
	if (subid_span_check(span, lowest->start, lowest->count,
	    kind == SUBID_UIDS ? user->uid : UINT32_MAX, what, err) < 0)
		return -1;
	if (check_owner(kind, span->start, user->uid, what, err) < 0)
		return -1;
	return check_owner(kind, span->start + span->count - 1, user->uid, what, err);
}

int
module_find(const char *module, const struct grant_user *user,
    struct subid_span span[SUBID_KINDS], struct error *err)
{
	if (subid_user_check(user->name, err) < 0 || check_loadable(module, err) < 0)
		return -1;
	for (int kind = 0; kind < SUBID_KINDS; kind++)
		if (find_kind((enum subid_kind)kind, module, user, &span[kind], err) < 0)
			return -1;
	return 0;
}
