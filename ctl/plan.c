/*
 * ctrctl plan: the steps that the supervisor would run for a login.  Runs none of them.
 */
#include "ctl/command.h"
#include "ctl/login.h"
#include "lib/places.h"
#include "lib/subid.h"
#include "policy/plan.h"

#include <errno.h>
#include <stdio.h>

/* Not allotted here: that is the first login's business. */
static void
find_subids(struct login *login)
{
	struct error err = ERROR_INIT;
	struct subid_range range;
	char why[640];

	if (login->policy.userns == USERNS_HOST)
		return;
	if (subid_find(login->subject.user, login->subject.uid, &range, &err) == 0) {
		login->subject.subuid = range.uid;
		login->subject.subgid = range.gid;
	} else if (err.errnum != ENOENT) {
		(void)complain(CTL_NO, "note: %s", error_render(&err, why, sizeof(why)));
	} else {
		(void)printf("# the subordinate ids are allotted at the first login\n");
	}
}

static int
print_plan(struct login *login)
{
	static const struct plan_places places = { .run = PLACE_RUN, .lib = PLACE_LIB };
	struct error err = ERROR_INIT;
	struct plan plan = PLAN_INIT;

	find_subids(login);
	if (plan_build(&login->policy, &login->subject, &login->machine, &places, &plan, &err) < 0)
		return complain_error("plan", &err);
	(void)printf("# user %s, uid %u, service %s\n", login->subject.user,
	    (unsigned)login->subject.uid, login->subject.service);
	plan_print(&plan, stdout);
	plan_free(&plan);
	return CTL_OK;
}

int
command_plan(const struct options *options)
{
	int code;
	struct login *login = login_resolve("plan", options->operand[0], options->operand[1],
	    options->config, &code);

	if (!login)
		return code;
	if (login->policy.exempt) {
		(void)printf("# user %s, uid %u, service %s: exempt, nothing is built\n",
		    login->subject.user, (unsigned)login->subject.uid, login->subject.service);
		code = CTL_OK;
	} else {
		code = print_plan(login);
	}
	login_free(login);
	return output_end(code);
}
