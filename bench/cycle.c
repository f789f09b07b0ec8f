/*
 * Forks the logins of a cycle, tells each when to take its step, and collects what the steps
 * took.  A login measures its own steps, so that no wake-up of the parent's is in them; only
 * the last figure, the time until all is gone, is the parent's.
 */
#include "bench/cycle.h"

#include "bench/clock.h"
#include "lib/own.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum command {
	COMMAND_START = 's',
	COMMAND_OPEN_FIRST = '1',
	COMMAND_OPEN_SECOND = '2',
	COMMAND_CLOSE = 'c'
};

struct answer {
	int rc;
	int64_t begin, end; /* CLOCK_MONOTONIC, ns: the same clock in all processes */
};

struct login {
	pid_t pid;
	int fd; /* owned */
};

static int
step_run(const struct cycle *cycle, char command)
{
	switch (command) {
	case COMMAND_START: return cycle->start(cycle->context);
	case COMMAND_OPEN_FIRST: return cycle->open(cycle->context, true);
	case COMMAND_OPEN_SECOND: return cycle->open(cycle->context, false);
	case COMMAND_CLOSE: return cycle->close(cycle->context);
	default: return -1;
	}
}

/* The login's process: ends with its session, or when the parent is gone. */
static _Noreturn void
login_run(const struct cycle *cycle, int fd)
{
	char command;

	while (read(fd, &command, 1) == 1) {
		struct answer answer = { .begin = clock_ns() };
		answer.rc = step_run(cycle, command);
		answer.end = clock_ns();
		if (write(fd, &answer, sizeof(answer)) != (ssize_t)sizeof(answer))
			_exit(1);
		if (command == COMMAND_CLOSE)
			_exit(0);
	}
	_exit(1);
}

static int
login_command(const struct login *login, enum command command, struct answer *answer)
{
	char byte = (char)command;
	struct pollfd ready = { .fd = login->fd, .events = POLLIN };

	if (write(login->fd, &byte, 1) != 1 || poll(&ready, 1, CYCLE_PATIENCE_MS) != 1 ||
	    read(login->fd, answer, sizeof(*answer)) != (ssize_t)sizeof(*answer)) {
		fprintf(stderr, "cycle: no answer to command %c\n", command);
		return -1;
	}
	return answer->rc;
}

static int
login_start(const struct cycle *cycle, struct login *login)
{
	struct answer answer;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		perror("cycle: socketpair");
		return -1;
	}
	login->pid = fork();
	if (login->pid == 0) {
		(void)close(pair[0]);
		login_run(cycle, pair[1]);
	}
	(void)close(pair[1]);
	login->fd = pair[0];
	if (login->pid < 0) {
		perror("cycle: fork");
		own_close(&login->fd);
		return -1;
	}
	return login_command(login, COMMAND_START, &answer);
}

/* Takes the times of the close, too; a login that cannot answer any more is killed. */
static int
login_end(struct login *login, struct answer *answer)
{
	int rc = login_command(login, COMMAND_CLOSE, answer);
	int status;

	own_close(&login->fd);
	if (rc < 0)
		(void)kill(login->pid, SIGKILL);
	if (waitpid(login->pid, &status, 0) != login->pid || !WIFEXITED(status) || WEXITSTATUS(status))
		rc = -1;
	login->pid = -1;
	return rc;
}

static void
login_kill(struct login *login)
{
	own_close(&login->fd);
	if (login->pid > 0 && kill(login->pid, SIGKILL) == 0)
		(void)waitpid(login->pid, NULL, 0);
	login->pid = -1;
}

static int
second_login(const struct cycle *cycle, unsigned gap_ms, int64_t *ns)
{
	struct login login = { .pid = -1, .fd = -1 };
	struct answer opened, closed;
	int rc = login_start(cycle, &login);

	clock_pause(gap_ms);
	if (rc == 0)
		rc = login_command(&login, COMMAND_OPEN_SECOND, &opened);
	if (rc == 0)
		rc = login_end(&login, &closed);
	if (rc == 0)
		*ns = opened.end - opened.begin;
	login_kill(&login);
	return rc;
}

static int
cycle_run(const struct cycle *cycle, unsigned gap_ms, int64_t ns[CYCLE_STEPS])
{
	struct login login = { .pid = -1, .fd = -1 };
	struct answer answer;
	int rc = login_start(cycle, &login);

	clock_pause(gap_ms);
	if (rc == 0)
		rc = login_command(&login, COMMAND_OPEN_FIRST, &answer);
	if (rc == 0) {
		ns[CYCLE_OPEN] = answer.end - answer.begin;
		rc = second_login(cycle, gap_ms, &ns[CYCLE_SECOND]);
	}
	clock_pause(gap_ms);
	if (rc == 0)
		rc = cycle->before_close(cycle->context);
	if (rc == 0)
		rc = login_end(&login, &answer);
	login_kill(&login);
	/* Also after a failure: what is left of this cycle is not to be in the next one's way. */
	if (cycle->await_gone(cycle->context) < 0 || rc < 0)
		return -1;
	ns[CYCLE_CLOSE] = answer.end - answer.begin;
	ns[CYCLE_GONE] = clock_ns() - answer.begin;
	return 0;
}

int
cycle_serve(const struct cycle *cycle)
{
	unsigned gap_ms;

	/* A login that died must not take the parent along before it has cleaned up. */
	(void)signal(SIGPIPE, SIG_IGN);
	while (scanf("%u", &gap_ms) == 1) {
		int64_t ns[CYCLE_STEPS] = { 0 };
		if (cycle_run(cycle, gap_ms, ns) < 0)
			return 1;
		for (int i = 0; i < CYCLE_STEPS; i++)
			printf("%s%lld", i ? "," : "", (long long)ns[i]);
		printf("\n");
		(void)fflush(stdout);
	}
	return 0;
}
