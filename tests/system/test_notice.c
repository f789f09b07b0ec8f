/*
 * container/notice.c: a line for the terminals of a container's users, one of which a program writes
 * to without a pause.  Needs nothing.
 */
#include "container/notice.h"

#include "container/server.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>

#define SAID "pam_ctr: it is so\r\n"

static struct {
	struct server *server;
	int master;
	pid_t caller;
} world;

/* A session's caller, who has the terminal for its standard descriptors and writes to it for ever. */
static pid_t
start_writer(const char *terminal)
{
	static char page[4096];
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	int fd = open(terminal, O_RDWR | O_NOCTTY);
	memset(page, 'y', sizeof(page));
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent || fd < 0 ||
	    dup2(fd, 0) < 0 || dup2(fd, 1) < 0)
		_exit(1);
	while (write(1, page, sizeof(page)) > 0)
		;
	_exit(0);
}

static void
set_up(void)
{
	struct termios raw;
	char name[64];

	world.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	cr_assert(world.master >= 0 && unlockpt(world.master) == 0, "%m");
	cr_assert_eq(ptsname_r(world.master, name, sizeof(name)), 0, "%m");
	int terminal = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	cr_assert(terminal >= 0 && fchmod(terminal, 0620) == 0 && tcgetattr(terminal, &raw) == 0, "%m");
	cfmakeraw(&raw);
	cr_assert_eq(tcsetattr(terminal, TCSANOW, &raw), 0, "%m");
	world.caller = start_writer(name);
	cr_assert_gt(world.caller, 0);
	world.server = calloc(1, sizeof(*world.server));
	cr_assert(world.server && (world.server->record.session = calloc(1, sizeof(struct record_session))));
	world.server->record.session[0].caller.pid = world.caller;
	world.server->record.sessions = 1;
	world.server->init = open("/dev/null", O_RDONLY | O_CLOEXEC); /* a container that lives */
	world.server->notice = (struct notice)NOTICE_INIT;
}

static void
tear_down(void)
{
	(void)kill(world.caller, SIGKILL);
	(void)waitpid(world.caller, NULL, 0);
	free(world.server->record.session);
	free(world.server);
}

TestSuite(notice, .init = set_up, .fini = tear_down, .timeout = 60);

/* Tells it, once the writer is at work: the pidfd of who does. */
static int
tell(void)
{
	struct notice_target target = notice_to_all(world.server);
	char first[1];

	cr_assert_eq(read(world.master, first, 1), 1, "nobody writes: %m");
	notice_tell(world.server, &target, NOTICE_NEWS, "%s", "it is so");
	for (int i = 0; i < NOTICE_CHILDREN_MAX; i++)
		if (world.server->notice.child[i] >= 0)
			return world.server->notice.child[i];
	cr_assert_fail("nobody tells");
	return -1;
}

/* Reads what the terminal shows until it shows text, or the teller is gone and nothing more can come. */
static bool
shows(const char *text, int teller)
{
	char shown[4096 + 64] = "";
	size_t kept = 0;
	struct pollfd gone = { .fd = teller, .events = POLLIN };

	for (int after = 0; after < 64;) {
		/* Slower than the writer, who so waits in write(2) nearly all of the time. */
		ssize_t n = read(world.master, shown + kept, 512);
		if (n <= 0)
			return false;
		kept += (size_t)n;
		shown[kept] = '\0';
		if (strstr(shown, text))
			return true;
		size_t tail = kept < strlen(text) ? kept : strlen(text);
		memmove(shown, shown + kept - tail, tail);
		kept = tail;
		after += poll(&gone, 1, 0) == 1; /* what is in the buffer is a few KiB */
	}
	return false;
}

Test(notice, waits_its_turn_at_a_busy_terminal)
{
	cr_assert(shows(SAID, tell()));
}

/* Who tells ends a moment later. */
Test(notice, leaves_a_terminal_that_nobody_reads)
{
	struct pollfd gone = { .fd = tell(), .events = POLLIN };

	cr_assert_eq(poll(&gone, 1, 30000), 1, "it waits for ever");
}
