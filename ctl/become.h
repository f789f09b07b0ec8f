/*
 * The child of "ctrctl enter": root in the container becomes the user, for good.
 */
#ifndef CTL_BECOME_H
#define CTL_BECOME_H

#include "ctl/relay.h"
#include "lib/subject.h"
#include "lib/wire.h"

struct become {
	const struct subject *subject;
	const struct wire_kit *kit; /* for its environment */
	char **command;             /* NULL: a login shell */
	const struct relay *relay;  /* for its side of 0 to 2, and the signal mask */
};

/* The exit statuses of a shell that can't run a command. */
#define BECOME_CANNOT_RUN 126
#define BECOME_NOT_FOUND 127

/* Runs the command in the calling process; comes back only as an exit. */
_Noreturn void become_run(const struct become *become);

#endif
