/*
 * The event loop: gathers what can happen, waits, hands each event to its owner, then lets
 * the container take its next step.  Leaves when there is nothing left to watch.
 */
#include "container/server.h"

#include "container/log.h"
#include "lib/own.h"
#include "lib/places.h"
#include "lib/text.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>

/* How long the way out may wait for the lock, which its holders have for microseconds. */
#define LEAVE_TRIES 500
#define LEAVE_STEP_NS 2000000
#define PATIENCE_MS 1000

/* A leaf's frame and what the ABI lets it use below; the most that a login takes, and more. */
#define STACK_IN_USE 512
#define STACK_USED_MAX (256 * 1024)

/* What a descriptor of the poll set belongs to. */
enum source {
	FROM_LISTENER,
	FROM_REQUEST,
	FROM_BUILD,
	FROM_INIT,
	FROM_REST,
	FROM_SESSION,
	FROM_LIMIT,
	FROM_SESSION_LIMIT,
	FROM_ACCOUNTING,
	FROM_DEVICES,
	FROM_NOTICE,
	FROM_KERNEL_LOG,
	FROM_PRESSURE
};

struct event {
	enum source source;
	size_t index;
	size_t limit;
};

/* The poll set, made anew for each wait: a few dozen entries, and nothing to keep in step. */
struct watch_list {
	struct pollfd *pollfd; /* owned */
	struct event *event;   /* owned */
	size_t count, room;
	int64_t until;
};

static int64_t
milliseconds(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
server_now(void)
{
	return milliseconds(CLOCK_MONOTONIC);
}

int64_t
server_uptime(void)
{
	return milliseconds(CLOCK_BOOTTIME);
}

static int
grow(struct watch_list *list)
{
	size_t room = list->room ? list->room * 2 : 64;
	struct pollfd *pollfd = realloc(list->pollfd, room * sizeof(*pollfd));
	struct event *event;

	if (pollfd)
		list->pollfd = pollfd;
	event = pollfd ? realloc(list->event, room * sizeof(*event)) : NULL;
	if (!event)
		return -1;
	list->event = event;
	list->room = room;
	return 0;
}

/* Without memory an event is looked at a little later: the loop comes round again. */
static void
watch(struct watch_list *list, int fd, short events, struct event event)
{
	if (fd < 0)
		return;
	if (list->count == list->room && grow(list) < 0) {
		list->until = 0;
		return;
	}
	list->pollfd[list->count] = (struct pollfd) { .fd = fd, .events = events };
	list->event[list->count++] = event;
}

static void
watch_limits(struct watch_list *list, const struct limit_watch *limit, size_t count,
    enum source source, size_t index)
{
	for (size_t i = 0; i < count; i++) {
		if (limit_until(&limit[i]) < list->until)
			list->until = limit_until(&limit[i]);
		if (limit[i].quiet_until > server_now()) {
			if (limit[i].quiet_until < list->until)
				list->until = limit[i].quiet_until;
			continue;
		}
		watch(list, limit[i].watch.poll_fd, limit[i].watch.poll_events,
		    (struct event) { .source = source, .index = index, .limit = i });
	}
}

/* Quiet for a moment after each look, so that no program inside keeps us busy. */
static void
watch_accounting(struct watch_list *list, const struct accounting *accounting)
{
	bool is_quiet = accounting->watch >= 0 && accounting->quiet_until > server_now();

	if (accounting->again < list->until)
		list->until = accounting->again;
	if (is_quiet && accounting->quiet_until < list->until)
		list->until = accounting->quiet_until;
	if (!is_quiet)
		watch(list, accounting->watch, POLLIN, (struct event) { .source = FROM_ACCOUNTING });
}

static void
watch_memory(struct watch_list *list, const struct server *server)
{
	const struct kernel_log *log = &server->kernel_log;
	bool is_quiet = log->fd >= 0 && log->quiet_until > server_now();

	if (server->state != STATE_ALIVE)
		return;
	if (is_quiet && log->quiet_until < list->until)
		list->until = log->quiet_until;
	if (!is_quiet)
		watch(list, log->fd, POLLIN, (struct event) { .source = FROM_KERNEL_LOG });
	watch(list, server->strain.pressure, POLLPRI, (struct event) { .source = FROM_PRESSURE });
	if (server->strain.again < list->until)
		list->until = server->strain.again;
}

static void
gather(const struct server *server, struct watch_list *list)
{
	list->count = 0;
	list->until = server->deadline < order_next(server) ? server->deadline : order_next(server);
	if (server->requests < REQUESTS_MAX)
		watch(list, server->listener, POLLIN, (struct event) { .source = FROM_LISTENER });
	for (size_t i = 0; i < server->requests; i++)
		if (server->request[i]->state == REQUEST_GREETED)
			list->until = 0; /* it has spoken, and is next */
		else
			watch(list, server->request[i]->fd, POLLIN,
			    (struct event) { .source = FROM_REQUEST, .index = i });
	watch(list, server->build.status, POLLIN, (struct event) { .source = FROM_BUILD });
	watch(list, server->init, POLLIN, (struct event) { .source = FROM_INIT });
	watch(list, server->rest, POLLIN, (struct event) { .source = FROM_REST });
	watch_limits(list, server->limit, server->limits, FROM_LIMIT, 0);
	watch_accounting(list, &server->accounting);
	watch(list, server->devices.helper.socket, POLLIN, (struct event) { .source = FROM_DEVICES });
	watch_memory(list, server);
	for (size_t i = 0; i < NOTICE_CHILDREN_MAX; i++)
		watch(list, server->notice.child[i], POLLIN,
		    (struct event) { .source = FROM_NOTICE, .index = i });
	if (stay_until(server) < list->until)
		list->until = stay_until(server);
	if (!devices_are_ready(server) && devices_patience(server) < list->until)
		list->until = devices_patience(server);
	for (size_t i = 0; i < server->record.sessions; i++) {
		watch(list, server->session[i].pidfd, POLLIN,
		    (struct event) { .source = FROM_SESSION, .index = i });
		watch_limits(list, server->session[i].limit, server->session[i].limits,
		    FROM_SESSION_LIMIT, i);
	}
}

/* Its last words come first: a session that ends at once has been one, all the same. */
static void
caller_ended(struct server *server, size_t index)
{
	char id[sizeof(server->record.session[index].id)];

	memcpy(id, server->record.session[index].id, sizeof(id));
	if (!server->session[index].joined)
		request_hear(server, id);
	index = session_find(server, id);
	if (index != SIZE_MAX)
		session_close(server, index, server->session[index].end ? server->session[index].end :
		    "caller ended");
}

static void
handle(struct server *server, const struct event *event)
{
	size_t i = event->index;

	switch (event->source) {
	case FROM_LISTENER:
		request_accept(server);
		break;
	case FROM_REQUEST:
		request_ready(server, server->request[i]);
		break;
	case FROM_BUILD:
		if (server->state == STATE_BUILDING)
			container_build_news(server);
		break;
	case FROM_INIT:
		if (server->init >= 0)
			container_init_died(server);
		break;
	case FROM_REST:
		own_close(&server->rest);
		break;
	case FROM_SESSION:
		if (i < server->record.sessions)
			caller_ended(server, i);
		break;
	case FROM_LIMIT:
		if (event->limit < server->limits)
			limit_ready(server, &server->limit[event->limit], NULL);
		break;
	case FROM_SESSION_LIMIT:
		if (i < server->record.sessions && event->limit < server->session[i].limits)
			limit_ready(server, &server->session[i].limit[event->limit],
			    server->record.session[i].id);
		break;
	case FROM_ACCOUNTING:
		accounting_look(server);
		break;
	case FROM_DEVICES:
		if (server->devices.helper.socket >= 0)
			devices_hear(server);
		break;
	case FROM_NOTICE:
		notice_ended(&server->notice.child[i]);
		break;
	case FROM_KERNEL_LOG:
		limit_hear(server);
		break;
	case FROM_PRESSURE:
		strain_pressed(server);
		break;
	}
}

/*
 * From the last to the first: closing a session moves the last one into its place, which
 * was looked at before.  One session ends a round at most, so that no index goes stale.
 */
static void
handle_all(struct server *server, const struct watch_list *list)
{
	bool moved = false;

	for (size_t i = list->count; i > 0; i--) {
		const struct event *event = &list->event[i - 1];
		bool is_session = event->source == FROM_SESSION || event->source == FROM_SESSION_LIMIT;
		if (!list->pollfd[i - 1].revents || (is_session && moved))
			continue;
		moved = moved || event->source == FROM_SESSION || event->source == FROM_REQUEST ||
		    event->source == FROM_INIT;
		handle(server, event);
	}
}

static int
wait_for_events(struct watch_list *list, struct error *err)
{
	int64_t left = list->until == NEVER ? -1 : list->until - server_now();
	int timeout = list->until == NEVER ? -1 : left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
	int n = poll(list->pollfd, list->count, timeout);

	if (n < 0 && errno != EINTR)
		return error_set(err, errno, "wait for events");
	if (n < 0)
		for (size_t i = 0; i < list->count; i++)
			list->pollfd[i].revents = 0;
	return 0;
}

static int
lock_directory(const struct server *server)
{
	for (int i = 0; i < LEAVE_TRIES; i++) {
		if (flock(server->directory, LOCK_EX | LOCK_NB) == 0)
			return 0;
		(void)nanosleep(&(struct timespec) { .tv_nsec = LEAVE_STEP_NS }, NULL);
	}
	return -1;
}

static void
remove_directory(const struct server *server)
{
	char name[16];
	autofd int all = open(PLACE_RUN, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (text_format(name, sizeof(name), "%u", (unsigned)server->uid) < 0 || all < 0)
		return;
	(void)unlinkat(server->directory, RECORD_NAME ".new", 0);
	(void)unlinkat(server->directory, RECORD_POLICY ".new", 0);
	(void)unlinkat(server->directory, RECORD_CHANGE ".new", 0);
	/* Of a predecessor that died before it had a record: nobody's. */
	if (faccessat(server->directory, RECORD_NAME, F_OK, 0) < 0 && errno == ENOENT)
		(void)unlinkat(server->directory, RECORD_POLICY, 0);
	/* Not empty means a record that a successor is to adopt. */
	(void)unlinkat(all, name, AT_REMOVEDIR);
}

/*
 * Under the lock nobody starts another supervisor; a client that connected is accepted first
 * and makes us stay.  One that comes in the last moment sees its connection reset, and
 * connects anew.
 */
static bool
leave(struct server *server)
{
	size_t before = server->requests;

	if (lock_directory(server) < 0)
		return false;
	if (!server->leaving)
		request_accept(server);
	if (server->requests > before) {
		(void)flock(server->directory, LOCK_UN);
		return false;
	}
	(void)unlinkat(server->directory, PLACE_SOCKET_NAME, 0);
	remove_directory(server);
	own_close(&server->listener);
	own_close(&server->directory);
	stats_close(&server->stats);
	return true;
}

/* Somebody started us and is about to speak; nobody comes only if that one died. */
static bool
is_idle(const struct server *server, int64_t patience)
{
	if (request_is_any_but(server, REQUEST_PARTING) || (!server->served && server_now() < patience))
		return false;
	return server->state == STATE_NONE || (server->leaving && server->state == STATE_ALIVE);
}

static void
look_at_limits(struct server *server)
{
	limit_look(server, server->limit, server->limits, NULL);
	for (size_t i = 0; i < server->record.sessions; i++)
		limit_look(server, server->session[i].limit, server->session[i].limits,
		    server->record.session[i].id);
}

/* A step may lead to a state that has something to do at once: gone, and a login waits. */
static void
settle(struct server *server)
{
	enum state before;

	do {
		before = server->state;
		container_step(server);
	} while (server->state != before);
}

/*
 * What a login's policy and paths took of the stack is not needed until the next one comes: some
 * forty KiB of each container's supervisor.  What is not mapped at the far end does no harm,
 * madvise(2); the kernel keeps a gap of a MiB free there.
 */
static void
give_back_stack(void)
{
	const void *here = __builtin_frame_address(0);
	uintptr_t end = ((uintptr_t)here - STACK_IN_USE) & ~(uintptr_t)4095;

	(void)madvise((void *)(end - STACK_USED_MAX), STACK_USED_MAX, MADV_DONTNEED);
}

int
server_run(struct server *server, struct error *err)
{
	struct watch_list list = { .count = 0 };
	int64_t patience = server_now() + PATIENCE_MS;
	int rc = 0;

	container_adopt(server, false);
	do {
		gather(server, &list);
		if (!server->served && patience < list.until)
			list.until = patience;
		if (server->requests == 0)
			give_back_stack();
		rc = wait_for_events(&list, err);
		if (rc == 0)
			handle_all(server, &list);
		request_step(server);
		accounting_step(server);
		look_at_limits(server);
		stay_step(server);
		strain_step(server);
		request_sweep(server);
		order_step(server);
		settle(server);
		request_sweep(server);
	} while (rc == 0 && !(is_idle(server, patience) && leave(server)));
	free(list.pollfd);
	free(list.event);
	return rc;
}
