/*
 * Begins with what a login without a fault is like: what is compared with.
 */
#include "tests/faults/worker.h"

#include "lib/own.h"
#include "lib/sys.h"
#include "lib/text.h"
#include "tests/faults/cold.h"
#include "tests/faults/evidence.h"
#include "tests/faults/host.h"
#include "tests/faults/login.h"
#include "tests/faults/order.h"
#include "tests/faults/run.h"
#include "tests/faults/state.h"

#include <poll.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS 5

const char *const scene_name[SCENES] = {
	[SCENE_FIRST] = "first", [SCENE_SECOND] = "second", [SCENE_COLD] = "cold",
};

/* Until the login's container is gone, with its supervisor. */
static void
wait_for_end(uid_t uid, int supervisor)
{
	struct pollfd ended = { .fd = supervisor, .events = POLLIN };

	for (int64_t end = trace_clock() + LOGIN_END_MS; state_sessions(uid) >= 0 && trace_clock() < end;)
		(void)poll(NULL, 0, LOOK_MS);
	(void)poll(&ended, 1, LOGIN_END_MS);
}

static int
learn(struct worker *worker, struct result *result)
{
	struct trace trace = { .caller = -1 };

	if (login_start(&trace, worker, worker->ident) < 0)
		return -1;
	trace_resume(&trace);
	if (!trace_until(&trace, trace_has_answer, LOGIN_ANSWER_MS) || trace.caller < 0 || trace.report->open != PAM_SUCCESS) {
		result_judge(result, OUTCOME_LOCKED, "a login without a fault is refused");
		trace_end(&trace);
		return -1;
	}
	own_free(&worker->member);
	own_free(&worker->user);
	own_free(&worker->host);
	worker->member = state_of_member(trace.caller, state_recorded(worker->uid, "init"));
	autofd int supervisor = sys_pidfd_open(state_recorded(worker->uid, "supervisor"));
	trace_resume(&trace);
	(void)trace_until(&trace, trace_has_answer, LOGIN_END_MS);
	worker->user = strdup(trace.report->user);
	for (int i = 0; i < 2; i++) {
		trace_resume(&trace);
		(void)trace_until(&trace, trace_has_answer, LOGIN_END_MS);
	}
	trace_end(&trace);
	wait_for_end(worker->uid, supervisor);
	worker->host = state_of_host(worker->uid);
	return worker->member && worker->user && worker->host ? 0 : -1;
}

int
worker_begin(struct worker *worker, int number, enum scene scene, const struct order *order,
    char *why, size_t size)
{
	struct result result = { .outcome = OUTCOME_UNREACHED };
	struct trace none = { .caller = -1 };

	*worker = (struct worker) { .uid = (uid_t)(3000 + number), .scene = scene, .order = order, .holder = HOLDER_NONE };
	(void)text_format(worker->ident, sizeof(worker->ident), "fault%d", number);
	if (scene == SCENE_COLD)
		cold_begin(worker);
	/* The first makes what stays: the upper of a home, the compiled filter. */
	if (learn(worker, &result) == 0 && learn(worker, &result) == 0) {
		login_next(worker, &none, false, "a login without a fault", &result);
		host_check_clean(worker, &result);
	} else {
		result_judge(&result, OUTCOME_LOCKED, "a login without a fault can't be looked at");
	}
	if (scene == SCENE_SECOND && result.outcome <= OUTCOME_IN && holder_begin(worker, &worker->holder) < 0)
		result_judge(&result, OUTCOME_LOCKED, "no session can be held");
	if (scene == SCENE_ORDER && result.outcome <= OUTCOME_IN)
		order_begin(worker, &result);
	(void)text_format(why, size, "%s", result.why);
	return result.outcome <= OUTCOME_IN ? 0 : -1;
}

static void
run(struct run *run)
{
	struct worker *worker = run->worker;

	if (worker->scene == SCENE_COLD)
		cold_begin(worker);
	if (worker->scene == SCENE_ORDER)
		order_run(run);
	else if (login_start(&run->trace, worker, worker->ident) < 0)
		result_judge(run->result, OUTCOME_LOCKED, "the caller does not start");
	else if (worker->scene == SCENE_SECOND)
		run_second(run);
	else
		run_first(run);
	own_free(&run->before);
}

int
worker_count(struct worker *worker, long calls[ROLES], long allocations[ROLES])
{
	struct result result = { .scene = worker_scene(worker) };
	struct run counted = { .worker = worker, .result = &result, .log = evidence_log_size(),
		.trace = { .caller = -1, .follow = true, .all = true } };

	run(&counted);
	memcpy(calls, counted.trace.calls, sizeof(counted.trace.calls));
	memcpy(allocations, counted.trace.allocations, sizeof(counted.trace.allocations));
	if (result.outcome != OUTCOME_IN)
		(void)fprintf(stderr, "faults: a run that is only counted: %s: %s\n", outcome_name[result.outcome], result.why);
	return result.outcome == OUTCOME_IN ? 0 : -1;
}

static void
restart_holder(struct worker *worker, struct result *result)
{
	holder_end(&worker->holder);
	host_check_clean(worker, result);
	if (holder_begin(worker, &worker->holder) < 0)
		result_judge(result, OUTCOME_LOCKED, "no session can be held");
}

void
worker_run(struct worker *worker, const struct fault *fault, struct result *result)
{
	struct run faulty = { .worker = worker, .result = result, .log = evidence_log_size(),
		.trace = { .caller = -1, .follow = true, .fault = *fault } };

	*result = (struct result) { .scene = worker_scene(worker), .fault = *fault };
	run(&faulty);
	result->number = faulty.trace.number;
	if (!faulty.trace.done && fault->kind != FAULT_NONE && result->outcome == OUTCOME_IN)
		result->outcome = OUTCOME_UNREACHED;
	else if (!faulty.trace.done && fault->kind != FAULT_NONE)
		result_judge(result, OUTCOME_LOCKED, "refused without the fault, which was not reached");
	if (worker->scene == SCENE_SECOND && (result->outcome > OUTCOME_SILENT || fault->role == ROLE_INIT))
		restart_holder(worker, result);
}

const char *
worker_scene(const struct worker *worker)
{
	return worker->order ? order_name(worker->order) : scene_name[worker->scene];
}

void
worker_end(struct worker *worker)
{
	if (worker->holder.pid > 0)
		holder_end(&worker->holder);
	order_end(worker);
	free(worker->host);
	free(worker->member);
	free(worker->user);
}
