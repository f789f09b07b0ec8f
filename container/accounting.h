/*
 * who(1), last(1) and lastlog(8).  A login's utmp and wtmp records are written inside, by sshd's monitor
 * or by login(1), with the container's names of terminals and numbers of processes.  So the
 * container has files of its own, and the supervisor tells the host's files what they say, in
 * the host's names and numbers.
 *
 * They are on a small tmpfs, which covers PLACE_RUN/UID while the container is built, so that
 * the plan's steps bind them: root inside may write to them, and must not fill the host's /run.
 */
#ifndef CONTAINER_ACCOUNTING_H
#define CONTAINER_ACCOUNTING_H

#include "container/utmp.h"
#include "lib/error.h"
#include "policy/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* As many terminals as a container may be expected to have logins on. */
#define ACCOUNTING_LOGINS_MAX 1024

struct server;

/* A login that is, or was, in the host's files. */
struct accounting_login {
	char line[UTMP_LINE + 1];  /* the container's name of its terminal */
	struct utmp_record record; /* as the host's utmp has it */
	char session[32];          /* whose end is its end; "" the container's */
	bool in_utmp;              /* logged in there, and not out yet */
	bool in_wtmp;
	bool ended;                /* whatever the container's file goes on saying */
};

struct accounting {
	int watch;               /* owned; inotify(7), or -1: then looked at by the clock */
	int utmp;                /* owned; the container's files, or -1 */
	int wtmp;
	int mount;               /* owned; what they are on, until the container has it; or -1 */
	size_t mirrored;         /* records of the container's wtmp */
	int64_t quiet_until;     /* monotonic ms: the watch is not heeded before */
	int64_t again;           /* monotonic ms, or NEVER: a look then in any case */
	int64_t told_since;      /* monotonic ms: a minute begins */
	unsigned told;           /* in it, to the host's wtmp */
	unsigned tries;          /* in vain, for somebody held a lock */
	int64_t locked_until;    /* monotonic ms: somebody inside holds one, don't even try */
	struct accounting_login *login; /* owned */
	size_t logins;
};

#define ACCOUNTING_INIT { .watch = -1, .utmp = -1, .wtmp = -1, .mount = -1, .again = INT64_MAX }

/* --- for the supervisor's other parts --- */

/*
 * Makes the container's files, before its plan is run.  A host without utmp or wtmp gets no
 * private one, and then the plan's step binds nothing.  What goes wrong is logged: a
 * login without its line in who(1) is better than none.
 */
void accounting_prepare(struct server *server, const struct plan *plan);

/* Takes over the files that a predecessor made, and what it had told the host. */
void accounting_adopt(struct server *server);

/* The watch is ready: tells the host what is new. */
void accounting_look(struct server *server);

/* The same where its time has come. */
void accounting_step(struct server *server);

/* A session's caller is gone, and still in the record: its logins end, however it came. */
void accounting_session_ended(struct server *server, const char *session);

/* The container is gone: so are all logins in it, and the files. */
void accounting_close(struct server *server);

/* --- between accounting.c and accounting_files.c --- */

enum accounting_file {
	ACCOUNTING_UTMP,
	ACCOUNTING_WTMP,
	ACCOUNTING_LASTLOG /* a container has none of its own */
};

/* Opens the host's file; anew each time, since logrotate(8) puts others in their places. */
int accounting_open_host(enum accounting_file file, struct error *err);

struct accounting_login *accounting_find(const struct accounting *accounting, const char *line);

/* The login of a line, made if there is none; NULL: too many, or no memory. */
struct accounting_login *accounting_add(struct accounting *accounting, const char *line);

/*
 * Ends a login in the host's files, as far as it is in them, and in the container's utmp.  -1:
 * somebody holds a lock; to be tried again.
 */
int accounting_end(struct server *server, struct accounting_login *login);

#endif
