/*
 * Starts a program from inside somebody else's process without leaving a trace there.
 */
#ifndef LIB_SPAWN_H
#define LIB_SPAWN_H

#include "lib/error.h"

/*
 * Runs program with one argument, an empty environment, all signals blocked and one
 * descriptor: fd, as number 3 (0 to 2 are the caller's, for the program to replace).  It is
 * the host's init's child from the start.  Returns when it is executed, 0, or -1 with err.
 * The caller sees no SIGCHLD, and its own waits see no child.  vfork(2), clone(2).
 */
int spawn_detached(const char *program, const char *argument, int fd, struct error *err);

#define SPAWN_FD 3

#endif
