/*
 * ctrctl boot: what a host needs before logins come, whichever init calls it: a cgroup tree and
 * /run/pam_ctr, what an earlier life left swept, the policy judged, filters compiled.  Each part
 * does what is missing and keeps no other from its work, so that it may be called at any time.
 */
#include "ctl/check.h"
#include "ctl/command.h"
#include "ctl/gc.h"
#include "ctl/login.h"
#include "container/cgroup_step.h"
#include "container/host.h"
#include "lib/places.h"
#include "policy/plan_boot.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

/* As path_make_private() would leave it. */
static bool
has_run(void)
{
	struct stat st;

	return lstat(PLACE_RUN, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == 0 &&
	    (st.st_mode & 07777) == 0700;
}

/* One that was only expected, of a tree that was not mounted, may be none of this kernel's. */
static bool
is_passed_over(const struct step *step, const struct error *err)
{
	return step->flags & STEP_F_OPTIONAL && (err->errnum == ENOENT || err->errnum == EINVAL);
}

static int
run_step(struct step *step, bool verbose)
{
	struct error err = ERROR_INIT;
	int rc = step->kind == STEP_CGROUP_ENABLE ? cgroup_step_run(step, &err) :
	    host_step_run(step, &err);

	if (rc < 0 && !is_passed_over(step, &err))
		return complain_error("boot", &err);
	if (rc == 0 && verbose)
		plan_print(&(struct plan){ .step = step, .count = 1 }, stdout);
	return CTL_OK;
}

/* The host's part; with dry nothing is done, and there being something to do is CTL_NO. */
static int
set_up_host(bool dry, bool verbose)
{
	struct error err = ERROR_INIT;
	struct plan plan = PLAN_INIT;
	struct cgroup_host host;
	int code = CTL_OK, one;

	if (cgroup_host_read(&host, &err) < 0 ||
	    plan_boot(&host, PLACE_RUN, has_run(), &plan, &err) < 0)
		return complain_error("boot", &err);
	if (verbose && host.kind == CGROUP_HOST_FOREIGN)
		(void)printf("# cgroups are left alone: %s\n", host.why);
	if (verbose && plan.count == 0)
		(void)printf("# the host has what it needs\n");
	if (dry) {
		plan_print(&plan, stdout);
		code = plan.count ? CTL_NO : CTL_OK;
	}
	for (size_t i = 0; i < plan.count && !dry; i++) {
		one = run_step(&plan.step[i], verbose);
		code = one > code ? one : code;
	}
	plan_free(&plan);
	return code;
}

/*
 * The cgroups that it names swept, the policy as logins will find it, and filters of all that it
 * names in the cache.  Where it does not say what the cgroups are called, none are looked for.
 */
static int
use_policy(const char *config)
{
	struct policy_faults faults = POLICY_FAULTS_INIT;
	struct error err = ERROR_INIT;
	struct policy_text *text = login_load(config, &faults, &err);
	int swept = text ? gc_cgroups(config, NULL) : CTL_OK;
	int code = text ? check_parsed(text, false) : CTL_NO;

	if (!text)
		login_print_faults(&faults, &err);
	policy_faults_free(&faults);
	if (code == CTL_NO)
		(void)complain(CTL_NO, "boot: THE POLICY IS AT FAULT: logins are refused, but those of root and "
		    "of exempt users, until it is mended: see ctrctl check");
	return swept > code ? swept : code;
}

int
command_boot(const struct options *options)
{
	int code = caller_check("boot"), one;

	if (code != CTL_OK)
		return code;
	code = set_up_host(options->dry, options->verbose);
	if (options->dry)
		return output_end(code);
	one = gc_containers(NULL);
	code = one > code ? one : code;
	one = use_policy(options->config);
	code = one > code ? one : code;
	if (options->verbose && code == CTL_OK)
		(void)printf("# nothing of an earlier life is left, and the policy has no faults\n");
	return output_end(code);
}
