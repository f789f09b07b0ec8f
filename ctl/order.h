/*
 * An order to the supervisor of a user: how it went, said in words and as an exit code.
 */
#ifndef CTL_ORDER_H
#define CTL_ORDER_H

#include "lib/error.h"
#include "lib/wire.h"

#include <stdbool.h>
#include <sys/types.h>

struct order {
	const char *command; /* as the user named it, for messages */
	const char *user;
	uid_t uid;
};

/* Who is meant, if the caller may order anything at all; an enum ctl_exit, having said why. */
int order_prepare(const char *command, const char *user, struct order *order);

/*
 * CTL_OK with the report in text (WIRE_TEXT_MAX bytes), or the exit code, having said why not.
 */
int order_give(const struct order *order, enum wire_type type, uint32_t flags, const char *what,
    char *text);

/* The same with a packet that is made already. */
int order_give_packet(const struct order *order, const void *packet, unsigned long length,
    char *text);

/* What the end of a container, or of a session, may take; milliseconds. */
int order_timeout(uid_t uid);

/* "USER: done" on standard output, or as JSON an object of user, uid, and what: true. */
void order_print(const struct order *order, const char *what, bool as_json);

#endif
