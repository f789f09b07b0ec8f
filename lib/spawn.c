/*
 * Runs inside sshd, su, login, cron.  Two clones, both with CLONE_VM | CLONE_VFORK, since
 * fork(2) of a fat caller takes milliseconds: the first child has no exit signal (which only
 * lasts as long as it does not exec), so that neither the caller's SIGCHLD handler nor its
 * wait(2) learns of it; it starts the second one and ends, and the second one, which executes
 * the program, is nobody's child but the host's init's.
 */
#include "lib/spawn.h"

#include "lib/own.h"
#include "lib/sys.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define CHILD_STACK 32768

struct child {
	const char *program;
	const char *argument;
	int fd;
	char *stack; /* of the second child; its end */
	int errnum;  /* written by the children, in our memory */
};

/* AddressSanitizer's notes of a stack are the caller's, and these run on another one. */
#define OTHER_STACK __attribute__((no_sanitize_address))

/* In the second child, on our memory: only system calls, and nothing that writes but errnum. */
OTHER_STACK static int
program_run(void *context)
{
	struct child *child = context;
	char *const argv[] = { (char *)(uintptr_t)child->program, (char *)(uintptr_t)child->argument,
		NULL };
	char *const envp[] = { NULL };

	/* dup2 onto itself would leave O_CLOEXEC on. */
	int moved = fcntl(child->fd, F_DUPFD_CLOEXEC, SPAWN_FD + 1);
	if (moved >= 0 && dup2(moved, SPAWN_FD) >= 0 && sys_close_range(SPAWN_FD + 1, ~0U, 0) == 0)
		(void)execve(child->program, argv, envp);
	child->errnum = errno;
	_exit(1);
}

/* In the first child; CLONE_VFORK holds it until the second one has executed, or given up. */
OTHER_STACK static int
child_run(void *context)
{
	struct child *child = context;

	if (clone(program_run, child->stack, CLONE_VM | CLONE_VFORK | SIGCHLD, child) < 0)
		child->errnum = errno;
	_exit(0);
}

int
spawn_detached(const char *program, const char *argument, int fd, struct error *err)
{
	struct child child = { .program = program, .argument = argument, .fd = fd };
	autofree char *stack = malloc(2 * CHILD_STACK);
	sigset_t all, before;
	int status;

	if (!stack)
		return error_set(err, errno, "start %s", program);
	child.stack = stack + 2 * CHILD_STACK;
	/* A handler of the caller's must not run in a child, on the caller's memory. */
	(void)sigfillset(&all);
	int masked = pthread_sigmask(SIG_SETMASK, &all, &before);
	if (masked != 0)
		return error_set(err, masked, "block the signals to start %s", program);
	pid_t pid = clone(child_run, stack + CHILD_STACK, CLONE_VM | CLONE_VFORK, &child);
	int cloned = errno;
	/* __WALL: a child without exit signal is invisible to an ordinary wait. */
	while (pid >= 0 && waitpid(pid, &status, __WALL) < 0 && errno == EINTR)
		continue;
	/* A mask can always be set; what kept us from it once is no reason to leave the caller deaf. */
	masked = pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (masked != 0)
		masked = pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (pid < 0 || masked != 0)
		return error_set(err, pid < 0 ? cloned : masked, "start %s", program);
	if (child.errnum != 0)
		return error_set(err, child.errnum, "run %s: is pam_ctr installed whole?", program);
	return 0;
}
