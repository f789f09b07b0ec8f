/*
 * What a predecessor left is adopted if the kernel bears out each recorded fact, dissolved if it
 * says otherwise, and left alone if it has no answer: a session is not lost to a machine that
 * is short of something for a moment.
 */
#include "container/live.h"
#include "container/log.h"
#include "container/server.h"
#include "container/userns.h"
#include "lib/own.h"
#include "lib/text.h"

#include <syslog.h>

/* What the machine had no answer for (EMFILE, ENOMEM, EIO) proves nothing against a record. */
static bool
is_disproof(const struct error *err)
{
	static const int answers[] = { ENOENT, ESRCH, EINVAL, EACCES, ELOOP, ENOTDIR, ENODEV, ENAMETOOLONG };

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (err->errnum == answers[i])
			return true;
	return false;
}

/* The UTS namespace was just proven to be the recorded one, so its owner is the container's. */
static int
adopt_userns(struct server *server, struct error *err)
{
	server->userns = userns_of(server->record.init.pid, err);
	return server->userns >= 0 || err->errnum == 0 ? 0 : -1;
}

static int
adopt_init(struct server *server, struct error *err)
{
	const struct record *record = &server->record;

	server->init = process_open(&record->init);
	if (server->init < 0)
		return error_set(err, errno, "find the container's init");
	for (int i = 0; i < RECORD_NAMESPACES; i++) {
		uint64_t now = process_namespace(record->init.pid, record_namespace[i]);
		if (now == 0)
			return error_set(err, errno, "look at init's %s namespace", record_namespace[i]);
		if (now != record->namespaces[i])
			return error_set(err, ESRCH, "init is in another %s namespace", record_namespace[i]);
	}
	return adopt_userns(server, err);
}

static void
close_sessions(struct server *server, size_t count)
{
	while (count > 0)
		own_close(&server->session[--count].pidfd);
	free(server->session);
	server->session = NULL;
	server->record.sessions = 0;
}

/* Callers that are gone meanwhile are not taken over; nobody was there to log their end. */
static int
adopt_sessions(struct server *server, struct error *err)
{
	struct record *record = &server->record;
	size_t kept = 0;

	server->session = calloc(record->sessions + 1, sizeof(*server->session));
	if (!server->session) {
		record->sessions = 0;
		return error_set(err, ENOMEM, "find the sessions");
	}
	for (size_t i = 0; i < record->sessions; i++) {
		struct session session = { .terminal = -1,
		    .terminal_number = terminal_number_of(record->session[i].tty), .joined = true, .loan = TERMINAL_LOAN_INIT };
		session.pidfd = process_open(&record->session[i].caller);
		if (session.pidfd < 0 && errno != ESRCH) {
			(void)error_set(err, errno, "find the caller of session %s", record->session[i].id);
			close_sessions(server, kept);
			return -1;
		}
		if (session.pidfd < 0)
			continue;
		record->session[kept] = record->session[i];
		server->session[kept++] = session;
	}
	record->sessions = kept;
	for (size_t i = 0; i < kept; i++) {
		struct session *session = &server->session[i];
		limit_open(session->limit, &session->limits, &server->cgroups, record->session[i].id);
		stay_begin(server, i);
	}
	return 0;
}

static void
take_over(struct server *server)
{
	struct record *record = &server->record;
	struct error err = ERROR_INIT;

	live_restore(server);
	accounting_adopt(server);
	devices_adopt(server);
	record->supervisor = (struct process_id) { .pid = getpid(), .start = process_start(getpid()) };
	if (container_save(server, &err) < 0)
		log_error(&err, "supervisor failed: uid=%u what=\"keep the record\"", (unsigned)server->uid);
	limit_open(server->limit, &server->limits, &server->cgroups, NULL);
	kernel_log_open(&server->kernel_log);
	strain_begin(server);
	container_set_state(server, STATE_ALIVE, NEVER);
	log_line(LOG_NOTICE, "container adopted: user=%s uid=%u init=%d sessions=%zu", record->user,
	    (unsigned)server->uid, (int)record->init.pid, record->sessions);
}

/* It stays as it is, and this process makes room for one that looks again. */
static void
put_off(struct server *server, const struct error *err)
{
	log_error(err, "supervisor failed: uid=%u what=\"adopt: leave it to the next one\"", (unsigned)server->uid);
	own_close(&server->init);
	own_close(&server->userns);
	cgroups_free(&server->cgroups);
	record_free(&server->record);
	server->leaving = server->is_put_off = true;
}

/* Without a record that names cgroups there is nothing to act on; it would keep the directory. */
static void
forget_record(struct server *server, const struct error *err)
{
	log_error(err, "supervisor failed: uid=%u what=\"adopt: dissolve what is left\"", (unsigned)server->uid);
	container_forget(server);
}

static int
read_cgroups(struct server *server, struct error *err)
{
	if (server->record.uid != server->uid)
		return error_set(err, EINVAL, "the record is uid %u's", (unsigned)server->record.uid);
	return cgroups_adopt(&server->cgroups, (const char (*)[512])server->record.cgroup, 8, err);
}

void
container_adopt(struct server *server, bool by_force)
{
	struct error err = ERROR_INIT;

	server->leaving = server->is_put_off = false;
	server->reason = "its supervisor died";
	if (record_read(server->directory, &server->record, &err) < 0 && err.errnum == ENOENT)
		return;
	if (err.text[0] || read_cgroups(server, &err) < 0) {
		if (is_disproof(&err) || by_force)
			forget_record(server, &err);
		else
			put_off(server, &err);
		return;
	}
	if (adopt_init(server, &err) == 0 && adopt_sessions(server, &err) == 0) {
		take_over(server);
	} else if (is_disproof(&err) || by_force) {
		own_close(&server->init);
		server->record.sessions = 0;
		accounting_adopt(server);
		container_set_state(server, STATE_CLEARING, server_now() + CALLERS_MS);
	} else {
		put_off(server, &err);
	}
}
