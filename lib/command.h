/*
 * Runs a program of ours to its end, for a bounded time, and takes what it wrote.
 */
#ifndef LIB_COMMAND_H
#define LIB_COMMAND_H

#include "lib/error.h"

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

#endif
