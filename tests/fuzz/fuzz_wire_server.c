/*
 * What a client says to a supervisor: its packets, with descriptors, as they come from the socket,
 * up to the answer.  Whoever can connect is root's, and still nothing may be read past a packet's
 * end, no descriptor kept, and each packet that is taken must say the same when it is packed anew.
 *
 * An input is a list of packets: a number of descriptors (one byte), a length (two bytes, the
 * lower first), the bytes.
 */
#include "fuzz.h"

#include "lib/own.h"
#include "lib/sys.h"
#include "lib/wire.h"

#include <limits.h>
#include <string.h>
#include <sys/socket.h>

#define PACKETS_MAX 16
#define ROOM 1 /* descriptors that a supervisor takes: a terminal */

static void
check_open(const unsigned char *packet, unsigned long length)
{
	struct error err = ERROR_INIT;
	struct subject subject = SUBJECT_INIT;
	char path[PATH_MAX];
	uint32_t flags;

	if (wire_unpack_open(packet, length, &subject, path, &flags, &err) == 0) {
		const struct wire_head *head = (const void *)packet;
		autofree unsigned char *again = malloc(WIRE_PACKET_MAX);
		fuzz_check(again != NULL && subject.groups_count <= SUBJECT_GROUPS_MAX);
		long packed = (head->type == WIRE_OPEN ? wire_pack_open : wire_pack_reload)(again,
		    WIRE_PACKET_MAX, &subject, path, flags, &err);
		fuzz_check(packed == (long)length, "%ld of %lu bytes: %s", packed, length, err.text);
		/* The version is not looked at here. */
		fuzz_check(!memcmp(again + sizeof(head->version), packet + sizeof(head->version),
		    length - sizeof(head->version)));
	} else {
		fuzz_check(err.text[0]);
	}
	subject_free(&subject);
}

static void
check_order(const unsigned char *packet, unsigned long length)
{
	struct error err = ERROR_INIT;
	autofree char *text = malloc(WIRE_TEXT_MAX);
	uint32_t flags;

	fuzz_check(text != NULL);
	if (wire_unpack_order(packet, length, &flags, text, WIRE_TEXT_MAX, &err) < 0) {
		fuzz_check(err.text[0]);
		return;
	}
	const struct wire_head *head = (const void *)packet;
	autofree unsigned char *again = malloc(WIRE_PACKET_MAX);
	fuzz_check(again != NULL && strlen(text) < WIRE_TEXT_MAX);
	long packed = wire_pack_order(again, WIRE_PACKET_MAX, (enum wire_type)head->type, flags, text, &err);
	fuzz_check(packed == (long)length && !memcmp(again + 4, packet + 4, length - 4), "%s", err.text);
}

/* As request_ready() has it: one packet into a buffer, of which no more is read than came. */
static bool
take(int socket)
{
	struct error err = ERROR_INIT;
	autofree unsigned char *buffer = malloc(WIRE_PACKET_MAX);
	int fds[ROOM];
	unsigned count = ROOM;

	fuzz_check(buffer != NULL);
	long length = wire_receive(socket, buffer, WIRE_PACKET_MAX, fds, &count, &err);
	fuzz_check(count <= ROOM && (length >= 0 || count == 0));
	for (unsigned i = 0; i < count; i++) {
		fuzz_check(fcntl(fds[i], F_GETFD) == FD_CLOEXEC);
		own_close(&fds[i]);
	}
	if (length <= 0)
		return length < 0 && err.errnum != EAGAIN;
	/* Of its very length, so that a byte too far is seen. */
	autofree unsigned char *packet = malloc((size_t)length);
	fuzz_check(packet != NULL);
	memcpy(packet, buffer, (size_t)length);
	check_open(packet, (unsigned long)length);
	check_order(packet, (unsigned long)length);
	(void)wire_joined_usec(packet, (unsigned long)length);
	return true;
}

static void
send_one(int socket, struct fuzz_input *input)
{
	int fds[16];
	unsigned count = fuzz_byte(input) % 17;
	size_t length = fuzz_byte(input);

	length |= fuzz_byte(input) << 8;
	if (length > input->left)
		length = input->left;
	for (unsigned i = 0; i < count; i++)
		fds[i] = socket;
	fuzz_check(wire_send(socket, input->at, length, fds, count, NULL) == 0);
	input->at += length;
	input->left -= length;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	int pair[2];

	fuzz_check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	for (int i = 0; i < PACKETS_MAX && input.left > 0; i++) {
		send_one(pair[0], &input);
		(void)take(pair[1]);
		fuzz_check(!take(pair[1]), "a packet came twice");
	}
	own_close(&pair[0]);
	own_close(&pair[1]);
	fuzz_same_descriptors();
	return 0;
}
