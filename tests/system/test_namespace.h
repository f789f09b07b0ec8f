/*
 * What the system tests share: the built programs, and processes inside of a container made
 * for one test.  A function that runs inside returns 0, or the line that was not as it should
 * be, which is then printed.
 */
#ifndef TEST_NAMESPACE_H
#define TEST_NAMESPACE_H

#include "lib/own.h"
#include "lib/sys.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

/* In a function that runs inside: what must hold. */
#define MUST(condition)                \
	do {                           \
		if (!(condition))      \
			return __LINE__; \
	} while (0)

typedef int inside_function(void);

/* PROGRAM of build/, beside whose tests/ this one lies. */
static inline void
namespace_program(char *path, size_t size, const char *program)
{
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	cr_assert_gt(length, 0, "%m");
	self[length] = '\0';
	for (int i = 0; i < 2; i++)
		*strrchr(self, '/') = '\0';
	cr_assert_lt(snprintf(path, size, "%s/%s", self, program), (int)size);
	cr_assert_eq(access(path, X_OK), 0, "%s: %m (make unit)", path);
}

static inline void
namespace_sleep(long ms)
{
	(void)nanosleep(&(struct timespec) { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

/* True as soon as the condition holds, false after thirty seconds without. */
#define namespace_wait(condition)                              \
	__extension__({                                        \
		int _left = 3000;                              \
		while (!(condition) && --_left > 0)            \
			namespace_sleep(10);                   \
		_left > 0;                                     \
	})

/* Starts function as a process of the namespaces: its parent, which is returned, is outside. */
static inline pid_t
namespace_start(int pidfd, int namespaces, inside_function *function)
{
	pid_t outside = fork();
	int status;

	cr_assert_geq(outside, 0, "%m");
	if (outside > 0)
		return outside;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (setns(pidfd, namespaces) < 0)
		_exit(255);
	pid_t pid = fork();
	if (pid == 0) {
		int line = function();
		if (line)
			(void)fprintf(stderr, "inside, line %d: %m\n", line);
		_exit(line != 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		_exit(254);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* Its exit status; 128 and the signal's number where one ended it. */
static inline int
namespace_finish(pid_t pid)
{
	int status;

	cr_assert_eq(waitpid(pid, &status, 0), pid, "%m");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline int
namespace_run(int pidfd, int namespaces, inside_function *function)
{
	return namespace_finish(namespace_start(pidfd, namespaces, function));
}

#endif
