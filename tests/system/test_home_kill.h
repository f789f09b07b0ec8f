/*
 * Kills a function at one of its system calls: at every one of them, in a loop.  ptrace(2).
 */
#ifndef TEST_HOME_KILL_H
#define TEST_HOME_KILL_H

#include <criterion/criterion.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * All of them take minutes: a run takes every so many'th, beginning elsewhere each time;
 * PAM_CTR_KILL_STEP=1 takes all.
 */
#ifdef __SANITIZE_ADDRESS__
#define KILL_STEP 97
#else
#define KILL_STEP 13
#endif

static inline long
kill_step(void)
{
	const char *text = getenv("PAM_CTR_KILL_STEP");

	return text && atol(text) > 0 ? atol(text) : KILL_STEP;
}

static inline long
kill_begin(void)
{
	return 1 + getpid() % kill_step();
}

static inline pid_t
kill_start(void (*function)(void))
{
	int status;
	pid_t pid = fork();

	cr_assert_geq(pid, 0, "%m");
	if (pid == 0) {
		(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		(void)raise(SIGSTOP);
		function();
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid, "%m");
	cr_assert(WIFSTOPPED(status));
	cr_assert_eq(ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL), 0, "%m");
	return pid;
}

/*
 * Runs function in a process of its own, which is killed when it is about to do its at'th system
 * call; the call is not done.  False: it ended by itself before that, with 0.
 */
static inline bool
kill_at(void (*function)(void), long at)
{
	pid_t pid = kill_start(function);
	long stops = 0;
	int status = 0;

	for (bool is_over = false; !is_over;) {
		/* Each call stops twice: where it begins, and where it ends. */
		if (stops == 2 * at - 1)
			cr_assert_eq(kill(pid, SIGKILL), 0, "%m");
		else
			cr_assert_eq(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0, "%m");
		cr_assert_eq(waitpid(pid, &status, 0), pid, "%m");
		is_over = !WIFSTOPPED(status);
		stops += !is_over && WSTOPSIG(status) == (SIGTRAP | 0x80);
	}
	bool is_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	cr_assert(is_killed || status == 0, "it ended with %x", status);
	return is_killed;
}

#endif
