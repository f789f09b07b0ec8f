/*
 * Starts a helper as a child held by a pidfd and collects its two streams by poll(2).  Runs as
 * root in the supervisor and ctrctl; the helper is root's, too, but it loads other people's
 * libraries (NSS), so neither its time nor its output is trusted to end.
 */
#include "lib/command.h"

#include "lib/own.h"
#include "lib/sys.h"
#include "lib/text.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

/* How long a killed program may take to be gone, before it is left to whoever reaps us. */
#define KILL_MS 500

struct stream {
	int fd;
	char *text;
	size_t size, used;
	bool cut;
};

static int64_t
now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int
make_pipe(int *reader, int *writer, struct error *err)
{
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) < 0)
		return error_set(err, errno, "make a pipe");
	*reader = pair[0];
	*writer = pair[1];
	if (fcntl(*reader, F_SETFL, O_NONBLOCK) < 0)
		return error_set(err, errno, "set up a pipe");
	return 0;
}

/* First above 2, so that no dup2 covers what is still to be moved; dup2 clears O_CLOEXEC. */
static bool
place_streams(const int *stream)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int from[3];

	for (int fd = 0; fd <= 2; fd++)
		from[fd] = stream[fd] < 0 ? null : stream[fd];

	for (int fd = 0; fd <= 2; fd++) {
		from[fd] = fcntl(from[fd], F_DUPFD_CLOEXEC, 3);
		if (from[fd] < 0)
			return false;
	}
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(from[fd], fd) < 0)
			return false;
	return sys_close_range(3, ~0U, 0) == 0 && chdir("/") == 0;
}

/*
 * By the kernel's number, sigaction(2): the C libraries keep those that they use themselves from
 * signal(3), and a parent may have ignored them.  Zeros are SIG_DFL and no flags.
 */
static void
reset_signals(void)
{
	static const uint64_t defaults[8];
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (int number = 1; number < NSIG; number++)
		(void)syscall(SYS_rt_sigaction, number, defaults, NULL, sizeof(uint64_t)); /* not KILL, STOP */
}

static _Noreturn void
child_run(const char *const *argv, const int *stream)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
	char *const envp[] = { path, locale, NULL };

	reset_signals();
	(void)umask(022);
	if (place_streams(stream))
		(void)execve(argv[0], (char *const *)(uintptr_t)argv, envp);
	(void)dprintf(STDERR_FILENO, "run %s: %s: is pam_ctr installed whole?\n", argv[0],
	    strerror(errno));
	_exit(127);
}

static int
child_start(const char *const *argv, const int *stream, struct command_child *child)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&child->pidfd,
		.exit_signal = SIGCHLD,
	};

	child->pid = sys_clone3(&args);
	if (child->pid == 0)
		child_run(argv, stream);
	return child->pid < 0 ? -1 : 0;
}

/* What there is; room is left for a NUL, and what finds none is read and dropped. */
static void
stream_read(struct stream *stream)
{
	char buffer[512];
	ssize_t length;

	while ((length = read(stream->fd, buffer, sizeof(buffer))) > 0) {
		size_t room = stream->size - 1 - stream->used;
		size_t taken = (size_t)length < room ? (size_t)length : room;

		memcpy(stream->text + stream->used, buffer, taken);
		stream->used += taken;
		stream->cut = stream->cut || taken < (size_t)length;
		/* Without end it must not keep us from looking at the clock. */
		if (stream->cut)
			return;
	}
	if (length == 0)
		own_close(&stream->fd); /* poll(2) passes over -1 */
}

/* Until the program itself has ended: a child of its own may keep the pipes open for long. */
static int
collect(int pidfd, struct stream stream[2], int timeout_ms)
{
	int64_t end = now_ms() + timeout_ms;

	for (;;) {
		struct pollfd ready[3] = {
			{ .fd = pidfd, .events = POLLIN },
			{ .fd = stream[0].fd, .events = POLLIN },
			{ .fd = stream[1].fd, .events = POLLIN },
		};
		int64_t left = end - now_ms();

		if (left <= 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		if (poll(ready, 3, (int)left) < 0 && errno != EINTR)
			return -1;
		/* Ended before they are read: then nothing of its own can come after. */
		bool ended = ready[0].revents != 0;
		for (int i = 0; i < 2; i++)
			if (stream[i].fd >= 0)
				stream_read(&stream[i]);
		if (ended)
			return 0;
	}
}

static int
child_reap(const struct command_child *child, int *code, struct error *err)
{
	struct pollfd ended = { .fd = child->pidfd, .events = POLLIN };
	int status;
	pid_t pid;

	while (poll(&ended, 1, KILL_MS) < 0 && errno == EINTR)
		continue;
	/* ptrace(2): an end that the pidfd tells of is its tracer's first, and there is no event for when it is ours. */
	int64_t end = now_ms() + KILL_MS;
	while ((pid = waitpid(child->pid, &status, WNOHANG)) == 0 && ended.revents && now_ms() < end)
		(void)poll(NULL, 0, 1);
	if (pid < 0)
		return error_set(err, errno, "wait for its end");
	if (pid == 0)
		return error_set(err, ETIMEDOUT, "wait for its end");
	*code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return 0;
}

static int
finish(const struct command_child *child, struct stream stream[2], int timeout_ms,
    struct command_result *result, struct error *err)
{
	if (collect(child->pidfd, stream, timeout_ms) < 0) {
		int errnum = errno;

		(void)sys_pidfd_send_signal(child->pidfd, SIGKILL);
		(void)child_reap(child, &result->code, NULL);
		return error_set(err, errnum, "it did not end in %d ms, and was killed", timeout_ms);
	}
	if (child_reap(child, &result->code, err) < 0)
		return -1;
	if (stream[0].cut)
		return error_set(err, 0, "it wrote more than can be its answer");
	return 0;
}

int
command_run(const char *const *argv, int timeout_ms, struct command_result *result,
    struct error *err)
{
	autofd int output = -1, output_end = -1, complaint = -1, complaint_end = -1;
	struct command_child child;

	*result = (struct command_result) { .code = -1 };
	if (make_pipe(&output, &output_end, err) < 0 || make_pipe(&complaint, &complaint_end, err) < 0)
		return error_prefix(err, "start %s", argv[0]);
	const int given[3] = { -1, output_end, complaint_end };
	if (child_start(argv, given, &child) < 0)
		return error_set(err, errno, "start %s", argv[0]);
	own_close(&output_end);
	own_close(&complaint_end);
	struct stream stream[2] = {
		{ .fd = take_fd(&output), .text = result->output, .size = sizeof(result->output) },
		{ .fd = take_fd(&complaint), .text = result->complaint, .size = sizeof(result->complaint) },
	};
	int rc = finish(&child, stream, timeout_ms, result, err);
	own_close(&stream[0].fd);
	own_close(&stream[1].fd);
	own_close(&child.pidfd);
	result->complaint[strcspn(result->complaint, "\n")] = '\0';
	return rc < 0 ? error_prefix(err, "%s", argv[0]) : 0;
}

int
command_start(const char *const *argv, int input, struct command_child *child, struct error *err)
{
	const int given[3] = { input, -1, -1 };

	*child = (struct command_child)COMMAND_CHILD_INIT;
	return child_start(argv, given, child) < 0 ? error_set(err, errno, "start %s", argv[0]) : 0;
}

void
command_end(struct command_child *child)
{
	if (child->pidfd >= 0) {
		int code;
		(void)sys_pidfd_send_signal(child->pidfd, SIGKILL);
		(void)child_reap(child, &code, NULL);
	}
	own_close(&child->pidfd);
	*child = (struct command_child)COMMAND_CHILD_INIT;
}
