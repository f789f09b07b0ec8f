/*
 * faults [OPTIONS]: logs in again and again, each time with one fault in one system call of one of
 * the programs that a login is made of, and prints what came of it: a table, and TAP.  Runs as
 * root in a test world (tests/faults/run), with users fault0 ... there.
 *
 *	-s first|second|cold     in a login, and when (default: first)
 *	-s ctl-set ...           in an order of ctrctl's (tests/faults/order.c)
 *	-k errno|memory|kill|stop  what (default: errno: each of seven errors)
 *	-r ROLE                  in whom (default: in all)
 *	-a AT                    in that role's AT'th call alone
 *	-n STEP                  every STEP'th of these faults (default: 1), beginning with
 *	-p PHASE                 the PHASE'th (default: 0)
 *	-j WORKERS               at once, each with a user of its own (default: 2)
 *	-l NAME                  what this run is called in the results
 *	-v                       a line for each fault
 *
 * Exit: 0: none was let in without what the policy says, hung, crashed, or left something.
 */
#include "tests/faults/order.h"
#include "tests/faults/worker.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RESULTS_MAX 200000
#define WORKERS_MAX 32
#define SHOWN_MAX 40
/* A busy machine makes a login late now and then; a fault does so each time. */
#define LATE_TRIES 3

static const struct {
	int number;
	const char *name;
} errors[] = {
	{ ENOMEM, "ENOMEM" }, { EIO, "EIO" }, { EPERM, "EPERM" }, { EINTR, "EINTR" }, { ENOSPC, "ENOSPC" },
	{ EMFILE, "EMFILE" }, { ENOSYS, "ENOSYS" },
};

#define ERRORS (sizeof(errors) / sizeof(errors[0]))

struct options {
	enum scene scene;
	const struct order *order; /* of SCENE_ORDER */
	const char *called;        /* the scene's name */
	enum fault_kind kind;
	enum role role; /* ROLES: all */
	long at, step, phase;
	int workers;
	bool verbose;
	const char *label;
};

/* Of all workers. */
struct board {
	long calls[ROLES], allocations[ROLES];
	size_t results;
	struct result result[RESULTS_MAX];
};

static const char *
error_name(int number)
{
	for (size_t i = 0; i < ERRORS; i++)
		if (errors[i].number == number)
			return errors[i].name;
	return "";
}

static const char *
kind_name(enum fault_kind kind)
{
	switch (kind) {
	case FAULT_ERRNO:
		return "errno";
	case FAULT_MEMORY:
		return "memory";
	case FAULT_KILL:
		return "kill";
	case FAULT_STOP:
		return "stop";
	case FAULT_NONE:
		break;
	}
	return "none";
}

static void
print_result(FILE *out, const struct result *result)
{
	char *call = result->number == FAULT_ALLOCATION ? NULL :
	    seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)result->number);

	(void)fprintf(out, "%s %s %s %s#%ld %s %s, %d ms%s: %s\n", outcome_name[result->outcome],
	    result->scene, role_name[result->fault.role], kind_name(result->fault.kind),
	    result->fault.at, call ? call : "allocation", error_name(result->fault.errnum), result->ms,
	    result->swept ? ", swept" : "", result->why);
	free(call);
}

/* --- the work --------------------------------------------------------------------------- */

static void
take_result(struct board *board, const struct result *result)
{
	size_t index = __atomic_fetch_add(&board->results, 1, __ATOMIC_RELAXED);

	if (index < RESULTS_MAX)
		board->result[index] = *result;
}

/* The caller's user is not ours to break. */
static bool
is_wanted(const struct options *options, enum role role)
{
	return role != ROLE_USER && (options->role == ROLES || options->role == role) &&
	    (!options->order || order_concerns(options->order, role));
}

static void
try_fault(struct worker *worker, const struct options *options, struct board *board,
    const struct fault *fault)
{
	struct result result;

	worker_run(worker, fault, &result);
	for (int i = 0; i < LATE_TRIES && result.outcome == OUTCOME_LOCKED && result.late; i++)
		worker_run(worker, fault, &result);
	take_result(board, &result);
	if (options->verbose || result.outcome >= OUTCOME_SILENT)
		print_result(stderr, &result);
}

static void
work(struct worker *worker, int number, const struct options *options, struct board *board)
{
	long index = 0;

	for (enum role role = 0; role < ROLES; role++) {
		long count = options->kind == FAULT_MEMORY ? board->allocations[role] : board->calls[role];
		size_t kinds = options->kind == FAULT_ERRNO ? ERRORS : 1;
		for (long at = 1; is_wanted(options, role) && at <= count; at++)
			for (size_t i = 0; i < kinds; i++) {
				struct fault fault = { .kind = options->kind, .role = role, .at = at,
					.errnum = options->kind == FAULT_ERRNO ? errors[i].number : 0 };
				if ((options->at != 0 && options->at != at) || index++ % options->step != options->phase)
					continue;
				if (index / options->step % options->workers == number)
					try_fault(worker, options, board, &fault);
			}
	}
}

/* What is traced runs where the tracer does: it wakes up sooner. */
static void
stay_on_processor(int number)
{
	cpu_set_t set;
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	CPU_ZERO(&set);
	CPU_SET((size_t)(number % (processors > 0 ? processors : 1)), &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
}

/* counted: a pipe, by which the first lets each of the others begin. */
static int
worker_main(int number, const int counted[2], const struct options *options, struct board *board)
{
	static const char go[WORKERS_MAX];
	struct worker worker;
	char why[400], byte;

	if (number != 0)
		(void)close(counted[1]);
	stay_on_processor(number);
	if (worker_begin(&worker, number, options->scene, options->order, why, sizeof(why)) < 0) {
		(void)fprintf(stderr, "faults: user fault%d: %s\n", number, why);
		return 1;
	}
	if (number == 0 && (worker_count(&worker, board->calls, board->allocations) < 0 ||
	    write(counted[1], go, (size_t)options->workers) != options->workers))
		return 1;
	if (number != 0 && read(counted[0], &byte, 1) != 1)
		return 1;
	work(&worker, number, options, board);
	worker_end(&worker);
	return 0;
}

/* --- what came of it ----------------------------------------------------------------------- */

static void
print_table(const struct board *board)
{
	long table[ROLES + 1][OUTCOMES] = { 0 }, swept[ROLES + 1] = { 0 }, told[ROLES + 1] = { 0 };

	for (size_t i = 0; i < board->results; i++) {
		const struct result *result = &board->result[i];
		table[result->fault.role][result->outcome]++;
		table[ROLES][result->outcome]++;
		swept[result->fault.role] += result->swept;
		swept[ROLES] += result->swept;
		told[result->fault.role] += result->told;
		told[ROLES] += result->told;
	}
	(void)printf("# %-10s", "");
	for (enum outcome outcome = 0; outcome < OUTCOMES; outcome++)
		(void)printf(" %9s", outcome_name[outcome]);
	(void)printf(" %9s %9s\n", "(told)", "(swept)");
	for (int role = 0; role <= ROLES; role++) {
		long sum = 0;
		for (enum outcome outcome = 0; outcome < OUTCOMES; outcome++)
			sum += table[role][outcome];
		if (sum == 0)
			continue;
		(void)printf("# %-10s", role == ROLES ? "all" : role_name[role]);
		for (enum outcome outcome = 0; outcome < OUTCOMES; outcome++)
			(void)printf(" %9ld", table[role][outcome]);
		(void)printf(" %9ld %9ld\n", told[role], swept[role]);
	}
}

/* One test for each role: none of its faults did harm. */
static int
print_tests(const struct board *board, const struct options *options)
{
	int failed = 0, tests = 0;

	for (enum role role = 0; role < ROLES; role++) {
		long runs = 0, bad = 0;
		for (size_t i = 0; i < board->results; i++)
			if (board->result[i].fault.role == role) {
				runs++;
				bad += board->result[i].outcome >= OUTCOME_SILENT;
			}
		if (runs == 0)
			continue;
		failed += bad != 0;
		(void)printf("%s %d - %s, %s, %s in %s: %ld runs, %ld bad\n", bad ? "not ok" : "ok", ++tests, options->label,
		    options->called, kind_name(options->kind), role_name[role], runs, bad);
		for (size_t i = 0, shown = 0; i < board->results && shown < SHOWN_MAX; i++)
			if (board->result[i].fault.role == role && board->result[i].outcome >= OUTCOME_SILENT) {
				(void)printf("#   ");
				print_result(stdout, &board->result[i]);
				shown++;
			}
	}
	/* None without a result is a plan. */
	if (tests > 0)
		(void)printf("1..%d\n", tests);
	return failed;
}

static unsigned
find_name(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (names[i] && !strcmp(names[i], name))
			return (unsigned)i;
	(void)fprintf(stderr, "faults: no \"%s\"\n", name);
	exit(2);
}

static void
parse(int argc, char **argv, struct options *options)
{
	static const char *const kinds[] = {
		[FAULT_ERRNO] = "errno", [FAULT_MEMORY] = "memory", [FAULT_KILL] = "kill", [FAULT_STOP] = "stop",
	};
	int option;

	while ((option = getopt(argc, argv, "s:k:r:a:n:p:j:l:v")) != -1)
		switch (option) {
		case 's':
			options->order = order_find(optarg);
			options->scene = options->order ? SCENE_ORDER : find_name(scene_name, SCENES, optarg);
			options->called = optarg;
			break;
		case 'k':
			options->kind = find_name(kinds, FAULT_STOP + 1, optarg);
			break;
		case 'r':
			options->role = find_name(role_name, ROLES, optarg);
			break;
		case 'a':
			options->at = atol(optarg);
			break;
		case 'n':
			options->step = atol(optarg);
			break;
		case 'p':
			options->phase = atol(optarg);
			break;
		case 'j':
			options->workers = atoi(optarg);
			break;
		case 'l':
			options->label = optarg;
			break;
		case 'v':
			options->verbose = true;
			break;
		default:
			exit(2);
		}
	if (options->step < 1 || options->workers < 1 || options->workers > WORKERS_MAX)
		exit(2);
	options->phase %= options->step;
	/* The filters and the files of ids are everybody's. */
	if (options->scene == SCENE_COLD || (options->order && order_is_alone(options->order)))
		options->workers = 1;
}

static int
run_workers(const struct options *options, struct board *board)
{
	pid_t worker[WORKERS_MAX];
	int failed = 0, status, counted[2];

	if (pipe(counted) < 0)
		return options->workers;
	for (int i = 0; i < options->workers; i++) {
		worker[i] = fork();
		if (worker[i] == 0)
			_exit(worker_main(i, counted, options, board));
	}
	/* Now the first's end is the last one. */
	(void)close(counted[1]);
	for (int i = 0; i < options->workers; i++)
		failed += worker[i] < 0 || waitpid(worker[i], &status, 0) != worker[i] || status != 0;
	(void)close(counted[0]);
	return failed;
}

int
main(int argc, char **argv)
{
	struct options options = { .scene = SCENE_FIRST, .called = scene_name[SCENE_FIRST], .kind = FAULT_ERRNO, .role = ROLES, .step = 1,
		.workers = 2, .label = "policy" };
	struct timespec began, end;
	sigset_t child;

	parse(argc, argv, &options);
	struct board *board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (board == MAP_FAILED)
		return 2;
	/* For sigtimedwait(2) in each tracer. */
	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &child, NULL);
	(void)clock_gettime(CLOCK_MONOTONIC, &began);
	int failed = run_workers(&options, board);
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	print_table(board);
	(void)printf("# %zu runs, %ld s\n", board->results, end.tv_sec - began.tv_sec);
	if (failed)
		(void)printf("not ok %s, %s: %d workers did not come to an end\n", options.label,
		    options.called, failed);
	return print_tests(board, &options) + failed + (board->results == 0) > 0;
}
