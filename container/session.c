/*
 * A session is the life of the process that opened it: its pidfd is held from before it
 * got its kit until it is gone, however that came.  pidfd_open(2).
 */
#include "container/banner.h"
#include "container/init_limits.h"
#include "container/kit_process.h"
#include "container/log.h"
#include "container/server.h"
#include "container/terminal.h"
#include "lib/own.h"
#include "lib/text.h"

#include <linux/sched.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

size_t
session_find(const struct server *server, const char *id)
{
	for (size_t i = 0; i < server->record.sessions; i++)
		if (!strcmp(server->record.session[i].id, id))
			return i;
	return SIZE_MAX;
}

static int
add(struct server *server, struct request *request, struct error *err)
{
	struct record *record = &server->record;
	size_t count = record->sessions + 1;

	request->shown = door_check_sessions(&request->door, record->sessions, err) < 0;
	if (request->shown)
		return -1;
	if (count > SESSIONS_MAX)
		return error_set(err, 0, "user %s has %d sessions open already", record->user, SESSIONS_MAX);
	struct record_session *facts = realloc(record->session, count * sizeof(*facts));
	if (!facts)
		return error_set(err, errno, "add a session");
	record->session = facts;
	struct session *session = realloc(server->session, count * sizeof(*session));
	if (!session)
		return error_set(err, errno, "add a session");
	server->session = session;
	facts[count - 1] = (struct record_session) {
		.caller = request->client,
		.since = (int64_t)time(NULL),
		.opened = server_uptime(),
		.session_time = request->door.stay.session_time,
		.idle_timeout = request->door.stay.idle_timeout,
	};
	(void)text_format(facts[count - 1].id, sizeof(facts->id), "s%u", record->next_session);
	(void)text_format(facts[count - 1].service, sizeof(facts->service), "%s",
	    request->subject->service);
	(void)text_format(facts[count - 1].tty, sizeof(facts->tty), "%s", request->subject->tty);
	(void)text_format(facts[count - 1].rhost, sizeof(facts->rhost), "%s", request->subject->rhost);
	session[count - 1] = (struct session) { .pidfd = -1, .terminal = -1,
	    .loan = TERMINAL_LOAN_INIT };
	record->sessions = count;
	record->next_session++;
	return 0;
}

static void
drop(struct server *server, size_t index)
{
	struct session *session = &server->session[index];
	size_t last = server->record.sessions - 1;

	limit_close(server, session->limit, &session->limits, server->record.session[index].id);
	bool has_number = session->terminal_number != 0;
	own_close(&session->pidfd);
	own_close(&session->terminal);
	struct error err = ERROR_INIT;
	if (terminal_return(&session->loan, &err) < 0)
		log_error(&err, "supervisor failed: uid=%u what=\"give the terminal back\"", (unsigned)server->uid);
	server->session[index] = server->session[last];
	server->record.session[index] = server->record.session[last];
	server->record.sessions = last;
	if (has_number && server->cgroups.count > 0 && devices_set_numbers(server, &err) < 0)
		log_error(&err, "supervisor failed: uid=%u what=\"take the terminal's number back\"", (unsigned)server->uid);
}

static void
log_session(const struct server *server, size_t index, size_t left, const char *event,
    const char *more)
{
	const struct record_session *session = &server->record.session[index];
	char service[128], tty[128], rhost[512];

	log_line(LOG_INFO, "session %s: user=%s uid=%u session=%s service=%s tty=%s rhost=%s pid=%d "
	    "sessions=%zu%s", event, server->record.user, (unsigned)server->uid, session->id,
	    text_escape(session->service, service, sizeof(service)),
	    text_escape(session->tty, tty, sizeof(tty)),
	    text_escape(session->rhost, rhost, sizeof(rhost)), (int)session->caller.pid,
	    left, more);
}

static void
fill_kit(struct wire_kit *kit, const struct plan *plan, const char *id)
{
	size_t variables = 0;

	*kit = (struct wire_kit) {
		.head = { .version = WIRE_VERSION, .type = WIRE_KIT },
		.namespaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP,
		.bounding = ~UINT64_C(0),
	};
	(void)text_format(kit->session, sizeof(kit->session), "%s", id);
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->step[i];
		kit_take_process(step, kit);
		if (step->kind == STEP_ENVIRONMENT && variables < 8)
			(void)text_format(kit->environment[variables++], sizeof(kit->environment[0]), "%s",
			    step->value);
	}
}

static int
send_kit(struct server *server, struct request *request, const char *id, struct error *err)
{
	struct wire_kit kit;
	int fds[3 + CGROUP_PLACES_MAX];
	size_t count = 0, cgroups = 0;

	fill_kit(&kit, &request->plan, id);
	kit.mark[0] = server->record.namespaces[RECORD_MNT];
	kit.mark[1] = server->record.namespaces[RECORD_PID];
	if (server->record.namespaces[RECORD_NET] != process_namespace(getpid(), "net"))
		kit.namespaces |= CLONE_NEWNET;
	fds[count++] = server->init;
	if (server->userns >= 0)
		fds[count++] = server->userns;
	if (request->filter >= 0)
		fds[count++] = request->filter;
	/* add() has counted this one. */
	if (init_limits_follow(server->record.init.pid, request->client.pid, &kit.process,
	        server->record.next_session == 2, err) < 0 ||
	    cgroups_session_make(&server->cgroups, id, fds + count, &cgroups, err) < 0)
		return -1;
	banner_write(server, request, kit.banner, sizeof(kit.banner));
	kit.private_ids = server->userns >= 0;
	kit.filter = request->filter >= 0;
	kit.cgroups = (uint32_t)cgroups;
	int rc = wire_send(request->fd, &kit, sizeof(kit), fds, (unsigned)(count + cgroups), err);
	for (size_t i = 0; i < cgroups; i++)
		own_close(&fds[count + i]);
	return rc;
}

/*
 * login(1) gives the terminal to the user, by either of its names in PAM; su does not, and should
 * not: what the user keeps open would still be root's terminal afterwards.
 */
static bool
changes_owner(const char *service)
{
	return !strcmp(service, "login") || !strcmp(service, "remote");
}

/*
 * The login's terminal is a convenience for su, and a must for login(1): what can't be shown
 * is told in the log, and refused only where the caller is going to open it by name.
 */
static int
show_terminal(struct server *server, struct request *request, struct session *session,
    struct error *err)
{
	struct error why = ERROR_INIT;

	if (request->tty < 0)
		return 0;
	session->terminal_number = terminal_number(request->tty);
	if (session->terminal_number != 0 && devices_set_numbers(server, err) < 0)
		return -1;
	if (server->userns >= 0 && changes_owner(request->subject->service) && terminal_lend(request->tty, server->uid,
	        (gid_t)server->machine.tty_gid, &session->loan, err) < 0)
		return -1;
	if (terminal_show(request->tty, server->init, request->leads_session, &session->terminal,
	        &why) == 0)
		return 0;
	if (request->leads_session) {
		*err = why;
		return -1;
	}
	log_error(&why, "supervisor failed: user=%s uid=%u what=\"show the terminal inside\"", server->record.user,
	    (unsigned)server->uid);
	return 0;
}

int
session_open(struct server *server, struct request *request, struct error *err)
{
	if (add(server, request, err) < 0)
		return -1;
	size_t index = server->record.sessions - 1;
	struct session *session = &server->session[index];
	const char *id = server->record.session[index].id;

	/* Watched and recorded first: from its kit on, the caller counts, whatever happens to us. */
	session->pidfd = take_fd(&request->pidfd);
	if (container_save(server, err) < 0 || show_terminal(server, request, session, err) < 0 ||
	    send_kit(server, request, id, err) < 0) {
		struct error ignored = ERROR_INIT;
		(void)cgroups_session_remove(&server->cgroups, id, &ignored);
		drop(server, index);
		/* The old record still names the session; its caller is alive, so write anew. */
		(void)container_save(server, &ignored);
		return -1;
	}
	(void)text_format(request->session, sizeof(request->session), "%s", id);
	limit_open(session->limit, &session->limits, &server->cgroups, id);
	stay_begin(server, index);
	return 0;
}

void
session_joined(struct server *server, const char *id)
{
	size_t index = session_find(server, id);

	if (index == SIZE_MAX)
		return;
	server->session[index].joined = true;
	strain_soon(server);
	order_catch_up(server);
	log_session(server, index, server->record.sessions, "opened", "");
}

void
session_close(struct server *server, size_t index, const char *how)
{
	struct error err = ERROR_INIT;
	char id[32], more[96];
	int64_t seconds = (server_uptime() - server->record.session[index].opened) / 1000;

	(void)text_format(id, sizeof(id), "%s", server->record.session[index].id);
	accounting_session_ended(server, id);
	(void)text_format(more, sizeof(more), " seconds=%lld how=\"%s\"", (long long)seconds,
	    server->session[index].ending ? server->session[index].ending : how);
	log_session(server, index, server->record.sessions - 1,
	    server->session[index].joined ? "closed" : "failed", more);
	drop(server, index);
	/* A process may have outlived its session (tmux); then the leaf goes with the container. */
	uint64_t refused = cgroups_session_refused(&server->cgroups, id);
	int left = cgroups_session_remove(&server->cgroups, id, &err);
	if (left == 0)
		server->record.refused_forks += refused;
	if (left < 0)
		log_error(&err, "supervisor failed: user=%s uid=%u session=%s what=\"remove its cgroup\"", server->record.user, (unsigned)server->uid, id);
	if (container_save(server, &err) < 0)
		log_error(&err, "supervisor failed: user=%s uid=%u what=\"keep the record\"", server->record.user,
		    (unsigned)server->uid);
}

void
session_close_all(struct server *server, const char *how)
{
	while (server->record.sessions > 0)
		session_close(server, server->record.sessions - 1, how);
	free(server->session);
	server->session = NULL;
}
