/*
 * lib/command.c: a program's end, output and time are bounded, whatever it does.
 */
#include "lib/command.h"

#include "test_sandbox.h"

#include <poll.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

static struct command_result
run(const char *script)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	struct command_result result;
	struct error err = ERROR_INIT;

	cr_assert_eq(command_run(argv, 20000, &result, &err), 0, "%s: %s", script, err.text);
	return result;
}

Test(command, code_and_streams, .timeout = 60)
{
	static const struct {
		const char *script;
		int code;
		const char *output, *complaint;
	} row[] = {
		{ "echo out; echo err >&2", 0, "out\n", "err" },
		{ "exit 7", 7, "", "" },
		{ "kill -9 $$", 128 + 9, "", "" },
		{ "printf 'first\nsecond\n' >&2; exit 1", 1, "", "first" },
		{ "printf %s \"$PATH:$LC_ALL:$HOME$SECRET\"", 0, "/usr/sbin:/usr/bin:/sbin:/bin:C:", "" },
		{ "pwd; umask", 0, "/\n0022\n", "" },
		{ "read x || printf 'end of input'", 0, "end of input", "" },
		{ "for i in 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$i ] || printf \"$i \"; done", 0, "", "" },
		{ "grep -E 'Sig(Blk|Ign)' /proc/self/status | tr -d '\\t\\n0'", 0,
			"SigBlk:SigIgn:", "" },
		/* More complaints than there is room for, but an answer all the same. */
		{ "head -c 100000 /dev/zero | tr '\\0' x | sed 's/x/begin\\n/' >&2; echo out", 0,
			"out\n", "begin" },
	};

	cr_assert_eq(setenv("SECRET", "x", 1), 0);
	cr_assert_eq(chdir("/tmp"), 0);
	(void)umask(077);
	sigset_t all;
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	int open_on_exec = dup(1);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct command_result result = run(row[i].script);

		cr_expect_eq(result.code, row[i].code, "row %zu: %d", i, result.code);
		cr_expect_str_eq(result.output, row[i].output, "row %zu: %s", i, result.output);
		cr_expect_str_eq(result.complaint, row[i].complaint, "row %zu: %s", i, result.complaint);
	}
	(void)close(open_on_exec);
}

Test(command, missing_program)
{
	const char *const argv[] = { "/nonexistent/helper", NULL };
	struct command_result result;

	cr_assert_eq(command_run(argv, 20000, &result, NULL), 0);
	cr_expect_eq(result.code, 127);
	cr_expect(strstr(result.complaint, "/nonexistent/helper: No such file"), "%s", result.complaint);
}

Test(command, answer_is_whole_or_none)
{
	const char *const argv[] = { "/bin/sh", "-c", "head -c 511 /dev/zero | tr '\\0' x", NULL };
	const char *const more[] = { "/bin/sh", "-c", "head -c 512 /dev/zero | tr '\\0' x", NULL };
	struct command_result result;
	struct error err = ERROR_INIT;

	cr_assert_eq(command_run(argv, 20000, &result, &err), 0, "%s", err.text);
	cr_expect_eq(strlen(result.output), 511);
	cr_expect_eq(command_run(more, 20000, &result, &err), -1);
	cr_expect(strstr(err.text, "more than"), "%s", err.text);
}

Test(command, time_is_bounded, .timeout = 60)
{
	static const char *const script[] = {
		"while :; do :; done", "exec sleep 1000", "exec cat /dev/zero", "exec cat /dev/zero >&2",
		"exec >&- 2>&-; exec sleep 1000",
	};
	int fds = sandbox_count_fds();

	for (size_t i = 0; i < sizeof(script) / sizeof(script[0]); i++) {
		const char *const argv[] = { "/bin/sh", "-c", script[i], NULL };
		struct command_result result;
		struct error err = ERROR_INIT;

		cr_expect_eq(command_run(argv, 200, &result, &err), -1, "%s", script[i]);
		cr_expect_eq(err.errnum, ETIMEDOUT, "%s: %s", script[i], err.text);
		/* Killed and reaped: no child is left. */
		cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1, "%s", script[i]);
		cr_expect_eq(errno, ECHILD);
	}
	cr_expect_eq(sandbox_count_fds(), fds);
}

/* What a helper leaves behind (a daemon that it started) holds the pipes, not us. */
Test(command, ends_with_the_program_itself, .timeout = 60)
{
	struct command_result result = run("sleep 1000 & echo $!");

	cr_expect_eq(result.code, 0);
	pid_t pid = (pid_t)strtol(result.output, NULL, 10);
	cr_assert_gt(pid, 1);
	cr_expect_eq(kill(pid, SIGKILL), 0, "%m");
}

Test(command, leaves_other_children_alone)
{
	pid_t other = fork();

	if (other == 0)
		_exit(3);
	int status = 0;
	siginfo_t info;
	cr_assert_eq(waitid(P_PID, (id_t)other, &info, WEXITED | WNOWAIT), 0);
	cr_expect_eq(run("exit 5").code, 5);
	cr_expect_eq(waitpid(other, &status, 0), other, "%m");
	cr_expect_eq(WEXITSTATUS(status), 3);
}

static _Noreturn void
run_when_traced(int go)
{
	static const char *const argv[] = { "/bin/sh", "-c", "exit 5", NULL };
	struct command_result result;
	struct error err = ERROR_INIT;
	char byte;

	bool is_run = read(go, &byte, 1) == 0 && command_run(argv, 20000, &result, &err) == 0;
	_exit(is_run ? result.code : 1);
}

/* strace(1) of a supervisor: the pidfd tells of an end that the tracer still has. */
Test(command, waits_for_an_end_that_a_tracer_takes_first, .timeout = 60)
{
	const long options = PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEVFORK | PTRACE_O_EXITKILL;
	int go[2], status = 0, seen = 0;
	siginfo_t info;

	cr_assert_eq(pipe2(go, O_CLOEXEC), 0);
	pid_t traced = fork();
	if (traced == 0) {
		(void)close(go[1]);
		run_when_traced(go[0]);
	}
	cr_assert_eq(ptrace(PTRACE_SEIZE, traced, NULL, options), 0, "%m");
	(void)close(go[0]);
	(void)close(go[1]);
	while (waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WNOWAIT | __WALL) == 0) {
		bool is_helpers_end = info.si_pid != traced && info.si_code == CLD_EXITED;
		seen += is_helpers_end;
		/* Long enough for who looks once, short for who waits. */
		if (is_helpers_end)
			(void)poll(NULL, 0, 100);
		cr_assert_eq(waitpid(info.si_pid, &status, __WALL), info.si_pid, "%m");
		if (info.si_pid == traced && !WIFSTOPPED(status))
			break;
		int signal = WIFSTOPPED(status) && status >> 16 == 0 ? WSTOPSIG(status) : 0;
		if (WIFSTOPPED(status))
			(void)ptrace(PTRACE_CONT, info.si_pid, NULL, (long)signal);
	}
	cr_expect_eq(seen, 1);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 5, "status %x", (unsigned)status);
}
