/*
 * lib/spawn.c: a program is started, and the process that started it is as it was.  The
 * program is a shell script that tells what it found.  Needs no right.
 */
#include "lib/spawn.h"

#include "test_sandbox.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

static char directory[] = "/tmp/test_spawn.XXXXXX";

static void
set_up(void)
{
	cr_assert(mkdtemp(directory) != NULL, "%m");
	cr_assert_eq(chdir(directory), 0);
}

static void
tear_down(void)
{
	(void)unlink("script");
	(void)unlink("told");
	(void)unlink("telling");
	cr_assert_eq(rmdir(directory), 0, "%m");
}

TestSuite(spawn, .init = set_up, .fini = tear_down, .timeout = 30);

static void
sleep_ms(long ms)
{
	(void)nanosleep(&(struct timespec) { .tv_nsec = ms * 1000000 }, NULL);
}

static void
write_script(const char *text)
{
	char script[1024];

	(void)snprintf(script, sizeof(script), "cd %s || exit\n{ %s; } >telling 2>&1\nmv telling told\n",
	    directory, text);
	(void)unlink("script");
	sandbox_file("script", script, 0700, geteuid());
}

/* What the script printed; the program runs on its own, so wait for it. */
static const char *
told(char *text, size_t size)
{
	for (int i = 0; i < 1000 && access("told", F_OK) < 0; i++)
		sleep_ms(10);
	autofd int fd = open("told", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);
	cr_assert(n >= 0, "the program told nothing: %m");
	text[n] = '\0';
	(void)unlink("told");
	return text;
}

static int
spawn_script(const char *text, int fd, struct error *err)
{
	char path[64];

	write_script(text);
	(void)snprintf(path, sizeof(path), "%s/script", directory);
	*err = (struct error)ERROR_INIT;
	return spawn_detached("/bin/sh", path, fd, err);
}

Test(spawn, the_program_gets_one_argument_and_nothing_else)
{
	struct error err;
	char text[2048];
	int many[40];

	for (int i = 0; i < 40; i++)
		cr_assert((many[i] = open("/dev/zero", O_RDONLY)) >= 0); /* on purpose not O_CLOEXEC */
	autofd int fd = open("/dev/full", O_RDWR | O_CLOEXEC);
	cr_assert_eq(setenv("SECRET", "of the caller", 1), 0);
	/* The shell has descriptors of its own, but none of the caller's. */
	cr_assert_eq(spawn_script("echo args=$#; ls -l /proc/$$/fd; readlink /proc/$$/fd/3; "
	    "tr '\\0' '\\n' </proc/$$/environ; echo end", fd, &err), 0, "%s", err.text);
	(void)told(text, sizeof(text));
	cr_expect(strstr(text, "args=0\n"), "%s", text);
	cr_expect(strstr(text, " 3 -> /dev/full\n"), "%s", text);
	cr_expect(!strstr(text, "/dev/zero"), "%s", text);
	cr_expect(strstr(text, "/dev/full\nend\n"), "an environment: %s", text);
	for (int i = 0; i < 40; i++)
		own_close(&many[i]);
}

static volatile sig_atomic_t children_heard_of;

static void
on_child(int signal)
{
	(void)signal;
	children_heard_of++;
}

struct state {
	struct sigaction action[NSIG];
	sigset_t mask;
	int fds;
};

static void
state_read(struct state *state)
{
	memset(state, 0, sizeof(*state));
	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, NULL, &state->action[i]);
	(void)sigprocmask(SIG_SETMASK, NULL, &state->mask);
	state->fds = sandbox_count_fds();
}

static void
expect_same_state(const struct state *before, const char *what)
{
	struct state after;

	state_read(&after);
	for (int i = 1; i < NSIG; i++) {
		cr_expect(before->action[i].sa_handler == after.action[i].sa_handler &&
		    before->action[i].sa_flags == after.action[i].sa_flags, "%s: signal %d", what, i);
		cr_expect_eq(sigismember(&before->mask, i), sigismember(&after.mask, i), "%s: signal %d", what,
		    i);
	}
	cr_expect_eq(before->fds, after.fds, "%s: descriptors", what);
	errno = 0;
	cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1, "%s: a child is left", what);
	cr_expect_eq(errno, ECHILD, "%s", what);
	cr_expect_eq(waitpid(-1, NULL, WNOHANG | __WALL), -1, "%s: a clone is left", what);
}

Test(spawn, the_caller_learns_of_nothing)
{
	static const struct {
		const char *name;
		void (*handler)(int);
		int flags;
	} rows[] = {
		{ "a handler", on_child, 0 }, { "a handler, restarting", on_child, SA_RESTART },
		{ "ignored", SIG_IGN, 0 }, { "default", SIG_DFL, 0 }, { "no zombies", SIG_DFL, SA_NOCLDWAIT },
	};
	autofd int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t some;

	(void)sigemptyset(&some);
	(void)sigaddset(&some, SIGUSR2);
	(void)sigprocmask(SIG_BLOCK, &some, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sigaction action = { .sa_handler = rows[i].handler, .sa_flags = rows[i].flags };
		struct state before;
		struct error err;
		char text[64];
		cr_assert_eq(sigaction(SIGCHLD, &action, NULL), 0);
		state_read(&before);
		cr_expect_eq(spawn_script("echo ran", fd, &err), 0, "%s: %s", rows[i].name, err.text);
		cr_expect_str_eq(told(text, sizeof(text)), "ran\n", "%s", rows[i].name);
		sleep_ms(30);
		expect_same_state(&before, rows[i].name);
		cr_expect_eq(spawn_detached("/nonexistent", "x", fd, &err), -1, "%s", rows[i].name);
		expect_same_state(&before, rows[i].name);
	}
	cr_expect_eq(children_heard_of, 0);
}

/* Under sshd any of 0 to 2 may be closed, and the socket then has such a number. */
Test(spawn, with_standard_descriptors_closed)
{
	int saved[3];

	for (int closed = 1; closed <= 3; closed++) {
		struct error err;
		char text[256];
		for (int i = 0; i < 3; i++)
			saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 100);
		for (int i = 0; i < closed; i++)
			(void)close(i);
		int fd = open("/dev/full", O_RDWR | O_CLOEXEC);
		int rc = spawn_script("readlink /proc/$$/fd/3; ls /proc/$$/fd | tr '\\n' ' '", fd, &err);
		int left = fcntl(fd, F_GETFD);
		own_close(&fd);
		for (int i = 0; i < 3; i++) {
			(void)dup2(saved[i], i);
			own_close(&saved[i]);
		}
		cr_expect_eq(left, FD_CLOEXEC, "%d closed", closed);
		cr_assert_eq(rc, 0, "%d closed: %s", closed, err.text);
		(void)told(text, sizeof(text));
		cr_expect_eq(strncmp(text, "/dev/full\n", 10), 0, "%d closed: %s", closed, text);
	}
}

/* The socket may have the number that the program gets it by. */
Test(spawn, the_descriptor_may_have_any_number)
{
	static const int numbers[] = { 3, 4, 5, 200 };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct error err;
		char text[64];
		autofd int other = open("/dev/full", O_RDWR | O_CLOEXEC);
		int saved = fcntl(numbers[i], F_DUPFD_CLOEXEC, 300);
		int fd = dup3(other, numbers[i], O_CLOEXEC);
		if (fd < 0)
			fd = fcntl(other, F_DUPFD_CLOEXEC, numbers[i]);
		int rc = spawn_script("readlink /proc/$$/fd/3", fd, &err);
		if (saved >= 0)
			(void)dup2(saved, numbers[i]);
		else if (fd != other)
			own_close(&fd);
		own_close(&saved);
		cr_assert_eq(rc, 0, "number %d: %s", numbers[i], err.text);
		cr_expect_str_eq(told(text, sizeof(text)), "/dev/full\n", "number %d", numbers[i]);
		other = numbers[i] == other ? -1 : other;
	}
}

Test(spawn, what_cannot_run_is_an_error)
{
	static const struct {
		const char *program;
		int errnum;
	} rows[] = {
		{ "/nonexistent/supervisor", ENOENT }, { "/etc/passwd", EACCES }, { "/tmp", EACCES },
		{ "/etc/passwd/x", ENOTDIR }, { "", ENOENT },
	};
	autofd int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = ERROR_INIT;
		cr_expect_eq(spawn_detached(rows[i].program, "1000", fd, &err), -1, "row %zu", i);
		cr_expect_eq(err.errnum, rows[i].errnum, "row %zu: %d %s", i, err.errnum, err.text);
		cr_expect(strstr(err.text, rows[i].program), "row %zu: %s", i, err.text);
	}
}

/* A caller that ends at once, or a program that takes its time: neither waits for the other. */
Test(spawn, nobody_waits_for_the_program)
{
	autofd int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct timespec start, end;
	struct error err;
	char text[64];

	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	cr_assert_eq(spawn_script("sleep 2; echo late", fd, &err), 0, "%s", err.text);
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	cr_expect_lt(end.tv_sec - start.tv_sec, 2);
	cr_expect_str_eq(told(text, sizeof(text)), "late\n");
}
