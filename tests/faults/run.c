/*
 * Verdicts.  A login that is in is compared, from outside and by what a process of the user's
 * sees, with one without a fault: every namespace, mount, limit, set and filter.  Whatever is
 * different is less, or at least not what the policy says: OPEN.
 */
#include "tests/faults/run.h"

#include "lib/own.h"
#include "lib/places.h"
#include "lib/text.h"
#include "tests/faults/evidence.h"
#include "tests/faults/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CALLER "/usr/libexec/pam_ctr-test/fault_caller"
#define SERVICE "test"
/* The module waits 4 s for a first answer, and 20 s more for a container: lib/client.c. */
#define ANSWER_MS 26000
#define END_MS 10000
#define NEXT_MS 2000
#define ORPHAN_MS 200
#define LOOK_MS 5

const char *const outcome_name[OUTCOMES] = {
	[OUTCOME_UNREACHED] = "unreached", [OUTCOME_IN] = "in", [OUTCOME_REFUSED] = "refused",
	[OUTCOME_DROPPED] = "dropped", [OUTCOME_KILLED] = "killed", [OUTCOME_SILENT] = "SILENT",
	[OUTCOME_LOCKED] = "LOCKED", [OUTCOME_LEAK] = "LEAK", [OUTCOME_HANG] = "HANG",
	[OUTCOME_CRASH] = "CRASH", [OUTCOME_OPEN] = "OPEN",
};

const char *const scene_name[SCENES] = {
	[SCENE_FIRST] = "first", [SCENE_SECOND] = "second", [SCENE_COLD] = "cold",
};

/* What a login that was tried beside tells the worker. */
struct shared {
	enum outcome outcome;
	int ms;
	pid_t caller;
	char why[400];
};

__attribute__((format(printf, 3, 4))) static void
judge(struct result *result, enum outcome outcome, const char *format, ...)
{
	va_list args;

	if (outcome <= result->outcome)
		return;
	result->outcome = outcome;
	va_start(args, format);
	(void)vsnprintf(result->why, sizeof(result->why), format, args);
	va_end(args);
}

static int64_t
now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool
has_answer(const struct trace *trace)
{
	return trace->mark != 0 || trace->caller < 0;
}

static bool
has_answer_or_is_held(const struct trace *trace)
{
	return has_answer(trace) || trace->held != 0;
}

static bool
is_caller_gone(const struct trace *trace)
{
	return trace->caller < 0;
}

static bool
are_all_gone(const struct trace *trace)
{
	return trace->tracees == 0;
}

static bool
is_other_gone(const struct trace *trace)
{
	return trace->other == 0;
}

static bool
step_until(struct trace *trace, bool (*is_so)(const struct trace *trace), int ms)
{
	int64_t end = now_ms() + ms;

	while (!is_so(trace)) {
		int64_t left = end - now_ms();
		if (left <= 0)
			return false;
		(void)trace_step(trace, left < 100 ? (int)left : 100);
	}
	return true;
}

static int
start_caller(struct trace *trace, const struct worker *worker, const char *user)
{
	char ident[sizeof(worker->ident)], name[32], *argv[] = { ident, NULL, name, NULL, NULL };
	static char report[] = "3", service[] = SERVICE;

	memcpy(ident, worker->ident, sizeof(ident));
	(void)text_format(name, sizeof(name), "%s", user);
	argv[1] = report;
	argv[3] = service;
	if (trace_start(trace, ROLE_CALLER, CALLER, argv) < 0)
		return -1;
	return step_until(trace, has_answer, END_MS) && trace->mark == MARK_OPEN ? 0 : -1;
}

/* --- a login beside ----------------------------------------------------------------------- */

static void
compare(const char *what, const char *before, const char *after, enum outcome outcome,
    struct result *result)
{
	char text[300];

	if (before && after && !strcmp(before, after))
		return;
	state_difference(before, after, text, sizeof(text));
	judge(result, outcome, "%s: %s", what, text);
}

static void
check_member(const struct worker *worker, const struct trace *trace, off_t log, struct result *result)
{
	autofree char *member = state_of_member(trace->caller, state_recorded(worker->uid, "init"));
	char wrong[300] = "gone";
	size_t missing;

	if (!member || !evidence_is_contained(worker->member, member, &missing, wrong, sizeof(wrong)))
		judge(result, OUTCOME_OPEN, "the caller: %s", wrong);
	else if (missing > 0 && !evidence_log_tells(worker, evidence_is_notice, log))
		compare("the caller, and the log does not say so", worker->member, member, OUTCOME_OPEN, result);
	else if (missing > 0)
		result->told = true;
}

/* The whole of a login, without a fault; is_root: of one who is never contained. */
static void
try_login(const struct worker *worker, bool is_root, struct result *result)
{
	struct trace trace = { .caller = -1 };
	int64_t began = now_ms();
	off_t log = evidence_log_size();

	judge(result, OUTCOME_IN, "%s", "");
	if (start_caller(&trace, worker, is_root ? "root" : worker->ident) < 0) {
		judge(result, OUTCOME_LOCKED, "the caller does not start");
		return;
	}
	trace_resume(&trace);
	if (!step_until(&trace, has_answer, ANSWER_MS))
		judge(result, OUTCOME_HANG, "no answer");
	result->ms = (int)(now_ms() - began);
	if (trace.caller < 0)
		judge(result, OUTCOME_CRASH, "the caller ended: status %x", (unsigned)trace.caller_status);
	else if (trace.report->open != PAM_SUCCESS)
		judge(result, OUTCOME_REFUSED, "refused");
	else if (!is_root)
		check_member(worker, &trace, log, result);
	trace_resume(&trace);
	if (step_until(&trace, has_answer, END_MS) && trace.caller >= 0 && result->outcome == OUTCOME_IN && !is_root)
		compare("the user", worker->user, trace.report->user, OUTCOME_OPEN, result);
	trace_resume(&trace);
	(void)step_until(&trace, has_answer, END_MS);
	trace_resume(&trace);
	(void)step_until(&trace, is_caller_gone, END_MS);
	trace_end(&trace);
}

/* In a process of its own, while ours goes on serving what it traces. */
static void
login_beside(struct worker *worker, struct trace *trace, bool is_root, struct result *result)
{
	*worker->shared = (struct shared) { .outcome = OUTCOME_HANG, .why = "no end" };
	pid_t pid = fork();
	if (pid == 0) {
		struct result own = { .outcome = OUTCOME_UNREACHED };
		try_login(worker, is_root, &own);
		worker->shared->outcome = own.outcome;
		worker->shared->ms = own.ms;
		memcpy(worker->shared->why, own.why, sizeof(own.why));
		_exit(0);
	}
	trace->other = pid;
	if (pid < 0 || !step_until(trace, is_other_gone, ANSWER_MS + 3 * END_MS)) {
		(void)kill(pid, SIGKILL);
		(void)step_until(trace, is_other_gone, END_MS);
	}
	*result = (struct result) { .outcome = worker->shared->outcome, .ms = worker->shared->ms };
	memcpy(result->why, worker->shared->why, sizeof(result->why));
}

/* It must get in, as contained as ever, and soon. */
static void
next_login(struct worker *worker, struct trace *trace, bool is_root, const char *which, struct result *result)
{
	struct result next;

	login_beside(worker, trace, is_root, &next);
	if (next.outcome > OUTCOME_REFUSED)
		judge(result, next.outcome == OUTCOME_DROPPED ? OUTCOME_LOCKED : next.outcome, "%s: %s", which, next.why);
	else if (next.outcome != OUTCOME_IN)
		judge(result, OUTCOME_LOCKED, "%s: %s", which, next.why);
	result->late = result->late || next.ms > NEXT_MS;
	if (next.outcome == OUTCOME_IN && next.ms > NEXT_MS)
		judge(result, OUTCOME_LOCKED, "%s took %d ms", which, next.ms);
}

/* --- a session that stays ------------------------------------------------------------------- */

static _Noreturn void
hold(struct worker *worker, int told)
{
	struct trace trace = { .caller = -1 };
	char byte;

	if (start_caller(&trace, worker, worker->ident) < 0)
		_exit(1);
	trace_resume(&trace);
	if (!step_until(&trace, has_answer, ANSWER_MS) || trace.caller < 0 || trace.report->open != PAM_SUCCESS)
		_exit(1);
	worker->shared->caller = trace.caller;
	(void)!read(told, &byte, 1);
	for (int i = 0; i < 3; i++) {
		trace_resume(&trace);
		(void)step_until(&trace, has_answer, END_MS);
	}
	trace_end(&trace);
	_exit(0);
}

static void
holder_end(struct worker *worker)
{
	struct holder *holder = &worker->holder;

	own_close(&holder->end);
	if (holder->pid > 0)
		(void)waitpid(holder->pid, NULL, 0);
	free(holder->state);
	*holder = (struct holder) { .end = -1 };
}

static int
holder_begin(struct worker *worker)
{
	int ends[2];

	worker->shared->caller = 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		own_close(&ends[1]);
		hold(worker, ends[0]);
	}
	own_close(&ends[0]);
	worker->holder = (struct holder) { .pid = pid, .end = ends[1] };
	for (int64_t end = now_ms() + ANSWER_MS; worker->shared->caller == 0 && now_ms() < end;)
		if (waitpid(pid, NULL, WNOHANG) == pid || poll(NULL, 0, 1) < 0)
			break;
	worker->holder.caller = worker->shared->caller;
	if (worker->holder.caller != 0)
		worker->holder.state = state_of_member(worker->holder.caller, state_recorded(worker->uid, "init"));
	return worker->holder.state ? 0 : -1;
}

/* --- what stays ----------------------------------------------------------------------------- */

static bool
is_clean(const struct worker *worker)
{
	autofree char *now = state_of_host(worker->uid);

	return now && worker->host && !strcmp(now, worker->host);
}

static bool
becomes_clean(const struct worker *worker, int ms)
{
	int64_t end = now_ms() + ms;

	while (!is_clean(worker)) {
		if (now_ms() > end)
			return false;
		(void)poll(NULL, 0, LOOK_MS);
	}
	return true;
}

static void
check_clean(struct worker *worker, struct result *result)
{
	if (becomes_clean(worker, END_MS))
		return;
	char *now = state_of_host(worker->uid);
	compare("the host, after the next login", worker->host, now, OUTCOME_LEAK, result);
	/* Told once, not of each run that follows. */
	free(worker->host);
	worker->host = now;
}

/* --- one run ---------------------------------------------------------------------------------- */

struct run {
	struct worker *worker;
	struct result *result;
	struct trace trace;
	char *before;      /* the caller's state; owned */
	off_t log;
	pid_t init;        /* of the container that was there before, or is the login's */
	pid_t supervisor;  /* SCENE_SECOND */
	int descriptors;   /* of that one */
};

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
			judge(run->result, other.outcome, "a login while one is stopped: %s", other.why);
	} else if (!step_until(&run->trace, has_answer, ANSWER_MS)) {
		judge(run->result, OUTCOME_HANG, "no answer while %s is stopped", role_name[run->trace.fault.role]);
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
		judge(run->result, OUTCOME_DROPPED, "%s", "");
	else
		compare("the refused caller", run->before, after, OUTCOME_LEAK, run->result);
	judge(run->result, OUTCOME_REFUSED, "%s", "");
	if (!evidence_log_tells(run->worker, evidence_is_refusal, run->log))
		judge(run->result, OUTCOME_SILENT, "refused without a line in the log");
}

static void
check_answer(struct run *run)
{
	struct trace *trace = &run->trace;

	if (trace->caller < 0) {
		judge(run->result, trace->fault.kind == FAULT_KILL ? OUTCOME_KILLED : OUTCOME_CRASH,
		    "the caller ended: status %x", (unsigned)trace->caller_status);
		return;
	}
	if (trace->report->open != PAM_SUCCESS) {
		check_refused(run);
		return;
	}
	judge(run->result, OUTCOME_IN, "%s", "");
	/* Of a container that is dead there is nothing to compare: its caller can start nothing. */
	if (trace->fault.kind == FAULT_KILL && trace->fault.role == ROLE_INIT && trace->done)
		return;
	check_member(run->worker, trace, run->log, run->result);
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
	next_login(run->worker, &run->trace, false, "a login after the supervisor's death", run->result);
	if (state_recorded(run->worker->uid, "init") != run->init)
		judge(run->result, OUTCOME_LEAK, "the container was not adopted: init was %d, is %d", (int)run->init,
		    (int)state_recorded(run->worker->uid, "init"));
}

/* From its call of pam_open_session() until the caller is gone. */
static void
run_caller(struct run *run)
{
	struct trace *trace = &run->trace;
	int64_t began = now_ms();

	run->before = state_of_process(trace->caller);
	trace->counting = true;
	trace_resume(trace);
	if (!step_until(trace, has_answer_or_is_held, ANSWER_MS))
		judge(run->result, OUTCOME_HANG, "no answer from pam_open_session()");
	while_held(run);
	if (!step_until(trace, has_answer, ANSWER_MS))
		judge(run->result, OUTCOME_HANG, "no answer from pam_open_session()");
	trace->counting = false;
	run->result->ms = (int)(now_ms() - began);
	if (run->result->outcome == OUTCOME_HANG)
		return;
	check_answer(run);
	bool is_in = trace->caller >= 0 && trace->report->open == PAM_SUCCESS;
	check_adoption(run);
	trace_resume(trace);
	if (!step_until(trace, has_answer, ANSWER_MS))
		judge(run->result, OUTCOME_HANG, "the user's process does not end");
	/* Whoever has lost the container loses its processes. */
	if (is_in && trace->caller >= 0 && state_recorded(run->worker->uid, "init") == run->init)
		compare("the user", run->worker->user, trace->report->user, OUTCOME_OPEN, run->result);
	trace->counting = true;
	trace_resume(trace);
	if (!step_until(trace, has_answer_or_is_held, END_MS))
		judge(run->result, OUTCOME_HANG, "no answer from pam_close_session()");
	while_held(run);
	if (!step_until(trace, has_answer, END_MS))
		judge(run->result, OUTCOME_HANG, "no answer from pam_close_session()");
	trace->counting = false;
	trace_resume(trace);
	if (!step_until(trace, is_caller_gone, END_MS))
		judge(run->result, OUTCOME_HANG, "the caller does not end");
}

static void
check_crash(struct run *run)
{
	struct trace *trace = &run->trace;

	if (trace->crash != 0)
		judge(run->result, OUTCOME_CRASH, "%s: %s", role_name[trace->crash_role], strsignal(trace->crash));
}

/* A supervisor that died leaves its container to the next login, or to ctrctl gc. */
static bool
is_without_supervisor(struct trace *trace)
{
	if (trace->held != 0 || trace->tracees == 0 || trace_count(trace, ROLE_INIT) != trace->tracees)
		return false;
	(void)step_until(trace, are_all_gone, ORPHAN_MS);
	return trace->tracees > 0;
}

/* All of ours is gone soon after the last session; but for who was stopped. */
static void
wait_for_end(struct run *run)
{
	struct trace *trace = &run->trace;
	int64_t end = now_ms() + END_MS;

	while (trace->tracees > 0 && now_ms() < end && !is_without_supervisor(trace)) {
		(void)step_until(trace, are_all_gone, 50);
		if (trace->held != 0)
			trace_release(trace);
	}
	if (is_without_supervisor(trace))
		trace_detach(trace);
	if (trace->tracees > 0)
		judge(run->result, OUTCOME_HANG, "%s stays", role_name[trace->tracee[0].role]);
}

static void
check_after(struct run *run)
{
	struct worker *worker = run->worker;
	struct result *result = run->result;
	bool is_refused = result->outcome == OUTCOME_REFUSED || result->outcome == OUTCOME_DROPPED;

	result->swept = !becomes_clean(worker, 200);
	if (is_refused)
		next_login(worker, &run->trace, true, "root's login", result);
	next_login(worker, &run->trace, false, "the next login", result);
	check_clean(worker, result);
}

static void
run_first(struct run *run)
{
	run_caller(run);
	wait_for_end(run);
	check_crash(run);
	trace_end(&run->trace);
	check_after(run);
}

/* Takes the user's line out of subuid(5) or subgid(5). */
static void
forget_ids(const struct worker *worker, const char *path)
{
	char line[256], new[64], own[32];

	(void)text_format(new, sizeof(new), "%s.new", path);
	(void)text_format(own, sizeof(own), "%s:", worker->ident);
	FILE *in = fopen(path, "re"), *out = fopen(new, "we");
	while (in && out && fgets(line, sizeof(line), in))
		if (strncmp(line, own, strlen(own)) != 0)
			(void)fputs(line, out);
	if (in)
		(void)fclose(in);
	if (out && fclose(out) == 0)
		(void)rename(new, path);
}

/* The helpers have something to do only where there is nothing yet: no filter, no ids. */
static void
forget_helpers_work(const struct worker *worker)
{
	char path[512];

	if (worker->scene != SCENE_COLD)
		return;
	DIR *all = opendir(PLACE_FILTER_CACHE);
	for (struct dirent *entry; all && (entry = readdir(all));)
		if (entry->d_name[0] != '.' && text_format(path, sizeof(path), "%s/%s", PLACE_FILTER_CACHE, entry->d_name) == 0)
			(void)unlink(path);
	if (all)
		(void)closedir(all);
	forget_ids(worker, "/etc/subuid");
	forget_ids(worker, "/etc/subgid");
}

static int
sessions_settle(const struct worker *worker)
{
	int64_t end = now_ms() + NEXT_MS;

	while (state_sessions(worker->uid) != 1 && now_ms() < end)
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
	compare("the session beside", worker->holder.state, now, OUTCOME_OPEN, run->result);
	if (init != run->init)
		judge(run->result, OUTCOME_LEAK, "the session beside lost its container");
}

static void
check_supervisor(struct run *run)
{
	pid_t now = state_recorded(run->worker->uid, "supervisor");
	int descriptors = state_descriptors(now);

	if (now == run->supervisor && descriptors != run->descriptors)
		judge(run->result, OUTCOME_LEAK, "the supervisor has %d descriptors, had %d", descriptors,
		    run->descriptors);
}

static void
run_second(struct run *run)
{
	struct worker *worker = run->worker;

	run->init = state_recorded(worker->uid, "init");
	run->supervisor = state_recorded(worker->uid, "supervisor");
	run->descriptors = state_descriptors(run->supervisor);
	if (trace_seize(&run->trace, run->supervisor, ROLE_SUPERVISOR) < 0)
		judge(run->result, OUTCOME_LOCKED, "no supervisor to trace");
	run_caller(run);
	while (trace_step(&run->trace, 20))
		continue;
	if (run->trace.held != 0)
		trace_release(&run->trace);
	check_crash(run);
	trace_detach(&run->trace);
	next_login(worker, &run->trace, false, "the next login", run->result);
	if (sessions_settle(worker) != 1)
		judge(run->result, OUTCOME_LEAK, "there are %d sessions in the record", state_sessions(worker->uid));
	check_holder(run);
	check_supervisor(run);
	trace_end(&run->trace);
}

static void
restart_holder(struct worker *worker, struct result *result)
{
	holder_end(worker);
	check_clean(worker, result);
	if (holder_begin(worker) < 0)
		judge(result, OUTCOME_LOCKED, "no session can be held");
}

void
worker_run(struct worker *worker, const struct fault *fault, struct result *result)
{
	struct run run = { .worker = worker, .result = result, .log = evidence_log_size(),
		.trace = { .caller = -1, .follow = true, .fault = *fault } };

	*result = (struct result) { .scene = worker->scene, .fault = *fault };
	forget_helpers_work(worker);
	if (start_caller(&run.trace, worker, worker->ident) < 0)
		judge(result, OUTCOME_LOCKED, "the caller does not start");
	else if (worker->scene == SCENE_SECOND)
		run_second(&run);
	else
		run_first(&run);
	free(run.before);
	result->number = run.trace.number;
	if (!run.trace.done && fault->kind != FAULT_NONE && result->outcome == OUTCOME_IN)
		result->outcome = OUTCOME_UNREACHED;
	if (worker->scene == SCENE_SECOND && (result->outcome > OUTCOME_SILENT || fault->role == ROLE_INIT))
		restart_holder(worker, result);
}

/* --- beginning ---------------------------------------------------------------------------------- */

/* Twice, since what differs from itself can't be compared with. */
static int
learn(struct worker *worker, struct result *result)
{
	struct trace trace = { .caller = -1 };

	if (start_caller(&trace, worker, worker->ident) < 0)
		return -1;
	trace_resume(&trace);
	if (!step_until(&trace, has_answer, ANSWER_MS) || trace.caller < 0 || trace.report->open != PAM_SUCCESS) {
		judge(result, OUTCOME_LOCKED, "a login without a fault is refused");
		trace_end(&trace);
		return -1;
	}
	free(worker->member);
	free(worker->user);
	worker->member = state_of_member(trace.caller, state_recorded(worker->uid, "init"));
	trace_resume(&trace);
	(void)step_until(&trace, has_answer, END_MS);
	worker->user = strdup(trace.report->user);
	for (int i = 0; i < 2; i++) {
		trace_resume(&trace);
		(void)step_until(&trace, has_answer, END_MS);
	}
	trace_end(&trace);
	for (int64_t end = now_ms() + END_MS; state_sessions(worker->uid) >= 0 && now_ms() < end;)
		(void)poll(NULL, 0, LOOK_MS);
	(void)poll(NULL, 0, 200); /* its supervisor ends, too */
	free(worker->host);
	worker->host = state_of_host(worker->uid);
	return worker->member && worker->user && worker->host ? 0 : -1;
}

int
worker_begin(struct worker *worker, int number, enum scene scene, char *why, size_t size)
{
	struct result result = { .outcome = OUTCOME_UNREACHED };
	struct trace none = { .caller = -1 };

	*worker = (struct worker) { .uid = (uid_t)(3000 + number), .scene = scene, .holder = { .end = -1 } };
	(void)text_format(worker->ident, sizeof(worker->ident), "fault%d", number);
	void *shared = mmap(NULL, sizeof(*worker->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	worker->shared = shared == MAP_FAILED ? NULL : shared;
	forget_helpers_work(worker);
	/* The first makes what stays: the upper of a home, the compiled filter. */
	if (!worker->shared || learn(worker, &result) < 0 || learn(worker, &result) < 0) {
		(void)text_format(why, size, "%s", result.why);
		return -1;
	}
	next_login(worker, &none, false, "a login without a fault", &result);
	check_clean(worker, &result);
	if (scene == SCENE_SECOND && result.outcome <= OUTCOME_IN && holder_begin(worker) < 0)
		judge(&result, OUTCOME_LOCKED, "no session can be held");
	(void)text_format(why, size, "%s", result.why);
	return result.outcome <= OUTCOME_IN ? 0 : -1;
}

int
worker_count(struct worker *worker, long calls[ROLES], long allocations[ROLES])
{
	struct result result = { .scene = worker->scene };
	struct run run = { .worker = worker, .result = &result, .log = evidence_log_size(),
		.trace = { .caller = -1, .follow = true, .all = true } };

	forget_helpers_work(worker);
	if (start_caller(&run.trace, worker, worker->ident) < 0)
		return -1;
	if (worker->scene == SCENE_SECOND)
		run_second(&run);
	else
		run_first(&run);
	free(run.before);
	memcpy(calls, run.trace.calls, sizeof(run.trace.calls));
	memcpy(allocations, run.trace.allocations, sizeof(run.trace.allocations));
	if (result.outcome != OUTCOME_IN)
		(void)fprintf(stderr, "faults: a login that is only counted: %s: %s\n", outcome_name[result.outcome], result.why);
	return result.outcome == OUTCOME_IN ? 0 : -1;
}

void
worker_end(struct worker *worker)
{
	if (worker->holder.pid > 0)
		holder_end(worker);
	free(worker->host);
	free(worker->member);
	free(worker->user);
	if (worker->shared)
		(void)munmap(worker->shared, sizeof(*worker->shared));
}
