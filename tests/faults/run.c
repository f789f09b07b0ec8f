/*
 * Verdicts on a login: what it answers, what it is in, and what it leaves.
 */
#include "tests/faults/run.h"

#include "lib/own.h"
#include "tests/faults/evidence.h"
#include "tests/faults/host.h"
#include "tests/faults/login.h"
#include "tests/faults/state.h"

#include <poll.h>
#include <security/pam_appl.h>
#include <string.h>

#define ORPHAN_MS 200
#define LOOK_MS 5

static bool
has_answer_or_is_held(const struct trace *trace)
{
	return trace_has_answer(trace) || trace->held != 0;
}

static bool
are_all_gone(const struct trace *trace)
{
	return trace->tracees == 0;
}

/* Whoever is stopped: others of the user's get an answer, and whoever waits for it as well. */
static void
while_held(struct run *run)
{
	struct result other;
	pid_t held = run->trace.held;

	if (held == 0)
		return;
	if (held == run->trace.caller || trace_count(&run->trace, ROLE_SPAWN) > 0) {
		login_beside(run->worker, &run->trace, false, &other);
		if (other.outcome > OUTCOME_REFUSED)
			result_judge(run->result, other.outcome, "a login while one is stopped: %s", other.why);
	} else if (!trace_until(&run->trace, trace_has_answer, LOGIN_ANSWER_MS)) {
		result_judge(run->result, OUTCOME_HANG, "no answer while %s is stopped", role_name[run->trace.fault.role]);
	}
	trace_release(&run->trace);
}

/* A caller that may have gone in part: then it is in something of the container's for good. */
static bool
is_partly_in(const char *before, const char *after)
{
	const char *a = strstr(before, "namespace mnt "), *b = strstr(after, "namespace mnt ");

	/* From its namespaces on, its cgroups with them. */
	return a && b && strcmp(a, b) != 0;
}

static void
check_refused(struct run *run)
{
	autofree char *after = state_of_process(run->trace.caller);
	bool is_partly = after && is_partly_in(run->before, after);

	if (is_partly)
		result_judge(run->result, OUTCOME_DROPPED, "%s", "");
	else
		result_compare(run->result, OUTCOME_LEAK, "the refused caller", run->before, after);
	result_judge(run->result, OUTCOME_REFUSED, "%s", "");
	if (!evidence_log_tells(run->worker, evidence_is_refusal, run->log))
		result_judge(run->result, OUTCOME_SILENT, "refused without a line in the log");
}

static void
check_answer(struct run *run)
{
	struct trace *trace = &run->trace;

	if (trace->caller < 0) {
		result_judge(run->result, trace->fault.kind == FAULT_KILL ? OUTCOME_KILLED : OUTCOME_CRASH,
		    "the caller ended: status %x", (unsigned)trace->caller_status);
		return;
	}
	if (trace->report->open != PAM_SUCCESS) {
		check_refused(run);
		return;
	}
	result_judge(run->result, OUTCOME_IN, "%s", "");
	/* Of a container that is dead there is nothing to compare: its caller can start nothing. */
	if (trace->fault.kind == FAULT_KILL && trace->fault.role == ROLE_INIT && trace->done)
		return;
	login_check_member(run->worker, trace, run->log, run->result);
	run->init = state_recorded(run->worker->uid, "init");
}

/* Its supervisor is dead: the next login's takes the container over. */
static void
check_adoption(struct run *run)
{
	const struct trace *trace = &run->trace;

	if (trace->fault.kind != FAULT_KILL || !trace->done || trace->fault.role != ROLE_SUPERVISOR ||
	    trace->caller < 0 || trace->report->open != PAM_SUCCESS)
		return;
	login_next(run->worker, &run->trace, false, "a login after the supervisor's death", run->result);
	if (state_recorded(run->worker->uid, "init") != run->init)
		result_judge(run->result, OUTCOME_LEAK, "the container was not adopted: init was %d, is %d", (int)run->init,
		    (int)state_recorded(run->worker->uid, "init"));
}

/* From its call of pam_open_session() until the caller is gone. */
static void
run_caller(struct run *run)
{
	struct trace *trace = &run->trace;
	int64_t began = trace_clock();

	run->before = state_of_process(trace->caller);
	trace->counting = true;
	trace_resume(trace);
	if (!trace_until(trace, has_answer_or_is_held, LOGIN_ANSWER_MS))
		result_judge(run->result, OUTCOME_HANG, "no answer from pam_open_session()");
	while_held(run);
	if (!trace_until(trace, trace_has_answer, LOGIN_ANSWER_MS))
		result_judge(run->result, OUTCOME_HANG, "no answer from pam_open_session()");
	trace->counting = false;
	run->result->ms = (int)(trace_clock() - began);
	if (run->result->outcome == OUTCOME_HANG)
		return;
	check_answer(run);
	bool is_in = trace->caller >= 0 && trace->report->open == PAM_SUCCESS;
	check_adoption(run);
	trace_resume(trace);
	if (!trace_until(trace, trace_has_answer, LOGIN_ANSWER_MS))
		result_judge(run->result, OUTCOME_HANG, "the user's process does not end");
	/* Whoever has lost the container loses its processes. */
	if (is_in && trace->caller >= 0 && state_recorded(run->worker->uid, "init") == run->init)
		result_compare(run->result, OUTCOME_OPEN, "the user", run->worker->user, trace->report->user);
	trace->counting = true;
	trace_resume(trace);
	if (!trace_until(trace, has_answer_or_is_held, LOGIN_END_MS))
		result_judge(run->result, OUTCOME_HANG, "no answer from pam_close_session()");
	while_held(run);
	if (!trace_until(trace, trace_has_answer, LOGIN_END_MS))
		result_judge(run->result, OUTCOME_HANG, "no answer from pam_close_session()");
	trace->counting = false;
	trace_resume(trace);
	if (!trace_until(trace, trace_is_caller_gone, LOGIN_END_MS))
		result_judge(run->result, OUTCOME_HANG, "the caller does not end");
}

void
run_check_crash(struct run *run)
{
	struct trace *trace = &run->trace;

	if (trace->crash != 0)
		result_judge(run->result, OUTCOME_CRASH, "%s: %s", role_name[trace->crash_role], strsignal(trace->crash));
}

/* A supervisor that died leaves its container to the next login, or to ctrctl gc. */
static bool
is_without_supervisor(struct trace *trace)
{
	if (trace->held != 0 || trace->tracees == 0 || trace_count(trace, ROLE_INIT) != trace->tracees)
		return false;
	(void)trace_until(trace, are_all_gone, ORPHAN_MS);
	return trace->tracees > 0;
}

/* All of ours is gone soon after the last session; but for who was stopped. */
void
run_wait_for_end(struct run *run)
{
	struct trace *trace = &run->trace;
	int64_t end = trace_clock() + LOGIN_END_MS;

	while (trace->tracees > 0 && trace_clock() < end && !is_without_supervisor(trace)) {
		(void)trace_until(trace, are_all_gone, 50);
		if (trace->held != 0)
			trace_release(trace);
	}
	if (is_without_supervisor(trace))
		trace_detach(trace);
	if (trace->tracees > 0)
		result_judge(run->result, OUTCOME_HANG, "%s stays", role_name[trace->tracee[0].role]);
}

static void
check_after(struct run *run)
{
	struct worker *worker = run->worker;
	struct result *result = run->result;
	bool is_refused = result->outcome == OUTCOME_REFUSED || result->outcome == OUTCOME_DROPPED;

	result->swept = !host_becomes_clean(worker, 200);
	if (is_refused)
		login_next(worker, &run->trace, true, "root's login", result);
	login_next(worker, &run->trace, false, "the next login", result);
	host_check_clean(worker, result);
}

void
run_first(struct run *run)
{
	run_caller(run);
	run_wait_for_end(run);
	run_check_crash(run);
	trace_end(&run->trace);
	check_after(run);
}

int
run_settle_sessions(const struct worker *worker, int count)
{
	int64_t end = trace_clock() + LOGIN_NEXT_MS;

	while (state_sessions(worker->uid) != count && trace_clock() < end)
		(void)poll(NULL, 0, LOOK_MS);
	return state_sessions(worker->uid);
}

/* The session beside: it goes on as it was, in the same container. */
static void
check_holder(struct run *run)
{
	struct worker *worker = run->worker;
	pid_t init = state_recorded(worker->uid, "init");
	autofree char *now = state_of_member(worker->holder.caller, init);

	if (run->trace.fault.role == ROLE_INIT)
		return;
	result_compare(run->result, OUTCOME_OPEN, "the session beside", worker->holder.state, now);
	if (init != run->init)
		result_judge(run->result, OUTCOME_LEAK, "the session beside lost its container");
}

void
run_check_supervisor(struct run *run)
{
	pid_t now = state_recorded(run->worker->uid, "supervisor");
	int64_t end = trace_clock() + LOGIN_NEXT_MS;
	int descriptors;

	/* A connection that its client has closed is the supervisor's until it comes round to it: it may be busy. */
	while ((descriptors = state_descriptors(now)) > run->descriptors && now == run->supervisor &&
	    trace_clock() < end)
		(void)poll(NULL, 0, LOOK_MS);
	if (now == run->supervisor && descriptors > run->descriptors)
		result_judge(run->result, OUTCOME_LEAK, "the supervisor has %d descriptors, had %d", descriptors,
		    run->descriptors);
}

void
run_seize_supervisor(struct run *run)
{
	run->init = state_recorded(run->worker->uid, "init");
	run->supervisor = state_recorded(run->worker->uid, "supervisor");
	run->descriptors = state_descriptors(run->supervisor);
	if (trace_seize(&run->trace, run->supervisor, ROLE_SUPERVISOR) < 0)
		result_judge(run->result, OUTCOME_LOCKED, "no supervisor to trace");
}

void
run_second(struct run *run)
{
	struct worker *worker = run->worker;

	run_seize_supervisor(run);
	run_caller(run);
	while (trace_step(&run->trace, 20))
		continue;
	if (run->trace.held != 0)
		trace_release(&run->trace);
	run_check_crash(run);
	trace_detach(&run->trace);
	login_next(worker, &run->trace, false, "the next login", run->result);
	if (run_settle_sessions(worker, 1) != 1)
		result_judge(run->result, OUTCOME_LEAK, "there are %d sessions in the record", state_sessions(worker->uid));
	check_holder(run);
	run_check_supervisor(run);
	trace_end(&run->trace);
}
