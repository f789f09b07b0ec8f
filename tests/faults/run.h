/*
 * One login with one fault in it, and the verdict.
 */
#ifndef FAULTS_RUN_H
#define FAULTS_RUN_H

#include "tests/faults/result.h"
#include "tests/faults/trace.h"
#include "tests/faults/worker.h"

#include <sys/types.h>

struct run {
	struct worker *worker;
	struct result *result;
	struct trace trace;
	char *before;      /* the caller's state; owned */
	off_t log;
	pid_t init;        /* of the container that was there before, or is the login's */
	pid_t supervisor;  /* that was there before */
	int descriptors;   /* of that one */
};

/* A caller who has started (login_start()), from the call of its session until all is gone. */
void run_first(struct run *run);

/* The same beside the worker's holder. */
void run_second(struct run *run);

/* Parts of these, for what is no login. */
void run_seize_supervisor(struct run *run);
void run_wait_for_end(struct run *run);
int run_settle_sessions(const struct worker *worker, int count);
void run_check_crash(struct run *run);
void run_check_supervisor(struct run *run);

#endif
