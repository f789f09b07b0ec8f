/*
 * In a process of its own, whose caller is stopped where it is in: it stands still, and can be
 * read.
 */
#include "tests/faults/holder.h"

#include "lib/own.h"
#include "tests/faults/login.h"
#include "tests/faults/state.h"
#include "tests/faults/trace.h"

#include <fcntl.h>
#include <poll.h>
#include <security/pam_appl.h>
#include <sys/socket.h>
#include <sys/wait.h>

static _Noreturn void
hold(struct worker *worker, int told)
{
	struct trace trace = { .caller = -1 };
	char byte;

	if (login_start(&trace, worker, worker->ident) < 0)
		_exit(1);
	trace_resume(&trace);
	if (!trace_until(&trace, trace_has_answer, LOGIN_ANSWER_MS) || trace.caller < 0 ||
	    trace.report->open != PAM_SUCCESS)
		_exit(1);
	if (write(told, &trace.caller, sizeof(trace.caller)) == (ssize_t)sizeof(trace.caller))
		(void)!read(told, &byte, 1);
	for (int i = 0; i < 3; i++) {
		trace_resume(&trace);
		(void)trace_until(&trace, trace_has_answer, LOGIN_END_MS);
	}
	trace_end(&trace);
	_exit(0);
}

int
holder_begin(struct worker *worker, struct holder *holder)
{
	int ends[2];
	pid_t caller = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		own_close(&ends[1]);
		hold(worker, ends[0]);
	}
	own_close(&ends[0]);
	*holder = (struct holder) { .pid = pid, .end = ends[1] };
	struct pollfd is_in = { .fd = holder->end, .events = POLLIN };
	if (pid < 0 || poll(&is_in, 1, LOGIN_ANSWER_MS) != 1 ||
	    read(holder->end, &caller, sizeof(caller)) != (ssize_t)sizeof(caller))
		return -1;
	holder->caller = caller;
	holder->state = state_of_member(caller, state_recorded(worker->uid, "init"));
	return holder->state ? 0 : -1;
}

void
holder_end(struct holder *holder)
{
	own_close(&holder->end);
	if (holder->pid > 0)
		(void)waitpid(holder->pid, NULL, 0);
	own_free(&holder->state);
	*holder = (struct holder)HOLDER_NONE;
}
