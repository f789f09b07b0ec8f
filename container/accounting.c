/*
 * Runs as root in the supervisor, on files that set-group-id programs inside may write
 * to: their records only choose among what is known of the container anyway, its user, its
 * processes and its sessions.  Waits a few milliseconds for a lock at the most, else comes
 * again later.
 */
#include "container/accounting.h"

#include "container/log.h"
#include "container/server.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>

/* As many terminals as a container may be expected to have logins on. */
#define LOGINS_MAX 1024
#define WTMP_BATCH 256
#define QUIET_MS 50
#define AGAIN_MS 500
#define TRIES_MAX 20 /* 10 s, after which glibc's pututline(3) gives up, too */
#define CLOCK_MS 1000

enum file {
	FILE_UTMP,
	FILE_WTMP
};

static const struct {
	const char *name;
	const char *host;
	int flags;
} files[] = {
	[FILE_UTMP] = { PLAN_UTMP_NAME, PLAN_UTMP_PATH, O_RDWR },
	[FILE_WTMP] = { PLAN_WTMP_NAME, PLAN_WTMP_PATH, O_RDWR | O_APPEND },
};

/* Who a record speaks of. */
struct owner {
	size_t session; /* index, or SIZE_MAX: a process that no session started */
	pid_t pid;      /* on the host */
	pid_t inside;   /* the same process in the container, 0 if it is none of its processes */
};

/* --- the host's files --------------------------------------------------------------- */

/* Opened anew each time: logrotate(8) puts another one in the place of wtmp. */
static int
open_host(enum file file, struct error *err)
{
	struct stat st;
	autofd int name = path_open_trusted(files[file].host, err);

	if (name < 0)
		return -1;
	if (fstat(name, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "%s is not a regular file", files[file].host);
	return path_reopen(name, files[file].flags, err);
}

/*
 * A lock that somebody holds is tried for again later, and the file looked at as a whole: what
 * was not told yet still differs.  0: told, or given up, with a line in the log.
 */
static int
settle(struct server *server, const char *what, int rc, const struct error *err)
{
	struct accounting *accounting = &server->accounting;

	if (rc >= 0) {
		accounting->tries = 0;
		return 0;
	}
	if (err->errnum == EAGAIN && accounting->tries < TRIES_MAX) {
		accounting->tries++;
		accounting->again = server_now() + AGAIN_MS;
		return -1;
	}
	accounting->tries = 0;
	log_error(err, "user=%s uid=%u: %s", server->record.user, (unsigned)server->uid, what);
	return 0;
}

static int
tell_wtmp(struct server *server, const struct utmp_record *record)
{
	struct error err = ERROR_INIT;
	autofd int fd = open_host(FILE_WTMP, &err);
	int rc = fd < 0 ? -1 : utmp_append(fd, record, &err);

	return settle(server, files[FILE_WTMP].host, rc, &err);
}

static struct utmp_time
now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_REALTIME, &time);
	return (struct utmp_time) {
		.seconds = (utmp_number)time.tv_sec,
		.microseconds = (utmp_number)(time.tv_nsec / 1000),
	};
}

/* Out of the host's files, where it is in them: also where nobody inside wrote a logout. */
static void
end_in_utmp(struct server *server, struct accounting_login *login, struct utmp_time time)
{
	struct error err = ERROR_INIT;

	if (!login->in_utmp)
		return;
	autofd int fd = open_host(FILE_UTMP, &err);
	int rc = fd < 0 ? -1 : utmp_put_end(fd, &login->record, time, &err);
	login->in_utmp = settle(server, files[FILE_UTMP].host, rc, &err) < 0;
}

static void
end_in_wtmp(struct server *server, struct accounting_login *login, struct utmp_time time)
{
	struct utmp_record record = login->record;

	if (!login->in_wtmp)
		return;
	utmp_end(&record, time);
	login->in_wtmp = tell_wtmp(server, &record) < 0;
}

/* --- who a record speaks of ---------------------------------------------------------- */

/* proc(5) status: a line break in the name is escaped, so that these lines are the kernel's. */
static bool
read_numbers(pid_t pid, pid_t *parent, pid_t *inside)
{
	char text[4096];

	(void)text_format(text, sizeof(text), "/proc/%d/status", (int)pid);
	autofd int fd = open(text, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (length <= 0)
		return false;
	text[length] = '\0';
	const char *ppid = strstr(text, "\nPPid:");
	const char *nspid = strstr(text, "\nNSpid:");
	/* The first number is the host's, the second the container's. */
	*inside = 0;
	return ppid && nspid && sscanf(ppid, "\nPPid: %d", parent) == 1 &&
	    sscanf(nspid, "\nNSpid: %*d %d", inside) >= 0;
}

static size_t
session_of_caller(const struct server *server, pid_t pid)
{
	for (size_t i = 0; i < server->record.sessions; i++)
		if (server->record.session[i].caller.pid == pid)
			return i;
	return SIZE_MAX;
}

static size_t
session_of_line(const struct server *server, const char *line)
{
	for (size_t i = 0; i < server->record.sessions; i++)
		if (!strcmp(server->record.session[i].tty, line))
			return i;
	return SIZE_MAX;
}

/*
 * sshd's monitor, itself on the host's side, writes its child's number as the host has it;
 * login's child writes its own, which is the container's.  A child of a caller is its
 * session's; any other process that has the number inside (utempter of a terminal
 * emulator) is the container's.
 */
static bool
find_process(const struct server *server, pid_t number, struct owner *owner)
{
	struct error err = ERROR_INIT;
	autofree pid_t *pids = NULL;
	size_t count = 0;
	bool found = false;

	if (cgroups_pids(&server->cgroups, &pids, &count, &err) < 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct owner is = { .pid = pids[i] };
		pid_t parent;
		if (!read_numbers(pids[i], &parent, &is.inside) || is.inside <= 1 ||
		    (number != is.pid && number != is.inside))
			continue;
		is.session = session_of_caller(server, parent);
		if (is.session == SIZE_MAX && (found || number != is.inside))
			continue;
		*owner = is;
		found = true;
		if (is.session != SIZE_MAX)
			return true;
	}
	return found;
}

static bool
find_owner(const struct server *server, const struct utmp_record *record, const char *line,
    struct owner *owner)
{
	*owner = (struct owner) { .session = session_of_caller(server, record->pid) };
	if (owner->session == SIZE_MAX && find_process(server, record->pid, owner))
		return true;
	/* A caller's own number, or that of a process that is gone but for the login's terminal. */
	if (owner->session == SIZE_MAX)
		owner->session = session_of_line(server, line);
	if (owner->session == SIZE_MAX)
		return false;
	owner->pid = server->record.session[owner->session].caller.pid;
	return true;
}

/* The host's own terminal, which the login came with, keeps its name. */
static int
name_line(const struct server *server, const struct owner *owner, const char *line,
    char host_line[UTMP_LINE + 1])
{
	if (owner && owner->session != SIZE_MAX &&
	    !strcmp(server->record.session[owner->session].tty, line))
		return text_format(host_line, UTMP_LINE + 1, "%s", line);
	return utmp_rename(host_line, server->uid, line);
}

/* --- utmp ---------------------------------------------------------------------------- */

static struct accounting_login *
find_login(const struct accounting *accounting, const char *line)
{
	for (size_t i = 0; i < accounting->logins; i++)
		if (!strcmp(accounting->login[i].line, line))
			return &accounting->login[i];
	return NULL;
}

/* One a line, kept until the container ends: a logout may come late. */
static struct accounting_login *
add_login(struct accounting *accounting, const char *line)
{
	struct accounting_login *login = find_login(accounting, line);

	if (login || accounting->logins == LOGINS_MAX)
		return login;
	login = realloc(accounting->login, (accounting->logins + 1) * sizeof(*login));
	if (!login)
		return NULL;
	accounting->login = login;
	login += accounting->logins++;
	*login = (struct accounting_login) { .in_utmp = false };
	(void)text_format(login->line, sizeof(login->line), "%s", line);
	return login;
}

/* who(1) inside hides a login whose process it can't see: give it the number that it has there. */
static void
show_inside(struct server *server, size_t index, const struct utmp_record *record, pid_t inside)
{
	struct utmp_record shown = *record;

	if (inside <= 1 || record->pid == inside)
		return;
	shown.pid = inside;
	/* Without the lock the login is missing in who(1) inside, and nowhere else. */
	(void)utmp_replace(server->accounting.utmp, index, record, &shown, NULL);
}

static int
put(struct server *server, struct utmp_record *record, const char *line)
{
	struct error err = ERROR_INIT;
	char host_line[UTMP_LINE + 1];
	autofd int fd = open_host(FILE_UTMP, &err);
	int rc = fd < 0 ? -1 : utmp_put(fd, record, &err);

	/* The terminal that somebody else's login is on keeps that line (su of a second user). */
	if (rc > 0 && utmp_rename(host_line, server->uid, line) == 0) {
		*record = utmp_translate(record, server->record.user, host_line, record->pid);
		rc = utmp_put(fd, record, &err);
	}
	return settle(server, files[FILE_UTMP].host, rc, &err);
}

static void
see_login(struct server *server, size_t index, const struct utmp_record *record, const char *line)
{
	char host_line[UTMP_LINE + 1];
	struct owner owner;
	struct accounting_login *login = find_login(&server->accounting, line);

	if (login && login->in_utmp && utmp_same_time(&login->record.time, &record->time))
		return;
	if (!find_owner(server, record, line, &owner) ||
	    name_line(server, &owner, line, host_line) < 0)
		return;
	login = add_login(&server->accounting, line);
	if (!login)
		return;
	/* A new login on the line: who was there before is gone, without a word. */
	end_in_utmp(server, login, record->time);
	end_in_wtmp(server, login, record->time);
	login->record = utmp_translate(record, server->record.user, host_line, owner.pid);
	login->session[0] = '\0';
	if (owner.session != SIZE_MAX)
		(void)text_format(login->session, sizeof(login->session), "%s",
		    server->record.session[owner.session].id);
	login->in_utmp = put(server, &login->record, line) == 0;
	show_inside(server, index, record, owner.inside);
}

static bool
has_login(const struct utmp_record *records, size_t count, const struct accounting_login *login)
{
	char line[UTMP_LINE + 1];

	for (size_t i = 0; i < count; i++) {
		utmp_line(&records[i], line);
		if (records[i].type == UTMP_USER_PROCESS && !strcmp(line, login->line) &&
		    utmp_same_time(&records[i].time, &login->record.time))
			return true;
	}
	return false;
}

static void
look_at_utmp(struct server *server)
{
	struct accounting *accounting = &server->accounting;
	autofree struct utmp_record *records = NULL;
	char line[UTMP_LINE + 1];
	size_t count;

	if (accounting->utmp < 0 ||
	    utmp_read(accounting->utmp, 0, LOGINS_MAX, &records, &count, NULL) < 0)
		return;
	/* First who left, so that a line is free for who came. */
	for (size_t i = 0; i < accounting->logins; i++)
		if (!has_login(records, count, &accounting->login[i]))
			end_in_utmp(server, &accounting->login[i], now());
	for (size_t i = 0; i < count; i++) {
		utmp_line(&records[i], line);
		if (records[i].type == UTMP_USER_PROCESS && line[0] &&
		    utmp_is_of(&records[i], server->record.user))
			see_login(server, i, &records[i], line);
	}
}

/* --- wtmp ---------------------------------------------------------------------------- */

/* What the host's wtmp is to say of a record; false: nothing. */
static bool
translate(struct server *server, const struct utmp_record *record, struct accounting_login **login,
    struct utmp_record *translated)
{
	char line[UTMP_LINE + 1], host_line[UTMP_LINE + 1];
	struct owner owner;
	bool is_login = record->type == UTMP_USER_PROCESS;

	utmp_line(record, line);
	if (!line[0] || (is_login && !utmp_is_of(record, server->record.user)) ||
	    (!is_login && record->type != UTMP_DEAD))
		return false;
	*login = find_login(&server->accounting, line);
	if (*login && (!is_login || utmp_same_time(&(*login)->record.time, &record->time))) {
		*translated = (*login)->record;
	} else {
		bool found = find_owner(server, record, line, &owner);
		if (name_line(server, found ? &owner : NULL, line, host_line) < 0)
			return false;
		*translated = utmp_translate(record, server->record.user, host_line,
		    found ? owner.pid : 0);
		memset(translated->id, 0, sizeof(translated->id));
		*login = NULL;
	}
	if (!is_login)
		utmp_end(translated, record->time);
	return true;
}

static void
look_at_wtmp(struct server *server)
{
	struct accounting *accounting = &server->accounting;
	autofree struct utmp_record *records = NULL;
	size_t count;

	if (accounting->wtmp < 0 || utmp_read(accounting->wtmp, accounting->mirrored, WTMP_BATCH, &records,
	        &count, NULL) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		struct utmp_record marked = records[i], translated;
		struct accounting_login *login = NULL;
		if (translate(server, &records[i], &login, &translated)) {
			if (tell_wtmp(server, &translated) < 0)
				return;
			if (login)
				login->in_wtmp = translated.type == UTMP_USER_PROCESS;
		}
		utmp_mark(&marked);
		(void)utmp_replace(accounting->wtmp, accounting->mirrored++, &records[i], &marked, NULL);
	}
	if (count == WTMP_BATCH)
		accounting->again = server_now() + QUIET_MS;
}

void
accounting_look(struct server *server)
{
	struct accounting *accounting = &server->accounting;
	char events[1024];

	/* What is told does not matter, since all is looked at. */
	while (accounting->watch >= 0 && read(accounting->watch, events, sizeof(events)) > 0)
		continue;
	if (accounting->utmp < 0 && accounting->wtmp < 0)
		return;
	accounting->quiet_until = server_now() + QUIET_MS;
	accounting->again = accounting->watch >= 0 ? NEVER : server_now() + CLOCK_MS;
	look_at_utmp(server);
	look_at_wtmp(server);
}

/* --- the files' own life --------------------------------------------------------------- */

/*
 * inotify has 128 instances for all of root's processes, sysctl fs.inotify: the one container
 * too many is looked at once a second.
 */
static void
watch_files(struct server *server)
{
	struct accounting *accounting = &server->accounting;
	char path[64];

	accounting->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	for (int i = FILE_UTMP; i <= FILE_WTMP; i++) {
		int fd = i == FILE_UTMP ? accounting->utmp : accounting->wtmp;
		(void)text_format(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (accounting->watch >= 0 && fd >= 0 &&
		    inotify_add_watch(accounting->watch, path, IN_MODIFY) < 0)
			own_close(&accounting->watch);
	}
	accounting->quiet_until = 0;
	accounting->again = accounting->watch >= 0 ? NEVER : server_now();
}

static int
make_file(const struct server *server, enum file file, struct error *err)
{
	struct error why = ERROR_INIT;
	struct stat st;
	autofd int host = open_host(file, &why);

	if (host < 0 && why.errnum == ENOENT)
		return -1;
	if (host < 0) {
		*err = why;
		return -1;
	}
	if (fstat(host, &st) < 0)
		return error_set(err, errno, "stat %s", files[file].host);
	autofd int fd = openat(server->directory, files[file].name,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fchown(fd, st.st_uid, st.st_gid) < 0 || fchmod(fd, st.st_mode & 0664) < 0)
		return error_set(err, errno, "make a %s of the container's", files[file].name);
	return take_fd(&fd);
}

/* Logins in the host's utmp that a container of this user had, and that nobody ended. */
static void
end_strangers(struct server *server)
{
	struct error err = ERROR_INIT;
	autofree struct utmp_record *records = NULL;
	char line[UTMP_LINE + 1];
	size_t count = 0;
	autofd int fd = open_host(FILE_UTMP, &err);

	if (fd < 0 || utmp_read(fd, 0, UTMP_RECORDS_MAX, &records, &count, &err) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		bool is_known = false;
		utmp_line(&records[i], line);
		if (records[i].type != UTMP_USER_PROCESS || !utmp_is_renamed(line, server->uid))
			continue;
		for (size_t n = 0; n < server->accounting.logins && !is_known; n++)
			is_known = server->accounting.login[n].in_utmp &&
			    !strncmp(server->accounting.login[n].record.line, line, UTMP_LINE);
		if (!is_known)
			(void)utmp_put_end(fd, &records[i], now(), &err);
	}
}

static void
remove_files(const struct server *server)
{
	for (int i = FILE_UTMP; i <= FILE_WTMP; i++)
		(void)unlinkat(server->directory, files[i].name, 0); /* a leftover, or none */
}

void
accounting_prepare(struct server *server)
{
	struct accounting *accounting = &server->accounting;
	int *const fd[] = { [FILE_UTMP] = &accounting->utmp, [FILE_WTMP] = &accounting->wtmp };

	remove_files(server);
	for (int i = FILE_UTMP; i <= FILE_WTMP; i++) {
		struct error err = ERROR_INIT;
		own_close(fd[i]);
		*fd[i] = make_file(server, (enum file)i, &err);
		if (err.text[0])
			log_error(&err, "user=%s uid=%u: who and last", server->record.user,
			    (unsigned)server->uid);
		if (*fd[i] < 0)
			(void)unlinkat(server->directory, files[i].name, 0);
	}
	end_strangers(server);
	if (accounting->utmp >= 0 || accounting->wtmp >= 0)
		watch_files(server);
}

/* The host's record of a login that a predecessor had told it, if it has one. */
static const struct utmp_record *
find_told(const struct server *server, const struct utmp_record *told, size_t count,
    const struct utmp_record *record, const char *line)
{
	char host_line[UTMP_LINE + 1], renamed[UTMP_LINE + 1];

	if (utmp_rename(renamed, server->uid, line) < 0)
		renamed[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		utmp_line(&told[i], host_line);
		if (told[i].type == UTMP_USER_PROCESS && utmp_is_of(&told[i], server->record.user) &&
		    utmp_same_time(&told[i].time, &record->time) &&
		    (!strcmp(host_line, line) || !strcmp(host_line, renamed)))
			return &told[i];
	}
	return NULL;
}

/* Told, marked, and no logout after it. */
static void
adopt_wtmp(struct server *server)
{
	struct accounting *accounting = &server->accounting;
	autofree struct utmp_record *records = NULL;
	char line[UTMP_LINE + 1];
	size_t count = 0;

	if (accounting->wtmp < 0 ||
	    utmp_read(accounting->wtmp, 0, UTMP_RECORDS_MAX, &records, &count, NULL) < 0)
		return;
	for (size_t i = 0; i < count && utmp_is_marked(&records[i]); i++) {
		accounting->mirrored = i + 1;
		utmp_line(&records[i], line);
		struct accounting_login *login = find_login(accounting, line);
		if (login)
			login->in_wtmp = records[i].type == UTMP_USER_PROCESS &&
			    utmp_same_time(&records[i].time, &login->record.time);
	}
}

/*
 * The table anew, from what the container's utmp says and the host's has.  A login whose
 * session ended while there was no supervisor is ended now.
 */
static void
adopt_utmp(struct server *server)
{
	struct accounting *accounting = &server->accounting;
	autofree struct utmp_record *records = NULL, *told = NULL;
	struct error err = ERROR_INIT;
	char line[UTMP_LINE + 1];
	struct owner owner;
	size_t count = 0, told_count = 0;
	autofd int host = open_host(FILE_UTMP, &err);

	if (host < 0 || accounting->utmp < 0 ||
	    utmp_read(host, 0, UTMP_RECORDS_MAX, &told, &told_count, &err) < 0 ||
	    utmp_read(accounting->utmp, 0, LOGINS_MAX, &records, &count, &err) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		utmp_line(&records[i], line);
		const struct utmp_record *is =
		    find_told(server, told, told_count, &records[i], line);
		struct accounting_login *login = is ? add_login(accounting, line) : NULL;
		if (!login)
			continue;
		login->record = *is;
		login->in_utmp = true;
		bool found = find_owner(server, &records[i], line, &owner);
		(void)text_format(login->session, sizeof(login->session), "%s", !found ? "gone" :
		    owner.session == SIZE_MAX ? "" : server->record.session[owner.session].id);
	}
}

void
accounting_adopt(struct server *server)
{
	struct accounting *accounting = &server->accounting;

	accounting->utmp = openat(server->directory, files[FILE_UTMP].name,
	    O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	accounting->wtmp = openat(server->directory, files[FILE_WTMP].name,
	    O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (accounting->utmp < 0 && accounting->wtmp < 0)
		return;
	watch_files(server);
	adopt_utmp(server);
	adopt_wtmp(server);
	end_strangers(server);
	accounting_session_ended(server, "gone");
}

/* Inside, who(1) shall not show it either. */
static void
end_inside(struct server *server, const struct accounting_login *login)
{
	autofree struct utmp_record *records = NULL;
	char line[UTMP_LINE + 1];
	size_t count = 0;

	if (server->accounting.utmp < 0 ||
	    utmp_read(server->accounting.utmp, 0, LOGINS_MAX, &records, &count, NULL) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		struct utmp_record ended = records[i];
		utmp_line(&records[i], line);
		if (records[i].type != UTMP_USER_PROCESS || strcmp(line, login->line) != 0 ||
		    !utmp_same_time(&records[i].time, &login->record.time))
			continue;
		utmp_end(&ended, now());
		/* Without the lock it stays, with a process that is gone: who(1) does not show it. */
		(void)utmp_replace(server->accounting.utmp, i, &records[i], &ended, NULL);
	}
}

static void
end_login(struct server *server, struct accounting_login *login)
{
	bool was_in = login->in_utmp;

	end_in_utmp(server, login, now());
	end_in_wtmp(server, login, now());
	if (was_in)
		end_inside(server, login);
}

void
accounting_session_ended(struct server *server, const char *session)
{
	struct accounting *accounting = &server->accounting;

	if (accounting->utmp < 0 && accounting->wtmp < 0)
		return;
	/* What it wrote at its end comes first: then there is nothing left to add. */
	accounting_look(server);
	for (size_t i = 0; i < accounting->logins; i++)
		if (!strcmp(accounting->login[i].session, session))
			end_login(server, &accounting->login[i]);
}

void
accounting_close(struct server *server)
{
	struct accounting *accounting = &server->accounting;

	accounting_look(server);
	for (size_t i = 0; i < accounting->logins; i++)
		end_login(server, &accounting->login[i]);
	free(accounting->login);
	own_close(&accounting->watch);
	own_close(&accounting->utmp);
	own_close(&accounting->wtmp);
	*accounting = (struct accounting)ACCOUNTING_INIT;
	remove_files(server);
}
