/*
 * Runs inside sshd, su, login, cron: clone(2) with CLONE_VM | CLONE_VFORK, since fork(2) of
 * a fat caller takes milliseconds, and without an exit signal, so that neither the caller's
 * SIGCHLD handler nor its wait(2) learns of the child.
 */
#include "lib/spawn.h"

#include "lib/own.h"
#include "lib/sys.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define CHILD_STACK 32768
#define CHILD_MS 4000
#define EXEC_FAILED 127

struct child {
	const char *program;
	const char *argument;
	int fd;
	int errnum; /* written by the child, in our memory */
};

/* In the child, on our memory: only system calls, and nothing that writes but errnum. */
static int
child_run(void *context)
{
	struct child *child = context;
	char *const argv[] = { (char *)(uintptr_t)child->program, (char *)(uintptr_t)child->argument,
		NULL };
	char *const envp[] = { NULL };

	/* dup2 onto itself would leave O_CLOEXEC on. */
	int moved = fcntl(child->fd, F_DUPFD_CLOEXEC, SPAWN_FD + 1);
	if (moved < 0 || dup2(moved, SPAWN_FD) < 0 ||
	    sys_close_range(SPAWN_FD + 1, ~0U, 0) < 0) {
		child->errnum = errno;
		_exit(EXEC_FAILED);
	}
	(void)execve(child->program, argv, envp);
	child->errnum = errno;
	_exit(EXEC_FAILED);
}

static int
reap(pid_t pid, int pidfd, int *status)
{
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };
	int n;

	do
		n = poll(&ended, 1, CHILD_MS);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		(void)sys_pidfd_send_signal(pidfd, SIGKILL);
	/* __WALL: a child without exit signal is invisible to an ordinary wait. */
	while (waitpid(pid, status, __WALL) < 0)
		if (errno != EINTR)
			return -1;
	return 0;
}

int
spawn_detached(const char *program, const char *argument, int fd, struct error *err)
{
	struct child child = { .program = program, .argument = argument, .fd = fd };
	autofree char *stack = malloc(CHILD_STACK);
	autofd int pidfd = -1;
	sigset_t all, before;
	int status = 0;

	if (!stack)
		return error_set(err, errno, "start %s", program);
	/* A handler of the caller's must not run in the child, on the caller's memory. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	pid_t pid = clone(child_run, stack + CHILD_STACK, CLONE_VM | CLONE_VFORK | CLONE_PIDFD, &child,
	    &pidfd);
	int cloned = errno;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return error_set(err, cloned, "start %s", program);
	if (reap(pid, pidfd, &status) < 0)
		return error_set(err, errno, "wait for %s", program);
	if (child.errnum != 0)
		return error_set(err, child.errnum, "run %s: is pam_ctr installed whole?", program);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return error_set(err, 0, "%s could not start (wait status %d)", program, status);
	return 0;
}
