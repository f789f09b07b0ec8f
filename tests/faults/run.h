/*
 * One login with one fault in it, and the verdict.  Runs as root in a test world, in a process of
 * its own for each user, since what it traces is the process's.
 */
#ifndef FAULTS_RUN_H
#define FAULTS_RUN_H

#include "tests/faults/trace.h"

#include <stdbool.h>
#include <sys/types.h>

/* From good to bad; of several the worst counts. */
enum outcome {
	OUTCOME_UNREACHED, /* there were fewer calls this time */
	OUTCOME_IN,        /* the login is in, as contained as without the fault */
	OUTCOME_REFUSED,   /* and its caller is as it was before */
	OUTCOME_DROPPED,   /* refused after the join began: its caller is inside, in part, and can't go back */
	OUTCOME_KILLED,    /* the caller, by the fault */
	OUTCOME_SILENT,    /* refused, and no line in the log says why */
	OUTCOME_LOCKED,    /* a later login, or root's, did not work or came late */
	OUTCOME_LEAK,      /* something stays: here, in the caller, or in a supervisor */
	OUTCOME_HANG,      /* longer than any wait that is documented */
	OUTCOME_CRASH,     /* a signal that we did not send */
	OUTCOME_OPEN,      /* the login is in, and something that the policy says is missing */
	OUTCOMES
};

extern const char *const outcome_name[OUTCOMES];

/* When the fault comes. */
enum scene {
	SCENE_FIRST,  /* a login that has its container built, its close, and the container's end */
	SCENE_SECOND, /* a login while another session lives; that one must not notice */
	SCENE_COLD,   /* a first login that needs the helpers: no filter compiled, no ids allotted */
	SCENES
};

extern const char *const scene_name[SCENES];

struct result {
	enum scene scene;
	struct fault fault;
	enum outcome outcome;
	long number;    /* the system call */
	int ms;         /* until the caller had its answer */
	bool late;      /* the next login came late: the fault's doing if it does so again */
	bool told;      /* in, without a mount of the host's, which the log names */
	bool swept;     /* something stayed until the next login took it away */
	char why[400];
};

struct holder {
	pid_t pid;     /* of the process that holds a session open; 0: none */
	pid_t caller;
	int end;       /* closing it ends the session */
	char *state;   /* owned */
};

struct worker {
	char ident[16]; /* its user's name, and its callers' in the log */
	uid_t uid;
	enum scene scene;
	char *host;     /* what there is without a container; owned */
	char *member;   /* a caller that is in; owned */
	char *user;     /* what a process of the user's sees; owned */
	struct holder holder;
	struct shared *shared; /* of the worker and the logins it tries beside; owned */
};

/* Of the user fault<number>, who exists.  0, or -1: a login without a fault is not right; why says so. */
int worker_begin(struct worker *worker, int number, enum scene scene, char *why, size_t size);

/* How many system calls and allocations each role makes in this scene. */
int worker_count(struct worker *worker, long calls[ROLES], long allocations[ROLES]);

void worker_run(struct worker *worker, const struct fault *fault, struct result *result);

void worker_end(struct worker *worker);

#endif
