/*
 * Finds a user's home and what is kept of it, by descriptors; keeps logins away from it.
 */
#include "ctl/home.h"

#include "container/mount.h"
#include "container/quota.h"
#include "ctl/kept.h"
#include "ctl/kill.h"
#include "lib/client.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/sys.h"
#include "lib/text.h"
#include "lib/upper.h"
#include "lib/upper_store.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#define SETTLE_TRIES 250
#define SETTLE_STEP_NS 20000000

int
home_complain(struct home *home, const struct error *err)
{
	char text[640];

	bar_end(&home->bar);
	return complain(CTL_FAILED, "%s: %s: %s", home->verb, home->name,
	    error_render(err, text, sizeof(text)));
}

void
home_say(struct home *home, const char *format, ...)
{
	va_list list;

	bar_end(&home->bar);
	(void)printf("%s: ", home->name);
	va_start(list, format);
	(void)vprintf(format, list);
	va_end(list);
	(void)putchar('\n');
	(void)fflush(stdout);
}

static int
list_groups(struct home *home, struct error *err)
{
	const struct subject *subject = &home->login->subject;

	home->groups = calloc(subject->groups_count + 1, sizeof(*home->groups));
	if (!home->groups)
		return error_set(err, errno, "list the user's groups");
	for (size_t i = 0; i < subject->groups_count; i++)
		home->groups[i] = subject->groups[i].gid;
	home->user = (struct rights_user) { .uid = subject->uid, .gid = subject->gid,
		.groups = home->groups, .groups_count = subject->groups_count };
	return 0;
}

static int
open_if_there(int directory, const char *name, int *fd, struct error *err)
{
	struct error why = ERROR_INIT;

	*fd = path_open_beneath(directory, name, O_RDONLY | O_DIRECTORY, &why);
	if (*fd >= 0 || why.errnum == ENOENT)
		return 0;
	*err = why;
	return -1;
}

static int
open_store(struct home *home, struct error *err)
{
	struct error why = ERROR_INIT;

	home->own = upper_store_open(home->user.uid, &why);
	if (home->own < 0 && why.errnum != ENOENT)
		*err = why;
	if (home->own < 0 || !home->store_name)
		return why.errnum == ENOENT || home->own >= 0 ? 0 : -1;
	if (open_if_there(home->own, home->store_name, &home->store, err) < 0)
		return -1;
	return home->store < 0 ? 0 : open_if_there(home->store, UPPER_NAME, &home->upper, err);
}

/*
 * The overlay sees no mounts that lie on its lower layer, and so must we: a copy of the one mount.
 * A home may be closed to all but its user, and on NFS to root, too.
 */
static int
open_lower(struct home *home, struct error *err)
{
	const struct policy *policy = &home->login->policy;
	bool is_template = policy->home == HOME_TEMPLATE;
	autofd int found = path_open_trusted(is_template ? policy->home_template
	                                                 : home->login->subject.home, err);
	struct rights before;

	if (found < 0)
		return -1;
	home->tree = sys_open_tree(found, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (home->tree < 0)
		return error_set(err, errno, "copy the mount of the home");
	if (mount_set(home->tree, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0, err) < 0)
		return -1;
	int rc = is_template ? 0 : rights_take(&home->user, &before, err);
	if (rc == 0)
		home->lower = path_open_beneath(home->tree, ".", O_RDONLY | O_DIRECTORY, err);
	if (!is_template && rights_return(&before, rc == 0 && home->lower >= 0 ? err : NULL) < 0)
		return -1;
	return home->lower < 0 ? -1 : 0;
}

static int
open_all(struct home *home, bool needs_lower)
{
	static const char *const store_of[] = {
		[HOME_OVERLAY] = UPPER_STORE_HOME, [HOME_TEMPLATE] = UPPER_STORE_TEMPLATE,
		[HOME_EPHEMERAL] = NULL, [HOME_HOST] = NULL,
	};
	struct error err = ERROR_INIT, missing = ERROR_INIT;

	home->store_name = store_of[home->login->policy.home];
	if (list_groups(home, &err) < 0 || open_store(home, &err) < 0)
		return home_complain(home, &err);
	if (home->store_name && open_lower(home, &missing) < 0 && needs_lower)
		return home_complain(home, &missing);
	return CTL_OK;
}

int
home_open(struct home *home, const char *verb, const char *user, const struct options *options,
    bool needs_lower)
{
	int code;

	*home = (struct home) { .verb = verb, .options = options, .name = user, .own = -1, .store = -1,
		.upper = -1, .tree = -1, .lower = -1, .bar = { .what = user } };
	home->progress.show = bar_show;
	home->progress.context = &home->bar;
	home->login = login_resolve(verb, user, NULL, options->config, &code);
	return home->login ? open_all(home, needs_lower) : code;
}

/* Where it was reset, the store is another one, or none, and still the project's file system's. */
static void
put_quota_back(struct home *home)
{
	struct error err = ERROR_INIT;

	if (home->limit && quota_put_back(home->store, home->user.uid, home->limit, &err) < 0)
		(void)home_complain(home, &err);
	home->limit = 0;
}

void
home_close(struct home *home)
{
	put_quota_back(home);
	bar_end(&home->bar);
	own_close(&home->lower);
	own_close(&home->tree);
	own_close(&home->upper);
	own_close(&home->store);
	own_close(&home->own);
	free(home->groups);
	login_free(home->login);
}

/* The supervisor says that nothing is left a moment before it is gone itself. */
static void
wait_for_supervisor(uid_t uid)
{
	for (int i = 0; i < SETTLE_TRIES; i++) {
		struct error ignored = ERROR_INIT;
		int lock = client_lock(uid, &ignored);
		if (lock >= 0 || ignored.errnum != EBUSY) {
			client_unlock(uid, &lock);
			return;
		}
		(void)nanosleep(&(struct timespec) { .tv_nsec = SETTLE_STEP_NS }, NULL);
	}
}

static int
end_container(struct home *home)
{
	struct error err = ERROR_INIT;
	bool existed;

	if (kill_container(home->user.uid, &existed, &err) < 0)
		return home_complain(home, &err);
	wait_for_supervisor(home->user.uid);
	if (existed)
		home_say(home, "container ended");
	return CTL_OK;
}

static int
lift_quota(struct home *home)
{
	struct error err = ERROR_INIT;

	if (home->store >= 0 && quota_lift(home->store, home->user.uid, &home->limit, &err) < 0)
		return home_complain(home, &err);
	return CTL_OK;
}

/*
 * The uid's lock alone would do, but a login waits for it without being told why: it is held until
 * the store's is, which a login finds taken (container/home.c).
 */
int
home_lock(struct home *home)
{
	uid_t uid = home->user.uid;
	int lock, code = home->options->kill ? end_container(home) : CTL_OK;

	if (code != CTL_OK)
		return code;
	if (home->own >= 0 && flock(home->own, LOCK_EX | LOCK_NB) < 0)
		return complain(CTL_NO, "%s: %s: another ctrctl is at work there", home->verb, home->name);
	code = kept_lock(home->verb, home->name, uid, &lock);
	if (code != CTL_OK)
		return code;
	if (home->store >= 0 && flock(home->store, LOCK_EX | LOCK_NB) < 0)
		code = complain(CTL_NO, "%s: %s: the home is in use: %m", home->verb, home->name);
	client_unlock(uid, &lock);
	return code == CTL_OK ? lift_quota(home) : code;
}

const char *const *
home_operands(const struct home *home)
{
	return &home->options->operand[2];
}

const char *
home_relative(const struct home *home, const char *path)
{
	const char *top = home->login->subject.home;
	size_t length = strlen(top);

	return !strncmp(path, top, length) && path[length] == '/' ? path + length + 1 : path;
}

bool
home_is_own_doing(const struct home *home, const struct upper_difference *difference)
{
	const struct policy *policy = &home->login->policy;

	if (difference->path[1] == '\0')
		return policy->home == HOME_TEMPLATE;
	for (size_t i = 0; i < policy->home_passthrough.count; i++)
		if (!strcmp(policy->home_passthrough.item[i], difference->path + 1))
			return difference->change == UPPER_ADDED && difference->type == S_IFDIR;
	return false;
}
