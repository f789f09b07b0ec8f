/*
 * Clients: a PAM caller that wants in, ctrctl that wants the end.  All of them are root's;
 * whatever they say is bounded by lib/wire.c.  The verdict is made here, from the policy's
 * files as they are now: refused, exempt, or a plan.
 */
#include "container/cgroup_freeze.h"
#include "container/live.h"
#include "container/log.h"
#include "container/server.h"
#include "lib/filter_cache.h"
#include "lib/own.h"
#include "lib/places.h"
#include "lib/subid.h"
#include "lib/sys.h"
#include "lib/text.h"

#include <linux/sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>

/* How often receiving may fail before a client counts as gone. */
#define MISHEARD_MAX 8

bool
request_is_any(const struct server *server, enum request_state state)
{
	for (size_t i = 0; i < server->requests; i++)
		if (server->request[i]->state == state)
			return true;
	return false;
}

bool
request_is_any_but(const struct server *server, enum request_state state)
{
	for (size_t i = 0; i < server->requests; i++)
		if (server->request[i]->state != state)
			return true;
	return false;
}

static void
request_free(struct request *request)
{
	own_close(&request->fd);
	own_close(&request->pidfd);
	own_close(&request->tty);
	own_close(&request->filter);
	if (request->subject)
		subject_free(request->subject);
	free(request->subject);
	plan_free(&request->plan);
	policy_free(&request->policy);
	free(request->order.report.text);
	free(request);
}

void
request_sweep(struct server *server)
{
	size_t kept = 0;

	for (size_t i = 0; i < server->requests; i++) {
		/* We stay, for others: nobody need wait for our end. */
		bool stays = server->request[i]->state == REQUEST_PARTING && server->state != STATE_NONE;
		if (stays || server->request[i]->state == REQUEST_DONE)
			request_free(server->request[i]);
		else
			server->request[kept++] = server->request[i];
	}
	server->requests = kept;
}

/*
 * A client that hears nothing takes us for stopped, so each is told at once that we live, and waits its
 * turn.  One of another version gets no word but the one for it: first_words().
 */
static int
greet(struct request *request)
{
	struct wire_head head = { .version = 0 };
	ssize_t n = recv(request->fd, &head, sizeof(head), MSG_PEEK | MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return 0; /* it has not spoken yet */
	if (n <= 0)
		return -1;
	if (head.version == WIRE_VERSION)
		request_answer(request, WIRE_WAIT, "");
	request->state = REQUEST_GREETED;
	return 0;
}

/*
 * Who is at the other end: its pid as of connect(2), then a pidfd of it, then a look
 * whether it still holds the connection.  If so it lived all along, and the pidfd is its own.
 */
static int
identify(struct request *request)
{
	struct ucred credentials;
	socklen_t length = sizeof(credentials);

	if (getsockopt(request->fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0)
		return -1;
	if (credentials.uid != 0) {
		log_line(LOG_WARNING, "connection refused: uid=%u pid=%d text=\"not root\"",
		    (unsigned)credentials.uid, (int)credentials.pid);
		return -1;
	}
	request->pidfd = sys_pidfd_open(credentials.pid);
	request->client = (struct process_id) {
		.pid = credentials.pid,
		.start = process_start(credentials.pid),
	};
	request->leads_session = getsid(credentials.pid) == credentials.pid;
	return request->pidfd < 0 || request->client.start == 0 ? -1 : greet(request);
}

static bool
accept_one(struct server *server)
{
	autofd int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
	struct request *request;

	if (fd < 0)
		return false;
	if ((request = malloc(sizeof(*request))) == NULL) {
		struct error err = ERROR_INIT;
		(void)error_set(&err, errno, "hear a login");
		log_error(&err, "supervisor failed: uid=%u what=\"close its connection\"", (unsigned)server->uid);
		return true;
	}
	*request = (struct request) { .state = REQUEST_NEW, .fd = take_fd(&fd), .pidfd = -1, .tty = -1,
	    .filter = -1, .policy = POLICY_INIT, .accepted = stats_now(), .at = STATS_POLICY };
	server->request[server->requests++] = request;
	server->served = true;
	if (identify(request) < 0)
		request->state = REQUEST_DONE;
	return true;
}

void
request_accept(struct server *server)
{
	/* What is too many the backlog keeps. */
	while (server->requests < REQUESTS_MAX && accept_one(server))
		;
}

/* A client that does not read, or is gone, is a client that is gone. */
static void
report(struct request *request, const char *text)
{
	autofree void *packet = malloc(WIRE_PACKET_MAX);
	long length = packet ? wire_pack_order(packet, WIRE_PACKET_MAX, WIRE_DONE, 0, text, NULL) : -1;

	if (length > 0)
		(void)wire_send(request->fd, packet, (unsigned long)length, NULL, 0, NULL);
	request->state = REQUEST_DONE;
}

void
request_answer(struct request *request, enum wire_type type, const char *text)
{
	struct wire_text message = {
		.head = { .version = WIRE_VERSION, .type = type },
		.show = type == WIRE_REFUSED && request->shown,
	};

	if (type == WIRE_DONE) {
		report(request, text);
		return;
	}
	(void)text_format(message.text, sizeof(message.text), "%.500s", text);
	(void)text_format(message.contact, sizeof(message.contact), "%s", request->door.contact);
	(void)wire_send(request->fd, &message, sizeof(message), NULL, 0, NULL);
	if (type == WIRE_ENDED)
		request->state = REQUEST_PARTING;
	else if (type != WIRE_WAIT)
		request->state = REQUEST_DONE;
}

void
request_refuse(struct server *server, struct request *request, const struct error *err)
{
	char text[640];

	/* What the user is told is what the policy says, wherever that was found out. */
	if (request->shown)
		request->at = STATS_POLICY;
	request_answer(request, WIRE_REFUSED, error_render(err, text, sizeof(text)));
	count_refused(server, request);
}

/* Allots them at the user's first login; that may take a moment. */
static int
find_subids(const struct policy *policy, struct request *request, struct error *err)
{
	struct subject *subject = request->subject;
	struct subid_range range;

	if (policy->userns == USERNS_HOST)
		return 0;
	request->at = STATS_SUBIDS;
	if (subid_allot(subject->user, subject->uid, &range, err) < 0)
		return -1;
	subject->subuid = range.uid;
	subject->subgid = range.gid;
	request->at = STATS_POLICY;
	return 0;
}

/* The policy for this login.  Returns 1 if it is exempt, 0 if request->plan is filled. */
static int
make_plan(struct server *server, struct request *request, struct policy *policy,
    struct error *err)
{
	static const struct plan_places places = { .run = PLACE_RUN, .lib = PLACE_LIB };
	struct policy_text *text = policy_load(request->policy_path, true, NULL, err);
	int rc = -1;

	if (!text && policy_exempts(request->policy_path, request->subject, &server->machine)) {
		log_error(err, "policy faulty: user=%s uid=%u what=\"let in, being exempt; everybody else is "
		    "refused\"", request->subject->user, (unsigned)server->uid);
		rc = 1;
	}
	if (text && policy_resolve(text, request->subject, &server->machine, policy, err) == 0)
		rc = policy->exempt ? 1 : find_subids(policy, request, err);
	if (rc == 0 && !policy->exempt)
		rc = plan_build(policy, request->subject, &server->machine, &places, &request->plan, err);
	policy_text_free(text);
	return rc;
}

/* Two names may share a uid; its one container has one home. */
static int
check_same_user(const struct server *server, const struct subject *subject, struct error *err)
{
	if (server->state == STATE_NONE || server->state == STATE_CLEARING)
		return 0;
	if (!strcmp(server->record.home, subject->home) && server->record.gid == subject->gid)
		return 0;
	return error_set(err, 0, "uid %u has a container of user %s with home %s and gid %u, and this login "
	    "has home %s and gid %u: ctrctl kill %u ends it", (unsigned)server->uid,
	    server->record.user, server->record.home, (unsigned)server->record.gid, subject->home,
	    (unsigned)subject->gid, (unsigned)server->uid);
}

/* Before anything is built for a login that would be refused; compiling one takes a moment. */
static int
find_filter(struct server *server, struct request *request, struct error *err)
{
	struct filter_entry_head head;

	for (size_t i = 0; i < request->plan.count && request->filter < 0; i++) {
		const struct step *step = &request->plan.step[i];
		if (step->kind != STEP_SECCOMP)
			continue;
		request->at = STATS_FILTER;
		request->filter = filter_cache_open(step->value, step->flags & STEP_F_NESTING, server->uid,
		    &head, err);
		if (request->filter < 0)
			return error_prefix(err, "seccomp = %s", step->value);
	}
	return 0;
}

/* What ctrctl does is the administrator's own doing, to whom no door is closed. */
static bool
is_of_admin(const struct request *request)
{
	return request->existing_only || !strcmp(request->subject->service, "ctrctl");
}

/* Before anything is built.  Sessions are counted again when it has waited for that. */
static int
check_door(const struct server *server, struct request *request, struct error *err)
{
	if (is_of_admin(request)) {
		request->door = (struct door){ .stay = { 0, 0 } };
		return 0;
	}
	/* Those of a container that ends make room for this one's. */
	size_t sessions = server->state == STATE_ALIVE ? server->record.sessions : 0;
	request->shown = door_check_open(&request->door, err) < 0 ||
	    door_check_sessions(&request->door, sessions, err) < 0;
	return request->shown ? -1 : 0;
}

static int
login(struct server *server, struct request *request, const void *packet, long length,
    struct error *err)
{
	const struct policy *policy = &request->policy;
	uint32_t flags;

	request->subject = calloc(1, sizeof(*request->subject));
	if (!request->subject)
		return error_set(err, errno, "read a login's request");
	*request->subject = (struct subject)SUBJECT_INIT;
	if (wire_unpack_open(packet, (unsigned long)length, request->subject, request->policy_path,
	        &flags, err) < 0)
		return -1;
	if (request->subject->uid != server->uid || server->uid == 0)
		return error_set(err, EPROTO, "uid %u asks the supervisor of uid %u",
		    (unsigned)request->subject->uid, (unsigned)server->uid);
	request->existing_only = flags & WIRE_OPEN_EXISTING;
	int rc = make_plan(server, request, &request->policy, err);
	door_of(policy, &request->door);
	request->logout = policy->logout;
	request->grace = (unsigned)policy->grace;
	if (rc > 0) {
		request_answer(request, WIRE_EXEMPT, "");
		count_exempt(server, request);
	}
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (check_door(server, request, err) < 0)
		return -1;
	request->at = STATS_CONTAINER;
	if (check_same_user(server, request->subject, err) < 0 || find_filter(server, request, err) < 0)
		return -1;
	request->at = STATS_CONTAINER;
	if (server->state == STATE_ALIVE && cgroups_frozen(&server->cgroups) != FREEZE_THAWED)
		return error_set(err, 0, "the container is frozen: ctrctl thaw %s lets it go on",
		    server->record.user);
	if (request->existing_only && (server->state == STATE_NONE || server->state >= STATE_ENDING))
		return error_set(err, 0, "user %s has no container", request->subject->user);
	request->state = REQUEST_WAITING;
	return 0;
}

static void
give_kit(struct server *server, struct request *request)
{
	struct error err = ERROR_INIT;

	request->at = STATS_SESSION;
	if (session_open(server, request, &err) < 0) {
		request_refuse(server, request, &err);
		return;
	}
	request->at = STATS_JOIN;
	request->state = REQUEST_JOINING;
}

/* A login with other rules waits until they have been looked at. */
static bool
has_devices(struct server *server, const struct request *request)
{
	devices_change(server, &request->plan);
	if (!devices_are_ready(server))
		return false;
	devices_tell_missing(server);
	return true;
}

void
request_serve_waiting(struct server *server)
{
	for (size_t i = 0; i < server->requests && server->state == STATE_ALIVE; i++)
		if (server->request[i]->state == REQUEST_WAITING && has_devices(server, server->request[i]))
			give_kit(server, server->request[i]);
}

void
request_refuse_waiting(struct server *server, const struct error *err)
{
	for (size_t i = 0; i < server->requests; i++)
		if (server->request[i]->state == REQUEST_WAITING)
			request_refuse(server, server->request[i], err);
}

void
request_tell_ended(struct server *server)
{
	for (size_t i = 0; i < server->requests; i++)
		if (server->request[i]->state == REQUEST_ENDING)
			request_answer(server->request[i], WIRE_ENDED, "");
}

static void
first_words(struct server *server, struct request *request, const void *packet, long length)
{
	const struct wire_head *head = packet;
	struct error err = ERROR_INIT;

	if (head->version != WIRE_VERSION) {
		/* A newer client: leave the sessions to a supervisor of its version, which adopts. */
		request_answer(request, WIRE_AGAIN, "");
		server->leaving = true;
		return;
	}
	if (server->is_put_off && head->type == WIRE_END)
		container_adopt(server, true);
	if (server->is_put_off) {
		request_answer(request, WIRE_AGAIN, "");
		return;
	}
	switch (head->type) {
	case WIRE_OPEN:
		if (login(server, request, packet, length, &err) < 0)
			request_refuse(server, request, &err);
		break;
	case WIRE_END:
		request->state = REQUEST_ENDING;
		container_end(server, "killed by an administrator", false);
		break;
	case WIRE_ADOPT:
		/* Adopted by now, or being dissolved: then when that is done. */
		request->state = REQUEST_ENDING;
		if (server->state == STATE_ALIVE || server->state == STATE_BUILDING)
			request_answer(request, WIRE_ENDED, "");
		break;
	case WIRE_KILL:
	case WIRE_FREEZE:
	case WIRE_THAW:
	case WIRE_SET:
	case WIRE_RELOAD:
		order_begin(server, request, packet, length);
		break;
	default:
		request->state = REQUEST_DONE;
	}
}

/* The last words of a client with a kit: how its join went. */
static void
last_words(struct server *server, struct request *request, const void *packet, long length)
{
	const struct wire_head *head = packet;
	size_t index = session_find(server, request->session);

	request->state = REQUEST_DONE;
	if (length > 0 && head->type == WIRE_JOINED) {
		session_joined(server, request->session);
		count_joined(server, request, wire_joined_usec(packet, (unsigned long)length));
		return;
	}
	count_refused(server, request);
	if (index != SIZE_MAX)
		session_close(server, index, "join failed");
}

static void
hear(struct server *server, struct request *request)
{
	autofree struct wire_head *packet = malloc(WIRE_PACKET_MAX);
	autofd int tty = -1;
	unsigned count = 1;
	struct error err = ERROR_INIT;

	/* It is still there when there is memory again: nobody's login ends for want of it. */
	if (!packet)
		return;
	long length = wire_receive(request->fd, packet, WIRE_PACKET_MAX, &tty, &count, &err);
	if (length < 0 && err.errnum == EAGAIN)
		return;
	/* What could not be taken for want of something waits; a bad packet is gone, and so is its sender. */
	if (length < 0 && err.errnum != EPROTO && err.errnum != ECONNRESET && request->misheard++ < MISHEARD_MAX)
		return;
	if (length > 0 && length < (long)sizeof(*packet))
		length = -1;
	if (count > 0 && length > 0 && request->state == REQUEST_GREETED)
		request->tty = take_fd(&tty);
	if (request->state == REQUEST_JOINING)
		last_words(server, request, packet, length);
	else if (request->state == REQUEST_GREETED && length > 0)
		first_words(server, request, packet, length);
	else if (request->state == REQUEST_ORDERED)
		own_close(&request->fd); /* nobody waits for it, but it has begun */
	else
		request->state = REQUEST_DONE; /* gone, or speaking out of turn */
}

void
request_ready(struct server *server, struct request *request)
{
	if (request->state != REQUEST_NEW)
		hear(server, request);
	else if (greet(request) < 0)
		request->state = REQUEST_DONE;
}

/* Who came first: a policy is read and resolved for each, while others wait to be greeted. */
void
request_step(struct server *server)
{
	for (size_t i = 0; i < server->requests; i++)
		if (server->request[i]->state == REQUEST_GREETED) {
			hear(server, server->request[i]);
			return;
		}
}

void
request_hear(struct server *server, const char *session)
{
	for (size_t i = 0; i < server->requests; i++)
		if (server->request[i]->state == REQUEST_JOINING &&
		    !strcmp(server->request[i]->session, session))
			request_ready(server, server->request[i]);
}
