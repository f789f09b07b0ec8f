/*
 * What came of one login, or of one order of ctrctl, with one fault in it.
 */
#ifndef FAULTS_RESULT_H
#define FAULTS_RESULT_H

#include "tests/faults/trace.h"

#include <stdbool.h>

/* From good to bad; of several the worst counts. */
enum outcome {
	OUTCOME_UNREACHED, /* there were fewer calls this time */
	OUTCOME_IN,        /* the login is in, as contained as without the fault; an order: done, and told so */
	OUTCOME_REFUSED,   /* and its caller is as it was before; an order: told that it failed */
	OUTCOME_DROPPED,   /* refused after the join began: its caller is inside, in part, and can't go back */
	OUTCOME_KILLED,    /* the caller, or ctrctl, by the fault */
	OUTCOME_SILENT,    /* refused, and no line in the log, or of ctrctl's, says why */
	OUTCOME_LOCKED,    /* a later login, or root's, did not work or came late */
	OUTCOME_LEAK,      /* something stays: here, in the caller, or in a supervisor */
	OUTCOME_TORN,      /* an order that is half done, or not what was told of it */
	OUTCOME_HANG,      /* longer than any wait that is documented */
	OUTCOME_CRASH,     /* a signal that we did not send */
	OUTCOME_OPEN,      /* in, and something that the policy says is missing */
	OUTCOMES
};

extern const char *const outcome_name[OUTCOMES];

struct result {
	const char *scene; /* its name */
	struct fault fault;
	enum outcome outcome;
	long number;    /* the system call */
	int ms;         /* until the caller had its answer */
	bool late;      /* the next login came late: the fault's doing if it does so again */
	bool told;      /* in, without a mount of the host's, which the log names */
	bool swept;     /* something stayed until the next login took it away */
	char why[400];
};

/* Unless it is as bad already. */
void result_judge(struct result *result, enum outcome outcome, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Bad unless both texts (state.h) are there and equal. */
void result_compare(struct result *result, enum outcome outcome, const char *what, const char *before,
    const char *after);

#endif
