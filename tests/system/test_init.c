/*
 * The built init as PID 1 of a namespace of its own: what it holds, what it survives, whom it
 * reaps and whom it ends.  Needs root.
 */
#include "test_namespace.h"

#include <dirent.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define USER 65534
#define IN_PID (CLONE_NEWPID | CLONE_NEWNS)

/* Of one test; Criterion gives each a process of its own. */
static struct {
	pid_t pid;
	int pidfd;
} init = { .pid = -1, .pidfd = -1 };

/* In the child: descriptor 3 is the status, as the supervisor hands it over. */
static _Noreturn void
become_init(const char *program, int status)
{
	char *const argv[] = { (char *)(uintptr_t)"pam_ctr-init", NULL };
	char *const envp[] = { NULL };

	/* As the supervisor starts it: in a session of its own.  It dies with a test that fails. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)setsid();
	/* A shared mount would show the host what the tests mount inside. */
	if (mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) == 0 && dup2(status, 3) == 3 &&
	    fcntl(3, F_SETFD, 0) == 0)
		(void)execve(program, argv, envp);
	_exit(99);
}

static void
start_init(void)
{
	char program[PATH_MAX], byte = 0;
	int pair[2];
	struct clone_args args = { .flags = IN_PID | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&init.pidfd, .exit_signal = SIGCHLD };

	if (geteuid() != 0)
		cr_skip_test("needs root");
	namespace_program(program, sizeof(program), "init");
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	init.pid = sys_clone3(&args);
	cr_assert_geq(init.pid, 0, "%m");
	if (init.pid == 0)
		become_init(program, pair[1]);
	own_close(&pair[1]);
	cr_assert_eq(recv(pair[0], &byte, 1, 0), 1, "init said nothing: %m");
	cr_assert_eq(byte, 'R');
	/* It keeps no end of it: nothing of the host's is left inside. */
	cr_assert_eq(recv(pair[0], &byte, 1, 0), 0);
	own_close(&pair[0]);
}

static void
end_init(void)
{
	if (init.pid < 0)
		return;
	(void)sys_pidfd_send_signal(init.pidfd, SIGKILL);
	(void)waitpid(init.pid, NULL, 0);
	own_close(&init.pidfd);
}

TestSuite(init, .init = start_init, .fini = end_init, .timeout = 60);

static bool
init_lives(void)
{
	return waitpid(init.pid, NULL, WNOHANG) == 0;
}

static void
status_field(const char *name, char *value, size_t size)
{
	char path[64], line[256];

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)init.pid);
	FILE *file = fopen(path, "re");
	cr_assert(file != NULL, "%m");
	value[0] = '\0';
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
			(void)snprintf(value, size, "%s", line + strlen(name) + 2);
	(void)fclose(file);
	value[strcspn(value, "\n")] = '\0';
}

Test(init, holds_next_to_nothing)
{
	static const struct {
		const char *name;
		const char *value;
	} rows[] = {
		{ "Name", "pam_ctr-init" },
		{ "CapInh", "0000000000000000" },
		{ "CapPrm", "0000000000000020" }, /* CAP_KILL */
		{ "CapEff", "0000000000000020" },
		{ "CapBnd", "0000000000000000" },
		{ "CapAmb", "0000000000000000" },
		{ "NoNewPrivs", "1" },
		{ "Threads", "1" },
		{ "Uid", "0\t0\t0\t0" },
	};
	char value[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		status_field(rows[i].name, value, sizeof(value));
		cr_expect_str_eq(value, rows[i].value, "%s: %s", rows[i].name, value);
	}
}

static int
count_entries(const char *path)
{
	DIR *directory = opendir(path);
	int count = 0;

	if (!directory)
		return -1;
	while (readdir(directory))
		count++;
	(void)closedir(directory);
	return count;
}

Test(init, has_one_descriptor)
{
	char path[64], link[64] = "";
	int count = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)init.pid);
	/* It says that it is ready a moment before it closes the rest. */
	cr_expect(namespace_wait((count = count_entries(path)) == 3), "%d descriptors", count - 2);
	(void)snprintf(path, sizeof(path), "/proc/%d/fd/0", (int)init.pid);
	cr_expect_gt(readlink(path, link, sizeof(link) - 1), 0, "%m");
	cr_expect_str_eq(link, "anon_inode:[signalfd]");
}

static int
become_user(void)
{
	MUST(mount("proc", "/mnt", "proc", 0, NULL) == 0);
	MUST(setgroups(0, NULL) == 0 && setresgid(USER, USER, USER) == 0);
	MUST(setresuid(USER, USER, USER) == 0);
	return 0;
}

static bool
is_refused(long result)
{
	return result == -1 && (errno == EPERM || errno == EACCES);
}

static int
user_attacks(void)
{
	static const char *const files[] = { "mem", "environ", "maps", "root", "cwd", "exe", "fd/0", "fd",
		"ns/pid", "ns/mnt", "stack", "syscall", "io", "auxv" };
	struct rlimit none = { 0, 0 };
	cpu_set_t cpus;
	char path[64];

	MUST(become_user() == 0);
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	for (int signal = 0; signal < NSIG; signal++)
		MUST(is_refused(kill(1, signal)));
	MUST(is_refused(ptrace(PTRACE_ATTACH, 1, NULL, NULL)));
	MUST(is_refused(ptrace(PTRACE_SEIZE, 1, NULL, NULL)));
	MUST(is_refused(prlimit(1, RLIMIT_NOFILE, &none, NULL)));
	MUST(is_refused(prlimit(1, RLIMIT_CPU, NULL, &none)));
	MUST(is_refused(setpriority(PRIO_PROCESS, 1, 19)));
	MUST(is_refused(sched_setaffinity(1, sizeof(cpus), &cpus)));
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)snprintf(path, sizeof(path), "/mnt/1/%s", files[i]);
		MUST(is_refused(open(path, O_RDONLY | O_CLOEXEC)));
	}
	MUST(is_refused(open("/mnt/1/oom_score_adj", O_WRONLY | O_CLOEXEC)));
	MUST(is_refused(open("/mnt/1/comm", O_WRONLY | O_CLOEXEC)));
	return 0;
}

Test(init, a_user_inside_cannot_touch_it)
{
	cr_expect_eq(namespace_run(init.pidfd, IN_PID, user_attacks), 0);
	cr_expect(init_lives());
}

static int
limits_of_init_unchanged(void)
{
	struct rlimit limit;

	MUST(prlimit(1, RLIMIT_NOFILE, NULL, &limit) == 0 && limit.rlim_cur > 0);
	return 0;
}

/* Root with what a session's bounding set leaves it, and more: everything but CAP_SYS_PTRACE. */
static int
root_traces(void)
{
	struct {
		uint32_t version;
		int pid;
	} header = { 0x20080522, 0 };
	uint32_t data[6] = { 0 };

	MUST(mount("proc", "/mnt", "proc", 0, NULL) == 0);
	MUST(syscall(SYS_capget, &header, data) == 0);
	data[0] &= ~(1U << 19); /* effective, low half */
	data[1] &= ~(1U << 19); /* permitted */
	MUST(syscall(SYS_capset, &header, data) == 0);
	MUST(is_refused(ptrace(PTRACE_ATTACH, 1, NULL, NULL)));
	MUST(is_refused(ptrace(PTRACE_SEIZE, 1, NULL, NULL)));
	MUST(is_refused(open("/mnt/1/mem", O_RDWR | O_CLOEXEC)));
	MUST(is_refused(open("/mnt/1/ns/mnt", O_RDONLY | O_CLOEXEC)));
	return 0;
}

Test(init, root_inside_cannot_trace_it)
{
	cr_expect_eq(namespace_run(init.pidfd, IN_PID, root_traces), 0);
	cr_expect(init_lives());
}

static int
root_kills(void)
{
	for (int round = 0; round < 3; round++)
		for (int signal = 1; signal < NSIG; signal++)
			if (signal != SIGTERM) /* that ends us, too */
				MUST(kill(1, signal) == 0 || errno == EINVAL);
	return 0;
}

static int
root_terminates(void)
{
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	MUST(kill(1, SIGTERM) == 0);
	return 0;
}

static int
leave_orphans(void)
{
	for (int i = 0; i < 50; i++) {
		pid_t pid = fork();
		MUST(pid >= 0);
		if (pid == 0) {
			if (fork() == 0)
				namespace_sleep(i % 10);
			namespace_sleep(i % 7);
			_exit(i);
		}
	}
	return 0;
}

/* How many processes have init for a parent; *zombies: those among them that it did not reap. */
static int
count_children(int *zombies)
{
	int count = 0;
	DIR *proc = opendir("/proc");

	*zombies = 0;
	if (!proc)
		return -1;
	for (struct dirent *entry; (entry = readdir(proc));) {
		char path[300], text[512], state = 0;
		int parent = 0;
		(void)snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		autofd int fd = atoi(entry->d_name) > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
		ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
		text[length > 0 ? length : 0] = '\0';
		char *end = strrchr(text, ')');
		if (!end || sscanf(end, ") %c %d", &state, &parent) != 2 || parent != init.pid)
			continue;
		count++;
		*zombies += state == 'Z';
	}
	(void)closedir(proc);
	return count;
}

static void
expect_it_reaps(void)
{
	int zombies = 0, count = 0;

	cr_expect_eq(namespace_run(init.pidfd, IN_PID, leave_orphans), 0);
	cr_expect(namespace_wait((count = count_children(&zombies)) == 0), "%d children, %d zombies",
	    count, zombies);
}

Test(init, reaps_orphans)
{
	for (int i = 0; i < 3; i++)
		expect_it_reaps();
	cr_expect(init_lives());
}

Test(init, survives_every_signal_of_roots_inside)
{
	cr_expect_eq(namespace_run(init.pidfd, IN_PID, root_kills), 0);
	namespace_sleep(50);
	cr_expect(init_lives());
	cr_expect_eq(namespace_run(init.pidfd, IN_PID, root_terminates), 0);
	namespace_sleep(50);
	cr_expect(init_lives());
	cr_expect_eq(namespace_run(init.pidfd, IN_PID, limits_of_init_unchanged), 0);
	expect_it_reaps();
}

static int
stay(void)
{
	while (pause() < 0)
		continue;
	return 0;
}

static int
stay_without_term(void)
{
	(void)signal(SIGTERM, SIG_IGN);
	return stay();
}

static _Noreturn void
on_term(int signal)
{
	(void)signal;
	namespace_sleep(200);
	_exit(7);
}

/* An editor that saves its file: it must not be ended by a second signal meanwhile. */
static int
stay_and_tidy_up(void)
{
	(void)signal(SIGHUP, SIG_DFL);
	(void)signal(SIGTERM, on_term);
	return stay();
}

static int
stay_stopped(void)
{
	(void)raise(SIGSTOP);
	return stay();
}

static int
stay_as_user(void)
{
	MUST(become_user() == 0);
	return stay();
}

static int
stay_as_orphan(void)
{
	if (fork() == 0)
		(void)stay();
	return 0;
}

Test(init, ends_everybody_when_told_from_outside)
{
	static const struct {
		inside_function *function;
		int status;
	} rows[] = {
		{ stay, 128 + SIGTERM }, { stay_and_tidy_up, 7 }, { stay_stopped, 128 + SIGTERM },
		{ stay_as_user, 128 + SIGTERM },
	};
	pid_t pids[sizeof(rows) / sizeof(rows[0])];
	int zombies;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		pids[i] = namespace_start(init.pidfd, IN_PID, rows[i].function);
	cr_expect_eq(namespace_run(init.pidfd, IN_PID, stay_as_orphan), 0);
	cr_assert(namespace_wait(count_children(&zombies) == 1));
	/* Until all of them do what they are for. */
	namespace_sleep(200);
	cr_assert_eq(sys_pidfd_send_signal(init.pidfd, SIGTERM), 0, "%m");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(namespace_finish(pids[i]), rows[i].status, "row %zu", i);
	cr_expect(namespace_wait(count_children(&zombies) == 0));
	/* What joins now still finds a namespace that lives: only the supervisor ends it. */
	cr_expect(init_lives());
	expect_it_reaps();
}

Test(init, dies_with_all_when_killed_from_outside)
{
	siginfo_t info;
	pid_t pid = namespace_start(init.pidfd, IN_PID, stay_without_term);

	namespace_sleep(50);
	cr_assert_eq(sys_pidfd_send_signal(init.pidfd, SIGKILL), 0, "%m");
	cr_expect_eq(namespace_finish(pid), 128 + SIGKILL);
	cr_expect_eq(waitid(P_PIDFD, (id_t)init.pidfd, &info, WEXITED), 0, "%m");
	cr_expect_eq(info.si_status, SIGKILL);
	init.pid = -1;
}

/* Exit codes 64 and up: it says which step failed, since it knows no other way. */
static int
run_init(bool first)
{
	char program[PATH_MAX];
	struct clone_args args = { .flags = first ? IN_PID : 0, .exit_signal = SIGCHLD };

	namespace_program(program, sizeof(program), "init");
	pid_t pid = sys_clone3(&args);
	cr_assert_geq(pid, 0, "%m");
	if (pid == 0) {
		(void)close(3);
		(void)execl(program, "init", (char *)NULL);
		_exit(99);
	}
	return namespace_finish(pid);
}

static void
needs_root(void)
{
	if (geteuid() != 0)
		cr_skip_test("needs root");
}

/* Criterion leaks 48 bytes in its own process if this name comes after the other suite. */
TestSuite(alone, .init = needs_root, .timeout = 20);

Test(alone, where_it_is_not_the_first)
{
	cr_expect_eq(run_init(false), 64);
}

Test(alone, where_nobody_listens)
{
	cr_expect_eq(run_init(true), 67);
}
