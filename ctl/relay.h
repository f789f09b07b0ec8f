/*
 * The parent of "ctrctl enter": no terminal of the admin's goes inside.  Where there is one,
 * the command gets a terminal of the container's, or a pipe, and this passes on bytes, size,
 * signals and end, as sshd does.
 */
#ifndef CTL_RELAY_H
#define CTL_RELAY_H

#include "lib/error.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>
#include <time.h>

struct relay {
	int signals;              /* owned; signalfd(2) */
	int in, out;              /* the admin's terminal, 0 to 2; -1: not one to be passed on */
	int nothing;              /* owned; the host's /dev/null, for a terminal that is no input */
	int ours;                 /* owned; the terminal's master, or the pipe's end to read */
	int command;              /* owned; the command's side; -1: it gets 0 to 2 as they are */
	bool is_raw;              /* the admin's terminal is to be set back */
	bool is_left;             /* the admin is gone */
	unsigned escapes;         /* RELAY_ESCAPE, one after the other */
	struct timespec escaped;  /* the first of them */
	struct termios before;
	sigset_t mask;            /* as it was */
};

#define RELAY_INIT { .signals = -1, .in = -1, .out = -1, .nothing = -1, .ours = -1, .command = -1 }

/* Ctrl-]; three of them within a second leave a command that does not let go. */
#define RELAY_ESCAPE 0x1d
#define RELAY_ESCAPES 3

/*
 * Looks at 0 to 2, and holds signals for relay_run() until relay_free().  Before the fork.
 * Refuses a directory: with it the command could walk out of the container.
 */
int relay_prepare(struct relay *relay, struct error *err);

/* The command's side, owned by uid; after join_enter(). */
int relay_open(struct relay *relay, uid_t uid, struct error *err);

/* In the child: a session of its own, and nothing in 0 to 2 that is the admin's terminal. */
int relay_take(const struct relay *relay, struct error *err);

/*
 * Serves until the child has ended; status is waitpid(2)'s.  Where the admin has left (the
 * terminal hung up, or RELAY_ESCAPE), it is SIGHUP's, and so is what the command got.
 */
int relay_run(struct relay *relay, pid_t child, int *status, struct error *err);

void relay_free(struct relay *relay);

#endif
