/*
 * The client's side: finds the supervisor of a uid, starts one where there is none, asks it.
 * Used by the PAM module inside foreign programs, and by ctrctl.  No policy here.
 */
#ifndef LIB_CLIENT_H
#define LIB_CLIENT_H

#include "lib/error.h"
#include "lib/join.h"
#include "lib/subject.h"
#include "lib/wire.h"

#include <stdbool.h>

enum client_answer {
	CLIENT_KIT,     /* contained: join with the kit, then client_joined() or client_report() */
	CLIENT_EXEMPT,  /* policy leaves this login on the host */
	CLIENT_REFUSED  /* policy or the machine's state says no: why is filled */
};

struct client_request {
	const struct subject *subject;
	const char *policy_path;
	uint32_t flags;              /* enum wire_open_flags */
	int tty;                     /* -1, or the login's terminal (WIRE_OPEN_TTY) */
};

/*
 * Asks for a place in the subject's container.  Takes a few seconds at the most, also where
 * the supervisor is stopped.  On CLIENT_KIT *connection is the caller's, for
 * one of these two.  -1 with err: no answer could be had; the login must not go on.
 */
int client_open(const struct client_request *request, enum client_answer *answer,
    struct join_kit *kit, int *connection, struct wire_text *why, struct error *err);

/* Tells the supervisor that the join failed, and closes the connection. */
void client_report(int *connection, const struct error *failure);

#define CLIENT_UNTIMED 0

/*
 * The same of one that went well, with the microseconds that all of it took the caller, or CLIENT_UNTIMED.
 * -1 with err: a supervisor that lives did not hear it, and will take the session for one that failed.
 */
int client_joined(int *connection, uint64_t usec, struct error *err);

/*
 * Ends the container of uid, if there is one, and waits until nothing of it is left, at the
 * most timeout_ms.  existed tells whether there was one.
 */
int client_end(uid_t uid, int timeout_ms, bool *existed, struct error *err);

enum client_verdict {
	CLIENT_DONE,
	CLIENT_NO,      /* refused: text says why */
	CLIENT_NOBODY   /* there is no container */
};

/*
 * Gives the supervisor of uid an order that wire_pack_order() or wire_pack_reload() made, and
 * waits for its end, at the most timeout_ms.  text (WIRE_TEXT_MAX bytes) has the report, or the
 * reason.  -1 with err: what became of it is not known.
 */
int client_order(uid_t uid, const void *packet, unsigned long length, int timeout_ms,
    enum client_verdict *verdict, char *text, struct error *err);

/*
 * Makes sure that what is recorded for uid is watched by a live supervisor or cleaned up
 * (ctrctl gc).  Returns when that supervisor has taken over, or is done.
 */
int client_adopt(uid_t uid, int timeout_ms, struct error *err);

/*
 * For who works on what containers keep: the lock of uid, with which no supervisor can be
 * started.  -1 with EBUSY: one is there.  A lock is short; unlock closes it.
 */
int client_lock(uid_t uid, struct error *err);
void client_unlock(uid_t uid, int *lock);

#endif
