/*
 * Traces a PAM caller and every process that comes of it, tells them apart by their role, and puts
 * one fault into one system call of one of them.  ptrace(2).  Runs as root.
 */
#ifndef FAULTS_TRACE_H
#define FAULTS_TRACE_H

#include "tests/faults/fault.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What a process is to a login. */
enum role {
	ROLE_CALLER,     /* the application, with the module in it */
	ROLE_SPAWN,      /* its children on the way to a supervisor */
	ROLE_SUPERVISOR,
	ROLE_CHILD,      /* the supervisor's, before it executes something, if it does */
	ROLE_INSIDE,     /* the container's first process, until it executes init */
	ROLE_INIT,
	ROLE_FILTER,
	ROLE_SUBID,
	ROLE_DEVICES,
	ROLE_CTRCTL,
	ROLE_COMMAND,    /* its child in the container, until it executes the command */
	ROLE_USER,       /* the caller's child, or that command: the login itself, nothing of ours */
	ROLES
};

extern const char *const role_name[ROLES];

enum fault_kind {
	FAULT_NONE,
	FAULT_ERRNO,    /* the call is not made, and answers errnum; close(2) is made, as the kernel does */
	FAULT_MEMORY,   /* an allocation answers NULL; the at'th of those */
	FAULT_KILL,     /* SIGKILL, before the call */
	FAULT_STOP      /* as by SIGSTOP, before the call; trace_release() goes on */
};

struct fault {
	enum fault_kind kind;
	enum role role;
	long at; /* the role's at'th system call, counted from 1 */
	int errnum;
};

#define TRACEES_MAX 64

struct tracee {
	pid_t pid;
	enum role role;
	bool known;    /* its role is */
	bool loading;  /* it has executed, and the loader is still at work; known of the fault's role alone */
	bool waiting;  /* it has stopped before that */
	bool stepping; /* its system calls are looked at */
	int override;  /* at the end of this call: answer this; 0: nothing */
	bool is_brk;   /* at the end of this call: its argument was this */
	long argument;
};

struct trace {
	struct fault fault;
	struct tracee tracee[TRACEES_MAX];
	int tracees;
	bool follow;           /* what the caller starts, too */
	bool counting;         /* the caller's window is open */
	bool all;              /* look at everybody's system calls: to count them */
	long calls[ROLES];     /* made so far */
	long allocations[ROLES];
	struct report *report; /* owned; shared with the caller */
	pid_t caller;          /* -1: gone */
	int caller_status;     /* once it is gone */
	int mark;              /* at which the caller stands, until trace_resume() */
	bool done;             /* the fault is done */
	long number;           /* of the system call */
	bool is_librarys;      /* an allocation that failed was asked for by a library, not the C library's */
	pid_t held;            /* FAULT_STOP's; 0: nobody */
	int crash;             /* the signal that ended one of ours */
	enum role crash_role;
	pid_t entered;         /* stopped, it has just executed ctrctl's command; trace_enter() goes on; 0: nobody */
	pid_t other;           /* a child of ours that is not traced; 0: gone */
	int other_status;
};

/*
 * A program of argv as the role, stopped before it has executed; report's descriptor is its number 3.
 * streams: what it has for 0 to 2; NULL: ours.
 */
int trace_start(struct trace *trace, enum role role, const char *program, char *const argv[],
    const int streams[3]);

/* One that runs already. */
int trace_seize(struct trace *trace, pid_t pid, enum role role);

/* Waits for one event and handles it; false: none came in ms. */
bool trace_step(struct trace *trace, int ms);

/* Steps until it is so; false: it is not after ms. */
bool trace_until(struct trace *trace, bool (*is_so)(const struct trace *trace), int ms);

bool trace_has_answer(const struct trace *trace); /* the caller is at a mark, or gone */
bool trace_is_caller_gone(const struct trace *trace);

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t trace_clock(void);

/* The caller goes on from its mark. */
void trace_resume(struct trace *trace);

/* What FAULT_STOP stopped goes on. */
void trace_release(struct trace *trace);

/* The command goes on. */
void trace_enter(struct trace *trace);

/* Lets go of what still lives, unharmed. */
void trace_detach(struct trace *trace);

/* Kills all that is left and reaps it. */
void trace_end(struct trace *trace);

/* Processes of a role other than the user's that still live. */
int trace_count(const struct trace *trace, enum role role);

#endif
