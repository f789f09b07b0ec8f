/*
 * container/cgroup*.c and lib/usage.c on this machine's real cgroups, v1 or v2, below a cgroup
 * of this test's own name that is gone afterwards.  Needs root; says so and skips without.
 * What a machine does not have (a controller) is a skipped test, never a passed one.
 */
#include "container/cgroup.h"
#include "container/cgroup_own.h"
#include "container/cgroup_freeze.h"
#include "container/cgroup_live.h"
#include "container/cgroup_step.h"
#include "lib/cgroup_tree.h"
#include "lib/machine.h"
#include "lib/own.h"
#include "lib/sys.h"
#include "lib/usage.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define UID 54321

struct world {
	struct machine machine;
	char name[64]; /* of the cgroup that all containers of this test live under */
	struct policy policy;
	struct plan plan;
	struct cgroups cgroups;
	struct error err;
};

static struct world world = { .err = ERROR_INIT };

static void
sleep_ms(long ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	(void)nanosleep(&time, NULL);
}

static void
set_up(void)
{
	if (geteuid() != 0)
		cr_skip_test("needs root");
	cr_assert_eq(machine_read(&world.machine, &world.err), 0, "%s", world.err.text);
	if (!world.machine.unified[0] &&
	    world.machine.place[CONTROLLER_PIDS].version == CGROUP_NONE)
		cr_skip_test("no cgroups on this machine");
	(void)snprintf(world.name, sizeof(world.name), "ctr-test-%d", getpid());
	world.policy.cgroup = world.name;
}

/* Whoever a failed test left behind; and nothing of the name may be left. */
static void
tear_down(void)
{
	for (unsigned c = 0; c <= CONTROLLER_COUNT; c++) {
		const char *root = c < CONTROLLER_COUNT ? world.machine.place[c].root :
		    world.machine.unified;
		char path[512];

		if (!root[0] || !world.name[0])
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", root, world.name);
		cr_expect_neq(access(path, F_OK), 0, "%s is still there", path);
	}
	plan_free(&world.plan);
}

TestSuite(cgroup, .init = set_up, .fini = tear_down, .timeout = 120);

static bool
has(enum controller controller)
{
	return world.machine.place[controller].version != CGROUP_NONE;
}

static void
limit(struct limits *limits, enum limit limit, const char *value)
{
	limits->value[limit] = (char *)(uintptr_t)value;
}

static int
plan_make(uid_t uid)
{
	struct subject subject = { .uid = uid, .gid = uid };

	plan_free(&world.plan);
	if (plan_cgroups(&world.policy, &subject, &world.machine, &world.plan, &world.err) < 0 ||
	    plan_cgroups_inside(&world.policy, &subject, &world.machine, &world.plan, &world.err) < 0)
		return -1;
	return plan_cgroups_session(&world.policy, &subject, &world.machine, &world.plan,
	    &world.err);
}

static void
make(void)
{
	cr_assert_eq(plan_make(UID), 0, "%s", world.err.text);
	cr_assert_eq(cgroups_make(&world.cgroups, &world.plan, &world.err), 0, "%s",
	    world.err.text);
}

static void
use(struct usage *usage)
{
	char directory[CGROUP_PLACES_MAX][512];

	for (size_t i = 0; i < world.cgroups.count; i++)
		memcpy(directory[i], world.cgroups.place[i].directory, 512);
	usage_read((const char (*)[512])directory, world.cgroups.count, usage);
}

static void
kill_all(void)
{
	int left = 1;

	for (int i = 0; i < 2000 && left > 0; i++) {
		left = cgroups_kill(&world.cgroups, &world.err);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
		sleep_ms(10);
	}
	cr_expect_eq(left, 0, "%d left: %s", left, world.err.text);
}

static void
remove_all(void)
{
	int rc = 1;

	for (int i = 0; i < 2000 && rc == 1; i++) {
		rc = cgroups_remove(&world.cgroups, &world.err);
		if (rc == 1)
			sleep_ms(10);
	}
	cr_expect_eq(rc, 0, "%d: %s", rc, world.err.text);
	cgroups_free(&world.cgroups);
}

/* A child that is in the container as init is, tells so, and runs act(). */
static pid_t
start_init(int (*act)(void))
{
	int fd = cgroups_clone_fd(&world.cgroups), ready[2];
	struct clone_args args = {
		.flags = fd >= 0 ? CLONE_INTO_CGROUP : 0,
		.exit_signal = SIGCHLD,
		.cgroup = fd >= 0 ? (uint64_t)fd : 0,
	};
	char byte = 0;
	pid_t pid;

	cr_assert_eq(pipe2(ready, O_CLOEXEC), 0);
	pid = sys_clone3(&args);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (cgroups_enter(&world.cgroups, NULL) < 0)
			_exit(99);
		_exit(write(ready[1], "", 1) == 1 ? act() : 97);
	}
	cr_assert_gt(pid, 0, "clone3: %s", strerror(errno));
	own_close(&ready[1]);
	cr_expect_eq(read(ready[0], &byte, 1), 1, "init did not get in");
	own_close(&ready[0]);
	return pid;
}

/* A child that enters a session as a PAM caller does, tells so, and runs act(). */
static pid_t
start_session(const char *id, int (*act)(void))
{
	int fds[CGROUP_PLACES_MAX], ready[2];
	size_t count;
	char byte = 0;
	pid_t pid;

	cr_assert_eq(cgroups_session_make(&world.cgroups, id, fds, &count, &world.err), 0, "%s",
	    world.err.text);
	cr_assert_eq(count, world.cgroups.count);
	cr_assert_eq(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (size_t i = 0; i < count; i++)
			if (write(fds[i], "0", 1) != 1)
				_exit(98);
		_exit(write(ready[1], "", 1) == 1 ? act() : 97);
	}
	cr_assert_gt(pid, 0);
	own_close(&ready[1]);
	cr_expect_eq(read(ready[0], &byte, 1), 1, "the caller did not get in");
	own_close(&ready[0]);
	for (size_t i = 0; i < count; i++) {
		cr_expect_eq(fcntl(fds[i], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
		own_close(&fds[i]);
	}
	return pid;
}

static int
wait_for(pid_t pid)
{
	int status = -1;

	cr_expect_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static int __attribute__((noreturn))
act_sleep(void)
{
	for (;;)
		(void)pause();
}

static int
act_nothing(void)
{
	return 0;
}

/* Forks sleepers until refused; how many there were is the exit status. */
static int
act_fork_many(void)
{
	int count = 0;

	while (count < 90 && fork() != 0 && errno != EAGAIN)
		count++;
	if (errno != EAGAIN && count < 90)
		act_sleep();
	return count;
}

static int
act_use_memory(void)
{
	const size_t size = (size_t)96 << 20;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return 96;
	for (size_t i = 0; i < size; i += 4096)
		((volatile char *)memory)[i] = 1;
	return 0;
}

static bool
is_listed(pid_t pid)
{
	pid_t *pids = NULL;
	size_t count = 0;
	bool found = false;

	cr_expect_eq(cgroups_pids(&world.cgroups, &pids, &count, &world.err), 0, "%s",
	    world.err.text);
	for (size_t i = 0; i < count; i++)
		found |= pids[i] == pid;
	free(pids);
	return found;
}

/* True if one line of /proc/PID/cgroup ends with the container's path and what follows. */
static bool
is_in(pid_t pid, const char *below)
{
	char path[128], text[8192], wanted[256];
	ssize_t got;
	autofd int fd = -1;

	(void)snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	(void)snprintf(wanted, sizeof(wanted), "/%s/%d%s\n", world.name, UID, below);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	text[got > 0 ? got : 0] = '\0';
	return strstr(text, wanted) != NULL;
}

Test(cgroup, makes_and_removes)
{
	struct stat stat;

	make();
	cr_assert_not_null(cgroups_tracking(&world.cgroups));
	for (size_t i = 0; i < world.cgroups.count; i++)
		cr_expect_eq(lstat(world.cgroups.place[i].directory, &stat), 0);
	remove_all();
	remove_all(); /* what is freed has nothing to remove */
}

/* Every limit that this machine has, as v2 names it, is written and read back. */
Test(cgroup, takes_every_limit)
{
	struct limits *limits = &world.policy.limits;
	bool v1_memory = world.machine.place[CONTROLLER_MEMORY].version == CGROUP_V1;
	struct usage usage;

	world.policy.slice = (char[]){ "some" };
	if (has(CONTROLLER_MEMORY)) {
		limit(&world.policy.host_limits, LIMIT_MEMORY_MAX, "1073741824");
		limit(&world.policy.slice_limits, LIMIT_MEMORY_MAX, "536870912");
		limit(limits, LIMIT_MEMORY_MAX, "268435456");
		limit(limits, LIMIT_MEMORY_SWAP_MAX, "67108864");
		if (!v1_memory)
			limit(limits, LIMIT_MEMORY_HIGH, "201326592");
	}
	if (has(CONTROLLER_CPU)) {
		limit(&world.policy.slice_limits, LIMIT_CPU_MAX, "150000 100000");
		limit(limits, LIMIT_CPU_MAX, "50000 100000");
		limit(limits, LIMIT_CPU_WEIGHT, "50");
	}
	if (has(CONTROLLER_CPUSET))
		limit(limits, LIMIT_CPUSET_CPUS, "0");
	if (has(CONTROLLER_PIDS)) {
		limit(&world.policy.host_limits, LIMIT_PIDS_MAX, "1000");
		limit(limits, LIMIT_PIDS_MAX, "40");
	}
	make();
	use(&usage);
	if (has(CONTROLLER_MEMORY)) {
		cr_expect_eq(usage.memory_max, 268435456);
		cr_expect_eq(usage.swap_max, 67108864, "%ju", (uintmax_t)usage.swap_max);
		cr_expect_eq(usage.memory_high, v1_memory ? USAGE_UNKNOWN : 201326592);
		cr_expect_leq(usage.memory, 268435456);
		cr_expect_eq(usage.oom_kills, 0);
	}
	if (has(CONTROLLER_CPU)) {
		cr_expect_eq(usage.cpu_max, 500);
		cr_expect_eq(usage.cpu_weight, 50);
	}
	if (has(CONTROLLER_CPUSET))
		cr_expect_str_eq(usage.cpuset, "0");
	if (has(CONTROLLER_PIDS)) {
		cr_expect_eq(usage.pids_max, 40 + PIDS_RESERVE);
		cr_expect_eq(usage.pids, 0);
	}
	remove_all();
}

/* "8:0" of the first real disk; false if there is none. */
static bool
find_disk(char *text, size_t size)
{
	FILE *pipe = popen("cat /sys/block/[svn][dv][a-z]*/dev 2>/dev/null | head -1", "re");
	bool found = pipe && fgets(text, (int)size, pipe);

	if (pipe)
		(void)pclose(pipe);
	if (found)
		text[strcspn(text, "\n")] = '\0';
	return found;
}

Test(cgroup, takes_io_max)
{
	char disk[32], value[128];

	if (!has(CONTROLLER_IO) || !find_disk(disk, sizeof(disk)))
		cr_skip_test("no io controller, or no disk");
	(void)snprintf(value, sizeof(value), "%s rbps=1048576 wiops=120", disk);
	limit(&world.policy.limits, LIMIT_IO_MAX, value);
	make();
	remove_all();
}

/* Where the kernel has no such CPU, the error says which file, and nothing is left. */
Test(cgroup, limit_not_taken_is_an_error)
{
	if (!has(CONTROLLER_CPUSET) || world.machine.place[CONTROLLER_CPUSET].version == CGROUP_V2)
		cr_skip_test("no v1 cpuset: v2 takes CPUs that are not there");
	limit(&world.policy.limits, LIMIT_CPUSET_CPUS, "1023");
	cr_assert_eq(plan_make(UID), 0, "%s", world.err.text);
	cr_expect_eq(cgroups_make(&world.cgroups, &world.plan, &world.err), -1);
	cr_expect_not_null(strstr(world.err.text, "/cpuset.cpus"), "%s", world.err.text);
	cr_expect_eq(world.cgroups.count, 0);
}

/* The kernel takes the write, and has another value then: cpu.shares below 2, on v1. */
Test(cgroup, limit_taken_in_part_is_an_error)
{
	size_t i = 0;

	if (world.machine.place[CONTROLLER_CPU].version != CGROUP_V1)
		cr_skip_test("no v1 cpu controller, which is the one that does so");
	limit(&world.policy.limits, LIMIT_CPU_WEIGHT, "100");
	make();
	while (!strstr(world.cgroups.place[i].directory, "cpu"))
		i++;
	cr_expect_eq(cgroup_step_set(world.cgroups.place[i].fd, "cpu.shares", "1", "x/",
	    &world.err), -1);
	cr_expect_str_eq(world.err.text,
	    "x/cpu.shares: \"1\" was written, but the kernel has \"2\"", "%s", world.err.text);
	remove_all();
}

Test(cgroup, missing_file_is_an_error)
{
	struct step step = { .kind = STEP_CGROUP_SET, .value = (char[]){ "1" } };
	char target[600];

	make();
	(void)snprintf(target, sizeof(target), "%s/no.such.limit",
	    cgroups_tracking(&world.cgroups)->directory);
	step.target = target;
	cr_expect_eq(cgroup_step_run(&step, &world.err), -1);
	cr_expect_not_null(strstr(world.err.text, "no.such.limit"), "%s", world.err.text);
	step.flags = STEP_F_OPTIONAL;
	cr_expect_eq(cgroup_step_run(&step, &world.err), 0, "%s", world.err.text);
	remove_all();
}

Test(cgroup, init_and_sessions_get_in)
{
	pid_t init, one, two;

	make();
	init = start_init(act_sleep);
	one = start_session("1", act_sleep);
	two = start_session("a-2_b", act_sleep);
	cr_expect(is_in(init, ""));
	cr_expect(is_in(one, "/1"));
	cr_expect(is_in(two, "/a-2_b"));
	cr_expect(is_listed(init));
	cr_expect(is_listed(one));
	cr_expect(is_listed(two));
	cr_expect_not(is_listed(getpid()));
	cr_expect_eq(cgroups_session_remove(&world.cgroups, "1", &world.err), 1);
	(void)kill(one, SIGKILL);
	(void)wait_for(one);
	cr_expect_eq(cgroups_session_remove(&world.cgroups, "1", &world.err), 0, "%s",
	    world.err.text);
	cr_expect_eq(cgroups_session_remove(&world.cgroups, "1", &world.err), 0, "again");
	cr_expect_eq(cgroups_remove(&world.cgroups, &world.err), 1, "processes are in it");
	kill_all();
	remove_all();
}

/* A cgroup2 that has no controller for us, as on a hybrid host without v1's pids: it tracks. */
Test(cgroup, tracks_without_controllers)
{
	struct machine real = world.machine;
	pid_t init, session;

	if (!world.machine.unified[0])
		cr_skip_test("no cgroup2 on this machine");
	for (unsigned c = 0; c < CONTROLLER_COUNT; c++)
		world.machine.place[c] = (struct controller_place){ .version = CGROUP_NONE };
	make();
	world.machine = real;
	cr_expect(cgroups_tracking(&world.cgroups)->unified);
	init = start_init(act_sleep);
	session = start_session("1", act_sleep);
	cr_expect(is_in(init, ""));
	cr_expect(is_in(session, "/1"));
	cr_expect(is_listed(init));
	cr_expect(is_listed(session));
	cr_expect_eq(cgroups_session_remove(&world.cgroups, "1", &world.err), 1);
	kill_all();
	remove_all();
}

Test(cgroup, session_names_are_checked)
{
	static const char *const bad[] = { "", ".", "..", "a/b", "../x", "a b", "x\n" };
	int fds[CGROUP_PLACES_MAX];
	size_t count;

	make();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_expect_eq(cgroups_session_make(&world.cgroups, bad[i], fds, &count, NULL), -1,
		    "\"%s\"", bad[i]);
		cr_expect_eq(cgroups_session_remove(&world.cgroups, bad[i], NULL), -1, "\"%s\"",
		    bad[i]);
	}
	remove_all();
}

/* Ready within 20 s, where the kernel tells at all, and how much the counter grew. */
static uint64_t
watch_wait(struct cgroup_watch *watch, bool is_told)
{
	struct pollfd poll_fd = { .fd = watch->poll_fd, .events = watch->poll_events };
	uint64_t grown = 0;

	if (is_told)
		cr_expect_eq(poll(&poll_fd, 1, 20000), 1, "nothing was told");
	for (int i = 0; i < 20 && !grown; i++) {
		grown = cgroup_watch_read(watch);
		if (!grown)
			sleep_ms(100);
	}
	return grown;
}

static bool
is_quiet(const struct cgroup_watch *watch)
{
	struct pollfd poll_fd = { .fd = watch->poll_fd, .events = watch->poll_events };

	return poll(&poll_fd, 1, 0) == 0;
}

/* A session that used all its tasks: told, and the next session's caller can still fork. */
Test(cgroup, pids_limit_is_kept_and_told)
{
	struct cgroup_watch watch[CGROUP_WATCHES_MAX];
	pid_t first, next;
	int status;

	if (!has(CONTROLLER_PIDS))
		cr_skip_test("no pids controller");
	limit(&world.policy.limits, LIMIT_PIDS_MAX, "12");
	make();
	(void)start_init(act_sleep);
	(void)start_session("0", act_sleep);
	cr_assert_eq(cgroups_watch(&world.cgroups, "0", watch), 1);
	cgroup_watch_free(&watch[0]);
	first = start_session("1", act_sleep);
	cr_assert_eq(cgroups_watch(&world.cgroups, "1", watch), 1);
	cr_expect_eq(watch[0].event, CGROUP_PIDS_MAX);
	cr_expect(is_quiet(&watch[0]), "told before anything happened");
	(void)kill(first, SIGKILL);
	(void)wait_for(first);
	first = start_session("1", act_fork_many);
	status = wait_for(first);
	cr_expect(WIFEXITED(status));
	cr_expect_eq(WEXITSTATUS(status), 11, "%d children", WEXITSTATUS(status));
	cr_expect_geq(watch_wait(&watch[0], cgroups_tracking(&world.cgroups)->unified), 1);
	cr_expect(is_quiet(&watch[0]), "told twice of one event");
	next = start_session("2", act_fork_many);
	status = wait_for(next);
	cr_expect_eq(WEXITSTATUS(status), 11, "%d children", WEXITSTATUS(status));
	cgroup_watch_free(&watch[0]);
	cgroup_watch_free(&watch[0]);
	kill_all();
	remove_all();
}

Test(cgroup, memory_limit_is_kept_and_told)
{
	struct cgroup_watch watch[CGROUP_WATCHES_MAX];
	struct cgroup_watch *memory = NULL;
	struct usage usage;
	pid_t session, hog;
	size_t count;
	int status;

	if (!has(CONTROLLER_MEMORY))
		cr_skip_test("no memory controller");
	limit(&world.policy.limits, LIMIT_MEMORY_MAX, "33554432");
	limit(&world.policy.limits, LIMIT_MEMORY_SWAP_MAX, "0");
	make();
	(void)start_init(act_sleep);
	session = start_session("1", act_sleep);
	count = cgroups_watch(&world.cgroups, NULL, watch);
	for (size_t i = 0; i < count; i++)
		if (watch[i].event == CGROUP_OOM_KILL)
			memory = &watch[i];
	cr_assert_not_null(memory);
	cr_expect(is_quiet(memory), "told before anything happened");
	hog = start_session("2", act_use_memory);
	status = wait_for(hog);
	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status %x", status);
	cr_expect_eq(watch_wait(memory, true), 1);
	use(&usage);
	cr_expect_eq(usage.oom_kills, 1);
	cr_expect(is_listed(session), "the other session lives on");
	for (size_t i = 0; i < count; i++)
		cgroup_watch_free(&watch[i]);
	kill_all();
	remove_all();
}

static void
directories(char (*directory)[512])
{
	memset(directory, 0, (size_t)8 * 512);
	for (size_t i = 0; i < world.cgroups.count; i++)
		memcpy(directory[i], world.cgroups.place[i].directory, 512);
}

Test(cgroup, is_adopted)
{
	char directory[8][512];
	size_t count;
	pid_t init, session;

	if (has(CONTROLLER_PIDS))
		limit(&world.policy.limits, LIMIT_PIDS_MAX, "12");
	if (has(CONTROLLER_MEMORY))
		limit(&world.policy.limits, LIMIT_MEMORY_MAX, "33554432");
	make();
	init = start_init(act_sleep);
	directories(directory);
	count = world.cgroups.count;
	cgroups_free(&world.cgroups);
	cr_assert_eq(cgroups_adopt(&world.cgroups, (const char (*)[512])directory, 8, &world.err),
	    0, "%s", world.err.text);
	cr_expect_eq(world.cgroups.count, count);
	cr_expect_str_eq(world.cgroups.leaf_pids, has(CONTROLLER_PIDS) ? "12" : "");
	session = start_session("7", act_sleep);
	cr_expect(is_listed(init));
	cr_expect(is_in(session, "/7"));
	kill_all();
	remove_all();
	cr_expect_eq(cgroups_adopt(&world.cgroups, (const char (*)[512])directory, 8, &world.err),
	    -1);
	cr_expect_eq(world.err.errnum, ENOENT, "%s", world.err.text);
}

/* A record is only a hint: what it names must be a cgroup, and named by a uid. */
Test(cgroup, adopts_nothing_else)
{
	static const char *const bad[] = { "/tmp", "/proc/1", "relative/1", "/", "" };
	char directory[1][512];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(directory[0], sizeof(directory[0]), "%s", bad[i]);
		cr_expect_eq(cgroups_adopt(&world.cgroups, (const char (*)[512])directory, 1,
		    &world.err), -1, "\"%s\"", bad[i]);
		cr_expect_eq(world.cgroups.count, 0);
	}
}

/* Its old limits would hold in the new container; its processes are somebody's. */
Test(cgroup, leftover_is_made_anew_unless_in_use)
{
	struct cgroups old;
	struct usage usage;
	pid_t left;

	if (!has(CONTROLLER_PIDS))
		cr_skip_test("no pids controller");
	limit(&world.policy.limits, LIMIT_PIDS_MAX, "12");
	make();
	left = start_session("1", act_nothing);
	(void)wait_for(left);
	cgroups_free(&world.cgroups);
	limit(&world.policy.limits, LIMIT_PIDS_MAX, NULL);
	make();
	use(&usage);
	cr_expect_eq(usage.pids_max, USAGE_UNLIMITED, "%ju", (uintmax_t)usage.pids_max);

	left = start_session("1", act_sleep);
	old = world.cgroups;
	world.cgroups = (struct cgroups)CGROUPS_INIT;
	cr_expect_eq(cgroups_make(&world.cgroups, &world.plan, &world.err), -1);
	cr_expect_eq(world.err.errnum, EBUSY, "%s", world.err.text);
	world.cgroups = old;
	cr_expect(is_listed(left), "it was not touched");
	kill_all();
	remove_all();
}

/* Who has lost its directory in /run to a successor must not take away what that one has made by the same names. */
Test(cgroup, what_a_successor_made_is_left_alone)
{
	struct cgroups old;

	make();
	old = world.cgroups;
	world.cgroups = (struct cgroups)CGROUPS_INIT;
	make();
	cr_expect_eq(cgroups_remove(&old, &world.err), 0, "%s", world.err.text);
	cgroups_free(&old);
	for (size_t i = 0; i < world.cgroups.count; i++)
		cr_expect_eq(access(world.cgroups.place[i].directory, F_OK), 0, "%s is gone",
		    world.cgroups.place[i].directory);
	remove_all();
}

/* A chain of cgroups below the container's; how many there are. */
static int
make_chain(int directory, int depth)
{
	int made = 0, fd = dup(directory);

	while (made < depth && fd >= 0 && mkdirat(fd, "x", 0755) == 0) {
		int below = openat(fd, "x", O_PATH | O_DIRECTORY | O_CLOEXEC);

		own_close(&fd);
		fd = below;
		made++;
	}
	own_close(&fd);
	return made;
}

static int
count_one(int parent, const char *name, void *context)
{
	(void)parent, (void)name;
	++*(int *)context;
	return 0;
}

static int
stop_at_first(int parent, const char *name, void *context)
{
	(void)parent, (void)context;
	return strcmp(name, "x") == 0 ? 7 : 8;
}

/* What a user made who may nest: found, listed, removed, however deep; too deep is told. */
Test(cgroup, trees_are_walked)
{
	const struct cgroup_place *place;
	char name[32], path[700];
	int count = 0;
	pid_t deep;

	make();
	place = cgroups_tracking(&world.cgroups);
	cr_assert_eq(make_chain(place->fd, 20), 20);
	for (int i = 0; i < 100; i++) {
		(void)snprintf(name, sizeof(name), "wide-%03d", i);
		cr_assert_eq(mkdirat(place->fd, name, 0755), 0);
	}
	cr_expect_eq(cgroup_tree_each(place->fd, count_one, &count), 0);
	cr_expect_eq(count, 120, "%d", count);
	autofd int x = openat(place->fd, "x", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_expect_eq(cgroup_tree_each(x, stop_at_first, NULL), 7);

	(void)snprintf(path, sizeof(path), "%s/x/x/x/cgroup.procs", place->directory);
	deep = fork();
	if (deep == 0) {
		autofd int fd = open(path, O_WRONLY | O_CLOEXEC);

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (write(fd, "0", 1) != 1)
			_exit(1);
		act_sleep();
	}
	for (int i = 0; i < 2000 && !is_listed(deep); i++)
		sleep_ms(10);
	cr_expect(is_listed(deep), "a process in a cgroup of a cgroup is the container's");
	cr_expect_eq(cgroups_remove(&world.cgroups, &world.err), 1, "a process is in it");
	kill_all();
	remove_all();
}

Test(cgroup, too_deep_a_tree_is_told)
{
	const struct cgroup_place *place;
	int count = 0, fd;

	make();
	place = cgroups_tracking(&world.cgroups);
	cr_assert_eq(make_chain(place->fd, CGROUP_TREE_DEPTH_MAX + 1), CGROUP_TREE_DEPTH_MAX + 1);
	errno = 0;
	cr_expect_eq(cgroup_tree_each(place->fd, count_one, &count), -1);
	cr_expect_eq(errno, ELOOP);
	cr_expect_eq(cgroups_remove(&world.cgroups, &world.err), 1);
	fd = openat(place->fd, "x/x", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_expect_eq(cgroup_tree_remove(fd), 0);
	own_close(&fd);
	remove_all();
}

/* The plan of a user who may nest, on cgroup2 alone: delegating v1 is safe for nobody. */
static void
make_nested(void)
{
	if (world.machine.place[CONTROLLER_PIDS].version != CGROUP_V2)
		cr_skip_test("the pids controller is not cgroup2's");
	world.policy.nesting = true;
	world.policy.userns = USERNS_PRIVATE;
	limit(&world.policy.limits, LIMIT_PIDS_MAX, "12");
	make();
	for (size_t i = 0; i < world.plan.count; i++)
		if (world.plan.step[i].phase == PHASE_INSIDE && world.plan.step[i].kind == STEP_CGROUP_ENABLE)
			cr_assert_eq(cgroup_step_run(&world.plan.step[i], &world.err), 0, "%s",
			    world.err.text);
}

Test(cgroup, nested_is_the_users_without_the_limits)
{
	static const char *const own[] = { "", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control" };
	static const char *const roots[] = { CGROUP_LOGIN, CGROUP_LOGIN "/cgroup.procs", "pids.max",
		"cgroup.max.depth", "cgroup.max.descendants", "cgroup.freeze", "cgroup.kill" };
	const struct cgroup_place *place;
	struct stat stat;

	make_nested();
	place = cgroups_tracking(&world.cgroups);
	cr_expect_geq(place->login, 0);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		cr_assert_eq(fstatat(place->fd, own[i], &stat, AT_EMPTY_PATH), 0, "%s", own[i]);
		cr_expect_eq(stat.st_uid, UID, "%s", own[i]);
		cr_expect_eq(stat.st_gid, UID, "%s", own[i]);
	}
	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		if (fstatat(place->fd, roots[i], &stat, 0) < 0 && errno == ENOENT)
			continue;
		cr_expect_eq(stat.st_uid, 0, "%s", roots[i]);
		cr_expect_eq(stat.st_mode & 022, 0, "%s", roots[i]);
	}
	remove_all();
}

/* As many as the user may make, and a login still gets a leaf; adoption finds it all. */
Test(cgroup, nested_full_still_takes_logins)
{
	char directory[8][512], name[32];
	const struct cgroup_place *place;
	int made = 0;
	pid_t one, two;

	make_nested();
	place = cgroups_tracking(&world.cgroups);
	do
		(void)snprintf(name, sizeof(name), "many-%d", made);
	while (mkdirat(place->fd, name, 0755) == 0 && ++made < 2000);
	cr_expect_eq(errno, EAGAIN);
	cr_expect_eq(made, 511, "%d and the login's", made);
	one = start_session("1", act_sleep);
	directories(directory);
	cgroups_free(&world.cgroups);
	cr_assert_eq(cgroups_adopt(&world.cgroups, (const char (*)[512])directory, 8, &world.err),
	    0, "%s", world.err.text);
	cr_expect_geq(cgroups_tracking(&world.cgroups)->login, 0);
	two = start_session("2", act_sleep);
	cr_expect(is_in(two, "/" CGROUP_LOGIN "/2"));
	cr_expect(is_listed(one));
	cr_expect(is_listed(two));
	kill_all();
	remove_all();
}

static int
leave(const struct machine *machine, const char *wanted)
{
	char text[8192];
	autofd int fd = -1;
	ssize_t got;

	if (cgroup_own_leave(machine, NULL) < 0)
		return 1;
	fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	text[got > 0 ? got : 0] = '\0';
	return strstr(text, wanted) ? 0 : 2;
}

/* Under systemd what a session started would end with it; elsewhere it stays where it is. */
Test(cgroup, supervisor_leaves_its_session)
{
	struct machine machine = { .has_systemd = true };
	char path[700], wanted[128];
	pid_t child;

	if (!world.machine.unified[0])
		cr_skip_test("no cgroup2 on this machine");
	(void)snprintf(machine.unified, sizeof(machine.unified), "%.180s/%.63s", world.machine.unified,
	    world.name);
	(void)snprintf(wanted, sizeof(wanted), "/%s/" CGROUP_HOST "\n", world.name);
	cr_assert_eq(mkdir(machine.unified, 0755), 0);
	for (int systemd = 0; systemd < 2; systemd++) {
		machine.has_systemd = systemd != 0;
		child = fork();
		if (child == 0)
			_exit(leave(&machine, wanted));
		cr_expect_eq(WEXITSTATUS(wait_for(child)), systemd ? 0 : 2);
	}
	(void)snprintf(path, sizeof(path), "%s/" CGROUP_HOST, machine.unified);
	cr_expect_eq(rmdir(path), 0);
	cr_expect_eq(rmdir(machine.unified), 0);
}

/* One of several supervisors that share a parent, which each of them removes when it can. */
static int
build_and_remove(uid_t uid, int times)
{
	for (int i = 0; i < times; i++) {
		int rc = 1;

		if (plan_make(uid) < 0 ||
		    cgroups_make(&world.cgroups, &world.plan, &world.err) < 0) {
			(void)dprintf(2, "uid %u: %s: %s\n", uid, world.err.text,
			    strerror(world.err.errnum));
			return 1;
		}
		for (int n = 0; n < 500 && rc == 1; n++)
			rc = cgroups_remove(&world.cgroups, &world.err);
		cgroups_free(&world.cgroups);
		if (rc != 0)
			return 2;
	}
	return 0;
}

Test(cgroup, supervisors_share_parents)
{
	pid_t children[6];

	world.policy.slice = (char[]){ "some" };
	if (has(CONTROLLER_PIDS))
		limit(&world.policy.host_limits, LIMIT_PIDS_MAX, "1000");
	if (has(CONTROLLER_MEMORY))
		limit(&world.policy.slice_limits, LIMIT_MEMORY_MAX, "536870912");
	for (unsigned i = 0; i < 6; i++) {
		children[i] = fork();
		if (children[i] == 0)
			_exit(build_and_remove(UID + i, 60));
		cr_assert_gt(children[i], 0);
	}
	for (unsigned i = 0; i < 6; i++) {
		int status = wait_for(children[i]);

		cr_expect_eq(status, 0, "supervisor %u: status %x", i, status);
	}
}

#define BOMB_SECONDS 110

/*
 * Should the test be killed before it ends them: fork(2) hands no alarm on, and a new one of as many
 * seconds for each would let the bomb live for ever.
 */
static pid_t
bomb_fork(time_t end)
{
	pid_t pid = fork();
	time_t now = time(NULL);

	if (pid == 0 && now >= end)
		_exit(0);
	if (pid == 0)
		(void)alarm((unsigned)(end - now));
	return pid;
}

/* What forks as fast as it is killed must come to an end. */
static int __attribute__((noreturn))
act_fork_for_ever(void)
{
	time_t end = time(NULL) + BOMB_SECONDS;

	(void)signal(SIGCHLD, SIG_IGN);
	(void)alarm(BOMB_SECONDS);
	for (;;) {
		if (bomb_fork(end) == 0 && bomb_fork(end) == 0)
			sleep_ms(1);
	}
}

Test(cgroup, fork_bomb_is_killed)
{
	if (!has(CONTROLLER_PIDS))
		cr_skip_test("no pids controller: would be a bomb for this machine");
	limit(&world.policy.limits, LIMIT_PIDS_MAX, "300");
	make();
	(void)start_init(act_sleep);
	(void)start_session("1", act_fork_for_ever);
	sleep_ms(100);
	kill_all();
	remove_all();
}

static volatile uint64_t *counter;

/* Counts what it has run, where its parent sees it. */
static int __attribute__((noreturn))
act_count(void)
{
	for (;;)
		++*counter;
}

/* Whether it was seen to count within so long. */
static bool
runs(long ms)
{
	uint64_t before = *counter;

	for (long i = 0; i < ms && *counter == before; i += 10)
		sleep_ms(10);
	return *counter != before;
}

static bool
is_frozen(void)
{
	for (int i = 0; i < 2000 && cgroups_frozen(&world.cgroups) != FREEZE_FROZEN; i++)
		sleep_ms(10);
	return cgroups_frozen(&world.cgroups) == FREEZE_FROZEN;
}

static void
freeze_and_thaw(void)
{
	char directory[512];

	counter = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert(counter != MAP_FAILED);
	make();
	(void)start_init(act_sleep);
	(void)start_session("1", act_count);
	cr_expect_eq(cgroups_frozen(&world.cgroups), FREEZE_THAWED);
	for (int i = 0; i < 2; i++) {
		cr_expect_lt(cgroups_freezer(&world.cgroups, &world.machine, directory, &world.err), 2 - i,
		    "the second time it is there");
		cr_assert_eq(cgroups_freeze(&world.cgroups, &world.machine, &world.err), 0, "%s", world.err.text);
		cr_expect(is_frozen());
		cr_expect_not(runs(100));
		cr_expect_eq(cgroups_thaw(&world.cgroups, &world.err), 0, "%s", world.err.text);
		cr_expect_eq(cgroups_frozen(&world.cgroups), FREEZE_THAWED);
		cr_expect(runs(20000));
	}
	/* A frozen one dies, and runs no more. */
	cr_assert_eq(cgroups_freeze(&world.cgroups, &world.machine, &world.err), 0);
	cr_expect(is_frozen());
	uint64_t before = *counter;
	cr_expect_eq(cgroups_kill(&world.cgroups, &world.err), 2, "%s", world.err.text);
	cr_expect_eq(cgroups_thaw(&world.cgroups, &world.err), 0);
	kill_all();
	cr_expect_eq(*counter, before, "it ran on");
	remove_all();
}

Test(cgroup, is_frozen_and_thawed)
{
	if (!world.machine.unified[0] && !has(CONTROLLER_FREEZER))
		cr_skip_test("neither cgroup2 nor v1's freezer");
	freeze_and_thaw();
}

Test(cgroup, is_frozen_by_v1s_freezer)
{
	if (!has(CONTROLLER_FREEZER) || !has(CONTROLLER_PIDS) ||
	    world.machine.place[CONTROLLER_PIDS].version != CGROUP_V1)
		cr_skip_test("no v1 freezer on this machine");
	/* Where cgroup2 is mounted beside, that is asked first. */
	char unified[sizeof(world.machine.unified)];
	memcpy(unified, world.machine.unified, sizeof(unified));
	world.machine.unified[0] = '\0';
	freeze_and_thaw();
	memcpy(world.machine.unified, unified, sizeof(unified));
}

Test(cgroup, nothing_to_freeze_by_is_told)
{
	struct machine bare = world.machine;

	if (world.machine.unified[0] && world.machine.place[CONTROLLER_PIDS].version != CGROUP_V1)
		cr_skip_test("the container is on cgroup2, which freezes");
	make();
	bare.unified[0] = '\0';
	bare.place[CONTROLLER_FREEZER] = (struct controller_place){ .version = CGROUP_NONE };
	cr_expect_eq(cgroups_freeze(&world.cgroups, &bare, &world.err), -1);
	cr_expect_not_null(strstr(world.err.text, "neither cgroup2 nor v1's freezer"), "%s", world.err.text);
	remove_all();
}

/*
 * A bomb can't outrun its freezing.  A small one: v1 moves process after process into the freezer, and each
 * move waits until the forks of all the others are through.
 */
Test(cgroup, fork_bomb_is_frozen)
{
	if (!has(CONTROLLER_PIDS))
		cr_skip_test("no pids controller: would be a bomb for this machine");
	if (!world.machine.unified[0] && !has(CONTROLLER_FREEZER))
		cr_skip_test("neither cgroup2 nor v1's freezer");
	limit(&world.policy.limits, LIMIT_PIDS_MAX, "40");
	make();
	(void)start_init(act_sleep);
	(void)start_session("1", act_fork_for_ever);
	sleep_ms(100);
	cr_expect_eq(cgroups_freeze(&world.cgroups, &world.machine, &world.err), 0, "%s",
	    world.err.text);
	cr_expect(is_frozen());
	pid_t *before = NULL, *after = NULL;
	size_t count = 0, later = 0;
	cr_assert_eq(cgroups_pids(&world.cgroups, &before, &count, &world.err), 0);
	sleep_ms(100);
	cr_assert_eq(cgroups_pids(&world.cgroups, &after, &later, &world.err), 0);
	cr_expect_eq(count, later, "%zu and %zu", count, later);
	free(before);
	free(after);
	kill_all();
	cr_expect_eq(cgroups_thaw(&world.cgroups, &world.err), 0);
	kill_all();
	remove_all();
}

static int
signal_session(const char *id, pid_t but, int signal)
{
	int count = cgroups_session_signal(&world.cgroups, id, but, signal, &world.err);

	cr_expect_geq(count, 0, "%s", world.err.text);
	return count;
}

/* One session's processes, with their threads' and children's, and nobody else's. */
Test(cgroup, a_session_is_signalled_alone)
{
	make();
	pid_t init = start_init(act_sleep);
	pid_t one = start_session("1", act_sleep), two = start_session("2", act_sleep);

	cr_expect(cgroups_session_exists(&world.cgroups, "1"));
	cr_expect_not(cgroups_session_exists(&world.cgroups, "3"));
	cr_expect_not(cgroups_session_exists(&world.cgroups, ".."));
	cr_expect_eq(signal_session("3", 0, SIGKILL), 0);
	cr_expect_eq(signal_session("1", one, SIGKILL), 0, "all but this one");
	cr_expect_eq(kill(one, 0), 0);
	cr_expect_eq(signal_session("1", 0, SIGKILL), 1);
	(void)wait_for(one);
	cr_expect_eq(signal_session("1", 0, SIGKILL), 0);
	cr_expect(is_listed(init));
	cr_expect(is_listed(two));
	kill_all();
	remove_all();
}

/* What is closed has no children any more; the other session has. */
Test(cgroup, a_closed_session_does_not_fork)
{
	if (!has(CONTROLLER_PIDS))
		cr_skip_test("no pids controller");
	limit(&world.policy.limits, LIMIT_PIDS_MAX, "100");
	make();
	(void)start_init(act_sleep);
	(void)start_session("1", act_fork_for_ever);
	sleep_ms(50);
	int left = 1;
	for (int i = 0; i < 2000 && left > 0; i++) {
		cgroups_session_close(&world.cgroups, "1");
		left = signal_session("1", 0, SIGKILL);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
		sleep_ms(10);
	}
	cr_expect_eq(left, 0);
	kill_all();
	remove_all();
}

static int
change(const struct policy *before, const struct policy *after)
{
	struct subject subject = { .uid = UID, .gid = UID };
	struct plan plan = PLAN_INIT;
	int rc = plan_cgroups_live(before, after, &subject, &world.machine, false, &plan, &world.err);

	if (rc == 0)
		rc = cgroups_change(&world.cgroups, &plan, &world.err);
	if (rc == 0)
		rc = cgroups_change_leaves(&world.cgroups, after->limits.value[LIMIT_PIDS_MAX], &world.err);
	plan_free(&plan);
	return rc;
}

/* What was made for a limit that the kernel does not take goes again: tear_down() looks. */
Test(cgroup, a_change_that_fails_leaves_nothing)
{
	struct policy before, after;
	char directory[512];

	if (!has(CONTROLLER_CPUSET) || world.machine.place[CONTROLLER_CPUSET].version == CGROUP_V2)
		cr_skip_test("no v1 cpuset: v2 takes CPUs that are not there");
	before = after = world.policy;
	make();
	(void)start_init(act_sleep);
	limit(&after.limits, LIMIT_CPUSET_CPUS, "1023");
	cr_expect_eq(change(&before, &after), -1);
	cr_expect_not_null(strstr(world.err.text, "/cpuset.cpus"), "%s", world.err.text);
	(void)snprintf(directory, sizeof(directory), "%s/%s", world.machine.place[CONTROLLER_CPUSET].root, world.name);
	cr_expect_neq(access(directory, F_OK), 0, "%s is still there", directory);
	kill_all();
	remove_all();
}

/* Limits come, also of a hierarchy that the container was not in, hold for who runs, and go. */
Test(cgroup, limits_of_a_living_container_change)
{
	struct policy before = world.policy, after = world.policy;
	struct usage usage;

	if (!has(CONTROLLER_PIDS) || !has(CONTROLLER_CPU))
		cr_skip_test("no pids or cpu controller");
	limit(&world.policy.limits, LIMIT_PIDS_MAX, "40");
	before = after = world.policy;
	make();
	pid_t init = start_init(act_sleep), one = start_session("1", act_sleep);
	limit(&after.limits, LIMIT_PIDS_MAX, "50");
	limit(&after.limits, LIMIT_CPU_MAX, "50000 100000");
	limit(&after.limits, LIMIT_CPU_WEIGHT, "33");
	cr_assert_eq(change(&before, &after), 0, "%s", world.err.text);
	use(&usage);
	cr_expect_eq(usage.pids_max, 82);
	cr_expect_eq(usage.cpu_max, 500);
	cr_expect_eq(usage.cpu_weight, 33);
	cr_expect(is_listed(init));
	for (size_t i = 0; i < world.cgroups.count; i++) {
		pid_t *pids = NULL;
		size_t count = 0;
		if (world.cgroups.place[i].tracks)
			continue;
		cr_expect_eq(cgroups_place_pids(&world.cgroups.place[i], &pids, &count, &world.err), 0);
		cr_expect_eq(count, 2, "%s: init and the session", world.cgroups.place[i].directory);
		free(pids);
	}
	pid_t two = start_session("2", act_sleep);
	cr_expect(is_listed(one) && is_listed(two));
	cr_assert_eq(change(&after, &before), 0, "%s", world.err.text);
	use(&usage);
	cr_expect_eq(usage.pids_max, 72);
	cr_expect_eq(usage.cpu_max, USAGE_UNLIMITED);
	cr_expect_eq(usage.cpu_weight, 100);
	kill_all();
	remove_all();
}
