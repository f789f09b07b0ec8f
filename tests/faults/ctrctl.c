/*
 * Not traced, so its end is waited for by pidfd: a tracer's waitpid(2) takes all there is.
 */
#include "tests/faults/ctrctl.h"

#include "lib/own.h"
#include "lib/sys.h"
#include "tests/faults/state.h"

#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

void
ctrctl_arguments(const struct worker *worker, const char *const *row, char session[32], char **argv)
{
	static const char program[] = "ctrctl";
	size_t count = 0;

	state_last_session(worker->uid, session, 32);
	argv[count++] = (char *)(uintptr_t)program;
	for (; *row; row++)
		argv[count++] = !strcmp(*row, "@") ? (char *)(uintptr_t)worker->ident :
		    !strcmp(*row, "%") ? session : (char *)(uintptr_t)*row;
	argv[count] = NULL;
}

void
ctrctl_words(int fd, char *words)
{
	ssize_t length = pread(fd, words, CTRCTL_WORDS - 1, 0);

	words[length < 0 ? 0 : length] = '\0';
}

static int
wait_for_end(pid_t pid)
{
	int status;
	autofd int pidfd = sys_pidfd_open(pid);
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };

	bool has_ended = pidfd >= 0 && poll(&ended, 1, CTRCTL_MS) == 1;
	if (!has_ended)
		(void)kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || !has_ended || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

int
ctrctl_call(const struct worker *worker, const char *const *row, char *words)
{
	char session[32], *argv[CTRCTL_ARGUMENTS + 2];
	autofd int out = memfd_create("out", MFD_CLOEXEC);
	sigset_t none;

	(void)sigemptyset(&none);
	ctrctl_arguments(worker, row, session, argv);
	pid_t pid = out < 0 ? -1 : fork();
	if (pid == 0) {
		(void)sigprocmask(SIG_SETMASK, &none, NULL);
		if (dup2(out, STDOUT_FILENO) >= 0 && dup2(out, STDERR_FILENO) >= 0)
			(void)execv(CTRCTL, argv);
		_exit(127);
	}
	int code = pid < 0 ? -1 : wait_for_end(pid);
	if (words)
		ctrctl_words(out, words);
	return code;
}
