/*
 * Runs a program of ours: to its end, for a bounded time, and takes what it wrote; or beside us.
 */
#ifndef LIB_COMMAND_H
#define LIB_COMMAND_H

#include "lib/error.h"

#include <sys/types.h>

struct command_result {
	int code;            /* its exit code; 128 and the signal's number where one ended it */
	char output[512];    /* of its standard output; all of it, or the call fails */
	char complaint[400]; /* of its standard error; the beginning, without the last newline */
};

/*
 * argv[0] is an absolute path, argv ends with NULL.  The program gets a clean environment,
 * default signals, umask 022, "/" and no descriptor but 0 to 2.  Blocks for up to timeout_ms;
 * a program that takes longer is killed, ETIMEDOUT.  Waits for this child alone; the caller
 * must not ignore SIGCHLD.  0: it ended, by whatever code.
 */
int command_run(const char *const *argv, int timeout_ms, struct command_result *result,
    struct error *err);

struct command_child {
	pid_t pid;
	int pidfd; /* owned */
};

#define COMMAND_CHILD_INIT { .pid = -1, .pidfd = -1 }

/*
 * Starts it in the same surroundings, but for its standard input, which is input; what it writes
 * is nobody's.  command_end() kills it, if it runs still, and reaps it; accepts an ended one.
 */
int command_start(const char *const *argv, int input, struct command_child *child,
    struct error *err);
void command_end(struct command_child *child);

#endif
