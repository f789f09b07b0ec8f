/*
 * The writing half of the helper: ranges are granted through libsubid, so that the account
 * tools' locks are honoured, and given back where one turns out to be somebody's.  As root.
 */
#include "subid/grant.h"

#include "lib/own.h"
#include "lib/path.h"
#include "lib/sys.h"
#include "lib/text.h"
#include "subid/login_defs.h"

#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <shadow/subid.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <time.h>

/* Less than the supervisor's patience (lib/subid.c): to be killed here would leave a lock. */
#define LIMIT_MS 4000
/* A failure that no lock explains may be a lock that went before it was looked at. */
#define FAILURES_MAX 3
#define CLASHES_MAX 20

typedef bool change_function(struct subordinate_range *range);

struct database {
	change_function *grant;
	change_function *ungrant;
	const char *option;    /* of usermod */
	const char *lock;      /* libsubid's lock file, with the holder's pid in it */
	const char *accounts;  /* whose ids must not be in a range */
	const char *limit;     /* in login.defs */
};

/* Without "reuse", which would return with the file's lock held. */
static bool
grant_uids(struct subordinate_range *range)
{
	return subid_grant_uid_range(range, false);
}

static bool
grant_gids(struct subordinate_range *range)
{
	return subid_grant_gid_range(range, false);
}

static const struct database database[SUBID_KINDS] = {
	[SUBID_UIDS] = { grant_uids, subid_ungrant_uid_range, "--add-subuids", "/etc/subuid.lock",
		"/etc/passwd", "SUB_UID_MAX" },
	[SUBID_GIDS] = { grant_gids, subid_ungrant_gid_range, "--add-subgids", "/etc/subgid.lock",
		"/etc/group", "SUB_GID_MAX" },
};

#ifdef __clang__
#pragma clang diagnostic ignored "-Wdisabled-macro-expansion" /* glibc's sa_handler */
#endif

/* What libsubid has to say, for the error. */
struct log {
	FILE *stream;
	char *text;
	size_t size;
};

struct grant {
	const struct grant_user *user;
	int64_t deadline;
	struct log log;
};

static int64_t
now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
interrupt(int number)
{
	(void)number;
}

/*
 * Not SIGALRM, which lckpwdf(3) has for its own fifteen seconds.  Again and again: the first
 * signal may come just before a wait begins.
 */
int
grant_limit_time(struct error *err)
{
	struct sigaction action = { .sa_handler = interrupt }; /* no SA_RESTART */
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec time = {
		.it_value = { .tv_sec = LIMIT_MS / 1000 },
		.it_interval = { .tv_nsec = 50000000 },
	};
	timer_t timer;

	if (sigaction(SIGUSR1, &action, NULL) < 0 || timer_create(CLOCK_MONOTONIC, &event, &timer) < 0 ||
	    timer_settime(timer, 0, &time, NULL) < 0)
		return error_set(err, errno, "set a time limit");
	return 0;
}

/*
 * The account tools' own lock file, which only root can open, but by flock(2): lckpwdf(3) locks
 * by fcntl(2), which is another kind, and libsubid takes and leaves that one for each file.
 */
int
grant_lock(struct error *err)
{
	autofd int fd = open("/etc/.pwd.lock", O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return error_set(err, errno, "open /etc/.pwd.lock");
	if (flock(fd, LOCK_EX) < 0)
		return error_set(err, errno, "wait while others are allotted subordinate ids");
	return take_fd(&fd);
}

static pid_t
lock_holder(const char *lock)
{
	char text[32];
	uint64_t pid;
	autofd int fd = open(lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (length <= 0)
		return 0;
	text[length] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return text_to_number(text, INT32_MAX, &pid) ? (pid_t)pid : 0;
}

/*
 * Until the lock file is removed or its holder has ended; libsubid clears away a dead one's.
 * 1: try again; 0: there is no such lock; -1: err says who holds it.
 */
static int
lock_wait(const char *lock, int64_t deadline, struct error *err)
{
	autofd int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	/* Watched before it is read: a removal in between is seen.  IN_ATTRIB: its link count. */
	if (watch < 0 || inotify_add_watch(watch, lock, IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF) < 0)
		return 0;
	pid_t pid = lock_holder(lock);
	autofd int holder = pid > 0 ? sys_pidfd_open(pid) : -1;
	if (holder < 0)
		return 0;
	for (;;) {
		struct pollfd ready[2] = {
			{ .fd = watch, .events = POLLIN }, { .fd = holder, .events = POLLIN },
		};
		int64_t left = deadline - now_ms();
		int count = left > 0 ? poll(ready, 2, (int)left) : 0;

		if (count > 0)
			return 1;
		if (count == 0)
			return error_set(err, 0, "%s is held by process %d for too long: try again, or, if "
			    "that is no account tool, remove the file", lock, (int)pid);
	}
}

static int
log_open(struct log *log, struct error *err)
{
	log->stream = open_memstream(&log->text, &log->size);
	if (!log->stream || !subid_init("subid", log->stream))
		return error_set(err, errno, "start libsubid");
	return 0;
}

static const char *
log_last(struct log *log)
{
	char *last;

	(void)fflush(log->stream);
	while (log->size > 0 && log->text[log->size - 1] == '\n')
		log->text[--log->size] = '\0';
	last = strrchr(log->text, '\n');
	return log->size == 0 ? "no reason given" : last ? last + 1 : log->text;
}

/* One change of a file, waited for as long as somebody who lives holds its lock. */
static int
change(struct grant *grant, enum subid_kind kind, change_function *call,
    struct subordinate_range *range, struct error *err)
{
	for (int failures = 0; failures < FAILURES_MAX;) {
		unsigned long start = range->start;

		if (call(range))
			return 0;
		range->start = start;
		int locked = lock_wait(database[kind].lock, grant->deadline, err);
		if (locked < 0)
			return -1;
		if (now_ms() >= grant->deadline)
			return error_set(err, 0, "another program locks /etc/.pwd.lock for too long");
		failures += !locked;
	}
	return error_set(err, 0, "change %s: %s", subid_file_path[kind], log_last(&grant->log));
}

/* Keeps the first error; says so if a range that is of no use stays in the file. */
static int
undo(struct grant *grant, enum subid_kind kind, struct subordinate_range *range,
    struct error *err)
{
	struct error second = ERROR_INIT;

	if (change(grant, kind, database[kind].ungrant, range, &second) == 0)
		return 0;
	return error_prefix(err, "%s keeps the range of %s at %lu (%s)", subid_file_path[kind],
	    grant->user->name, range->start, second.text);
}

/* The highest id of an account in the range: libsubid looks for other ranges alone. */
static int64_t
highest_account(enum subid_kind kind, const struct subordinate_range *range)
{
	FILE *file = fopen(database[kind].accounts, "re");
	const struct passwd *user = NULL;
	const struct group *group = NULL;
	int64_t highest = -1;

	if (!file)
		return -1;
	while ((kind == SUBID_UIDS && (user = fgetpwent(file))) ||
	    (kind == SUBID_GIDS && (group = fgetgrent(file)))) {
		uint32_t id = user ? user->pw_uid : group->gr_gid;

		if (id >= range->start && id - range->start < range->count && id > highest)
			highest = id;
	}
	(void)fclose(file);
	return highest;
}

/* Grants, looks, and gives back what is not to be had, until a range is nobody's. */
static int
grant_within(struct grant *grant, enum subid_kind kind, const struct login_defs *defs,
    struct subordinate_range *range, struct error *err)
{
	for (int clashes = 0; clashes < CLASHES_MAX; clashes++) {
		if (change(grant, kind, database[kind].grant, range, err) < 0)
			return -1;
		if (range->start > defs->max || defs->max - range->start < range->count - 1) {
			(void)error_set(err, 0, "no %lu ids are free between the highest range of %s and "
			    "%s %llu of /etc/login.defs (gaps are not filled): usermod %s FIRST-LAST %s",
			    range->count, subid_file_path[kind], database[kind].limit,
			    (unsigned long long)defs->max, database[kind].option, grant->user->name);
			(void)undo(grant, kind, range, err);
			return -1;
		}
		int64_t account = highest_account(kind, range);
		if (account < 0)
			return 0;
		(void)error_set(err, 0, "ids of %s lie where subordinate ranges are to be (%lld)",
		    database[kind].accounts, (long long)account);
		if (undo(grant, kind, range, err) < 0)
			return -1;
		range->start = (unsigned long)account + 1;
	}
	return -1;
}

/*
 * A missing file is made here: libsubid's own would be of group shadow.  It follows no link,
 * but would not say that this is why it fails.
 */
static int
make_file(const char *path, struct error *err)
{
	autofd int fd = open(path, O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);

	if (fd < 0 && errno == ELOOP)
		return error_set(err, 0, "%s is a symbolic link, which the account tools do not follow",
		    path);
	return fd < 0 ? error_set(err, errno, "open %s", path) : 0;
}

static int
grant_kind(struct grant *grant, enum subid_kind kind, struct subordinate_range *range,
    struct error *err)
{
	struct login_defs defs;

	if (make_file(subid_file_path[kind], err) < 0 || login_defs_read(kind, &defs, err) < 0)
		return -1;
	/* A directory's users (LDAP, AD) can't be listed; where one is, others are. */
	if (kind == SUBID_UIDS && grant->user->uid >= defs.min && grant->user->uid <= defs.max)
		return error_set(err, 0, "uid %u of %s lies between SUB_UID_MIN and SUB_UID_MAX of "
		    "/etc/login.defs: a range from there could be other users' uids; set them to where no "
		    "user is, or usermod %s FIRST-LAST %s", (unsigned)grant->user->uid, grant->user->name,
		    database[kind].option, grant->user->name);
	*range = (struct subordinate_range) {
		.owner = grant->user->name, .start = defs.min, .count = defs.count,
	};
	return grant_within(grant, kind, &defs, range, err);
}

static int
grant_both(struct grant *grant, struct error *err)
{
	struct subordinate_range range[SUBID_KINDS];
	struct subid_span span;
	bool granted[SUBID_KINDS] = { false };

	for (int kind = 0; kind < SUBID_KINDS; kind++) {
		if (subid_file_find((enum subid_kind)kind, grant->user->name, grant->user->uid, &span,
		    err) == 0)
			continue;
		if (err->errnum != ENOENT || grant_kind(grant, (enum subid_kind)kind, &range[kind], err) < 0)
			goto undo_uids;
		granted[kind] = true;
	}
	return 0;

undo_uids:
	if (granted[SUBID_UIDS])
		(void)undo(grant, SUBID_UIDS, &range[SUBID_UIDS], err);
	return -1;
}

int
grant_missing(const struct grant_user *user, struct error *err)
{
	struct grant grant = { .user = user, .deadline = now_ms() + LIMIT_MS - LIMIT_MS / 8 };

	if (log_open(&grant.log, err) < 0)
		return -1;
	/* The log stays open: libsubid keeps it for its exit. */
	return grant_both(&grant, err);
}
