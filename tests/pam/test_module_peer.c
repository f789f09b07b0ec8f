/*
 * The built pam_ctr.so, and a supervisor that lies, is stopped, or can't be had: the login is
 * refused, in bounded time and with one line in the log, and nothing of it stays anywhere.
 */
#include "lib/wire.h"
#include "tests/pam/test_module.h"

#include <sys/file.h>

TestSuite(module_peer, .init = module_set_up, .timeout = 120);

/* --- a supervisor that lies ------------------------------------------------------------------ */

#define LAST_WORDS_MAX 4096

static char *last_words; /* of a client whose join failed; shared with the liar */

struct lie {
	const char *name;
	uint32_t type;
	size_t length;    /* of the answer; 0: hangs up */
	unsigned fds;     /* that come along */
	uint32_t cgroups; /* that a kit says it has */
	const char *log;  /* what the refusal says; NULL: the login is let in */
	uint32_t version; /* added to the right one */
	uint32_t private_ids; /* that a kit says it has */
	bool waits;       /* says WIRE_WAIT first, with as many descriptors */
};

#define KIT sizeof(struct wire_kit)
#define TEXT sizeof(struct wire_text)
#define HEAD sizeof(struct wire_head)

static const struct lie lies[] = {
	{ "exempt", WIRE_EXEMPT, HEAD, 0, 0, NULL },
	{ "exempt, as it says it", WIRE_EXEMPT, TEXT, 0, 0, NULL },
	{ "exempt after a while", WIRE_EXEMPT, HEAD, 0, 0, NULL, .waits = true },
	{ "refused", WIRE_REFUSED, TEXT, 0, 0, "no room" },
	{ "half a refusal", WIRE_REFUSED, TEXT / 2, 0, 0, "understand" },
	{ "hangs up", 0, 0, 0, 0, "ended 6 times before it answered" },
	{ "waits and hangs up", 0, 0, 0, 0, "ended 6 times", .waits = true },
	{ "always leaving", WIRE_AGAIN, HEAD, 0, 0, "ended 6 times" },
	{ "always leaving, with gifts", WIRE_AGAIN, HEAD, 3, 0, "ended 6 times" },
	{ "another version", WIRE_EXEMPT, HEAD, 0, 0, "understand", .version = 1 },
	{ "a kit of another version", WIRE_KIT, KIT, 2, 1, "understand", .version = 1 },
	{ "half a head", WIRE_EXEMPT, 5, 0, 0, "understand" },
	{ "half a head, with gifts", WIRE_EXEMPT, 5, 3, 0, "understand" },
	{ "a type for nobody", 99, HEAD, 0, 0, "understand" },
	{ "a client's type", WIRE_OPEN, HEAD, 2, 0, "understand" },
	{ "ended", WIRE_ENDED, HEAD, 0, 0, "understand" },
	{ "a kit without a pidfd", WIRE_KIT, KIT, 0, 0, "kit" },
	{ "a kit with too many", WIRE_KIT, KIT, 3, 1, "kit" },
	{ "a kit with too few", WIRE_KIT, KIT, 2, 5, "kit" },
	{ "a kit that counts wrong", WIRE_KIT, KIT, 1, 0xffffffff, "kit" },
	{ "a kit without its user namespace", WIRE_KIT, KIT, 1, 0, "kit", .private_ids = 1 },
	{ "a kit that counts it twice", WIRE_KIT, KIT, 2, 1, "kit", .private_ids = 1 },
	{ "a kit of two user namespaces", WIRE_KIT, KIT, 3, 0, "kit", .private_ids = 2 },
	{ "more than a kit has", WIRE_KIT, KIT, 12, 11, "too large" },
	{ "half a kit", WIRE_KIT, KIT / 2, 1, 0, "understand" },
	{ "a kit of no namespaces", WIRE_KIT, KIT, 1, 0, "enter the container" },
	{ "the same after gifts", WIRE_KIT, KIT, 1, 0, "enter the container", .waits = true },
	{ "an exemption with gifts", WIRE_EXEMPT, HEAD, 4, 0, NULL },
	{ "too long", WIRE_EXEMPT, 4000, 2, 0, "too large" },
};

static void
tell_lie(const struct lie *lie, int connection)
{
	static union {
		struct wire_kit kit;
		struct wire_text text;
		char room[4096];
	} answer;
	static const struct wire_head wait = { .version = WIRE_VERSION, .type = WIRE_WAIT };
	int fds[16];

	memset(&answer, 0, sizeof(answer));
	if (lie->type == WIRE_KIT) {
		answer.kit.cgroups = lie->cgroups;
		answer.kit.private_ids = lie->private_ids;
		memset(answer.kit.session, 'x', sizeof(answer.kit.session));
	} else if (lie->type == WIRE_REFUSED) {
		memset(answer.text.text, 'n', sizeof(answer.text.text));
		(void)snprintf(answer.text.text, sizeof(answer.text.text), "no room");
	}
	answer.kit.head = (struct wire_head) { .version = WIRE_VERSION + lie->version, .type = lie->type };
	for (unsigned i = 0; i < lie->fds; i++)
		fds[i] = module.log;
	if (lie->waits)
		(void)wire_send(connection, &wait, sizeof(wait), fds, lie->fds, NULL);
	if (lie->length)
		(void)wire_send(connection, &answer, lie->length, fds, lie->fds, NULL);
}

/* Its own words with the client, and then the client's, if it has any. */
static void
serve(const struct lie *lie, int connection)
{
	static union {
		struct wire_head head;
		struct wire_text text;
		char room[WIRE_PACKET_MAX];
	} packet;

	if (recv(connection, &packet, sizeof(packet), 0) <= 0)
		return;
	tell_lie(lie, connection);
	/* Until the client has gone: a reset would take the answer away from it. */
	while (lie->length && recv(connection, &packet, sizeof(packet), 0) > 0)
		if (packet.head.type == WIRE_FAILED)
			(void)snprintf(last_words, LAST_WORDS_MAX, "%.500s", packet.text.text);
}

static _Noreturn void
lie_to_all(const struct lie *lie, int listener)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		autofd int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (connection >= 0)
			serve(lie, connection);
	}
}

static void
own_directory_make(void)
{
	sandbox_directory(PLACE_RUN, 0700, 0);
	sandbox_directory(MODULE_OWN, 0700, 0);
}

static int
own_socket_listen(int backlog)
{
	int listener = module_bind_socket(MODULE_OWN "/socket", SOCK_SEQPACKET);

	NEED(listener >= 0 && listen(listener, backlog) == 0);
	return listener;
}

/* A second attempt with the same handle is as the first: nothing is taken for joined. */
static void
expect_same_again(const struct lie *lie)
{
	pam_handle_t *pamh = module_begin("alice", "");

	for (int i = 0; i < 2; i++) {
		EXPECT_IN((pam_open_session(pamh, PAM_SILENT) != PAM_SUCCESS) == (lie->log != NULL), "%s",
		    lie->name);
		const char *line = module_logged();
		EXPECT_IN(!line[0] == !lie->log, "%s, time %d: %s", lie->name, i, line);
	}
	EXPECT(pam_end(pamh, 0) == PAM_SUCCESS);
}

static void
expect_survives(const struct lie *lie)
{
	int listener = own_socket_listen(16);

	last_words[0] = '\0';
	pid_t pid = fork();
	NEED(pid >= 0);
	if (pid == 0)
		lie_to_all(lie, listener);
	EXPECT_IN(login("alice", "") == (lie->log ? PAM_SESSION_ERR : PAM_SUCCESS), "%s", lie->name);
	if (lie->log)
		module_expect_logged(lie->log);
	EXPECT_IN(!strcmp(module_logged(), ""), "%s", lie->name);
	EXPECT_IN(!module.messages[0] == !lie->log, "%s: %s", lie->name, module.messages);
	expect_same_again(lie);
	/* The supervisor learns of a join that failed, so that it keeps no session. */
	bool has_kit = lie->log && strstr(lie->log, "enter the container");
	EXPECT_IN(!has_kit || namespace_wait(strstr(last_words, lie->log)), "%s: %s", lie->name,
	    last_words);
	NEED(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
	own_close(&listener);
	NEED(unlink(MODULE_OWN "/socket") == 0);
}

TEST_ALONE(module_peer, survives_a_supervisor_that_lies)
{
	last_words = mmap(NULL, LAST_WORDS_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	NEED(last_words != MAP_FAILED);
	own_directory_make();
	size_t used = 0;
	for (int round = 0; round < 3; round++) {
		/* After the first, in which libraries take what they keep. */
		if (round == 1)
			used = module_memory();
		for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
			expect_survives(&lies[i]);
	}
	EXPECT_IN(module_memory() <= used + MODULE_MEMORY_NOISE, "%zu bytes, then %zu", used,
	    module_memory());
}

/* --- nobody answers ---------------------------------------------------------------------- */

static long
now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * client_open() gives four seconds to whoever does not answer: not less, for the sake of a
 * machine under load, and not much more, which the user waits.
 */
static void
expect_refused_in_time(const char *log)
{
	long start = now_ms();
	EXPECT(login("alice", "") == PAM_SESSION_ERR);
	long ms = now_ms() - start;
	module_expect_logged(log);
	/* Nor does it cost root anything: what that takes is what this machine needs. */
	start = now_ms();
	EXPECT(login("root", "") == PAM_SUCCESS);
	long own = now_ms() - start;
	EXPECT_IN(ms >= 3500 && ms < 5000 + 20 * own, "%ld ms, root's %ld", ms, own);
	EXPECT_IN(own < 1000, "%ld ms", own);
}

TEST_ALONE(module_peer, a_stopped_supervisor_is_not_waited_for)
{
	own_directory_make();
	int listener = own_socket_listen(16);
	expect_refused_in_time("is it stopped?");
	own_close(&listener);
}

TEST_ALONE(module_peer, a_stopped_supervisor_with_a_full_backlog_is_not_waited_for)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = MODULE_OWN "/socket" };
	autofd int first = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	own_directory_make();
	int listener = own_socket_listen(0);
	NEED(connect(first, (struct sockaddr *)&address, sizeof(address)) == 0);
	expect_refused_in_time("is it stopped?");
	own_close(&listener);
}

TEST_ALONE(module_peer, a_lock_that_is_held_is_not_waited_for)
{
	own_directory_make();
	autofd int directory = open(MODULE_OWN, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* A shared one: who takes less than an exclusive lock gets past it. */
	NEED(flock(directory, LOCK_SH) == 0);
	expect_refused_in_time("another login of this user's holds it");
	EXPECT_IN(access(MODULE_OWN "/socket", F_OK) < 0, "it was taken without the lock");
}

/* What a predecessor left is for a successor, also where none can be started. */
TEST_ALONE(module_peer, a_record_is_kept)
{
	own_directory_make();
	sandbox_file(MODULE_OWN "/record", "version 1\n", 0600, 0);
	EXPECT(login("alice", "") == PAM_SESSION_ERR);
	EXPECT(access(MODULE_OWN "/record", F_OK) == 0);
	EXPECT(access(MODULE_OWN "/socket", F_OK) < 0);
}
