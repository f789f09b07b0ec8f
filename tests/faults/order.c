/*
 * What is there before an order, after it, and once it was taken back is learned without a fault.
 * With one there must be the second where it was told as done, and one of them where it was not;
 * then it can be taken back, and a login is as ever.
 */
#include "tests/faults/order.h"

#include "lib/own.h"
#include "lib/sys.h"
#include "tests/faults/ctrctl.h"
#include "tests/faults/evidence.h"
#include "tests/faults/host.h"
#include "tests/faults/login.h"
#include "tests/faults/sight.h"
#include "tests/faults/state.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

/* What goes on where its giver is gone: callers have two seconds to notice that init is. */
#define SETTLE_MS 5000
#define NOTICE_MS 2000
#define LOOK_MS 10
#define SWEEP_MS 200

enum {
	NEEDS_SESSION = 1,    /* one is held, and goes on */
	NEEDS_NEW = 2,        /* in a container that no order has changed */
	NEEDS_SECOND = 4,     /* another beside it */
	NEEDS_ORPHAN = 8,     /* its supervisor is dead */
	NEEDS_DEAD = 16,      /* and so are init and the caller */
	NEEDS_POLICY = 32,    /* the policy's files say something else by now */
	ENDS = 64,            /* nothing is left of the container */
	BUILDS = 128,         /* a container, which ends with it */
	RUNS = 256,           /* a command in it */
	HOLDS_UP = 512,       /* the user's logins may be refused while it is under way: frozen, or a supervisor is being started */
	ALONE = 1024
};

#define LOOK "/usr/libexec/pam_ctr-test/fault_caller", "look"

struct order {
	const char *name;
	const char *arguments[CTRCTL_ARGUMENTS], *first[CTRCTL_ARGUMENTS], *undo[CTRCTL_ARGUMENTS];
	unsigned flags;
};

static const struct order orders[] = {
	{ .name = "ctl-kill", .arguments = { "kill", "@" }, .flags = NEEDS_SESSION | ENDS },
	{ .name = "ctl-kill-session", .arguments = { "kill", "@", "--session", "%" },
	    .flags = NEEDS_SESSION | NEEDS_SECOND },
	{ .name = "ctl-freeze", .arguments = { "freeze", "@" }, .undo = { "thaw", "@" },
	    .flags = NEEDS_SESSION | NEEDS_NEW | HOLDS_UP },
	{ .name = "ctl-thaw", .first = { "freeze", "@" }, .arguments = { "thaw", "@" }, .undo = { "thaw", "@" },
	    .flags = NEEDS_SESSION | HOLDS_UP },
	{ .name = "ctl-set", .arguments = { "set", "@", "memory.max=96M", "pids.max=50", "cpu.max=120%" },
	    .undo = { "set", "@", "memory.max=", "pids.max=", "cpu.max=" }, .flags = NEEDS_SESSION },
	{ .name = "ctl-keep", .arguments = { "set", "@", "--keep", "memory.max=96M", "pids.max=50" },
	    .undo = { "reload", "@" }, .flags = NEEDS_SESSION },
	{ .name = "ctl-reload", .arguments = { "reload", "@" }, .undo = { "reload", "@" },
	    .flags = NEEDS_SESSION | NEEDS_POLICY },
	{ .name = "ctl-gc", .arguments = { "gc" }, .flags = NEEDS_SESSION | NEEDS_ORPHAN | HOLDS_UP | ALONE },
	{ .name = "ctl-gc-dead", .arguments = { "gc" }, .flags = NEEDS_SESSION | NEEDS_ORPHAN | NEEDS_DEAD | ENDS | HOLDS_UP | ALONE },
	{ .name = "ctl-enter", .arguments = { "enter", "@", "--", LOOK }, .flags = NEEDS_SESSION | RUNS },
	{ .name = "ctl-run", .arguments = { "run", "@", "--", LOOK }, .flags = BUILDS | RUNS | HOLDS_UP },
};

enum {
	BEFORE,
	AFTER,
	NOT_KEPT, /* after it, without what it has written to the policy */
	UNDONE,
	SIGHTS
};

#define ANY (1U << BEFORE | 1U << AFTER | 1U << NOT_KEPT | 1U << UNDONE)

/* Without a fault.  All owned. */
struct known {
	char *sight[SIGHTS];
	char *entered;        /* of the command's process */
	char *said;
	char *member;         /* of a caller, once the order was taken back */
};

/* gcc 12's analyzer loses sight of pointers that are stored through others. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

static void
known_free(struct known *known)
{
	for (int i = 0; known && i < SIGHTS; i++)
		free(known->sight[i]);
	if (known) {
		free(known->entered);
		free(known->said);
		free(known->member);
	}
	free(known);
}

/* --- what must be there ------------------------------------------------------------------------ */

/* What is dead is seen as dead, by all. */
static void
end_process(pid_t pid)
{
	autofd int pidfd = sys_pidfd_open(pid);
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };

	if (pidfd >= 0 && sys_pidfd_send_signal(pidfd, SIGKILL) == 0)
		(void)poll(&ended, 1, LOGIN_END_MS);
}

/* With its container; a next login takes away what a fault has left. */
static void
renew(struct worker *worker, struct trace *trace, struct result *result)
{
	if (worker->holder.pid != 0)
		holder_end(&worker->holder);
	result->swept = !host_becomes_clean(worker, SWEEP_MS) || result->swept;
	login_next(worker, trace, false, "the next login", result);
	host_check_clean(worker, result);
}

static int
prepare(struct worker *worker, struct holder *second)
{
	const struct order *order = worker->order;

	if (order->flags & NEEDS_SESSION && worker->holder.pid == 0 && holder_begin(worker, &worker->holder) < 0)
		return -1;
	if (order->flags & NEEDS_SECOND && holder_begin(worker, second) < 0)
		return -1;
	if (order->first[0] && ctrctl_call(worker, order->first, NULL) != 0)
		return -1;
	pid_t init = state_recorded(worker->uid, "init");
	if (order->flags & NEEDS_ORPHAN)
		end_process(state_recorded(worker->uid, "supervisor"));
	if (order->flags & NEEDS_DEAD) {
		end_process(init);
		end_process(worker->holder.caller);
	}
	return order->flags & NEEDS_POLICY ? sight_write_policy(worker) : 0;
}

/* --- the order ----------------------------------------------------------------------------------- */

static bool
is_over_or_waits(const struct trace *trace)
{
	return trace->caller < 0 || trace->entered != 0 || trace->held != 0;
}

static bool
is_over_or_entered(const struct trace *trace)
{
	return trace->caller < 0 || trace->entered != 0;
}

static char *
take(char **known, char *now)
{
	if (!*known)
		*known = now ? strdup(now) : NULL;
	return *known;
}

static int
start(struct run *run, const int streams[3])
{
	char session[32], *argv[CTRCTL_ARGUMENTS + 2];
	struct worker *worker = run->worker;

	if (worker->order->flags & NEEDS_SESSION && !(worker->order->flags & NEEDS_ORPHAN))
		run_seize_supervisor(run);
	ctrctl_arguments(worker, worker->order->arguments, session, argv);
	return trace_start(&run->trace, ROLE_CTRCTL, CTRCTL, argv, streams);
}

/* The command has executed, and done nothing yet. */
static void
check_entered(struct run *run)
{
	struct known *known = run->worker->known;
	autofree char *now = state_of_member(run->trace.entered, state_recorded(run->worker->uid, "init"));

	result_compare(run->result, OUTCOME_OPEN, "the command", take(&known->entered, now), now);
	trace_enter(&run->trace);
}

/*
 * An administrator whose ctrctl is stopped keeps nobody out: the user's login has its answer as soon as
 * ever.  A supervisor that is stopped does, and ctrctl must say so.
 */
static void
while_held(struct run *run)
{
	struct worker *worker = run->worker;
	struct trace *trace = &run->trace;
	struct result other;

	if (trace->fault.role == ROLE_SUPERVISOR) {
		if (!trace_until(trace, is_over_or_entered, CTRCTL_MS))
			result_judge(run->result, OUTCOME_HANG, "no word of ctrctl's while the supervisor is stopped");
	} else {
		worker->limits_change = true;
		login_beside(worker, trace, false, &other);
		worker->limits_change = false;
		if (other.outcome > OUTCOME_REFUSED)
			result_judge(run->result, other.outcome, "a login while one is stopped: %s", other.why);
		else if (!(worker->order->flags & HOLDS_UP) && (other.outcome != OUTCOME_IN ||
		    other.ms > LOGIN_NEXT_MS + (worker->order->flags & ENDS ? NOTICE_MS : 0)))
			result_judge(run->result, OUTCOME_LOCKED, "a login while one is stopped: %s, %d ms",
			    other.outcome == OUTCOME_IN ? "in" : other.why, other.ms);
	}
	trace_release(trace);
}

static void
follow(struct run *run)
{
	struct trace *trace = &run->trace;
	int64_t began = trace_clock();

	while (trace_until(trace, is_over_or_waits, CTRCTL_MS) && trace->caller >= 0)
		if (trace->entered != 0)
			check_entered(run);
		else
			while_held(run);
	if (trace->caller >= 0) {
		result_judge(run->result, OUTCOME_HANG, "ctrctl does not end");
		(void)kill(trace->caller, SIGKILL);
		(void)trace_until(trace, trace_is_caller_gone, LOGIN_END_MS);
	}
	run->result->ms = (int)(trace_clock() - began);
	while (trace_step(trace, 20) || trace->held != 0)
		trace_release(trace);
	if (run->worker->order->flags & BUILDS)
		run_wait_for_end(run);
	run_check_crash(run);
	trace_detach(trace);
}

/* Where the call that fails is the one that would tell, nothing can be told. */
static bool
can_tell(const struct run *run)
{
	const struct trace *trace = &run->trace;
	bool is_ours = trace->fault.role == ROLE_CTRCTL || trace->fault.role == ROLE_COMMAND;

	return !(is_ours && trace->done && (trace->fault.kind == FAULT_KILL || trace->number == SYS_write));
}

/* True: it was told as done. */
static bool
check_told(struct run *run, const int streams[3])
{
	int status = run->trace.caller_status;
	struct known *known = run->worker->known;
	char said[CTRCTL_WORDS], complained[CTRCTL_WORDS];

	ctrctl_words(streams[1], said);
	ctrctl_words(streams[2], complained);
	if (WIFSIGNALED(status)) {
		result_judge(run->result, run->trace.fault.kind == FAULT_KILL ? OUTCOME_KILLED : OUTCOME_CRASH,
		    "ctrctl ended by signal %d", WTERMSIG(status));
		return false;
	}
	if (WEXITSTATUS(status) != 0) {
		result_judge(run->result, OUTCOME_REFUSED, "exit %d: %.200s", WEXITSTATUS(status), complained);
		if (!complained[0] && can_tell(run))
			result_judge(run->result, OUTCOME_SILENT, "exit %d, and no word of why", WEXITSTATUS(status));
		return false;
	}
	result_judge(run->result, OUTCOME_IN, "%s", "");
	if (run->worker->order->flags & RUNS)
		result_compare(run->result, OUTCOME_TORN, "what the command said", take(&known->said, said), said);
	return true;
}

/* --- afterwards ------------------------------------------------------------------------------------ */

/* Asks a supervisor, which is there or comes with whoever asks for it, and changes nothing. */
static int
ask(const struct worker *worker)
{
	static const char *const dry_run[] = { "reload", "@", "--dry-run", NULL };

	return ctrctl_call(worker, dry_run, NULL);
}

/* A dead supervisor's successor comes. */
static void
have_it_adopted(const struct worker *worker)
{
	pid_t supervisor = state_recorded(worker->uid, "supervisor");

	if (supervisor > 0 && !state_lives(supervisor))
		(void)ask(worker);
}

/*
 * A supervisor that goes on has what ctrctl had asked of it before it gave up; it comes to that before it
 * comes to us.  And whoever logged in meanwhile may have had a container of his own, which is ending.
 */
static void
have_it_carried_out(const struct run *run, bool is_done)
{
	const struct fault *fault = &run->trace.fault;

	if (fault->kind != FAULT_STOP)
		return;
	bool may_be_ending = fault->role == ROLE_SUPERVISOR ? ask(run->worker) != 0 : is_done;
	if (!may_be_ending || !(run->worker->order->flags & ENDS))
		return;
	for (int64_t end = trace_clock() + LOGIN_END_MS; state_sessions(run->worker->uid) >= 0 && trace_clock() < end;)
		(void)poll(NULL, 0, LOOK_MS);
}

/* It has ended, or was not begun; what could not be cleared away the next login clears, which is looked at. */
static bool
is_left_over(const struct worker *worker)
{
	return worker->order->flags & (ENDS | BUILDS) && state_sessions(worker->uid) < 0;
}

static bool
is_one_of(const struct known *known, const char *now, unsigned sights)
{
	for (int i = 0; i < SIGHTS; i++)
		if (sights & 1U << i && known->sight[i] && now && !strcmp(now, known->sight[i]))
			return true;
	return false;
}

/* What was not told as done may be under way. */
static void
check_sight(struct run *run, bool is_done)
{
	struct known *known = run->worker->known;
	unsigned sights = is_done ? 1U << AFTER : ANY;
	autofree char *now = sight_of(run->worker);

	(void)take(&known->sight[AFTER], now);
	for (int64_t end = trace_clock() + SETTLE_MS; !is_done && !is_one_of(known, now, sights) && trace_clock() < end;) {
		(void)poll(NULL, 0, LOOK_MS);
		have_it_adopted(run->worker);
		own_free(&now);
		now = sight_of(run->worker);
	}
	if (!is_one_of(known, now, sights))
		result_compare(run->result, OUTCOME_TORN, is_done ? "told as done" : "neither done nor not",
		    known->sight[is_done ? AFTER : BEFORE], now);
}

static void
take_back(struct run *run, struct holder *second)
{
	struct worker *worker = run->worker;
	char words[CTRCTL_WORDS] = "";

	sight_remove_policy(worker);
	if (!worker->known->sight[NOT_KEPT])
		worker->known->sight[NOT_KEPT] = sight_of(worker);
	if (worker->order->undo[0] && ctrctl_call(worker, worker->order->undo, words) != 0)
		result_judge(run->result, OUTCOME_TORN, "it can't be taken back: %.200s", words);
	if (second->pid != 0)
		holder_end(second);
}

/* The session beside is as it was. */
static void
check_holder(struct run *run)
{
	struct worker *worker = run->worker;
	struct known *known = worker->known;
	autofree char *now = sight_of(worker);

	(void)take(&known->sight[UNDONE], now);
	if (!is_one_of(known, now, 1U << BEFORE | 1U << UNDONE))
		result_compare(run->result, OUTCOME_TORN, "taken back", known->sight[UNDONE], now);
}

/* As ever, or as the session beside was moved: a container that was frozen once is in one cgroup more. */
static void
login_beside_holder(struct run *run)
{
	struct worker *worker = run->worker;
	char *before = worker->member;
	struct known *known = worker->known;
	struct result next = *run->result;

	if (!known->member)
		known->member = state_of_member(worker->holder.caller, state_recorded(worker->uid, "init"));
	worker->member = known->member;
	login_next(worker, &run->trace, false, "the next login", &next);
	worker->member = before;
	if (next.outcome == OUTCOME_OPEN) {
		next = *run->result;
		login_next(worker, &run->trace, false, "the next login", &next);
	}
	*run->result = next;
	if (run_settle_sessions(worker, 1) != 1)
		result_judge(run->result, OUTCOME_LEAK, "there are %d sessions in the record", state_sessions(worker->uid));
	if (!(worker->order->flags & NEEDS_NEW))
		run_check_supervisor(run);
}

static void
check_after(struct run *run)
{
	struct worker *worker = run->worker;
	bool stays = worker->order->flags & NEEDS_SESSION && !(worker->order->flags & NEEDS_DEAD) &&
	    state_recorded(worker->uid, "init") != 0;

	/* What the record lacks for want of something it has with the next session. */
	if (stays) {
		login_beside_holder(run);
		check_holder(run);
	}
	if (!stays || worker->order->flags & NEEDS_NEW || run->result->outcome > OUTCOME_SILENT)
		renew(worker, &run->trace, run->result);
}

void
order_run(struct run *run)
{
	struct worker *worker = run->worker;
	struct holder second = HOLDER_NONE;
	autofd int in = open("/dev/null", O_RDWR | O_CLOEXEC);
	autofd int out = memfd_create("out", MFD_CLOEXEC);
	autofd int complaints = memfd_create("complaints", MFD_CLOEXEC);
	const int streams[3] = { in, out, complaints };

	if (prepare(worker, &second) < 0) {
		result_judge(run->result, OUTCOME_LOCKED, "what the order is for can't be had");
	} else {
		if (!worker->known->sight[BEFORE])
			worker->known->sight[BEFORE] = sight_of(worker);
		if (start(run, streams) < 0)
			result_judge(run->result, OUTCOME_LOCKED, "ctrctl does not start");
		follow(run);
		bool is_done = check_told(run, streams);
		have_it_adopted(worker);
		have_it_carried_out(run, is_done);
		if (!(worker->order->flags & RUNS) && !is_left_over(worker))
			check_sight(run, is_done);
	}
	take_back(run, &second);
	check_after(run);
	trace_end(&run->trace);
}

/* --- beginning and end ------------------------------------------------------------------------------ */

/* The first run makes what stays; the second is compared with; the third shows that it can be. */
void
order_begin(struct worker *worker, struct result *result)
{
	for (int i = 0; i < 3 && result->outcome <= OUTCOME_IN; i++) {
		struct run run = { .worker = worker, .result = result, .log = evidence_log_size(),
			.trace = { .caller = -1, .follow = true } };
		if (i < 2) {
			known_free(worker->known);
			worker->known = calloc(1, sizeof(*worker->known));
		}
		if (!worker->known) {
			result_judge(result, OUTCOME_LOCKED, "no memory");
			return;
		}
		order_run(&run);
	}
}

void
order_end(struct worker *worker)
{
	known_free(worker->known);
	worker->known = NULL;
}

const struct order *
order_find(const char *name)
{
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if (!strcmp(orders[i].name, name))
			return &orders[i];
	return NULL;
}

const char *
order_name(const struct order *order)
{
	return order->name;
}

bool
order_concerns(const struct order *order, enum role role)
{
	return role == ROLE_CTRCTL || role == ROLE_SPAWN || role == ROLE_COMMAND ||
	    (role == ROLE_SUPERVISOR && !(order->flags & BUILDS));
}

bool
order_is_alone(const struct order *order)
{
	return order->flags & ALONE;
}
