/*
 * ctrctl kill: asks the supervisor to end the container, and waits until nothing is left.
 * One whose supervisor died gets a new one, which ends it.
 */
#include "ctl/account.h"
#include "ctl/command.h"
#include "ctl/kill.h"
#include "ctl/view.h"
#include "lib/client.h"

#include <limits.h>
#include <stdio.h>

/* Beside the policy's grace: callers have two seconds, and a loaded machine its time. */
#define KILL_MS 30000

static int
kill_timeout(uid_t uid)
{
	struct error ignored = ERROR_INIT;
	struct view view = VIEW_INIT;
	int ms = KILL_MS;

	if (view_read(uid, &view, &ignored) == 0 &&
	    view.record.grace < (unsigned)(INT_MAX - KILL_MS) / 1000)
		ms += (int)view.record.grace * 1000;
	view_free(&view);
	return ms;
}

int
kill_container(uid_t uid, bool *existed, struct error *err)
{
	return client_end(uid, kill_timeout(uid), existed, err);
}

int
command_kill(const struct options *options)
{
	struct error err = ERROR_INIT;
	bool existed;
	uid_t uid;
	int code = caller_check("kill");

	if (code != CTL_OK)
		return code;
	if (account_uid(options->operand[0], &uid, &err) < 0)
		return complain(CTL_NO, "kill: %s", err.text);
	if (kill_container(uid, &existed, &err) < 0)
		return complain_error("kill", &err);
	if (!existed)
		return complain(CTL_NO, "kill: %s has no container", options->operand[0]);
	(void)printf("%s: ended\n", options->operand[0]);
	return output_end(CTL_OK);
}
