/*
 * Runs as root, in sshd's monitor, su, login, cron and ctrctl: a guest there.  Leaves no
 * descriptor, child, signal handler or mask behind, and bounds every wait.
 */
#include "lib/client.h"

#include "lib/own.h"
#include "lib/path.h"
#include "lib/places.h"
#include "lib/spawn.h"
#include "lib/stats.h"
#include "lib/text.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>

/* A live supervisor answers WIRE_WAIT at once; one that doesn't is stopped or broken. */
#define FIRST_ANSWER_MS 4000
/* What building or ending a container may take on a machine under load. */
#define KIT_MS 20000
/* It removes a directory and exits. */
#define PARTING_MS 2000
/*
 * How often a supervisor may be found leaving before we give up.  While a package is upgraded the
 * module on disk may be of another version than the supervisor, for as long as it takes to rename
 * some files: each try from the third on waits three times as long, 1.2 s together.
 */
#define TRIES_MAX 6
#define FIRST_PAUSE_NS 30000000
#define LOCK_STEP_NS 2000000
#define BACKLOG 256

static int
supervisor_address(uid_t uid, struct sockaddr_un *address, struct error *err)
{
	*address = (struct sockaddr_un) { .sun_family = AF_UNIX };
	if (text_format(address->sun_path, sizeof(address->sun_path), "%s/%u/%s", PLACE_RUN,
	    (unsigned)uid, PLACE_SOCKET_NAME) < 0)
		return error_set(err, errno, "name the supervisor's socket");
	return 0;
}

static int
new_socket(struct error *err)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	return fd < 0 ? error_set(err, errno, "make a socket") : fd;
}

/*
 * SO_SNDTIMEO bounds connect(2), which otherwise waits for room in the backlog without end.
 */
static int
connect_supervisor(uid_t uid, struct error *err)
{
	struct sockaddr_un address;
	struct timeval bound = { .tv_sec = FIRST_ANSWER_MS / 1000 };
	int rc;

	if (supervisor_address(uid, &address, err) < 0)
		return -1;
	autofd int fd = new_socket(err);
	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof(bound)) < 0)
		return error_set(err, errno, "bound the wait for the supervisor");
	do
		rc = connect(fd, (struct sockaddr *)&address, sizeof(address));
	while (rc < 0 && errno == EINTR);
	if (rc < 0 && errno == EAGAIN)
		return error_set(err, ETIMEDOUT, "wait for room in the supervisor's queue: is it stopped?");
	if (rc < 0)
		return error_set(err, errno, "connect to %s", address.sun_path);
	return take_fd(&fd);
}

static bool
nobody_listens(const struct error *err)
{
	return err->errnum == ENOENT || err->errnum == ECONNREFUSED;
}

/*
 * The lock of a uid is flock(2) on its directory, so there is no lock file to leave behind,
 * and a dead holder holds nothing.  It is held for a few system calls only; a holder that
 * was stopped there costs this user a refusal, and nobody else anything.
 */
static int
lock_directory(uid_t uid, struct error *err)
{
	char name[16];
	struct stat st;

	if (text_format(name, sizeof(name), "%u", (unsigned)uid) < 0)
		return error_set(err, errno, "name the directory of uid %u", (unsigned)uid);
	autofd int run = open("/run", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (run < 0)
		return error_set(err, errno, "open /run");
	autofd int all = path_make_private(run, strrchr(PLACE_RUN, '/') + 1, 0700, err);
	if (all < 0)
		return error_prefix(err, "/run");
	/* By the clock: on a busy machine a pause takes a multiple of itself. */
	for (uint64_t end = stats_now() + FIRST_ANSWER_MS * 1000ULL; stats_now() < end;) {
		autofd int own = path_make_private(all, name, 0700, err);
		if (own < 0)
			return error_prefix(err, "%s", PLACE_RUN);
		if (flock(own, LOCK_EX | LOCK_NB) == 0 && fstat(own, &st) == 0) {
			if (st.st_nlink > 0)
				return take_fd(&own);
			continue; /* its supervisor has just removed it: make it anew */
		}
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_set(err, errno, "lock %s/%s", PLACE_RUN, name);
		(void)nanosleep(&(struct timespec) { .tv_nsec = LOCK_STEP_NS }, NULL);
	}
	return error_set(err, ETIMEDOUT, "lock %s/%s: another login of this user's holds it", PLACE_RUN,
	    name);
}

/* With the lock held.  The socket listens before its server runs: nobody who comes is lost. */
static int
start_supervisor(uid_t uid, int directory, struct error *err)
{
	struct sockaddr_un address;
	char number[16];

	if (supervisor_address(uid, &address, err) < 0 ||
	    text_format(number, sizeof(number), "%u", (unsigned)uid) < 0)
		return -1;
	autofd int listener = new_socket(err);
	if (listener < 0)
		return -1;
	if (unlinkat(directory, PLACE_SOCKET_NAME, 0) < 0 && errno != ENOENT)
		return error_set(err, errno, "remove the old %s", address.sun_path);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0)
		return error_set(err, errno, "bind %s", address.sun_path);
	int rc = listen(listener, BACKLOG) < 0 ?
	    error_set(err, errno, "listen on %s", address.sun_path) :
	    spawn_detached(PLACE_SUPERVISOR, number, listener, err);
	if (rc < 0) {
		(void)unlinkat(directory, PLACE_SOCKET_NAME, 0);
		return -1;
	}
	return 0;
}

/* With the lock held: leaves no empty directory where no supervisor could be started. */
static void
remove_directory(uid_t uid)
{
	char path[64];

	/* With a record in it, it is not empty, and is somebody's to adopt. */
	if (text_format(path, sizeof(path), "%s/%u", PLACE_RUN, (unsigned)uid) == 0)
		(void)rmdir(path);
}

static int
reach_supervisor(uid_t uid, struct error *err)
{
	int fd = connect_supervisor(uid, err);

	if (fd >= 0 || !nobody_listens(err))
		return fd;
	autofd int directory = lock_directory(uid, err);
	if (directory < 0)
		return -1;
	/* Somebody may have been faster while we waited for the lock. */
	fd = connect_supervisor(uid, err);
	if (fd >= 0 || !nobody_listens(err))
		return fd;
	*err = (struct error)ERROR_INIT;
	if (start_supervisor(uid, directory, err) < 0) {
		remove_directory(uid);
		return -1;
	}
	return connect_supervisor(uid, err);
}

union answer {
	struct wire_head head;
	struct wire_kit kit;
	struct wire_text text;
};

enum talk {
	TALK_DONE,
	TALK_AGAIN, /* the supervisor left without answering: a new one will */
};

static void
close_all(int *fds, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		own_close(&fds[i]);
}

/* What we read of an answer must have come: the rest of it is an earlier one's, or nobody's. */
static bool
is_whole(const union answer *answer, long length)
{
	if (length < (long)sizeof(answer->head))
		return false;
	if (answer->head.type == WIRE_KIT)
		return length == (long)sizeof(answer->kit);
	if (answer->head.type == WIRE_DONE)
		return true; /* a text, which ends where the packet does */
	return answer->head.type != WIRE_REFUSED || length == (long)sizeof(answer->text);
}

/*
 * Waits for the answer proper, for which there are size bytes; *length is what came of it.  fds
 * has room for a kit's.  ms is what it may take once the supervisor has shown that it lives.
 */
static int
await_answer(int connection, union answer *answer, size_t size, long *length, int *fds,
    unsigned *fds_count, int ms, enum talk *talk, struct error *err)
{
	int left = FIRST_ANSWER_MS < ms ? FIRST_ANSWER_MS : ms;
	unsigned room = *fds_count;
	bool lives = false;

	for (;;) {
		*fds_count = room;
		*length = wire_await(connection, answer, size, fds, fds_count, &left, err);
		if (*length < 0 && err->errnum == ETIMEDOUT)
			return error_set(err, ETIMEDOUT, lives ? "wait for the container" :
			    "wait for the supervisor: is it stopped?");
		if (*length < 0 && err->errnum != ECONNRESET)
			return -1;
		bool whole = *length > 0 && is_whole(answer, *length);
		bool ours = whole && answer->head.version == WIRE_VERSION;
		/* Descriptors belong to a kit alone: nothing else's may stay in the caller. */
		if (!ours || answer->head.type != WIRE_KIT)
			close_all(fds, *fds_count);
		if (*length <= 0 || (whole && answer->head.type == WIRE_AGAIN)) {
			*talk = TALK_AGAIN;
			return 0;
		}
		if (!ours)
			return error_set(err, EPROTO, "understand the supervisor");
		if (answer->head.type != WIRE_WAIT) {
			*talk = TALK_DONE;
			return 0;
		}
		/* Once only: a supervisor that says no more than that must not hold the login for ever. */
		left = lives ? left : ms;
		lives = true;
	}
}

static int
take_kit(const union answer *answer, const int *fds, unsigned fds_count, struct join_kit *kit,
    struct error *err)
{
	unsigned next = 1;

	kit->message = answer->kit;
	if (kit->message.private_ids > 1 || kit->message.filter > 1 ||
	    kit->message.cgroups > WIRE_CGROUPS_MAX ||
	    fds_count != 1 + kit->message.private_ids + kit->message.filter + kit->message.cgroups) {
		kit->message.cgroups = 0;
		return error_set(err, EPROTO, "understand the supervisor's kit");
	}
	kit->pidfd = fds[0];
	if (kit->message.private_ids)
		kit->userns = fds[next++];
	if (kit->message.filter)
		kit->filter = fds[next++];
	for (unsigned i = 0; i < kit->message.cgroups; i++)
		kit->cgroup[i] = fds[next++];
	kit->message.session[sizeof(kit->message.session) - 1] = '\0';
	kit->message.banner[sizeof(kit->message.banner) - 1] = '\0';
	for (size_t i = 0; i < sizeof(kit->message.environment) / sizeof(kit->message.environment[0]); i++)
		kit->message.environment[i][sizeof(kit->message.environment[i]) - 1] = '\0';
	return 0;
}

static int
understand(union answer *answer, const int *fds, unsigned fds_count, enum client_answer *result,
    struct join_kit *kit, struct wire_text *why, struct error *err)
{
	if (answer->head.type == WIRE_KIT) {
		*result = CLIENT_KIT;
		return take_kit(answer, fds, fds_count, kit, err);
	}
	if (answer->head.type == WIRE_EXEMPT) {
		*result = CLIENT_EXEMPT;
		return 0;
	}
	if (answer->head.type == WIRE_REFUSED) {
		*result = CLIENT_REFUSED;
		*why = answer->text;
		why->text[sizeof(why->text) - 1] = '\0';
		why->contact[sizeof(why->contact) - 1] = '\0';
		return 0;
	}
	return error_set(err, EPROTO, "understand the supervisor");
}

/* Before try number i, counted from 0; the next supervisor is there at once, as a rule. */
static void
pause_before(int i)
{
	long pause = FIRST_PAUSE_NS;

	if (i < 2)
		return;
	for (; i > 2; i--)
		pause *= 3;
	(void)nanosleep(&(struct timespec) { .tv_sec = pause / 1000000000, .tv_nsec = pause % 1000000000 },
	    NULL);
}

/* One conversation with one supervisor. */
static int
ask_once(const struct client_request *request, const void *packet, size_t length,
    enum client_answer *result, struct join_kit *kit, int *connection, struct wire_text *why,
    enum talk *talk, struct error *err)
{
	union answer answer = { .head = { .version = 0 } };
	int fds[3 + WIRE_CGROUPS_MAX];
	unsigned fds_count = 3 + WIRE_CGROUPS_MAX;
	long got;
	autofd int fd = reach_supervisor(request->subject->uid, err);

	if (fd < 0)
		return -1;
	*err = (struct error)ERROR_INIT;
	bool has_tty = request->flags & WIRE_OPEN_TTY;
	if (wire_send(fd, packet, length, &request->tty, has_tty ? 1 : 0, err) < 0) {
		*talk = TALK_AGAIN;
		return err->errnum == EPIPE || err->errnum == ECONNRESET ? 0 : -1;
	}
	if (await_answer(fd, &answer, sizeof(answer), &got, fds, &fds_count, KIT_MS, talk, err) < 0)
		return -1;
	if (*talk == TALK_AGAIN)
		return 0;
	if (understand(&answer, fds, fds_count, result, kit, why, err) < 0) {
		close_all(fds, fds_count);
		kit->pidfd = kit->userns = kit->filter = -1;
		return -1;
	}
	*connection = *result == CLIENT_KIT ? take_fd(&fd) : -1;
	return 0;
}

int
client_open(const struct client_request *request, enum client_answer *answer,
    struct join_kit *kit, int *connection, struct wire_text *why, struct error *err)
{
	autofree void *packet = malloc(WIRE_PACKET_MAX);

	if (!packet)
		return error_set(err, errno, "ask for a container");
	long length = wire_pack_open(packet, WIRE_PACKET_MAX, request->subject, request->policy_path,
	    request->flags, err);
	if (length < 0)
		return -1;
	for (int i = 0; i < TRIES_MAX; i++) {
		enum talk talk = TALK_DONE;
		pause_before(i);
		if (ask_once(request, packet, (size_t)length, answer, kit, connection, why, &talk,
		    err) < 0)
			return -1;
		if (talk == TALK_DONE)
			return 0;
	}
	return error_set(err, 0, "the supervisor of uid %u ended %d times before it answered",
	    (unsigned)request->subject->uid, TRIES_MAX);
}

void
client_report(int *connection, const struct error *failure)
{
	struct wire_text message = {
		.head = { .version = WIRE_VERSION, .type = WIRE_FAILED },
	};

	(void)error_render(failure, message.text, sizeof(message.text));
	/* If the supervisor is gone meanwhile, its successor counts us by our pid. */
	(void)wire_send(*connection, &message, sizeof(message), NULL, 0, NULL);
	own_close(connection);
}

int
client_joined(int *connection, uint64_t usec, struct error *err)
{
	struct error why = ERROR_INIT;
	struct wire_joined message = {
		.head = { .version = WIRE_VERSION, .type = WIRE_JOINED },
		.usec = usec,
	};

	int rc = wire_send(*connection, &message, sizeof(message), NULL, 0, &why);
	own_close(connection);
	/* If the supervisor is gone meanwhile, its successor counts us by our pid. */
	if (rc == 0 || why.errnum == EPIPE || why.errnum == ECONNRESET)
		return 0;
	return error_set(err, why.errnum, "tell the supervisor of the join");
}

/* What is asked of a supervisor that has a container, and what it answers. */
struct question {
	const void *packet;
	size_t length;
	int timeout_ms;
	union answer *answer;
	size_t size;
	long got;
};

static int
ask_plain(int connection, struct question *question, enum talk *talk, struct error *err)
{
	unsigned none = 0;

	*talk = TALK_AGAIN;
	if (wire_send(connection, question->packet, question->length, NULL, 0, err) < 0)
		return err->errnum == EPIPE || err->errnum == ECONNRESET ? 0 : -1;
	return await_answer(connection, question->answer, question->size, &question->got, NULL, &none,
	    question->timeout_ms, talk, err);
}

/* Without a directory of the uid's there is nothing to end or adopt, and nothing to start. */
static bool
is_known(uid_t uid)
{
	char path[64];
	struct stat st;

	return text_format(path, sizeof(path), "%s/%u", PLACE_RUN, (unsigned)uid) == 0 &&
	    stat(path, &st) == 0;
}

/* The container is gone; who looks next shall not find the supervisor on its way out.  wire.h */
static void
await_end(int connection)
{
	struct pollfd end = { .fd = connection, .events = POLLIN };

	(void)poll(&end, 1, PARTING_MS);
}

/* 0 without an answer: it was gone before, or while we asked. */
static int
ask_known(uid_t uid, struct question *question, bool *answered, struct error *err)
{
	*answered = false;
	for (int i = 0; i < TRIES_MAX && is_known(uid); i++) {
		enum talk talk;
		autofd int fd = reach_supervisor(uid, err);
		if (fd < 0)
			return -1;
		*err = (struct error)ERROR_INIT;
		if (ask_plain(fd, question, &talk, err) < 0)
			return -1;
		*answered = talk == TALK_DONE;
		if (*answered && question->answer->head.type == WIRE_ENDED)
			await_end(fd);
		if (*answered)
			return 0;
	}
	return is_known(uid) ? error_set(err, 0, "the supervisor of uid %u ended before it answered",
	    (unsigned)uid) : 0;
}

/* A request that has no subject: one head there, one head back. */
static int
ask_head(uid_t uid, enum wire_type type, int timeout_ms, bool *existed, struct error *err)
{
	struct wire_head head = { .version = WIRE_VERSION, .type = type };
	union answer answer = { .head = { .version = 0 } };
	struct question question = { .packet = &head, .length = sizeof(head),
		.timeout_ms = timeout_ms, .answer = &answer, .size = sizeof(answer) };
	bool answered;

	*existed = is_known(uid);
	if (ask_known(uid, &question, &answered, err) < 0)
		return -1;
	if (answered && answer.head.type != WIRE_ENDED)
		return error_set(err, EPROTO, "understand the supervisor");
	return 0;
}

int
client_order(uid_t uid, const void *packet, unsigned long length, int timeout_ms,
    enum client_verdict *verdict, char *text, struct error *err)
{
	autofree union answer *answer = calloc(1, WIRE_PACKET_MAX);
	struct question question = { .packet = packet, .length = length, .timeout_ms = timeout_ms,
		.answer = answer, .size = WIRE_PACKET_MAX };
	uint32_t flags;
	bool answered;

	if (!answer)
		return error_set(err, errno, "ask the supervisor");
	if (ask_known(uid, &question, &answered, err) < 0)
		return -1;
	*verdict = CLIENT_NOBODY;
	text[0] = '\0';
	if (!answered || answer->head.type == WIRE_NOBODY)
		return 0;
	if (answer->head.type == WIRE_REFUSED) {
		*verdict = CLIENT_NO;
		answer->text.text[sizeof(answer->text.text) - 1] = '\0';
		return text_format(text, WIRE_TEXT_MAX, "%s", answer->text.text);
	}
	*verdict = CLIENT_DONE;
	if (answer->head.type != WIRE_DONE)
		return error_set(err, EPROTO, "understand the supervisor");
	return wire_unpack_order(answer, (unsigned long)question.got, &flags, text, WIRE_TEXT_MAX, err);
}

int
client_end(uid_t uid, int timeout_ms, bool *existed, struct error *err)
{
	return ask_head(uid, WIRE_END, timeout_ms, existed, err);
}

int
client_adopt(uid_t uid, int timeout_ms, struct error *err)
{
	bool existed;

	return ask_head(uid, WIRE_ADOPT, timeout_ms, &existed, err);
}

int
client_lock(uid_t uid, struct error *err)
{
	autofd int lock = lock_directory(uid, err);

	if (lock < 0)
		return -1;
	autofd int supervisor = connect_supervisor(uid, err);
	if (supervisor >= 0)
		return error_set(err, EBUSY, "lock uid %u: its supervisor is there", (unsigned)uid);
	if (!nobody_listens(err)) {
		remove_directory(uid);
		return -1;
	}
	*err = (struct error)ERROR_INIT;
	return take_fd(&lock);
}

void
client_unlock(uid_t uid, int *lock)
{
	if (*lock >= 0)
		remove_directory(uid);
	own_close(lock);
}
