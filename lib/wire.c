/*
 * The wire protocol's codec and its socket calls.  Runs on both sides as root; takes every
 * length, count and string of a packet as hostile, and never blocks longer than told.
 */
#include "lib/wire.h"

#include "lib/own.h"

#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define WIRE_FDS_MAX 16

/* The fixed part of WIRE_OPEN; the strings and the groups follow it. */
struct wire_open {
	struct wire_head head;
	uint32_t flags;
	uint32_t uid;
	uint32_t gid;
	uint32_t groups;
};

/* The fixed part of an order and its report; a string follows it. */
struct wire_order {
	struct wire_head head;
	uint32_t flags;
};

struct writer {
	unsigned char *at;
	unsigned long left;
	bool full;
};

static void
put(struct writer *writer, const void *data, unsigned long length)
{
	if (writer->full || length > writer->left) {
		writer->full = true;
		return;
	}
	memcpy(writer->at, data, length);
	writer->at += length;
	writer->left -= length;
}

static void
put_text(struct writer *writer, const char *text)
{
	put(writer, text, strlen(text) + 1);
}

static long
pack_subject(void *buffer, unsigned long size, enum wire_type type, const struct subject *subject,
    const char *policy_path, uint32_t flags, struct error *err)
{
	struct writer writer = { .at = buffer, .left = size };
	struct wire_open fixed = {
		.head = { .version = WIRE_VERSION, .type = type },
		.flags = flags,
		.uid = subject->uid,
		.gid = subject->gid,
		.groups = (uint32_t)subject->groups_count,
	};

	put(&writer, &fixed, sizeof(fixed));
	put_text(&writer, subject->user);
	put_text(&writer, subject->home);
	put_text(&writer, subject->shell);
	put_text(&writer, subject->service);
	put_text(&writer, subject->tty);
	put_text(&writer, subject->rhost);
	put_text(&writer, policy_path);
	for (size_t i = 0; i < subject->groups_count; i++) {
		uint32_t gid = subject->groups[i].gid;
		put(&writer, &gid, sizeof(gid));
		put_text(&writer, subject->groups[i].name);
	}
	if (writer.full)
		return error_set(err, EMSGSIZE, "describe user %s: too many groups", subject->user);
	return (long)(size - writer.left);
}

/* Longer than any client waits: a clock that was wrong. */
#define JOIN_USEC_MAX (UINT64_C(3600) * 1000000)

uint64_t
wire_joined_usec(const void *packet, unsigned long length)
{
	struct wire_joined message;

	if (length != sizeof(message))
		return 0;
	memcpy(&message, packet, sizeof(message));
	return message.usec <= JOIN_USEC_MAX ? message.usec : 0;
}

long
wire_pack_open(void *buffer, unsigned long size, const struct subject *subject,
    const char *policy_path, uint32_t flags, struct error *err)
{
	return pack_subject(buffer, size, WIRE_OPEN, subject, policy_path, flags, err);
}

long
wire_pack_reload(void *buffer, unsigned long size, const struct subject *subject,
    const char *policy_path, uint32_t flags, struct error *err)
{
	return pack_subject(buffer, size, WIRE_RELOAD, subject, policy_path, flags, err);
}

long
wire_pack_order(void *buffer, unsigned long size, enum wire_type type, uint32_t flags,
    const char *text, struct error *err)
{
	struct writer writer = { .at = buffer, .left = size };
	struct wire_order fixed = {
		.head = { .version = WIRE_VERSION, .type = type },
		.flags = flags,
	};

	put(&writer, &fixed, sizeof(fixed));
	put_text(&writer, text);
	if (writer.full || strlen(text) >= WIRE_TEXT_MAX)
		return error_set(err, EMSGSIZE, "pass on an order: it is too long");
	return (long)(size - writer.left);
}

struct reader {
	const unsigned char *at;
	unsigned long left;
	bool bad;
};

static void
take(struct reader *reader, void *data, unsigned long length)
{
	if (reader->bad || length > reader->left) {
		reader->bad = true;
		memset(data, 0, length);
		return;
	}
	memcpy(data, reader->at, length);
	reader->at += length;
	reader->left -= length;
}

/* A string must end inside the packet and fit its field: nothing is ever cut in silence. */
static void
take_text(struct reader *reader, char *field, unsigned long size)
{
	const unsigned char *end = reader->bad ? NULL : memchr(reader->at, '\0', reader->left);
	unsigned long length = end ? (unsigned long)(end - reader->at) + 1 : 0;

	if (!end || length > size)
		reader->bad = true;
	field[0] = '\0';
	if (!reader->bad)
		take(reader, field, length);
}

static int
take_groups(struct reader *reader, uint32_t count, struct subject *subject, struct error *err)
{
	if (count > SUBJECT_GROUPS_MAX)
		reader->bad = true;
	if (reader->bad || count == 0)
		return 0;
	subject->groups = calloc(count, sizeof(*subject->groups));
	if (!subject->groups)
		return error_set(err, errno, "read the groups of user %s", subject->user);
	subject->groups_count = count;
	for (uint32_t i = 0; i < count && !reader->bad; i++) {
		uint32_t gid;
		take(reader, &gid, sizeof(gid));
		subject->groups[i].gid = gid;
		take_text(reader, subject->groups[i].name, sizeof(subject->groups[i].name));
	}
	return 0;
}

int
wire_unpack_open(const void *packet, unsigned long length, struct subject *subject,
    char *policy_path, uint32_t *flags, struct error *err)
{
	struct reader reader = { .at = packet, .left = length };
	struct wire_open fixed;

	take(&reader, &fixed, sizeof(fixed));
	if (reader.bad || (fixed.head.type != WIRE_OPEN && fixed.head.type != WIRE_RELOAD))
		return error_set(err, EPROTO, "read a login's request");
	subject->uid = fixed.uid;
	subject->gid = fixed.gid;
	*flags = fixed.flags;
	take_text(&reader, subject->user, sizeof(subject->user));
	take_text(&reader, subject->home, sizeof(subject->home));
	take_text(&reader, subject->shell, sizeof(subject->shell));
	take_text(&reader, subject->service, sizeof(subject->service));
	take_text(&reader, subject->tty, sizeof(subject->tty));
	take_text(&reader, subject->rhost, sizeof(subject->rhost));
	take_text(&reader, policy_path, PATH_MAX);
	if (take_groups(&reader, fixed.groups, subject, err) < 0)
		return -1;
	if (reader.bad || reader.left != 0)
		return error_set(err, EPROTO, "read a login's request");
	return 0;
}

int
wire_unpack_order(const void *packet, unsigned long length, uint32_t *flags, char *text,
    unsigned long size, struct error *err)
{
	struct reader reader = { .at = packet, .left = length };
	struct wire_order fixed;

	take(&reader, &fixed, sizeof(fixed));
	*flags = fixed.flags;
	take_text(&reader, text, size);
	return reader.bad || reader.left != 0 ? error_set(err, EPROTO, "read an order") : 0;
}

int
wire_send(int socket, const void *packet, unsigned long length, const int *fds,
    unsigned fds_count, struct error *err)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(WIRE_FDS_MAX * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)packet, .iov_len = length };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fds_count > WIRE_FDS_MAX)
		return error_set(err, EINVAL, "send %u descriptors", fds_count);
	if (fds_count > 0) {
		message.msg_control = control.space;
		message.msg_controllen = CMSG_SPACE(fds_count * sizeof(int));
		struct cmsghdr *head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(fds_count * sizeof(int));
		memcpy(CMSG_DATA(head), fds, fds_count * sizeof(int));
	}
	ssize_t sent;
	do
		sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? error_set(err, errno, "send a message") : 0;
}

/*
 * Moves what descriptors came into fds.  Those that there is no room for are closed, and
 * their number makes the caller refuse the packet.
 */
static unsigned
collect_fds(struct msghdr *message, int *fds, unsigned room)
{
	unsigned count = 0;

	for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head; head = CMSG_NXTHDR(message, head)) {
		if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
			continue;
		unsigned n = (unsigned)((head->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		for (unsigned i = 0; i < n; i++, count++) {
			int fd;
			memcpy(&fd, CMSG_DATA(head) + i * sizeof(int), sizeof(int));
			if (count < room)
				fds[count] = fd;
			else
				own_close(&fd);
		}
	}
	return count;
}

long
wire_receive(int socket, void *packet, unsigned long size, int *fds, unsigned *fds_count,
    struct error *err)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(WIRE_FDS_MAX * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = packet, .iov_len = size };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};
	unsigned room = fds_count ? *fds_count : 0;
	ssize_t length;

	do
		length = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (length < 0 && errno == EINTR);
	if (fds_count)
		*fds_count = 0;
	if (length < 0)
		return error_set(err, errno, "receive a message");
	/* An empty packet reads as the end of file, where nobody looks for descriptors. */
	unsigned count = collect_fds(&message, fds, length > 0 ? room : 0);
	if (length == 0)
		return 0;
	if (count > room || message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		for (unsigned i = 0; i < count && i < room; i++)
			own_close(&fds[i]);
		return error_set(err, EPROTO, "receive a message: it is too large");
	}
	if (fds_count)
		*fds_count = count;
	return length;
}

static int64_t
now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

long
wire_await(int socket, void *packet, unsigned long size, int *fds, unsigned *fds_count,
    int *timeout_ms, struct error *err)
{
	int64_t end = now_ms() + *timeout_ms;

	for (;;) {
		struct pollfd ready = { .fd = socket, .events = POLLIN };
		int64_t left = end - now_ms();
		int n = poll(&ready, 1, left > 0 ? (int)left : 0);
		*timeout_ms = (int)(end - now_ms() > 0 ? end - now_ms() : 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(err, errno, "wait for an answer");
		if (n == 0)
			return error_set(err, ETIMEDOUT, "wait for an answer");
		/* Of the call, not of errno: what was received and refused leaves an old errno there. */
		struct error wrong = ERROR_INIT;
		long length = wire_receive(socket, packet, size, fds, fds_count, &wrong);
		if (length >= 0)
			return length;
		if (wrong.errnum != EAGAIN)
			return error_set(err, wrong.errnum, "%s", wrong.text);
	}
}
