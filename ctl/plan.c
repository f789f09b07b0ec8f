/*
 * ctrctl plan: the steps that the supervisor would run for a login.  Runs none of them.
 */
#include "ctl/command.h"
#include "ctl/login.h"
#include "ctl/printed.h"
#include "lib/places.h"
#include "lib/subid.h"
#include "policy/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Not allotted here: that is the first login's business. */
static void
find_subids(struct login *login, bool as_json)
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
	} else if (!as_json) {
		(void)printf("# the subordinate ids are allotted at the first login\n");
	}
}

static int
print_json(const struct login *login, const struct plan *plan)
{
	struct json json = { .out = stdout };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return complain(CTL_FAILED, "plan: no memory");
	plan_print(plan, out);
	int code = fclose(out) == 0 ? CTL_OK : complain(CTL_FAILED, "plan: no memory");
	json_object(&json, NULL);
	login_json(login, &json);
	json_list(&json, "steps");
	if (code == CTL_OK)
		printed_plan_json(text, &json);
	json_list_end(&json);
	json_object_end(&json);
	free(text);
	return code;
}

static int
print_plan(struct login *login, bool as_json)
{
	static const struct plan_places places = { .run = PLACE_RUN, .lib = PLACE_LIB };
	struct error err = ERROR_INIT;
	struct plan plan = PLAN_INIT;

	find_subids(login, as_json);
	if (plan_build(&login->policy, &login->subject, &login->machine, &places, &plan, &err) < 0)
		return complain_error("plan", &err);
	int code = CTL_OK;
	if (as_json) {
		code = print_json(login, &plan);
	} else {
		(void)printf("# user %s, uid %u, service %s\n", login->subject.user,
		    (unsigned)login->subject.uid, login->subject.service);
		plan_print(&plan, stdout);
	}
	plan_free(&plan);
	return code;
}

int
command_plan(const struct options *options)
{
	int code;
	struct login *login = login_resolve("plan", options->operand[0], options->operand[1],
	    options->config, &code);

	if (!login)
		return code;
	if (login->policy.exempt && options->json) {
		const struct plan none = PLAN_INIT;
		code = print_json(login, &none);
	} else if (login->policy.exempt) {
		(void)printf("# user %s, uid %u, service %s: exempt, nothing is built\n",
		    login->subject.user, (unsigned)login->subject.uid, login->subject.service);
		code = CTL_OK;
	} else {
		code = print_plan(login, options->json);
	}
	login_free(login);
	return output_end(code);
}
