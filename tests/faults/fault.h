/*
 * What the harness (tests/faults/main.c) and the programs that it traces agree on.
 */
#ifndef FAULTS_FAULT_H
#define FAULTS_FAULT_H

/*
 * The caller says where it is by writing a mark into the report and stopping itself, which no mask
 * of signals can keep from whoever traces it, and lets it go on.
 */
enum mark {
	MARK_START, /* it has not come to the PAM session yet */
	MARK_OPEN,  /* about to call pam_open_session() */
	MARK_OPENED,
	MARK_CLOSE, /* a user's process has lived and ended; about to call pam_close_session() */
	MARK_CLOSED
};

#define REPORT_TEXT 16384

/* Shared memory of the harness and one caller. */
struct report {
	int mark;
	int open, close;        /* PAM's codes */
	char user[REPORT_TEXT]; /* what a process of the user's saw of itself, a line each */
};

/*
 * A system call that no kernel has, made before each allocation by programs that are built with
 * tests/faults/allocate.c or malloc.c.  Who traces them answers 1 to let that one fail.  Its
 * argument, where there is one, is an address in the code that asks.
 */
#define FAULT_ALLOCATION 9999
#define FAULT_ANSWER 1

#endif
