/*
 * A login that is in is compared, from outside and by what a process of the user's sees, with one
 * without a fault: every namespace, mount, limit, set and filter.  Whatever is different is less,
 * or at least not what the policy says: OPEN.
 */
#include "tests/faults/login.h"

#include "lib/own.h"
#include "lib/text.h"
#include "tests/faults/evidence.h"
#include "tests/faults/state.h"

#include <security/pam_appl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CALLER "/usr/libexec/pam_ctr-test/fault_caller"
#define SERVICE "test"

static bool
is_other_gone(const struct trace *trace)
{
	return trace->other == 0;
}

int
login_start(struct trace *trace, const struct worker *worker, const char *user)
{
	char ident[sizeof(worker->ident)], name[32], *argv[] = { ident, NULL, name, NULL, NULL };
	static char report[] = "3", service[] = SERVICE;

	memcpy(ident, worker->ident, sizeof(ident));
	(void)text_format(name, sizeof(name), "%s", user);
	argv[1] = report;
	argv[3] = service;
	if (trace_start(trace, ROLE_CALLER, CALLER, argv, NULL) < 0)
		return -1;
	return trace_until(trace, trace_has_answer, LOGIN_END_MS) && trace->mark == MARK_OPEN ? 0 : -1;
}

/* Takes the lines of cgroups out of a text, which may be NULL. */
static void
drop_cgroups(char *text)
{
	char *to = text;

	for (char *line = text; line && *line;) {
		size_t length = strcspn(line, "\n") + (strchr(line, '\n') != NULL);
		if (strncmp(line, "cgroup ", 7) != 0) {
			memmove(to, line, length);
			to += length;
		}
		line += length;
	}
	if (to)
		*to = '\0';
}

void
login_check_member(const struct worker *worker, const struct trace *trace, off_t log, struct result *result)
{
	autofree char *member = state_of_member(trace->caller, state_recorded(worker->uid, "init"));
	autofree char *known = strdup(worker->member);
	char wrong[300] = "gone";
	size_t missing;

	if (worker->limits_change) {
		drop_cgroups(member);
		drop_cgroups(known);
	}
	if (!member || !known || !evidence_is_contained(known, member, &missing, wrong, sizeof(wrong)))
		result_judge(result, OUTCOME_OPEN, "the caller: %s", wrong);
	else if (missing > 0 && !evidence_log_tells(worker, evidence_is_notice, log))
		result_compare(result, OUTCOME_OPEN, "the caller, and the log does not say so", known, member);
	else if (missing > 0)
		result->told = true;
}

/* The whole of a login, without a fault; is_root: of one who is never contained. */
static void
try_login(const struct worker *worker, bool is_root, struct result *result)
{
	struct trace trace = { .caller = -1 };
	int64_t began = trace_clock();
	off_t log = evidence_log_size();

	result_judge(result, OUTCOME_IN, "%s", "");
	if (login_start(&trace, worker, is_root ? "root" : worker->ident) < 0) {
		result_judge(result, OUTCOME_LOCKED, "the caller does not start");
		return;
	}
	trace_resume(&trace);
	if (!trace_until(&trace, trace_has_answer, LOGIN_ANSWER_MS))
		result_judge(result, OUTCOME_HANG, "no answer");
	result->ms = (int)(trace_clock() - began);
	if (trace.caller < 0)
		result_judge(result, OUTCOME_CRASH, "the caller ended: status %x", (unsigned)trace.caller_status);
	else if (trace.report->open != PAM_SUCCESS)
		result_judge(result, OUTCOME_REFUSED, "refused");
	else if (!is_root)
		login_check_member(worker, &trace, log, result);
	trace_resume(&trace);
	if (trace_until(&trace, trace_has_answer, LOGIN_END_MS) && trace.caller >= 0 && result->outcome == OUTCOME_IN && !is_root)
		result_compare(result, OUTCOME_OPEN, "the user", worker->user, trace.report->user);
	trace_resume(&trace);
	(void)trace_until(&trace, trace_has_answer, LOGIN_END_MS);
	trace_resume(&trace);
	(void)trace_until(&trace, trace_is_caller_gone, LOGIN_END_MS);
	trace_end(&trace);
}

/* In a process of its own, while ours goes on serving what it traces. */
void
login_beside(struct worker *worker, struct trace *trace, bool is_root, struct result *result)
{
	void *memory = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct result *shared = memory;

	*result = (struct result) { .outcome = OUTCOME_HANG, .why = "no end" };
	if (memory == MAP_FAILED)
		return;
	*shared = *result;
	pid_t pid = fork();
	if (pid == 0) {
		struct result own = { .outcome = OUTCOME_UNREACHED };
		try_login(worker, is_root, &own);
		*shared = own;
		_exit(0);
	}
	trace->other = pid;
	if (pid < 0 || !trace_until(trace, is_other_gone, LOGIN_ANSWER_MS + 3 * LOGIN_END_MS)) {
		(void)kill(pid, SIGKILL);
		(void)trace_until(trace, is_other_gone, LOGIN_END_MS);
	}
	*result = *shared;
	(void)munmap(memory, sizeof(*result));
}

/* It must get in, as contained as ever, and soon. */
void
login_next(struct worker *worker, struct trace *trace, bool is_root, const char *which, struct result *result)
{
	struct result next;

	login_beside(worker, trace, is_root, &next);
	if (next.outcome > OUTCOME_REFUSED)
		result_judge(result, next.outcome == OUTCOME_DROPPED ? OUTCOME_LOCKED : next.outcome, "%s: %s", which, next.why);
	else if (next.outcome != OUTCOME_IN)
		result_judge(result, OUTCOME_LOCKED, "%s: %s", which, next.why);
	result->late = result->late || next.ms > LOGIN_NEXT_MS;
	if (next.outcome == OUTCOME_IN && next.ms > LOGIN_NEXT_MS)
		result_judge(result, OUTCOME_LOCKED, "%s took %d ms", which, next.ms);
}
