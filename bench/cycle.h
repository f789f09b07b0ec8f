/*
 * One measured cycle, the same for the floor and for every PAM stack: a first login, a second
 * one while the first lives, the end of both.  Each login is a process of its own, forked for
 * it, as sshd's are; the gap between two steps decides whether the kernel's RCU state is cold.
 */
#ifndef BENCH_CYCLE_H
#define BENCH_CYCLE_H

#include <stdbool.h>
#include <stddef.h>

/* What is measured; a line of results has the columns in this order, in nanoseconds. */
enum cycle_step {
	CYCLE_OPEN,   /* the first login's open */
	CYCLE_SECOND, /* the second one's, while the first lives */
	CYCLE_CLOSE,  /* the first one's close, which is the last */
	CYCLE_GONE,   /* from there until its process and all that was made for it are gone */
	CYCLE_STEPS
};

/* Each returns 0, or -1 after having said why on standard error. */
struct cycle {
	int (*start)(void *context);            /* in the login's process, not measured */
	int (*open)(void *context, bool first); /* in the login's process */
	int (*before_close)(void *context);     /* in the parent, before the last close, not measured */
	int (*close)(void *context);            /* in the login's process, which then exits */
	int (*await_gone)(void *context);       /* in the parent, when both logins have exited */
	void *context;
};

/* Milliseconds that a login's answer may take. */
#define CYCLE_PATIENCE_MS 10000

/*
 * Runs a cycle for each line of standard input, which is the gap in milliseconds, and
 * answers with a line of CYCLE_STEPS numbers separated by commas.  Returns an exit status.
 */
int cycle_serve(const struct cycle *cycle);

#endif
