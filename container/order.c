/*
 * Orders of an administrator's for a container that lives: end one session, freeze, thaw.  One
 * that takes a while is looked at from the event loop until it is done, also where the client
 * that gave it is gone.
 */
#include "container/cgroup_freeze.h"
#include "container/cgroup_place.h"
#include "container/live.h"
#include "container/log.h"
#include "container/server.h"
#include "lib/own.h"
#include "lib/sys.h"
#include "lib/text.h"

#include <signal.h>
#include <string.h>
#include <syslog.h>

#define LOOK_MS 20
/* After SIGKILL, and for a process that is busy in the kernel while all others are frozen. */
#define PATIENCE_MS 5000

struct order_text {
	uint32_t flags;
	char text[WIRE_TEXT_MAX];
};

/* --- end one session ------------------------------------------------------------------ */

/* The caller is told by its pidfd: it is of the leaf, but must not get what a terminal's users get. */
static void
signal_caller(const struct server *server, const char *id, int signal)
{
	size_t index = session_find(server, id);

	if (index != SIZE_MAX)
		(void)sys_pidfd_send_signal(server->session[index].pidfd, signal);
}

/* As when a line hangs up: shells heed SIGHUP, others SIGTERM, the stopped ones after SIGCONT. */
static int
hang_up(struct server *server, const char *id, struct error *err)
{
	static const int signals[] = { SIGHUP, SIGTERM, SIGCONT };
	size_t index = session_find(server, id);
	pid_t caller = 0;

	if (index != SIZE_MAX) {
		server->session[index].end = "killed by an administrator";
		caller = server->record.session[index].caller.pid;
	}
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (cgroups_session_signal(&server->cgroups, id, caller, signals[i], err) < 0)
			return -1;
	signal_caller(server, id, SIGTERM);
	return 0;
}

static int
kill_begin(struct server *server, struct request *request, const struct order_text *order,
    struct error *err)
{
	const char *id = order->text;

	if (text_format(request->order.session, sizeof(request->order.session), "%s", id) < 0 ||
	    (session_find(server, id) == SIZE_MAX && !cgroups_session_exists(&server->cgroups, id))) {
		char shown[64];
		return error_set(err, 0, "user %s has no session \"%s\": ctrctl show %s lists them",
		    server->record.user, text_escape(id, shown, sizeof(shown)), server->record.user);
	}
	if (cgroups_frozen(&server->cgroups) != FREEZE_THAWED)
		return error_set(err, 0, "the container is frozen: thaw it first, or end it as a whole");
	request->order.deadline = server_now() + (int64_t)server->record.grace * 1000;
	log_line(LOG_NOTICE, "session ended: user=%s uid=%u session=%s by=administrator",
	    server->record.user, (unsigned)server->uid, id);
	return hang_up(server, id, err) < 0 ? -1 : 1;
}

static int
kill_step(struct server *server, struct request *request, struct error *err)
{
	const char *id = request->order.session;
	autofree pid_t *pids = NULL;
	size_t count;

	if (cgroups_session_pids(&server->cgroups, id, &pids, &count, err) < 0)
		return -1;
	if (count == 0 && session_find(server, id) == SIZE_MAX) {
		(void)cgroups_session_remove(&server->cgroups, id, err);
		return 0;
	}
	if (server_now() < request->order.deadline)
		return 1;
	if (server_now() >= request->order.deadline + PATIENCE_MS)
		return error_set(err, ETIMEDOUT, "session %s: %zu of its processes do not end (they wait in "
		    "the kernel)", id, count);
	cgroups_session_close(&server->cgroups, id);
	signal_caller(server, id, SIGKILL);
	return cgroups_session_signal(&server->cgroups, id, 0, SIGKILL, err) < 0 ? -1 : 1;
}

/* --- freeze and thaw ------------------------------------------------------------------ */

static int
note_freezer(struct server *server, struct error *err)
{
	char directory[512];
	int rc = cgroups_freezer(&server->cgroups, &server->machine, directory, err);

	if (rc <= 0)
		return rc;
	container_note_place(server, server->cgroups.count, directory);
	return container_save(server, err);
}

static int
freeze_begin(struct server *server, struct request *request, const struct order_text *order,
    struct error *err)
{
	struct error ignored = ERROR_INIT;

	(void)order;
	if (note_freezer(server, err) < 0)
		return -1;
	size_t before = server->cgroups.count;
	int rc = cgroups_freeze(&server->cgroups, &server->machine, err);
	container_note_places(server, before);
	if (rc < 0) {
		(void)cgroups_thaw(&server->cgroups, &ignored);
		(void)container_save(server, &ignored);
		return -1;
	}
	request->order.deadline = server_now() + PATIENCE_MS;
	log_line(LOG_NOTICE, "container frozen: user=%s uid=%u by=administrator", server->record.user,
	    (unsigned)server->uid);
	return 1;
}

/* Late is not refused: no process runs a user's code any more, and each stops on its way to it. */
static int
freeze_step(struct server *server, struct request *request, struct error *err)
{
	(void)err;
	return cgroups_frozen(&server->cgroups) == FREEZE_FREEZING &&
	    server_now() < request->order.deadline;
}

static int
thaw_begin(struct server *server, struct request *request, const struct order_text *order,
    struct error *err)
{
	(void)request;
	(void)order;
	if (cgroups_thaw(&server->cgroups, err) < 0)
		return -1;
	log_line(LOG_NOTICE, "container thawed: user=%s uid=%u by=administrator", server->record.user,
	    (unsigned)server->uid);
	return 0;
}

/* --- another policy ------------------------------------------------------------------- */

static int
set_begin(struct server *server, struct request *request, const struct order_text *order,
    struct error *err)
{
	return live_set(server, order->text, order->flags & WIRE_ORDER_KEEP, &request->order.report, err);
}

/* The subject comes as for a login, since its groups may be others by now. */
static int
reload_begin(struct server *server, struct request *request, const void *packet, long length,
    struct error *err)
{
	struct subject *subject = request->subject = calloc(1, sizeof(*subject));
	uint32_t flags;

	if (!subject)
		return error_set(err, errno, "read a request");
	*subject = (struct subject)SUBJECT_INIT;
	if (wire_unpack_open(packet, (unsigned long)length, subject, request->policy_path, &flags, err) < 0)
		return -1;
	if (subject->uid != server->uid)
		return error_set(err, EPROTO, "uid %u asks the supervisor of uid %u", (unsigned)subject->uid,
		    (unsigned)server->uid);
	return live_reload(server, subject, request->policy_path, flags & WIRE_ORDER_DRY_RUN,
	    &request->order.report, err);
}

/* --- all of them ---------------------------------------------------------------------- */

/* Each returns 0 when it is done, 1: to be looked at again, -1: refused for err. */
static const struct {
	enum wire_type type;
	int (*begin)(struct server *server, struct request *request, const struct order_text *order,
	    struct error *err);
	int (*step)(struct server *server, struct request *request, struct error *err);
} orders[] = {
	{ WIRE_KILL, kill_begin, kill_step },
	{ WIRE_FREEZE, freeze_begin, freeze_step },
	{ WIRE_THAW, thaw_begin, NULL },
	{ WIRE_SET, set_begin, NULL },
};

static void
conclude(struct request *request, int rc, const struct error *err)
{
	char text[640];

	if (rc < 0)
		request_answer(request, WIRE_REFUSED, error_render(err, text, sizeof(text)));
	else if (rc == 0)
		request_answer(request, WIRE_DONE, request->order.report.text ? request->order.report.text : "");
}

static int
begin(struct server *server, struct request *request, const void *packet, long length,
    struct error *err)
{
	const struct wire_head *head = packet;
	autofree struct order_text *order = malloc(sizeof(*order));

	if (!order)
		return error_set(err, errno, "read an order");
	if (head->type == WIRE_RELOAD)
		return reload_begin(server, request, packet, length, err);
	if (wire_unpack_order(packet, (unsigned long)length, &order->flags, order->text,
	        sizeof(order->text), err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if (orders[i].type == head->type)
			return orders[i].begin(server, request, order, err);
	return error_set(err, EPROTO, "understand an order");
}

void
order_begin(struct server *server, struct request *request, const void *packet, long length)
{
	const struct wire_head *head = packet;
	struct error err = ERROR_INIT;

	request->state = REQUEST_ORDERED;
	request->order = (struct order) { .type = head->type, .next = server_now(),
		.report = { .text = calloc(1, WIRE_TEXT_MAX), .size = WIRE_TEXT_MAX } };
	if (server->state != STATE_ALIVE)
		request_answer(request, WIRE_NOBODY, "");
	else if (!request->order.report.text)
		conclude(request, error_set(&err, ENOMEM, "report of an order"), &err);
	else
		conclude(request, begin(server, request, packet, length, &err), &err);
}

static void
step(struct server *server, struct request *request)
{
	struct error err = ERROR_INIT;

	/* With the container all that was to be done to it is. */
	if (server->state != STATE_ALIVE) {
		conclude(request, 0, &err);
		return;
	}
	request->order.next = server_now() + LOOK_MS;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if (orders[i].type == request->order.type && orders[i].step)
			conclude(request, orders[i].step(server, request, &err), &err);
}

void
order_step(struct server *server)
{
	for (size_t i = 0; i < server->requests; i++)
		if (server->request[i]->state == REQUEST_ORDERED &&
		    server_now() >= server->request[i]->order.next)
			step(server, server->request[i]);
}

int64_t
order_next(const struct server *server)
{
	int64_t next = NEVER;

	for (size_t i = 0; i < server->requests; i++)
		if (server->request[i]->state == REQUEST_ORDERED && server->request[i]->order.next < next)
			next = server->request[i]->order.next;
	return next;
}

void
order_catch_up(struct server *server)
{
	struct error err = ERROR_INIT;

	if (!server->place_added)
		return;
	if (cgroups_fill_all(&server->cgroups, &err) < 0)
		log_error(&err, "supervisor failed: user=%s uid=%u what=\"take a login along\"", server->record.user,
		    (unsigned)server->uid);
	server->place_added = request_is_any(server, REQUEST_JOINING);
}
