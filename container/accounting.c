/*
 * Runs as root in the supervisor, on files that set-group-id programs inside may write
 * to: their records only choose among what is known of the container anyway, its user, its
 * processes and its sessions.  Waits a few milliseconds for a lock at the most, else comes
 * again later.
 */
#include "container/accounting.h"

#include "container/accounting_owner.h"
#include "container/log.h"
#include "container/server.h"
#include "lib/own.h"
#include "lib/text.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#define WTMP_BATCH 256
#define QUIET_MS 50
#define AGAIN_MS 500
#define TRIES_MAX 20 /* 10 s, after which glibc's pututline(3) gives up, too */
#define CLOCK_MS 1000
/* Two for each login on a terminal; beyond, root inside is writing the host's disk full. */
#define TOLD_MAX 256
#define TOLD_MS 60000

/* --- the host's files --------------------------------------------------------------- */

/*
 * A lock that somebody holds is tried for again later, and the file looked at as a whole: what
 * was not told yet still differs.  0: told, or given up, with a line in the log.
 */
static int
settle(struct server *server, int rc, const struct error *err)
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
	log_error(err, "supervisor failed: user=%s uid=%u what=\"tell who and last\"", server->record.user, (unsigned)server->uid);
	return 0;
}

/* What is too much is not told at all; the log says so once a minute. */
static bool
may_tell(struct server *server)
{
	struct accounting *accounting = &server->accounting;
	int64_t now = server_now();

	if (now - accounting->told_since >= TOLD_MS || accounting->told == 0) {
		accounting->told_since = now;
		accounting->told = 0;
	}
	if (accounting->told == TOLD_MAX)
		log_line(LOG_NOTICE, "container notice: user=%s uid=%u text=\"more than %d login records "
		    "in a minute: last on the host does not show them all\"", server->record.user,
		    (unsigned)server->uid, TOLD_MAX);
	return accounting->told++ < TOLD_MAX;
}

static int
tell_wtmp(struct server *server, const struct utmp_record *record)
{
	struct error err = ERROR_INIT;

	if (!may_tell(server))
		return 0;
	autofd int fd = accounting_open_host(ACCOUNTING_WTMP, &err);
	int rc = fd < 0 ? -1 : utmp_append(fd, record, &err);

	return settle(server, rc, &err);
}

/*
 * sshd's monitor can't write it where the root file system is read-only or an overlay.  Nothing is waited for
 * twice: the next login tells of itself.
 */
static void
tell_lastlog(struct server *server, const struct utmp_record *record)
{
	struct error err = ERROR_INIT;
	autofd int fd = accounting_open_host(ACCOUNTING_LASTLOG, &err);
	int rc = fd < 0 ? -1 : utmp_put_last(fd, server->uid, record, &err);

	if (rc < 0 && err.errnum != ENOENT)
		log_error(&err, "supervisor failed: user=%s uid=%u what=\"tell lastlog\"", server->record.user,
		    (unsigned)server->uid);
}

/* Out of the host's files, where it is in them: also where nobody inside wrote a logout. */
static int
end_in_utmp(struct server *server, struct accounting_login *login, struct utmp_time time)
{
	struct error err = ERROR_INIT;

	if (!login->in_utmp)
		return 0;
	autofd int fd = accounting_open_host(ACCOUNTING_UTMP, &err);
	int rc = fd < 0 ? -1 : utmp_put_end(fd, &login->record, time, &err);
	login->in_utmp = settle(server, rc, &err) < 0;
	login->ended = !login->in_utmp;
	return login->in_utmp ? -1 : 0;
}

static int
end_in_wtmp(struct server *server, struct accounting_login *login)
{
	struct utmp_record record = login->record;

	if (!login->in_wtmp)
		return 0;
	utmp_end(&record, utmp_now());
	login->in_wtmp = tell_wtmp(server, &record) < 0;
	return login->in_wtmp ? -1 : 0;
}

/*
 * In the container's own files a change is a courtesy: without it who(1) inside does not show
 * a login, which is nothing to wait for twice.
 */
static void
change_inside(struct server *server, int fd, size_t index, const struct utmp_record *before,
    const struct utmp_record *record)
{
	struct accounting *accounting = &server->accounting;

	if (server_now() >= accounting->locked_until &&
	    utmp_replace(fd, index, before, record, NULL) < 0)
		accounting->locked_until = server_now() + AGAIN_MS;
}

/* --- utmp ---------------------------------------------------------------------------- */

struct accounting_login *
accounting_find(const struct accounting *accounting, const char *line)
{
	for (size_t i = 0; i < accounting->logins; i++)
		if (!strcmp(accounting->login[i].line, line))
			return &accounting->login[i];
	return NULL;
}

/* One a line, kept until the container ends: a logout may come late. */
struct accounting_login *
accounting_add(struct accounting *accounting, const char *line)
{
	struct accounting_login *login = accounting_find(accounting, line);

	if (login || accounting->logins == ACCOUNTING_LOGINS_MAX)
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
	change_inside(server, server->accounting.utmp, index, record, &shown);
}

static int
put(struct server *server, struct utmp_record *record, const char *line)
{
	struct error err = ERROR_INIT;
	char host_line[UTMP_LINE + 1];
	autofd int fd = accounting_open_host(ACCOUNTING_UTMP, &err);
	int rc = fd < 0 ? -1 : utmp_put(fd, record, &err);

	/* The terminal that somebody else's login is on keeps that line (su of a second user). */
	if (rc > 0 && utmp_rename(host_line, server->uid, line) == 0) {
		*record = utmp_translate(record, server->record.user, host_line, record->pid);
		rc = utmp_put(fd, record, &err);
	}
	return settle(server, rc, &err);
}

static bool
is_told(const struct accounting_login *login, const struct utmp_record *record)
{
	return login && (login->in_utmp || login->ended) &&
	    utmp_same_time(&login->record.time, &record->time);
}

/* -1: somebody holds the host's lock. */
static int
see_login(struct server *server, struct owner_table *owners, size_t index,
    const struct utmp_record *record)
{
	char line[UTMP_LINE + 1], host_line[UTMP_LINE + 1];
	struct owner owner;

	utmp_line(record, line);
	if (record->type != UTMP_USER_PROCESS || !line[0] ||
	    !utmp_is_of(record, server->record.user) ||
	    is_told(accounting_find(&server->accounting, line), record) ||
	    !owner_find(owners, record, line, &owner) ||
	    owner_name_line(server, &owner, line, host_line) < 0)
		return 0;
	struct accounting_login *login = accounting_add(&server->accounting, line);
	if (!login)
		return 0;
	/* Who was on the line before is gone; what wtmp has to say of that comes with its records. */
	if (end_in_utmp(server, login, record->time) < 0)
		return -1;
	login->record = utmp_translate(record, server->record.user, host_line, owner.pid);
	login->ended = login->in_wtmp = false;
	(void)text_format(login->session, sizeof(login->session), "%s",
	    owner.session == SIZE_MAX ? "" : server->record.session[owner.session].id);
	login->in_utmp = put(server, &login->record, line) == 0;
	if (login->in_utmp)
		show_inside(server, index, record, owner.inside);
	return login->in_utmp ? 0 : -1;
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

/* -1: somebody holds a lock, and there is more to tell. */
static int
look_at_utmp(struct server *server, struct owner_table *owners)
{
	struct accounting *accounting = &server->accounting;
	size_t count;
	int rc = 0;

	if (accounting->utmp < 0)
		return 0;
	autofree struct utmp_record *records = NULL;
	if (utmp_read(accounting->utmp, 0, ACCOUNTING_LOGINS_MAX, &records, &count, NULL) < 0)
		return 0;
	/* First who left, so that a line is free for who came. */
	for (size_t i = 0; i < accounting->logins && rc == 0; i++)
		if (!has_login(records, count, &accounting->login[i]))
			rc = end_in_utmp(server, &accounting->login[i], utmp_now());
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = see_login(server, owners, i, &records[i]);
	return rc;
}

/* --- wtmp ---------------------------------------------------------------------------- */

/* What the host's wtmp is to say of a record; false: nothing. */
static bool
translate(struct server *server, struct owner_table *owners, const struct utmp_record *record,
    struct accounting_login **login, struct utmp_record *translated)
{
	char line[UTMP_LINE + 1], host_line[UTMP_LINE + 1];
	struct owner owner;
	bool is_login = record->type == UTMP_USER_PROCESS;

	utmp_line(record, line);
	if (!line[0] || (is_login && !utmp_is_of(record, server->record.user)) ||
	    (!is_login && record->type != UTMP_DEAD))
		return false;
	*login = accounting_find(&server->accounting, line);
	if (*login && (!is_login || utmp_same_time(&(*login)->record.time, &record->time))) {
		*translated = (*login)->record;
	} else {
		bool found = owner_find(owners, record, line, &owner);
		if (owner_name_line(server, found ? &owner : NULL, line, host_line) < 0)
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

static int
look_at_wtmp(struct server *server, struct owner_table *owners)
{
	struct accounting *accounting = &server->accounting;
	size_t count;

	if (accounting->wtmp < 0)
		return 0;
	autofree struct utmp_record *records = NULL;
	if (utmp_read(accounting->wtmp, accounting->mirrored, WTMP_BATCH, &records, &count, NULL) < 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		struct utmp_record marked = records[i], translated;
		struct accounting_login *login = NULL;
		if (translate(server, owners, &records[i], &login, &translated)) {
			if (tell_wtmp(server, &translated) < 0)
				return -1;
			if (translated.type == UTMP_USER_PROCESS)
				tell_lastlog(server, &translated);
			if (login)
				login->in_wtmp = translated.type == UTMP_USER_PROCESS;
		}
		utmp_mark(&marked);
		change_inside(server, accounting->wtmp, accounting->mirrored++, &records[i], &marked);
	}
	if (count == WTMP_BATCH)
		accounting->again = server_now() + QUIET_MS;
	return 0;
}

/* --- the end of a login ---------------------------------------------------------------- */

/* Inside, who(1) shall not show it either. */
static void
end_inside(struct server *server, const struct accounting_login *login)
{
	autofree struct utmp_record *records = NULL;
	char line[UTMP_LINE + 1];
	size_t count = 0;

	if (server->accounting.utmp < 0 ||
	    utmp_read(server->accounting.utmp, 0, ACCOUNTING_LOGINS_MAX, &records, &count, NULL) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		struct utmp_record ended = records[i];
		utmp_line(&records[i], line);
		if (records[i].type != UTMP_USER_PROCESS || strcmp(line, login->line) != 0 ||
		    !utmp_same_time(&records[i].time, &login->record.time))
			continue;
		utmp_end(&ended, utmp_now());
		change_inside(server, server->accounting.utmp, i, &records[i], &ended);
	}
}

int
accounting_end(struct server *server, struct accounting_login *login)
{
	bool was_in = login->in_utmp;

	if (end_in_utmp(server, login, utmp_now()) < 0 || end_in_wtmp(server, login) < 0)
		return -1;
	if (was_in)
		end_inside(server, login);
	return 0;
}

/* A session's end that could not be told when it came. */
static int
end_orphans(struct server *server)
{
	struct accounting *accounting = &server->accounting;
	int rc = 0;

	for (size_t i = 0; i < accounting->logins && rc == 0; i++) {
		const char *session = accounting->login[i].session;
		if (session[0] && session_find(server, session) == SIZE_MAX)
			rc = accounting_end(server, &accounting->login[i]);
	}
	return rc;
}

void
accounting_look(struct server *server)
{
	struct accounting *accounting = &server->accounting;
	struct owner_table owners = { .server = server };
	char events[1024];

	/* What is told does not matter, since all is looked at. */
	while (accounting->watch >= 0 && read(accounting->watch, events, sizeof(events)) > 0)
		continue;
	if (accounting->utmp < 0 && accounting->wtmp < 0)
		return;
	accounting->quiet_until = server_now() + QUIET_MS;
	accounting->again = accounting->watch >= 0 ? NEVER : server_now() + CLOCK_MS;
	/* The first lock that is held ends the look: each costs some waiting. */
	if (look_at_utmp(server, &owners) == 0 && look_at_wtmp(server, &owners) == 0)
		(void)end_orphans(server);
	owner_table_free(&owners);
}

void
accounting_step(struct server *server)
{
	if (server_now() >= server->accounting.again)
		accounting_look(server);
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
		if (!strcmp(accounting->login[i].session, session) &&
		    accounting_end(server, &accounting->login[i]) < 0)
			return;
}
