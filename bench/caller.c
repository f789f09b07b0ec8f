/*
 * caller SERVICE USER [initgroups]: a minimal PAM application, for bench/run to measure the
 * sessions of one stack with.  Root's, inside a throw-away host; opens sessions and does
 * nothing in them.  initgroups: it has looked up the user's groups before, as su, login and cron
 * have and sshd's monitor has not; what the C library loads for that is then not the module's.
 */
#include "bench/cycle.h"
#include "lib/own.h"
#include "lib/places.h"

#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

struct caller {
	const char *service;
	const char *user;
	gid_t gid;
	bool knows_groups;
	pam_handle_t *pamh; /* the login's */
	char state[64];     /* what pam_ctr keeps of the user; removed when all is gone */
	int removals;       /* owned; inotify(7) on the directory above */
};

static int
conversation_print(int count, const struct pam_message **message, struct pam_response **response,
    void *data)
{
	(void)data;
	for (int i = 0; i < count; i++)
		fprintf(stderr, "caller: %s\n", message[i]->msg);
	*response = calloc((size_t)count, sizeof(**response));
	return *response ? PAM_SUCCESS : PAM_BUF_ERR;
}

static int
caller_check(const struct caller *caller, const char *call, int code)
{
	if (code == PAM_SUCCESS)
		return 0;
	fprintf(stderr, "caller: %s: %s: %s\n", caller->service, call, pam_strerror(caller->pamh, code));
	return -1;
}

static int
caller_start(void *context)
{
	static const struct pam_conv conversation = { conversation_print, NULL };
	struct caller *caller = context;

	if (caller->knows_groups && initgroups(caller->user, caller->gid) < 0) {
		perror("caller: initgroups");
		return -1;
	}
	return caller_check(caller, "start",
	    pam_start(caller->service, caller->user, &conversation, &caller->pamh));
}

static int
caller_open(void *context, bool first)
{
	struct caller *caller = context;

	(void)first;
	return caller_check(caller, "open", pam_open_session(caller->pamh, 0));
}

static int
caller_close(void *context)
{
	struct caller *caller = context;

	return caller_check(caller, "close", pam_close_session(caller->pamh, 0));
}

/* The supervisor's last act is to remove its directory: its containers' cgroups are gone then. */
static int
caller_await_gone(void *context)
{
	struct caller *caller = context;
	struct pollfd ready = { .fd = caller->removals, .events = POLLIN };
	char events[4096];

	while (access(caller->state, F_OK) == 0) {
		if (poll(&ready, 1, CYCLE_PATIENCE_MS) != 1) {
			fprintf(stderr, "caller: %s is still there\n", caller->state);
			return -1;
		}
		(void)!read(caller->removals, events, sizeof(events));
	}
	return 0;
}

int
main(int argc, char **argv)
{
	struct caller caller = { .removals = -1 };
	struct cycle cycle = {
		.start = caller_start,
		.open = caller_open,
		.close = caller_close,
		.await_gone = caller_await_gone,
		.context = &caller,
	};
	const struct passwd *pw = argc == 3 || argc == 4 ? getpwnam(argv[2]) : NULL;

	if (!pw || (argc == 4 && strcmp(argv[3], "initgroups") != 0)) {
		fprintf(stderr, "usage: caller SERVICE USER [initgroups]\n");
		return 2;
	}
	caller.service = argv[1];
	caller.user = argv[2];
	caller.gid = pw->pw_gid;
	caller.knows_groups = argc == 4;
	(void)snprintf(caller.state, sizeof(caller.state), "%s/%u", PLACE_RUN, (unsigned)pw->pw_uid);
	caller.removals = inotify_init1(IN_CLOEXEC);
	if (caller.removals < 0 || inotify_add_watch(caller.removals, PLACE_RUN, IN_DELETE) < 0) {
		perror("caller: watch " PLACE_RUN);
		return 1;
	}
	int status = cycle_serve(&cycle);
	own_close(&caller.removals);
	return status;
}
