/*
 * attempt WHAT [ARGUMENT]: tries, from inside a container and as its user, one thing that must
 * be bounded or refused, and prints what came of it: "done", a number, or the errno's name.
 * Tests compare that line.  Needs no right; it must never be given one.
 */
#include "tests/support/error_name.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Touches each page of so many MiB, then says so: beyond memory.max the kernel kills it. */
static long
attempt_memory(long mebibytes)
{
	size_t size = (size_t)mebibytes << 20;
	char *memory = malloc(size);
	if (memory == NULL)
		return -1;
	for (size_t i = 0; i < size; i += 4096)
		memory[i] = (char)(i >> 12);
	/* Looked at, so that no compiler takes the loop away. */
	long got = memory[0] == 0 ? mebibytes : 0;
	free(memory);
	return got;
}

/* Forks up to so many children that wait for the parent's end; the count that came to be. */
static long
attempt_fork(long most)
{
	long count = 0;
	int wait_end[2];
	if (pipe(wait_end) != 0)
		return -1;
	for (; count < most; count++) {
		pid_t child = fork();
		if (child < 0)
			break;
		if (child == 0) {
			char byte;
			close(wait_end[1]);
			_exit((int)read(wait_end[0], &byte, 1));
		}
	}
	close(wait_end[1]);
	while (wait(NULL) > 0)
		;
	return count;
}

/* The same, but keeps them until standard input ends; says "full" once no more can be had. */
static long
attempt_fill(long most)
{
	long count = 0;
	char byte;
	/* A group of its own, so that the end below reaches nobody else. */
	if (setpgid(0, 0) != 0 && errno != EPERM)
		return -1;
	while (count < most) {
		pid_t child = fork();
		if (child < 0)
			break;
		if (child == 0)
			for (;;)
				pause();
		count++;
	}
	printf("full %ld\n", count);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	return count;
}

/* CPU milliseconds that a busy loop gets in so many milliseconds of wall time. */
static long
attempt_cpu(long milliseconds)
{
	struct timespec now, end, used;
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += milliseconds / 1000;
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while (now.tv_sec < end.tv_sec ||
	    (now.tv_sec == end.tv_sec && now.tv_nsec < end.tv_nsec));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

static long
attempt_kill(long pid)
{
	return kill((pid_t)pid, SIGKILL);
}

static long
attempt_ptrace(long pid)
{
	return ptrace(PTRACE_SEIZE, (pid_t)pid, NULL, NULL);
}

static long
attempt_limit(long pid)
{
	struct rlimit limit = { 1, 1 };
	return prlimit((pid_t)pid, RLIMIT_CPU, &limit, NULL);
}

static long
attempt_read_memory(long pid)
{
	char byte;
	struct iovec local = { &byte, 1 }, remote = { (void *)(unsigned long)0x400000, 1 };
	return process_vm_readv((pid_t)pid, &local, 1, &remote, 1, 0);
}

static long
attempt_setns(long pid)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%ld/ns/mnt", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	long result = setns(fd, CLONE_NEWNS);
	close(fd);
	return result;
}

static long
attempt_mount(long unused)
{
	(void)unused;
	return mount("none", "/tmp", "tmpfs", 0, NULL);
}

static long
attempt_unmask(long unused)
{
	(void)unused;
	return umount2("/proc", MNT_DETACH);
}

static const struct {
	const char *name;
	long (*attempt)(long argument);
} attempts[] = {
	{ "memory", attempt_memory },
	{ "fork", attempt_fork },
	{ "fill", attempt_fill },
	{ "cpu", attempt_cpu },
	{ "kill", attempt_kill },
	{ "ptrace", attempt_ptrace },
	{ "limit", attempt_limit },
	{ "read-memory", attempt_read_memory },
	{ "setns", attempt_setns },
	{ "mount", attempt_mount },
	{ "umount", attempt_unmask },
};

int
main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		if (strcmp(attempts[i].name, argv[1]) != 0)
			continue;
		long result = attempts[i].attempt(argc > 2 ? atol(argv[2]) : 0);
		if (result < 0)
			printf("%s\n", error_name(errno));
		else if (result == 0)
			printf("done\n");
		else
			printf("%ld\n", result);
		return 0;
	}
	fprintf(stderr, "usage: attempt WHAT [ARGUMENT]\n");
	return 2;
}
