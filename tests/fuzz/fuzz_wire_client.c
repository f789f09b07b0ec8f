/*
 * What a supervisor, or what sits in its place, answers to the PAM module and to ctrctl: the
 * packets with their descriptors, from the socket to a kit, a verdict or an error.  The module
 * parses inside sshd: whatever comes, the kit's numbers must be within bounds, its texts must end,
 * and no descriptor may stay in the caller.
 *
 * connect(2) is this file's: it puts a socket in place that holds the input's answers and is at
 * its end behind them.  An input: what is asked (one byte), then answers as in fuzz_wire_server.c.
 */
#include "fuzz.h"

#include "lib/client.h"
#include "lib/own.h"
#include "lib/sys.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#define UID 1000
#define ANSWERS_MAX 8

static struct fuzz_input answers;
static int peer = -1;

static void
send_answer(void)
{
	int fds[16];
	unsigned count = fuzz_byte(&answers) % 17;
	size_t length = fuzz_byte(&answers);

	length |= fuzz_byte(&answers) << 8;
	if (length > answers.left)
		length = answers.left;
	for (unsigned i = 0; i < count; i++)
		fds[i] = STDERR_FILENO;
	fuzz_check(wire_send(peer, answers.at, length, fds, count, NULL) == 0);
	answers.at += length;
	answers.left -= length;
}

/* A client that asks anew gets what is left of the answers. */
int
connect(int fd, const struct sockaddr *address, socklen_t length)
{
	int pair[2];

	(void)address;
	(void)length;
	own_close(&peer);
	fuzz_check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	fuzz_check(dup3(pair[0], fd, O_CLOEXEC) == fd);
	own_close(&pair[0]);
	peer = pair[1];
	for (int i = 0; i < ANSWERS_MAX && answers.left > 0; i++)
		send_answer();
	fuzz_check(shutdown(peer, SHUT_WR) == 0);
	return 0;
}

/* A client that finds a supervisor leaving waits up to a second for the next one. */
int
nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)time;
	(void)left;
	return 0;
}

static void
check_kit(struct join_kit *kit)
{
	const struct wire_kit *message = &kit->message;

	fuzz_check(message->cgroups <= WIRE_CGROUPS_MAX && kit->pidfd >= 0);
	fuzz_check((kit->userns >= 0) == (message->private_ids == 1));
	fuzz_check((kit->filter >= 0) == (message->filter == 1));
	for (unsigned i = 0; i < message->cgroups; i++)
		fuzz_check(kit->cgroup[i] >= 0);
	fuzz_check(memchr(message->session, '\0', sizeof(message->session)));
	fuzz_check(memchr(message->banner, '\0', sizeof(message->banner)));
	for (size_t i = 0; i < sizeof(message->environment) / sizeof(message->environment[0]); i++)
		fuzz_check(memchr(message->environment[i], '\0', sizeof(message->environment[i])));
}

static void
ask_login(void)
{
	static struct subject_group group = { 1000, "alice" };
	static const struct subject subject = { .uid = UID, .gid = 1000, .user = "alice", .home = "/home/alice",
		.service = "sshd", .groups = &group, .groups_count = 1 };
	const struct client_request request = { .subject = &subject, .policy_path = "/etc/pam_ctr.conf",
		.tty = -1 };
	struct join_kit kit = JOIN_KIT_INIT;
	struct wire_text why = { .show = 0 };
	struct error err = ERROR_INIT;
	enum client_answer answer;
	int connection = -1;

	if (client_open(&request, &answer, &kit, &connection, &why, &err) < 0) {
		fuzz_check(err.text[0] && connection < 0);
		join_kit_free(&kit);
		return;
	}
	fuzz_check((answer == CLIENT_KIT) == (connection >= 0));
	if (answer == CLIENT_KIT)
		check_kit(&kit);
	if (answer == CLIENT_REFUSED)
		fuzz_check(memchr(why.text, '\0', sizeof(why.text)) &&
		    memchr(why.contact, '\0', sizeof(why.contact)));
	if (connection >= 0)
		(void)client_joined(&connection, 1000, &err);
	fuzz_check(connection < 0);
	join_kit_free(&kit);
}

static void
ask_order(void)
{
	struct error err = ERROR_INIT;
	enum client_verdict verdict;
	autofree char *text = malloc(WIRE_TEXT_MAX);
	unsigned char packet[64];
	long length = wire_pack_order(packet, sizeof(packet), WIRE_SET, 0, "memory.max=1G\n", &err);

	fuzz_check(text != NULL && length > 0);
	if (client_order(UID, packet, (unsigned long)length, 1000, &verdict, text, &err) < 0)
		fuzz_check(err.text[0]);
	else
		fuzz_check(strlen(text) < WIRE_TEXT_MAX);
}

static void
ask_end(void)
{
	struct error err = ERROR_INIT;
	bool existed;

	fuzz_check(client_end(UID, 1000, &existed, &err) == 0 || err.text[0]);
	fuzz_check(existed);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_sandbox("/run");
	fuzz_check(mkdir("/run/pam_ctr", 0700) == 0 && mkdir("/run/pam_ctr/1000", 0700) == 0);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const ask[])(void) = { ask_login, ask_order, ask_end };

	answers = (struct fuzz_input) { data, size };
	ask[fuzz_byte(&answers) % (sizeof(ask) / sizeof(ask[0]))]();
	own_close(&peer);
	fuzz_same_descriptors();
	return 0;
}
