/*
 * The tracer.  Only the processes of the fault's role stop at their system calls, and only until
 * it is done: a run takes little longer than a login.  Stops of a child may come before the event
 * of its parent that tells whose child it is; it then waits.
 */
#include "tests/faults/trace.h"

#include "lib/own.h"
#include "lib/sys.h"
#include "lib/text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ptrace.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* <sys/ptrace.h> and <linux/ptrace.h> exclude each other. */
extern long ptrace(int request, ...);

static long
request(int number, pid_t pid, void *address, void *data)
{
	return ptrace(number, pid, address, data);
}

const char *const role_name[ROLES] = {
	[ROLE_CALLER] = "caller", [ROLE_SPAWN] = "spawn", [ROLE_SUPERVISOR] = "supervisor",
	[ROLE_CHILD] = "child", [ROLE_INSIDE] = "inside", [ROLE_INIT] = "init", [ROLE_FILTER] = "filter",
	[ROLE_SUBID] = "subid", [ROLE_DEVICES] = "devices", [ROLE_CTRCTL] = "ctrctl",
	[ROLE_COMMAND] = "command", [ROLE_USER] = "user",
};

#define SYSCALL_STOP (SIGTRAP | 0x80)

static struct tracee *
find(struct trace *trace, pid_t pid)
{
	for (int i = 0; i < trace->tracees; i++)
		if (trace->tracee[i].pid == pid)
			return &trace->tracee[i];
	return NULL;
}

static struct tracee *
add(struct trace *trace, pid_t pid)
{
	if (trace->tracees == TRACEES_MAX)
		return NULL;
	struct tracee *tracee = &trace->tracee[trace->tracees++];
	*tracee = (struct tracee) { .pid = pid };
	return tracee;
}

static void
drop(struct trace *trace, struct tracee *tracee)
{
	*tracee = trace->tracee[--trace->tracees];
}

static bool
is_looked_at(const struct trace *trace, enum role role)
{
	if (role == ROLE_USER)
		return false;
	return trace->all || (trace->fault.kind != FAULT_NONE && !trace->done && trace->fault.role == role);
}

static void
resume(struct trace *trace, struct tracee *tracee, int signal)
{
	bool in_window = tracee->role != ROLE_CALLER || trace->counting;

	tracee->stepping = (is_looked_at(trace, tracee->role) && in_window) ||
	    tracee->override != 0 || tracee->is_brk;
	(void)request(tracee->stepping ? PTRACE_SYSCALL : PTRACE_CONT, tracee->pid, NULL,
	    (void *)(uintptr_t)signal);
}

/* --- who is who ------------------------------------------------------------------------ */

/* How many PID namespaces it is in, from ours on. */
static int
depth_of(pid_t pid)
{
	char path[64], line[512];
	int fields = 0;

	(void)text_format(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *in = fopen(path, "re");
	while (in && fgets(line, sizeof(line), in))
		if (!strncmp(line, "NSpid:", 6))
			for (char *save = NULL, *field = strtok_r(line + 6, "\t \n", &save); field;
			    field = strtok_r(NULL, "\t \n", &save))
				fields++;
	if (in)
		(void)fclose(in);
	return fields;
}

static bool
is_inside(pid_t pid)
{
	return depth_of(pid) > depth_of(getpid());
}

static enum role
role_of_child(const struct trace *trace, enum role parent, pid_t pid)
{
	switch (parent) {
	case ROLE_CALLER:
		/* Before it is in, it starts nothing but a supervisor. */
		return trace->counting ? ROLE_SPAWN : ROLE_USER;
	case ROLE_SUPERVISOR:
		return is_inside(pid) ? ROLE_INSIDE : ROLE_CHILD;
	case ROLE_CTRCTL:
		return is_inside(pid) ? ROLE_COMMAND : ROLE_SPAWN;
	case ROLE_SPAWN:
	case ROLE_CHILD:
	case ROLE_INSIDE:
	case ROLE_INIT:
	case ROLE_FILTER:
	case ROLE_SUBID:
	case ROLE_DEVICES:
	case ROLE_COMMAND:
	case ROLE_USER:
	case ROLES:
		break;
	}
	return parent;
}

/* Whether a line of its maps is about such a file, and has the address in it unless that is 0. */
static bool
has_mapped(pid_t pid, const char *file, unsigned long address)
{
	char path[64], line[512];
	bool found = false;

	(void)text_format(path, sizeof(path), "/proc/%d/maps", (int)pid);
	FILE *in = fopen(path, "re");
	while (in && !found && fgets(line, sizeof(line), in)) {
		char *at = line;
		unsigned long from = strtoul(at, &at, 16), to = strtoul(at + 1, NULL, 16);
		found = strstr(line, file) && (address == 0 || (address >= from && address < to));
	}
	if (in)
		(void)fclose(in);
	return found;
}

static bool
has_loader(pid_t pid)
{
	return has_mapped(pid, "/ld-linux", 0);
}

static bool
is_of_library(pid_t pid, unsigned long address)
{
	return address != 0 && has_mapped(pid, ".so", address) && !has_mapped(pid, "/libc.so", address);
}

static enum role
role_of_program(pid_t pid, enum role before)
{
	char path[64], program[256];

	(void)text_format(path, sizeof(path), "/proc/%d/exe", (int)pid);
	ssize_t length = readlink(path, program, sizeof(program) - 1);
	if (before == ROLE_COMMAND)
		return ROLE_USER;
	if (length < 0 || before == ROLE_CALLER || before == ROLE_CTRCTL || before == ROLE_USER)
		return before;
	program[length] = '\0';
	const char *name = strrchr(program, '/');
	for (enum role role = ROLE_SUPERVISOR; name && role < ROLE_CTRCTL; role++)
		if (role != ROLE_CHILD && role != ROLE_INSIDE && !strcmp(name + 1, role_name[role]))
			return role;
	return before;
}

static void
child_made(struct trace *trace, struct tracee *parent)
{
	unsigned long pid = 0;
	enum role role = parent->role;

	(void)request(PTRACE_GETEVENTMSG, parent->pid, NULL, &pid);
	role = role_of_child(trace, role, (pid_t)pid);
	resume(trace, parent, 0);
	struct tracee *child = find(trace, (pid_t)pid);
	if (!child)
		child = add(trace, (pid_t)pid);
	if (!child)
		return;
	child->role = role;
	child->known = true;
	if (child->waiting)
		resume(trace, child, 0);
	child->waiting = false;
}

/* --- faults ---------------------------------------------------------------------------- */

static void
poke(pid_t pid, size_t offset, long value)
{
	(void)request(PTRACE_POKEUSR, pid, (void *)offset, (void *)value);
}

/*
 * close(2) lets go of the descriptor, whatever it answers.  brk(2) has no errors: it answers what
 * there is, as it does to 0; the register with its argument must be then as it was.
 */
static void
fail_call(const struct trace *trace, struct tracee *tracee, long number)
{
	tracee->is_brk = number == SYS_brk;
	if (tracee->is_brk) {
		tracee->argument = request(PTRACE_PEEKUSR, tracee->pid, (void *)offsetof(struct user, regs.rdi), NULL);
		poke(tracee->pid, offsetof(struct user, regs.rdi), 0);
		return;
	}
	tracee->override = -trace->fault.errnum;
	if (number != SYS_close)
		poke(tracee->pid, offsetof(struct user, regs.orig_rax), -1);
}

/* True: it goes on. */
static bool
fault_do(struct trace *trace, struct tracee *tracee, long number, unsigned long argument)
{
	trace->done = true;
	trace->number = number;
	switch (trace->fault.kind) {
	case FAULT_ERRNO:
		fail_call(trace, tracee, number);
		break;
	case FAULT_MEMORY:
		tracee->override = FAULT_ANSWER;
		trace->is_librarys = is_of_library(tracee->pid, argument);
		break;
	case FAULT_KILL:
		(void)kill(tracee->pid, SIGKILL);
		return false;
	case FAULT_STOP:
		trace->held = tracee->pid;
		return false;
	case FAULT_NONE:
		break;
	}
	return true;
}

/*
 * What a process can't do but end or come back by is not made to fail; nor is what a C library's
 * start sets its thread pointer by: it has no other way to go on than to crash.  umask(2) and getpid(2) have no errors,
 * and futex(2) none of ours: at one that the kernel does not give, glibc aborts.
 */
static bool
is_counted(long number)
{
	return number != SYS_arch_prctl && number != SYS_umask && number != SYS_getpid && number != SYS_futex &&
	    number != SYS_exit && number != SYS_exit_group && number != SYS_rt_sigreturn &&
	    number != SYS_restart_syscall;
}

/*
 * What the loader does is the C library's, and some of it ends in a crash: of ctrctl that is not looked
 * at, a helper that ends so must do no harm.  It is over when the loader lets go of its cache.
 */
static bool
is_in_window(const struct trace *trace, struct tracee *tracee, long number)
{
	bool is_loaders = tracee->loading;

	if (number == SYS_munmap)
		tracee->loading = false;
	if (tracee->role == ROLE_CTRCTL)
		return !is_loaders;
	return tracee->role != ROLE_CALLER || trace->counting;
}

static bool
call_begins(struct trace *trace, struct tracee *tracee, long number, unsigned long argument)
{
	bool is_allocation = number == FAULT_ALLOCATION;
	long *count = is_allocation ? &trace->allocations[tracee->role] : &trace->calls[tracee->role];

	if (!is_counted(number) || !is_in_window(trace, tracee, number))
		return true;
	++*count;
	if (trace->done || trace->fault.kind == FAULT_NONE || trace->fault.role != tracee->role ||
	    (trace->fault.kind == FAULT_MEMORY) != is_allocation || *count != trace->fault.at)
		return true;
	return fault_do(trace, tracee, number, argument);
}

static void
at_system_call(struct trace *trace, struct tracee *tracee)
{
	struct ptrace_syscall_info info;

	if (request(PTRACE_GET_SYSCALL_INFO, tracee->pid, (void *)sizeof(info), &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		if (!call_begins(trace, tracee, (long)info.entry.nr, info.entry.args[0]))
			return;
	} else if (tracee->is_brk) {
		poke(tracee->pid, offsetof(struct user, regs.rdi), tracee->argument);
		tracee->is_brk = false;
	} else if (tracee->override != 0) {
		poke(tracee->pid, offsetof(struct user, regs.rax), tracee->override);
		tracee->override = 0;
	}
	resume(trace, tracee, 0);
}

/* --- events ---------------------------------------------------------------------------- */

/*
 * A helper has nobody to answer where its supervisor was killed.  That it dies of a library's fault (libseccomp 2.5 frees
 * twice what it has no memory for) is what it is a process of its own for: the login's verdict counts.
 */
static bool
is_crash(const struct trace *trace, const struct tracee *tracee, int signal)
{
	bool is_unheard = signal == SIGPIPE && trace->fault.kind == FAULT_KILL && trace->done;
	bool is_helper = tracee->role == ROLE_FILTER || tracee->role == ROLE_SUBID || tracee->role == ROLE_DEVICES;
	bool is_foreign = (tracee->loading || (trace->is_librarys && is_helper)) && tracee->role == trace->fault.role && trace->done;

	return tracee->role != ROLE_USER && signal != SIGKILL && !is_unheard && !is_foreign;
}

static void
ended(struct trace *trace, struct tracee *tracee, int status)
{
	if (WIFSIGNALED(status) && is_crash(trace, tracee, WTERMSIG(status))) {
		trace->crash = WTERMSIG(status);
		trace->crash_role = tracee->role;
	}
	if (tracee->pid == trace->caller) {
		trace->caller = -1;
		trace->caller_status = status;
	}
	if (tracee->pid == trace->held)
		trace->held = 0;
	if (tracee->pid == trace->entered)
		trace->entered = 0;
	drop(trace, tracee);
}

static void
signalled(struct trace *trace, struct tracee *tracee, int signal)
{
	if (tracee->pid == trace->caller && signal == SIGSTOP) {
		trace->mark = trace->report->mark;
		return;
	}
	resume(trace, tracee, signal);
}

static void
executed(struct trace *trace, struct tracee *tracee)
{
	enum role before = tracee->role;

	tracee->role = role_of_program(tracee->pid, before);
	tracee->loading = has_loader(tracee->pid);
	if (before == ROLE_COMMAND)
		trace->entered = tracee->pid;
	else
		resume(trace, tracee, 0);
}

static void
stopped(struct trace *trace, struct tracee *tracee, int status)
{
	switch (status >> 16) {
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		child_made(trace, tracee);
		return;
	case PTRACE_EVENT_EXEC:
		executed(trace, tracee);
		return;
	case 0:
		break;
	default: /* PTRACE_EVENT_STOP: it was just attached */
		resume(trace, tracee, 0);
		return;
	}
	if (WSTOPSIG(status) == SYSCALL_STOP)
		at_system_call(trace, tracee);
	else
		signalled(trace, tracee, WSTOPSIG(status));
}

static void
handle(struct trace *trace, pid_t pid, int status)
{
	struct tracee *tracee = find(trace, pid);

	if (pid == trace->other && !WIFSTOPPED(status)) {
		trace->other = 0;
		trace->other_status = status;
		return;
	}
	if (!tracee && WIFSTOPPED(status))
		tracee = add(trace, pid);
	if (!tracee)
		return;
	if (!WIFSTOPPED(status))
		ended(trace, tracee, status);
	else if (!tracee->known)
		tracee->waiting = true;
	else
		stopped(trace, tracee, status);
}

bool
trace_step(struct trace *trace, int ms)
{
	const struct timespec wait = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
	sigset_t child;
	int status;
	pid_t pid = waitpid(-1, &status, __WALL | WNOHANG);

	if (pid <= 0) {
		(void)sigemptyset(&child);
		(void)sigaddset(&child, SIGCHLD);
		(void)sigtimedwait(&child, NULL, &wait); /* blocked by main() */
		pid = waitpid(-1, &status, __WALL | WNOHANG);
	}
	if (pid <= 0)
		return false;
	handle(trace, pid, status);
	return true;
}

bool
trace_has_answer(const struct trace *trace)
{
	return trace->mark != 0 || trace->caller < 0;
}

bool
trace_is_caller_gone(const struct trace *trace)
{
	return trace->caller < 0;
}

int64_t
trace_clock(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool
trace_until(struct trace *trace, bool (*is_so)(const struct trace *trace), int ms)
{
	int64_t end = trace_clock() + ms;

	while (!is_so(trace)) {
		int64_t left = end - trace_clock();
		if (left <= 0)
			return false;
		(void)trace_step(trace, left < 100 ? (int)left : 100);
	}
	return true;
}

/* --- beginning and end ----------------------------------------------------------------- */

#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC)
#define OPTIONS_FOLLOW (PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE)

static int
seize(struct trace *trace, pid_t pid, enum role role)
{
	unsigned options = OPTIONS | (trace->follow ? OPTIONS_FOLLOW : 0);
	struct tracee *tracee = add(trace, pid);

	if (!tracee || request(PTRACE_SEIZE, pid, NULL, (void *)(uintptr_t)options) < 0)
		return -1;
	tracee->role = role;
	tracee->known = true;
	return 0;
}

static int
new_report(struct trace *trace)
{
	int fd = memfd_create("report", 0);

	if (fd < 0 || ftruncate(fd, sizeof(*trace->report)) < 0)
		return -1;
	void *shared = mmap(NULL, sizeof(*trace->report), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	trace->report = shared == MAP_FAILED ? NULL : shared;
	return trace->report ? fd : -1;
}

static _Noreturn void
child_run(int go, int report, const int *streams, const char *program, char *const argv[])
{
	sigset_t none;
	char byte;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (int fd = STDIN_FILENO; streams && fd <= STDERR_FILENO; fd++)
		if (dup2(streams[fd], fd) < 0)
			_exit(127);
	if (read(go, &byte, 1) == 0 && dup2(report, 3) == 3 && sys_close_range(4, ~0U, 0) == 0)
		(void)execv(program, argv);
	_exit(127);
}

int
trace_start(struct trace *trace, enum role role, const char *program, char *const argv[],
    const int streams[3])
{
	int pipe_fd[2];
	autofd int report = new_report(trace);

	if (report < 0 || pipe2(pipe_fd, O_CLOEXEC) < 0)
		return -1;
	autofd int go = pipe_fd[0], ours = pipe_fd[1];
	pid_t pid = fork();
	if (pid == 0) {
		own_close(&ours);
		child_run(go, report, streams, program, argv);
	}
	if (pid < 0 || seize(trace, pid, role) < 0)
		return -1;
	trace->caller = pid;
	return 0;
}

int
trace_seize(struct trace *trace, pid_t pid, enum role role)
{
	if (seize(trace, pid, role) < 0)
		return -1;
	/* It waits in a system call: out of it, so that the next one is seen. */
	return (int)request(PTRACE_INTERRUPT, pid, NULL, NULL);
}

void
trace_resume(struct trace *trace)
{
	struct tracee *caller = find(trace, trace->caller);

	trace->mark = 0;
	if (caller)
		resume(trace, caller, 0);
}

/* One that waits for us, of *waiting. */
static void
go_on(struct trace *trace, pid_t *waiting)
{
	struct tracee *tracee = find(trace, *waiting);

	*waiting = 0;
	if (tracee)
		resume(trace, tracee, 0);
}

void
trace_release(struct trace *trace)
{
	go_on(trace, &trace->held);
}

void
trace_enter(struct trace *trace)
{
	go_on(trace, &trace->entered);
}

void
trace_detach(struct trace *trace)
{
	int status;

	while (trace->tracees > 0) {
		struct tracee *tracee = &trace->tracee[trace->tracees - 1];
		(void)request(PTRACE_INTERRUPT, tracee->pid, NULL, NULL);
		if (waitpid(tracee->pid, &status, __WALL) == tracee->pid && WIFSTOPPED(status))
			(void)request(PTRACE_DETACH, tracee->pid, NULL, NULL);
		drop(trace, tracee);
	}
}

void
trace_end(struct trace *trace)
{
	for (int i = 0; i < trace->tracees; i++)
		(void)kill(trace->tracee[i].pid, SIGKILL);
	while (trace->tracees > 0 && trace_step(trace, 2000))
		continue;
	trace->tracees = 0;
	if (trace->report)
		(void)munmap(trace->report, sizeof(*trace->report));
	trace->report = NULL;
}

int
trace_count(const struct trace *trace, enum role role)
{
	int count = 0;

	for (int i = 0; i < trace->tracees; i++)
		count += trace->tracee[i].role == role;
	return count;
}
