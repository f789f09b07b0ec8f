/*
 * who(1) and last(1).  A login's utmp and wtmp records are written inside, by sshd's monitor
 * or by login(1), with the container's names of terminals and numbers of processes.  So the
 * container has files of its own, made below PLACE_RUN/UID and bound in by the plan, and
 * the supervisor tells the host's files what they say, in the host's names and numbers.
 */
#ifndef CONTAINER_ACCOUNTING_H
#define CONTAINER_ACCOUNTING_H

#include "container/utmp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct server;

/* A login that is, or was, in the host's files. */
struct accounting_login {
	char line[UTMP_LINE + 1];  /* the container's name of its terminal */
	struct utmp_record record; /* as the host's utmp has it */
	char session[32];          /* whose end is its end; "" the container's */
	bool in_utmp;              /* logged in there, and not out yet */
	bool in_wtmp;
};

struct accounting {
	int watch;               /* owned; inotify(7), or -1: then looked at by the clock */
	int utmp;                /* owned; the container's files, or -1 */
	int wtmp;
	size_t mirrored;         /* records of the container's wtmp */
	int64_t quiet_until;     /* monotonic ms: no look before */
	int64_t again;           /* monotonic ms, or NEVER: a look then in any case */
	unsigned tries;          /* in vain, for somebody held a lock */
	struct accounting_login *login; /* owned */
	size_t logins;
};

#define ACCOUNTING_INIT { .watch = -1, .utmp = -1, .wtmp = -1, .again = INT64_MAX }

/*
 * Makes the container's files, before its plan is run.  A host without utmp or wtmp gets no
 * private one, and then the plan's step binds nothing.  What goes wrong is logged: a
 * login without its line in who(1) is better than none.
 */
void accounting_prepare(struct server *server);

/* Takes over the files that a predecessor made, and what it had told the host. */
void accounting_adopt(struct server *server);

/* The watch is ready, or the time has come: tells the host what is new. */
void accounting_look(struct server *server);

/* A session's caller is gone, and it is still in the record: its logins end, however it came. */
void accounting_session_ended(struct server *server, const char *session);

/* The container is gone: so are all logins in it, and the files. */
void accounting_close(struct server *server);

#endif
