/*
 * lib/process.c: processes named so that a recycled pid is noticed, on processes of this
 * test's own.  Needs no right.
 */
#include "lib/own.h"
#include "lib/record.h"
#include "lib/sys.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* A child that says when it has its odd name, and ends when its pidfd is killed. */
static pid_t
child_start(const char *name)
{
	int pair[2];
	char byte;

	cr_assert_eq(pipe2(pair, O_CLOEXEC), 0);
	pid_t pid = fork();
	cr_assert(pid >= 0, "%m");
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)prctl(PR_SET_NAME, name);
		(void)!write(pair[1], "", 1);
		for (;;)
			(void)pause();
	}
	cr_assert_eq(read(pair[0], &byte, 1), 1);
	own_close(&pair[0]);
	own_close(&pair[1]);
	return pid;
}

static void
child_kill(pid_t pid)
{
	cr_assert_eq(kill(pid, SIGKILL), 0, "%m");
}

static void
child_reap(pid_t pid)
{
	cr_assert_eq(waitpid(pid, NULL, 0), pid, "%m");
}

Test(process, start_is_found_behind_any_name)
{
	static const char *const names[] = { "plain", "a b", "x) R 1 2", ")))", "(", "", "1 (2) 3" };
	uint64_t before = process_start(getpid());

	cr_assert_gt(before, 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		pid_t pid = child_start(names[i]);
		uint64_t start = process_start(pid);
		cr_expect(start >= before && start < before + 100 * 60, "name \"%s\": %llu after %llu",
		    names[i], (unsigned long long)start, (unsigned long long)before);
		child_kill(pid);
		child_reap(pid);
		cr_expect_eq(process_start(pid), 0, "name \"%s\"", names[i]);
	}
}

Test(process, no_process_has_no_start)
{
	static const pid_t pids[] = { -1, 0, 0x7fffffff };

	for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++) {
		cr_expect_eq(process_start(pids[i]), 0, "pid %d", (int)pids[i]);
		cr_expect_eq(process_namespace(pids[i], "pid"), 0, "pid %d", (int)pids[i]);
	}
}

Test(process, opens_this_one_only)
{
	pid_t pid = child_start("child");
	uint64_t start = process_start(pid);
	const struct {
		struct process_id id;
		bool opens;
	} rows[] = {
		{ { pid, start }, true },
		{ { pid, start + 1 }, false },
		{ { pid, start - 1 }, false },
		{ { pid, 0 }, false },
		{ { 0, start }, false },
		{ { -1, start }, false },
		{ { -pid, start }, false },
		{ { 0x7fffffff, start }, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		errno = 0;
		autofd int fd = process_open(&rows[i].id);
		cr_expect_eq(fd >= 0, rows[i].opens, "row %zu: %m", i);
		if (fd < 0)
			cr_expect_eq(errno, ESRCH, "row %zu: %m", i);
		else
			cr_expect_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC, "row %zu", i);
	}
	child_kill(pid);
	child_reap(pid);
}

/* What ended but was not reaped still is that process: its pidfd tells the end at once. */
Test(process, a_zombie_is_itself)
{
	pid_t pid = child_start("child");
	struct process_id id = { pid, process_start(pid) };
	siginfo_t info;

	child_kill(pid);
	cr_assert_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0, "%m");
	autofd int fd = process_open(&id);
	cr_expect(fd >= 0, "%m");
	struct pollfd ended = { .fd = fd, .events = POLLIN };
	cr_expect_eq(poll(&ended, 1, 0), 1);
	child_reap(pid);
	cr_expect_lt(process_open(&id), 0);
}

Test(process, namespaces_are_the_kernels)
{
	for (int i = 0; i < RECORD_NAMESPACES; i++) {
		char path[64];
		struct stat st;
		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", record_namespace[i]);
		cr_assert_eq(stat(path, &st), 0, "%s: %m", path);
		cr_expect_eq(process_namespace(getpid(), record_namespace[i]), st.st_ino, "%s", path);
	}
	cr_expect_eq(process_namespace(getpid(), "none"), 0);
	cr_expect_eq(process_namespace(getpid(), ""), process_namespace(getpid(), "."));
}
