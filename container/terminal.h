/*
 * Shows the terminal that a login came with (login on a console, su) in the container, whose
 * own devpts hides it: under its own name where that is free, since login(1) opens it again
 * by name, else as /dev/hostpts<N>, where ttyname(3) finds it.
 */
#ifndef CONTAINER_TERMINAL_H
#define CONTAINER_TERMINAL_H

#include "lib/error.h"

#include <stdbool.h>
#include <sys/stat.h>

/*
 * terminal: the caller's descriptor.  init: pidfd of the container's.  needs_name: the
 * caller will open it by its own name (a session leader), so another one is a failure.
 * *reserved becomes a descriptor that keeps the container's users from getting a terminal of
 * the same number, or -1; to be closed with the session.
 */
int terminal_show(int terminal, int init, bool needs_name, int *reserved, struct error *err);

/* The device's number; 0: none, or a pseudo terminal's, which every container may open. */
dev_t terminal_number(int terminal);

/* The same by PAM's name of it, "tty1". */
dev_t terminal_number_of(const char *name);

/* A terminal whose owner is changed for the time of a session. */
struct terminal_loan {
	int fd;             /* owned, O_PATH: nobody waits for it to be closed; -1: none */
	struct stat before;
};

#define TERMINAL_LOAN_INIT { .fd = -1 }

/*
 * Gives the caller's terminal to uid and the group of terminals: login(1), once it is root of
 * a private user namespace, can chown(2) only what belongs to ids that are mapped there.
 */
int terminal_lend(int terminal, uid_t uid, gid_t gid, struct terminal_loan *loan,
    struct error *err);

/* Owner and mode as they were; a loan that was never made is none. */
int terminal_return(struct terminal_loan *loan, struct error *err);

#endif
