/*
 * stopwatch PATH COMMAND...: for each line of standard input, which is a gap in milliseconds, waits that
 * long, runs COMMAND once, and answers with three numbers: nanoseconds until it had ended,
 * nanoseconds until PATH was gone, too ("-": nothing to wait for), and the clock at that time.
 * For bench/run to time whole programs with.
 */
#include "bench/clock.h"
#include "bench/gone.h"
#include "lib/own.h"

#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Its input and output are nobody's: ours are for gaps and figures. */
static int
run(char **command)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int status, rc;

	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	rc = posix_spawnp(&pid, command[0], &actions, NULL, command, environ);
	(void)posix_spawn_file_actions_destroy(&actions);

	if (rc != 0) {
		fprintf(stderr, "stopwatch: %s: %s\n", command[0], strerror(rc));
		return -1;
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr, "stopwatch: %s: status %#x\n", command[0], (unsigned)status);
		return -1;
	}
	return 0;
}

static int
watch_above(const char *path)
{
	char above[PATH_MAX];
	const char *name = strrchr(path, '/');

	(void)snprintf(above, sizeof(above), "%.*s", name ? (int)(name - path) : 0, path);
	return gone_watch(above);
}

int
main(int argc, char **argv)
{
	unsigned gap_ms;

	if (argc < 3) {
		fprintf(stderr, "usage: stopwatch PATH COMMAND...\n");
		return 2;
	}
	const bool awaits = strcmp(argv[1], "-") != 0;
	autofd int watch = awaits ? watch_above(argv[1]) : -1;
	if (awaits && watch < 0)
		return 1;
	while (scanf("%u", &gap_ms) == 1) {
		clock_pause(gap_ms);
		int64_t begin = clock_ns();
		if (run(argv + 2) < 0)
			return 1;
		int64_t end = clock_ns();
		if (awaits && gone_await(watch, argv[1]) < 0)
			return 1;
		int64_t gone = awaits ? clock_ns() : end;
		printf("%lld,%lld,%lld\n", (long long)(end - begin), (long long)(gone - begin), (long long)gone);
		(void)fflush(stdout);
	}
	return 0;
}
