/*
 * ctrctl check: all faults of a policy at once.  A draft is judged by its text alone; where
 * that is right, root is also told what would keep logins from using it.
 */
#include "ctl/command.h"
#include "ctl/login.h"
#include "ctl/mounts.h"
#include "lib/places.h"
#include "policy/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Logins take only files that nobody but root can have written; a draft need not be one. */
static void
note_trust(const char *path)
{
	struct error err = ERROR_INIT;
	char text[640], *full = realpath(path, NULL);
	struct policy_text *trusted = policy_load(full ? full : path, true, NULL, &err);

	free(full);
	if (!trusted)
		(void)complain(CTL_NO, "note: as it is, logins would not use it: %s",
		    error_render(&err, text, sizeof(text)));
	policy_text_free(trusted);
}

/* What only this machine shows: a limit that its kernel lacks, a CPU that is not there. */
static void
note_machine(struct policy_text *text)
{
	static const struct plan_places places = { .run = PLACE_RUN, .lib = PLACE_LIB };
	struct error err = ERROR_INIT;
	struct plan plan = PLAN_INIT;
	char why[640];
	struct login *login = login_anybody(text, &err);

	if (!login || plan_build(&login->policy, &login->subject, &login->machine, &places, &plan,
	    &err) < 0)
		(void)complain(CTL_NO, "note: on this machine, logins that [default] is for would be "
		    "refused: %s", error_render(&err, why, sizeof(why)));
	plan_free(&plan);
	login_free(login);
}

int
command_check(const struct options *options)
{
	struct policy_faults faults = POLICY_FAULTS_INIT;
	struct error err = ERROR_INIT;
	const char *path = options->operand[0] ? options->operand[0] : PLACE_POLICY;
	struct policy_text *text = login_load(options->operand[0], &faults, &err);

	if (!text) {
		login_print_faults(&faults, &err);
		policy_faults_free(&faults);
		return CTL_NO;
	}
	if (options->operand[0] && geteuid() == 0)
		note_trust(path);
	note_machine(text);
	if (geteuid() == 0)
		mounts_note();
	(void)printf("%s: no faults\n", path);
	return output_end(CTL_OK);
}
