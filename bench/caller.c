/*
 * caller SERVICE USER [initgroups | dirty=FILE]: a minimal PAM application, for bench/run to measure the
 * sessions of one stack with.  Root's, inside a throw-away host; opens sessions and does
 * nothing in them.
 *
 *	initgroups  it has looked up the user's groups before, as su, login and cron have and sshd's
 *	            monitor has not; what the C library loads for that is then not the module's
 *	dirty=FILE  before the last close, 32 MB are written there and not yet on the disk
 */
#include "bench/cycle.h"
#include "bench/gone.h"
#include "bench/session.h"
#include "lib/own.h"
#include "lib/places.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DIRTY_BYTES (32U << 20)

struct caller {
	const char *service;
	const char *user;
	gid_t gid;
	bool knows_groups;
	const char *dirty;
	pam_handle_t *pamh; /* the login's */
	char state[64];     /* what pam_ctr keeps of the user; removed when all is gone */
	int removals;       /* owned; gone_watch() */
};

static int
caller_start(void *context)
{
	struct caller *caller = context;

	if (caller->knows_groups && initgroups(caller->user, caller->gid) < 0) {
		perror("caller: initgroups");
		return -1;
	}
	return session_start(&caller->pamh, caller->service, caller->user);
}

static int
caller_open(void *context, bool first)
{
	struct caller *caller = context;

	(void)first;
	return session_open(caller->pamh);
}

/* Written anew each time: what is on the disk by now is not dirty. */
static int
caller_before_close(void *context)
{
	static char block[1U << 20];
	const struct caller *caller = context;

	if (!caller->dirty)
		return 0;
	autofd int fd = open(caller->dirty, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	for (size_t left = DIRTY_BYTES; fd >= 0 && left > 0; left -= sizeof(block))
		if (write(fd, block, sizeof(block)) != (ssize_t)sizeof(block)) {
			perror(caller->dirty);
			return -1;
		}
	return fd < 0 ? -1 : 0;
}

static int
caller_close(void *context)
{
	struct caller *caller = context;

	return session_close(caller->pamh);
}

static int
caller_await_gone(void *context)
{
	struct caller *caller = context;

	return gone_await(caller->removals, caller->state);
}

static int
take_option(struct caller *caller, const char *option)
{
	if (strcmp(option, "initgroups") == 0)
		caller->knows_groups = true;
	else if (strncmp(option, "dirty=", 6) == 0)
		caller->dirty = option + 6;
	else
		return -1;
	return 0;
}

int
main(int argc, char **argv)
{
	struct caller caller = { .removals = -1 };
	struct cycle cycle = {
		.start = caller_start,
		.open = caller_open,
		.before_close = caller_before_close,
		.close = caller_close,
		.await_gone = caller_await_gone,
		.context = &caller,
	};
	const struct passwd *pw = argc == 3 || argc == 4 ? getpwnam(argv[2]) : NULL;

	if (!pw || (argc == 4 && take_option(&caller, argv[3]) < 0)) {
		fprintf(stderr, "usage: caller SERVICE USER [initgroups | dirty=FILE]\n");
		return 2;
	}
	caller.service = argv[1];
	caller.user = argv[2];
	caller.gid = pw->pw_gid;
	(void)snprintf(caller.state, sizeof(caller.state), "%s/%u", PLACE_RUN, (unsigned)pw->pw_uid);
	caller.removals = gone_watch(PLACE_RUN);
	if (caller.removals < 0)
		return 1;
	int status = cycle_serve(&cycle);
	own_close(&caller.removals);
	return status;
}
