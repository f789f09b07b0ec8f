/*
 * ctrctl explain, plan and check: the policy as text, nothing done.
 */
#include "ctl/ctl.h"
#include "lib/places.h"
#include "policy/plan.h"

#include <unistd.h>

#define DEFAULT_SERVICE "sshd"

/* "USER [SERVICE] [--config FILE]"; -1: not so. */
static int
resolve_arguments(int argc, char **argv, struct resolved *resolved, int *code)
{
	const char *path = ctl_option(&argc, argv, "--config", PLACE_POLICY);

	if (argc < 2 || argc > 3)
		return -1;
	*code = ctl_resolve(argv[1], argc == 3 ? argv[2] : DEFAULT_SERVICE, path, resolved);
	return 0;
}

static int
say_exempt(const struct resolved *resolved)
{
	(void)printf("user %s is exempt%s: not contained\n", resolved->subject->user,
	    resolved->subject->uid == 0 ? " (uid 0 always is)" : "");
	return CTL_OK;
}

int
command_explain(int argc, char **argv)
{
	struct resolved resolved = { .policy = POLICY_INIT };
	int code;

	if (resolve_arguments(argc, argv, &resolved, &code) < 0)
		return -1;
	if (code == CTL_OK && resolved.policy.exempt)
		code = say_exempt(&resolved);
	else if (code == CTL_OK)
		policy_explain(resolved.text, &resolved.policy, stdout);
	ctl_resolved_free(&resolved);
	return code;
}

static int
print_plan(const struct resolved *resolved)
{
	static const struct plan_places places = { .run = PLACE_RUN, .lib = PLACE_LIB };
	struct plan plan = PLAN_INIT;
	struct error err = ERROR_INIT;

	if (plan_build(&resolved->policy, resolved->subject, &resolved->machine, &places, &plan,
	        &err) < 0)
		return ctl_fail(&err);
	plan_print(&plan, stdout);
	plan_free(&plan);
	return CTL_OK;
}

int
command_plan(int argc, char **argv)
{
	struct resolved resolved = { .policy = POLICY_INIT };
	int code;

	if (resolve_arguments(argc, argv, &resolved, &code) < 0)
		return -1;
	if (code == CTL_OK)
		code = resolved.policy.exempt ? say_exempt(&resolved) : print_plan(&resolved);
	ctl_resolved_free(&resolved);
	return code;
}

/*
 * The installed policy is judged as the supervisor will, owners and modes included (as far as
 * one may look); a named FILE is a copy, and only its text counts.
 */
int
command_check(int argc, char **argv)
{
	struct policy_faults faults = POLICY_FAULTS_INIT;
	struct error err = ERROR_INIT;
	const char *path = argc == 2 ? argv[1] : PLACE_POLICY;

	if (argc > 2)
		return -1;
	struct policy_text *text = policy_load(path, argc == 1, &faults, &err);
	for (size_t i = 0; i < faults.count; i++)
		(void)printf("%s\n", faults.item[i]);
	if (!text && faults.count == 0)
		(void)ctl_fail(&err);
	if (text)
		(void)printf("%s: no fault found\n", path);
	policy_faults_free(&faults);
	policy_text_free(text);
	return text ? CTL_OK : CTL_NO;
}
