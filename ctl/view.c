/*
 * Records are hints: who is alive is asked of the kernel each time, by pidfd, so that a
 * recycled pid does not make a dead container look alive.
 */
#include "ctl/view.h"

#include "container/quota.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/places.h"
#include "lib/text.h"
#include "lib/upper_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

static const char *const state_name[] = {
	[VIEW_ALIVE] = "alive",
	[VIEW_ORPHANED] = "orphaned",
	[VIEW_DEAD] = "dead",
	[VIEW_NO_RECORD] = "no-record",
	[VIEW_BROKEN] = "broken",
};

const char *
view_state_name(enum view_state state)
{
	return state_name[state];
}

enum attention
view_attention(const struct view *view)
{
	static const enum attention attention_of[] = {
		[VIEW_ALIVE] = ATTENTION_NONE,
		[VIEW_ORPHANED] = ATTENTION_WARNING,
		[VIEW_DEAD] = ATTENTION_BAD,
		[VIEW_NO_RECORD] = ATTENTION_WARNING,
		[VIEW_BROKEN] = ATTENTION_BAD,
	};

	return view->state == VIEW_ALIVE && view->frozen ? ATTENTION_WARNING : attention_of[view->state];
}

/* A process that is dead and not reaped yet still has its pid, but its pidfd is ready. */
static bool
is_alive(const struct process_id *process)
{
	autofd int pidfd = process_open(process);
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };

	return pidfd >= 0 && poll(&ended, 1, 0) == 0;
}

static void
name_user(struct record *record, uid_t uid)
{
	const struct passwd *entry = getpwuid(uid);

	record->uid = uid;
	if (!entry || text_format(record->user, sizeof(record->user), "%s", entry->pw_name) < 0)
		(void)text_format(record->user, sizeof(record->user), "%u", (unsigned)uid);
}

static int
ask_kernel(struct view *view, struct error *err)
{
	const struct record *record = &view->record;

	view->init_alive = is_alive(&record->init);
	view->supervisor_alive = is_alive(&record->supervisor);
	view->session_alive = calloc(record->sessions + 1, sizeof(*view->session_alive));
	if (!view->session_alive)
		return error_set(err, errno, "look at the sessions");
	for (size_t i = 0; i < record->sessions; i++)
		view->session_alive[i] = is_alive(&record->session[i].caller);
	view->state = !view->init_alive ? VIEW_DEAD :
	    view->supervisor_alive ? VIEW_ALIVE : VIEW_ORPHANED;
	return 0;
}

static int
read_record(int directory, uid_t uid, struct view *view, struct error *err)
{
	struct error why = ERROR_INIT;

	if (record_read(directory, &view->record, &why) == 0 && view->record.uid == uid)
		return ask_kernel(view, err);
	record_free(&view->record);
	name_user(&view->record, uid);
	view->state = why.errnum == ENOENT ? VIEW_NO_RECORD : VIEW_BROKEN;
	if (why.text[0])
		(void)error_render(&why, view->problem, sizeof(view->problem));
	else
		(void)text_format(view->problem, sizeof(view->problem), "it is another uid's");
	return 0;
}

/* Of the home that is kept, by whichever kind of it; only root can look. */
static void
read_home(uid_t uid, struct usage *usage)
{
	static const char *const stores[] = { UPPER_STORE_HOME, UPPER_STORE_TEMPLATE };
	struct error ignored = ERROR_INIT;
	autofd int own = upper_store_open(uid, &ignored);

	for (size_t i = 0; i < sizeof(stores) / sizeof(stores[0]) && own >= 0; i++) {
		autofd int store = path_open_beneath(own, stores[i], O_RDONLY | O_DIRECTORY, &ignored);
		if (store >= 0 && quota_read(store, uid, &usage->home, &usage->home_max) &&
		    usage->home_max == 0)
			usage->home_max = USAGE_UNLIMITED;
	}
}

int
view_read(uid_t uid, struct view *view, struct error *err)
{
	char path[64];

	*view = (struct view)VIEW_INIT;
	(void)text_format(path, sizeof(path), "%s/%u", PLACE_RUN, (unsigned)uid);
	autofd int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0)
		return errno == ENOENT ? 1 : error_set(err, errno, "open %s", path);
	if (read_record(directory, uid, view, err) < 0) {
		view_free(view);
		return -1;
	}
	usage_read((const char (*)[512])view->record.cgroup, 8, &view->usage);
	if (view->usage.pids_refused != USAGE_UNKNOWN)
		view->usage.pids_refused += view->record.refused_forks;
	read_home(uid, &view->usage);
	view->frozen = view->init_alive && usage_is_frozen((const char (*)[512])view->record.cgroup, 8);
	return 0;
}

static int
compare_uids(const void *left, const void *right)
{
	uid_t a = *(const uid_t *)left, b = *(const uid_t *)right;

	return a < b ? -1 : a > b;
}

static int
add_uid(uid_t **uids, size_t *count, uid_t uid)
{
	uid_t *more = reallocarray(*uids, *count + 1, sizeof(**uids));

	if (!more)
		return -1;
	*uids = more;
	more[(*count)++] = uid;
	return 0;
}

int
view_uids_in(const char *path, uid_t **uids, size_t *count, struct error *err)
{
	DIR *all = opendir(path);
	uint64_t uid;
	int rc = 0;

	*uids = NULL;
	*count = 0;
	if (!all)
		return errno == ENOENT ? 0 : error_set(err, errno, "open %s", path);
	for (struct dirent *entry; rc == 0 && (entry = readdir(all));)
		if (text_to_number(entry->d_name, UINT32_MAX - 1, &uid))
			rc = add_uid(uids, count, (uid_t)uid);
	(void)closedir(all);
	if (rc < 0) {
		free(*uids);
		*uids = NULL;
		return error_set(err, ENOMEM, "list %s", path);
	}
	if (*count)
		qsort(*uids, *count, sizeof(**uids), compare_uids);
	return 0;
}

int
view_uids(uid_t **uids, size_t *count, struct error *err)
{
	return view_uids_in(PLACE_RUN, uids, count, err);
}

void
view_free(struct view *view)
{
	record_free(&view->record);
	free(view->session_alive);
	*view = (struct view)VIEW_INIT;
}
