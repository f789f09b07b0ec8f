/*
 * A session that stays while others come, go and fail beside it.
 */
#ifndef FAULTS_HOLDER_H
#define FAULTS_HOLDER_H

#include <sys/types.h>

struct worker;

struct holder {
	pid_t pid;     /* of the process that holds a session open; 0: none */
	pid_t caller;
	int end;       /* closing it ends the session; -1: none */
	char *state;   /* of the caller, as state_of_member(); owned */
};

#define HOLDER_NONE { .end = -1 }

/* A login of the worker's user; it is in when this returns 0. */
int holder_begin(struct worker *worker, struct holder *holder);

/* Also of one that is none, or whose caller is dead. */
void holder_end(struct holder *holder);

#endif
