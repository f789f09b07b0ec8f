/*
 * lib/wire.c: what a client and a supervisor say to each other.  Every packet is taken for
 * hostile: each length, count and string of it is tried wrong.  Needs no right.
 */
#include "lib/wire.h"

#include "lib/own.h"
#include "test_sandbox.h"

#include <limits.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

struct open_message {
	struct subject *subject; /* owned */
	char path[PATH_MAX];
	uint32_t flags;
};

static struct subject *
subject_new(void)
{
	struct subject *subject = calloc(1, sizeof(*subject));

	cr_assert(subject != NULL);
	*subject = (struct subject)SUBJECT_INIT;
	return subject;
}

static void
message_free(struct open_message *message)
{
	subject_free(message->subject);
	free(message->subject);
}

static void
fill(char *field, size_t size, size_t length, char byte)
{
	cr_assert_lt(length, size);
	memset(field, byte, length);
	field[length] = '\0';
}

/* length: of each string, as far as it fits its field. */
static void
message_make(struct open_message *message, size_t length, size_t groups, char byte)
{
	struct subject *s = message->subject = subject_new();
	const struct {
		char *field;
		size_t size;
	} fields[] = {
		{ s->user, sizeof(s->user) }, { s->home, sizeof(s->home) },
		{ s->shell, sizeof(s->shell) }, { s->service, sizeof(s->service) },
		{ s->tty, sizeof(s->tty) }, { s->rhost, sizeof(s->rhost) },
		{ message->path, sizeof(message->path) },
	};

	s->uid = 1000 + (uid_t)length;
	s->gid = UINT32_MAX - 1 - (gid_t)groups;
	message->flags = WIRE_OPEN_EXISTING;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		size_t room = fields[i].size - 1;
		fill(fields[i].field, fields[i].size, length < room ? length : room, byte);
	}
	s->groups = calloc(groups + 1, sizeof(*s->groups));
	cr_assert(s->groups != NULL);
	s->groups_count = groups;
	for (size_t i = 0; i < groups; i++) {
		s->groups[i].gid = (gid_t)i * 7;
		fill(s->groups[i].name, sizeof(s->groups[i].name), i % (length < 8 ? length + 1 : 9), byte);
	}
}

static void
expect_same(const struct open_message *a, const struct open_message *b, const char *what)
{
	const struct subject *x = a->subject, *y = b->subject;

	cr_expect_eq(a->flags, b->flags, "%s", what);
	cr_expect_str_eq(a->path, b->path, "%s", what);
	cr_expect(x->uid == y->uid && x->gid == y->gid, "%s: ids", what);
	cr_expect_str_eq(x->user, y->user, "%s", what);
	cr_expect_str_eq(x->home, y->home, "%s", what);
	cr_expect_str_eq(x->shell, y->shell, "%s", what);
	cr_expect_str_eq(x->service, y->service, "%s", what);
	cr_expect_str_eq(x->tty, y->tty, "%s", what);
	cr_expect_str_eq(x->rhost, y->rhost, "%s", what);
	cr_assert_eq(x->groups_count, y->groups_count, "%s", what);
	for (size_t i = 0; i < x->groups_count; i++) {
		cr_expect_eq(x->groups[i].gid, y->groups[i].gid, "%s: group %zu", what, i);
		cr_expect_str_eq(x->groups[i].name, y->groups[i].name, "%s: group %zu", what, i);
	}
}

/* From memory of exactly that length, so that a byte read beyond it is found. */
static int
unpack(const void *packet, size_t length, struct open_message *got, struct error *err)
{
	autofree void *exact = malloc(length ? length : 1);

	cr_assert(exact != NULL);
	if (length)
		memcpy(exact, packet, length);
	got->subject = subject_new();
	memset(got->path, '!', sizeof(got->path));
	return wire_unpack_open(exact, length, got->subject, got->path, &got->flags, err);
}

Test(wire, round_trip)
{
	static const struct {
		const char *name;
		size_t length, groups;
		char byte;
	} rows[] = {
		{ "empty strings, no groups", 0, 0, 'x' },
		{ "one byte", 1, 1, 'x' },
		{ "ordinary", 12, 20, 'a' },
		{ "as long as the fields are", PATH_MAX, 100, 'x' },
		{ "control bytes", 40, 10, '\n' },
		{ "high bytes", 63, 10, '\xff' },
		{ "as many groups as are allowed", 8, SUBJECT_GROUPS_MAX, 'g' },
	};
	autofree char *packet = malloc(WIRE_PACKET_MAX);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct open_message sent, got;
		struct error err = ERROR_INIT;
		message_make(&sent, rows[i].length, rows[i].groups, rows[i].byte);
		long length = wire_pack_open(packet, WIRE_PACKET_MAX, sent.subject, sent.path, sent.flags,
		    &err);
		cr_assert_gt(length, 0, "%s: %s", rows[i].name, err.text);
		cr_assert_eq(unpack(packet, (size_t)length, &got, &err), 0, "%s: %s", rows[i].name, err.text);
		expect_same(&sent, &got, rows[i].name);
		message_free(&sent);
		message_free(&got);
	}
}

Test(wire, every_other_length_is_refused)
{
	struct open_message sent;
	struct error err = ERROR_INIT;
	char packet[2048];

	message_make(&sent, 30, 9, 'x');
	long length = wire_pack_open(packet, sizeof(packet), sent.subject, sent.path, sent.flags, &err);
	cr_assert_gt(length, 0);
	for (long cut = 0; cut <= length + 5; cut++) {
		struct open_message got;
		err = (struct error)ERROR_INIT;
		int rc = unpack(packet, (size_t)cut, &got, &err);
		cr_expect_eq(rc, cut == length ? 0 : -1, "%ld of %ld bytes", cut, length);
		cr_expect_eq(err.errnum, cut == length ? 0 : EPROTO, "%ld of %ld bytes", cut, length);
		message_free(&got);
	}
	for (long room = 0; room < length; room++) {
		err = (struct error)ERROR_INIT;
		cr_expect_eq(wire_pack_open(packet, (unsigned long)room, sent.subject, sent.path, 0, &err), -1,
		    "room for %ld of %ld bytes", room, length);
		cr_expect_eq(err.errnum, EMSGSIZE);
	}
	message_free(&sent);
}

static void
put_number(char *packet, size_t offset, uint32_t number)
{
	memcpy(packet + offset, &number, sizeof(number));
}

/* The fixed part: version, type, flags, uid, gid, number of groups. */
enum { AT_TYPE = 4, AT_GROUPS = 20, AT_STRINGS = 24 };

Test(wire, odd_counts_are_refused)
{
	static const uint32_t counts[] = { 0, 2, 4, 5, SUBJECT_GROUPS_MAX, SUBJECT_GROUPS_MAX + 1,
		0x10000, 0x7fffffff, 0x80000000, 0xffffffff };
	static const uint32_t types[] = { 0, WIRE_END, WIRE_ADOPT, WIRE_KIT, 0xffffffff };
	struct open_message sent, got;
	struct error err = ERROR_INIT;
	char packet[2048];

	message_make(&sent, 10, 3, 'x');
	long length = wire_pack_open(packet, sizeof(packet), sent.subject, sent.path, 0, &err);
	cr_assert_gt(length, 0);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		put_number(packet, AT_GROUPS, counts[i]);
		cr_expect_eq(unpack(packet, (size_t)length, &got, &err), -1, "%u groups", counts[i]);
		message_free(&got);
	}
	put_number(packet, AT_GROUPS, 3);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		put_number(packet, AT_TYPE, types[i]);
		cr_expect_eq(unpack(packet, (size_t)length, &got, &err), -1, "type %u", types[i]);
		message_free(&got);
	}
	message_free(&sent);
}

/* A user's name of 255 bytes fits; one more is refused, not cut into another user's name. */
Test(wire, strings_fit_or_are_refused)
{
	for (size_t name = 254; name < 259; name++) {
		char packet[1024] = { 0 };
		struct open_message got;
		struct error err = ERROR_INIT;
		put_number(packet, AT_TYPE, WIRE_OPEN);
		memset(packet + AT_STRINGS, 'u', name);
		/* The other six strings are empty. */
		int rc = unpack(packet, AT_STRINGS + name + 7, &got, &err);
		cr_expect_eq(rc, name <= 255 ? 0 : -1, "a name of %zu bytes", name);
		cr_expect_lt(strlen(got.subject->user), sizeof(got.subject->user));
		message_free(&got);
	}
}

static uint32_t
random_next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

Test(wire, garbage_is_taken_without_harm)
{
	uint32_t state = 20260727;
	char valid[1024], packet[1024];
	struct open_message sent;
	struct error err = ERROR_INIT;
	int taken = 0, refused = 0;

	message_make(&sent, 12, 5, 'x');
	long length = wire_pack_open(valid, sizeof(valid), sent.subject, sent.path, 0, &err);
	cr_assert_gt(length, 0);
	for (int round = 0; round < 20000; round++) {
		struct open_message got;
		memcpy(packet, valid, sizeof(packet));
		for (uint32_t i = random_next(&state) % 8; i > 0; i--)
			packet[random_next(&state) % (uint32_t)length] = (char)random_next(&state);
		int rc = unpack(packet, (size_t)length, &got, &err);
		*(rc == 0 ? &taken : &refused) += 1;
		cr_assert(memchr(got.subject->user, '\0', sizeof(got.subject->user)), "round %d", round);
		cr_assert_leq(got.subject->groups_count, SUBJECT_GROUPS_MAX, "round %d", round);
		message_free(&got);
	}
	/* Both happened: the test reached what it is for. */
	cr_expect(taken > 100 && refused > 100, "%d taken, %d refused", taken, refused);
	message_free(&sent);
}

struct pair {
	int a, b;
};

static struct pair
pair_open(void)
{
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0, "%m");
	return (struct pair) { .a = fds[0], .b = fds[1] };
}

static void
pair_close(struct pair *pair)
{
	own_close(&pair->a);
	own_close(&pair->b);
}

Test(wire, descriptors_come_along)
{
	struct pair pair = pair_open();
	int files[16], got[16];
	struct stat sent, received;

	for (int i = 0; i < 16; i++)
		cr_assert((files[i] = open(i % 2 ? "/dev/zero" : "/dev/null", O_RDONLY | O_CLOEXEC)) >= 0);
	for (unsigned count = 0; count <= 16; count++) {
		struct error err = ERROR_INIT;
		char text[8];
		unsigned room = 16;
		int before = sandbox_count_fds();
		cr_expect_eq(wire_send(pair.a, "hello", 6, files, count, &err), 0, "%u: %s", count, err.text);
		cr_expect_eq(wire_receive(pair.b, text, sizeof(text), got, &room, &err), 6, "%s", err.text);
		cr_expect_str_eq(text, "hello");
		cr_assert_eq(room, count);
		cr_expect_eq(sandbox_count_fds(), before + (int)count);
		for (unsigned i = 0; i < count; i++) {
			cr_assert(fstat(files[i], &sent) == 0 && fstat(got[i], &received) == 0);
			cr_expect_eq(sent.st_rdev, received.st_rdev, "descriptor %u of %u", i, count);
			cr_expect_eq(fcntl(got[i], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
			own_close(&got[i]);
		}
	}
	for (int i = 0; i < 16; i++)
		own_close(&files[i]);
	pair_close(&pair);
}

/* More than wire_send() would ever send. */
static void
send_many(int socket, unsigned count, size_t length)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(64 * sizeof(int))];
	} control = { 0 };
	char data[256] = "x";
	struct iovec iov = { .iov_base = data, .iov_len = length };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	*head = (struct cmsghdr) { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
		.cmsg_len = CMSG_LEN(count * sizeof(int)) };
	for (unsigned i = 0; i < count; i++)
		memcpy(CMSG_DATA(head) + i * sizeof(int), &socket, sizeof(int));
	cr_assert_eq(sendmsg(socket, &message, 0), (ssize_t)length, "%m");
}

Test(wire, too_many_descriptors_are_refused_and_closed)
{
	static const struct {
		unsigned sent, room;
		size_t length, buffer;
	} rows[] = {
		{ 1, 0, 8, 64 }, { 2, 1, 8, 64 }, { 16, 15, 8, 64 }, { 17, 16, 8, 64 }, { 60, 16, 8, 64 },
		{ 60, 0, 8, 64 }, { 3, 16, 65, 64 }, { 0x10, 0x10, 200, 1 },
	};
	struct pair pair = pair_open();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = ERROR_INIT;
		char buffer[64];
		int got[16];
		unsigned room = rows[i].room;
		int before = sandbox_count_fds();
		send_many(pair.a, rows[i].sent, rows[i].length);
		cr_expect_eq(wire_receive(pair.b, buffer, rows[i].buffer, got, &room, &err), -1, "row %zu", i);
		cr_expect_eq(err.errnum, EPROTO, "row %zu: %s", i, err.text);
		cr_expect_eq(room, 0, "row %zu", i);
		cr_expect_eq(sandbox_count_fds(), before, "row %zu leaks", i);
	}
	/* A caller that expects none names none. */
	struct error err = ERROR_INIT;
	char buffer[64];
	int before = sandbox_count_fds();
	send_many(pair.a, 4, 8);
	cr_expect_eq(wire_receive(pair.b, buffer, sizeof(buffer), NULL, NULL, &err), -1);
	cr_expect_eq(sandbox_count_fds(), before);
	pair_close(&pair);
}

/* It reads as the end of file, on which no caller looks for descriptors. */
Test(wire, an_empty_packet_brings_no_descriptors)
{
	struct pair pair = pair_open();
	struct error err = ERROR_INIT;
	char buffer[64];
	int got[4], before = sandbox_count_fds();
	unsigned room = 4;

	send_many(pair.a, 2, 0);
	cr_expect_eq(wire_receive(pair.b, buffer, sizeof(buffer), got, &room, &err), 0);
	cr_expect_eq(room, 0);
	cr_expect_eq(sandbox_count_fds(), before);
	pair_close(&pair);
}

Test(wire, ends_and_empty_sockets)
{
	struct pair pair = pair_open();
	struct error err = ERROR_INIT;
	char buffer[64];
	int many[17] = { 0 };

	cr_expect_eq(wire_receive(pair.b, buffer, sizeof(buffer), NULL, NULL, &err), -1);
	cr_expect_eq(err.errnum, EAGAIN);
	cr_expect_eq(wire_send(pair.a, "x", 1, many, 17, &err), -1);
	cr_expect_eq(err.errnum, EINVAL);
	cr_expect_eq(wire_receive(pair.b, buffer, sizeof(buffer), NULL, NULL, &err), -1);
	own_close(&pair.a);
	cr_expect_eq(wire_receive(pair.b, buffer, sizeof(buffer), NULL, NULL, &err), 0);
	/* No SIGPIPE: the test would end here. */
	cr_expect_eq(wire_send(pair.b, "x", 1, NULL, 0, &err), -1);
	cr_expect_eq(err.errnum, EPIPE);
	pair_close(&pair);
}

Test(wire, a_peer_that_does_not_read_blocks_nobody, .timeout = 20)
{
	struct pair pair = pair_open();
	struct error err = ERROR_INIT;
	static char packet[32768];
	int sent = 0;

	while (wire_send(pair.a, packet, sizeof(packet), NULL, 0, &err) == 0 && sent < 100000)
		sent++;
	cr_expect_eq(err.errnum, EAGAIN, "after %d packets: %s", sent, err.text);
	pair_close(&pair);
}

static long
now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
on_alarm(int signal)
{
	(void)signal;
}

/* Interrupted every 5 ms, it waits its time, no less and not much more. */
Test(wire, await_is_bounded, .timeout = 20)
{
	static const struct itimerval often = { { 0, 5000 }, { 0, 5000 } };
	static const struct itimerval never = { { 0, 0 }, { 0, 0 } };
	struct sigaction action = { .sa_handler = on_alarm };
	struct pair pair = pair_open();
	struct error err = ERROR_INIT;
	char buffer[8];
	int left = 200;

	cr_assert_eq(sigaction(SIGALRM, &action, NULL), 0);
	cr_assert_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
	long start = now_ms();
	cr_expect_eq(wire_await(pair.b, buffer, sizeof(buffer), NULL, NULL, &left, &err), -1);
	long took = now_ms() - start;
	cr_assert_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
	cr_expect_eq(err.errnum, ETIMEDOUT, "%s", err.text);
	cr_expect(took >= 199 && took < 3000, "%ld ms", took);
	cr_expect_eq(left, 0);
	left = 0;
	cr_expect_eq(wire_send(pair.a, "x", 1, NULL, 0, &err), 0);
	cr_expect_eq(wire_await(pair.b, buffer, sizeof(buffer), NULL, NULL, &left, &err), 1);
	pair_close(&pair);
}

Test(wire, await_takes_what_comes_late, .timeout = 20)
{
	struct pair pair = pair_open();
	struct error err = ERROR_INIT;
	char buffer[8] = "";
	int left = 10000;
	pid_t pid = fork();

	cr_assert(pid >= 0);
	if (pid == 0) {
		(void)nanosleep(&(struct timespec) { .tv_nsec = 100000000 }, NULL);
		_exit(wire_send(pair.a, "late", 5, NULL, 0, NULL) < 0);
	}
	cr_expect_eq(wire_await(pair.b, buffer, sizeof(buffer), NULL, NULL, &left, &err), 5, "%s",
	    err.text);
	cr_expect_str_eq(buffer, "late");
	cr_expect(left > 1000 && left <= 9950, "%d ms left", left);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	pair_close(&pair);
}

/* errno is what an earlier call left there: only that of this one counts. */
Test(wire, await_refuses_at_once_what_is_too_large, .timeout = 20)
{
	struct pair pair = pair_open();
	struct error err = ERROR_INIT;
	char buffer[4];
	int left = 10000;

	cr_expect_eq(wire_send(pair.a, "longer", 7, NULL, 0, &err), 0);
	errno = EAGAIN;
	cr_expect_eq(wire_await(pair.b, buffer, sizeof(buffer), NULL, NULL, &left, &err), -1);
	cr_expect_eq(err.errnum, EPROTO, "%d: %s", err.errnum, err.text);
	cr_expect(left > 5000, "%d ms left", left);
	pair_close(&pair);
}

/* From memory of exactly that length. */
static int
unpack_order(const char *packet, size_t length, uint32_t *flags, char *text, size_t size)
{
	struct error err = ERROR_INIT;
	autofree char *exact = malloc(length ? length : 1);

	cr_assert(exact != NULL);
	memcpy(exact, packet, length);
	return wire_unpack_order(exact, length, flags, text, size, &err);
}

Test(wire, orders)
{
	static const char *const texts[] = { "", "s1", "memory.max=1G\npids.max=5\n", "\x1b\xff" };
	char packet[256], text[64];
	struct error err = ERROR_INIT;
	uint32_t flags;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		long length = wire_pack_order(packet, sizeof(packet), WIRE_SET, WIRE_ORDER_KEEP, texts[i], &err);
		cr_assert_gt(length, 0, "%s", err.text);
		for (size_t cut = 0; cut < (size_t)length; cut++)
			cr_expect_eq(unpack_order(packet, cut, &flags, text, sizeof(text)), -1, "%zu: %zu", i, cut);
		cr_expect_eq(unpack_order(packet, (size_t)length, &flags, text, sizeof(text)), 0);
		cr_expect_str_eq(text, texts[i]);
		cr_expect_eq(flags, WIRE_ORDER_KEEP);
		packet[length] = 'x'; /* something after the text, and a text that does not fit */
		cr_expect_eq(unpack_order(packet, (size_t)length + 1, &flags, text, sizeof(text)), -1);
		cr_expect(strlen(texts[i]) == 0 || unpack_order(packet, (size_t)length, &flags, text, 1) == -1);
	}
}

Test(wire, orders_that_are_too_long_are_refused)
{
	autofree char *packet = malloc(WIRE_PACKET_MAX), *text = malloc(WIRE_TEXT_MAX + 1);
	struct error err = ERROR_INIT;
	uint32_t flags;

	cr_assert(packet && text);
	fill(text, WIRE_TEXT_MAX + 1, WIRE_TEXT_MAX, 'x');
	cr_expect_eq(wire_pack_order(packet, WIRE_PACKET_MAX, WIRE_SET, 0, text, &err), -1);
	cr_expect_eq(err.errnum, EMSGSIZE);
	text[WIRE_TEXT_MAX - 1] = '\0';
	long length = wire_pack_order(packet, WIRE_PACKET_MAX, WIRE_SET, 0, text, &err);
	cr_assert_gt(length, 0);
	cr_expect_eq(wire_unpack_order(packet, (unsigned long)length, &flags, text, WIRE_TEXT_MAX, &err), 0);
	cr_expect_eq(wire_pack_order(packet, 16, WIRE_SET, 0, text, &err), -1);
}

Test(wire, a_reload_carries_the_subject)
{
	struct open_message sent, got;
	struct error err = ERROR_INIT;
	char packet[4096];

	message_make(&sent, 9, 3, 'a');
	long length = wire_pack_reload(packet, sizeof(packet), sent.subject, sent.path, sent.flags, &err);
	cr_assert_gt(length, 0, "%s", err.text);
	cr_expect_eq(((const struct wire_head *)(const void *)packet)->type, WIRE_RELOAD);
	cr_expect_eq(unpack(packet, (size_t)length, &got, &err), 0, "%s", err.text);
	expect_same(&sent, &got, "reload");
	message_free(&got);
	message_free(&sent);
}
