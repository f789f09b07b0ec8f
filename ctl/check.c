/*
 * ctrctl check: all faults of a policy at once.  A draft is judged by its text alone; where
 * that is right, root is also told what would keep logins from using it.
 */
#include "ctl/check.h"

#include "container/quota.h"
#include "ctl/command.h"
#include "ctl/devices.h"
#include "ctl/filters.h"
#include "ctl/json.h"
#include "ctl/login.h"
#include "ctl/mounts.h"
#include "lib/own.h"
#include "lib/places.h"
#include "lib/text.h"
#include "policy/plan.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* A CPU, a capability that is not there: of a draft for another machine it is told, no more. */
static int
check_values(const struct policy_text *text, bool is_draft)
{
	struct subject anybody = SUBJECT_INIT;
	struct policy_faults faults = POLICY_FAULTS_INIT;
	struct machine machine;
	struct error err = ERROR_INIT;

	login_fill_anybody(&anybody);
	if (machine_read(&machine, &err) < 0)
		return complain_error("check", &err);
	if (policy_check_machine(text, &anybody, &machine, &faults) == 0)
		return CTL_OK;
	for (size_t i = 0; i < faults.count; i++)
		if (is_draft)
			(void)complain(CTL_NO, "note: on this machine: %s", faults.item[i]);
		else
			complain_line(faults.item[i]);
	policy_faults_free(&faults);
	return is_draft ? CTL_OK : CTL_NO;
}

/* A limit on a kept home, where none can be set, refuses logins; told where [default] has one. */
static void
note_quota(const struct policy *policy)
{
	struct error err = ERROR_INIT;
	char why[640];
	bool is_kept = policy->home == HOME_OVERLAY || policy->home == HOME_TEMPLATE;
	autofd int lib = -1;

	if ((!is_kept || policy->home_size == 0) && (policy->root != ROOT_OVERLAY || policy->root_size == 0))
		return;
	lib = open(PLACE_LIB, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lib < 0 && errno == ENOENT)
		lib = open("/var/lib", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lib >= 0 && quota_check(lib, &err) < 0)
		(void)complain(CTL_NO, "note: on this machine, logins with home_size or root_size would be refused: " PLACE_LIB
		    ": %s", error_render(&err, why, sizeof(why)));
}

/* What the policy names has to be there, unless it says that it need not. */
static void
note_paths(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->step[i];
		const char *path = step->kind == STEP_BIND || step->kind == STEP_HOME ? step->source : step->target;

		if ((step->kind != STEP_HIDE && step->kind != STEP_READ_ONLY && step->kind != STEP_WRITABLE &&
			step->kind != STEP_BIND && (step->kind != STEP_HOME || step->home != HOME_TEMPLATE)) ||
		    step->flags & STEP_F_OPTIONAL || strncmp(step->because, "policy: ", 8) != 0)
			continue;
		if (access(path, F_OK) < 0 && errno == ENOENT)
			(void)complain(CTL_NO, "note: on this machine, logins would be refused: %s: %s does not exist",
			    step->because + 8, path);
	}
}

/* With nobody exempt the host has root alone, and a fault in the policy nobody but root to mend it. */
static void
note_exempt(const struct policy *policy)
{
	for (size_t i = 0; i < policy->exempt_names.count; i++) {
		const char *name = policy->exempt_names.item[i];

		if (name[0] == '@' ? getgrnam(name + 1) != NULL : getpwnam(name) != NULL && strcmp(name, "root") != 0)
			return;
	}
	(void)complain(CTL_NO, "note: exempt names nobody on this machine but root, who always is: administrators "
	    "are contained, too");
}

/* What is in a tmpfs is memory that no kill gives back. */
static void
note_tmpfs(const struct policy *policy)
{
	const struct {
		const char *key;
		uint64_t size;
	} tmpfs[] = {
		{ "tmp_size", policy->tmp_size },
		{ "shm_size", policy->shm_size },
		{ "runtime_size", policy->runtime_size },
	};
	const char *limit = policy->limits.value[LIMIT_MEMORY_MAX];
	uint64_t max;

	if (!limit || !text_to_number(limit, UINT64_MAX, &max))
		return;
	for (size_t i = 0; i < sizeof(tmpfs) / sizeof(tmpfs[0]); i++)
		if (tmpfs[i].size >= max)
			(void)complain(CTL_NO, "note: %s is not below memory.max: a user who fills it has no memory left, "
			    "and killing programs gives none back", tmpfs[i].key);
}

/* What only the plan shows: a limit that this kernel lacks.  text is gone with it. */
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
	else if (login->machine.core == CORE_TO_SOCKET)
		(void)complain(CTL_NO, "note: this host's kernel.core_pattern is a socket: what crashes in a "
		    "login is sent to it, whatever rlimit.core says");
	if (login) {
		note_exempt(&login->policy);
		note_tmpfs(&login->policy);
	}
	if (login && geteuid() == 0) {
		note_quota(&login->policy);
		note_paths(&plan);
	}
	plan_free(&plan);
	login_free(login);
}

/* What is no fault of the policy's text (of a filter's, or a note) is on standard error. */
static void
print_json(const char *path, bool is_good, const struct policy_faults *faults)
{
	struct json json = { .out = stdout };

	json_object(&json, NULL);
	json_text(&json, "file", path);
	json_yes_no(&json, "good", is_good);
	json_list(&json, "faults");
	for (size_t i = 0; i < faults->count; i++)
		json_text(&json, NULL, faults->item[i]);
	json_list_end(&json);
	json_object_end(&json);
}

int
check_parsed(struct policy_text *text, bool is_draft)
{
	int code = check_values(text, is_draft);

	if (code == CTL_OK)
		code = filters_check(text);
	if (code != CTL_OK) {
		policy_text_free(text);
		return code;
	}
	devices_note(text);
	note_machine(text);
	return CTL_OK;
}

int
command_check(const struct options *options)
{
	struct policy_faults faults = POLICY_FAULTS_INIT;
	struct error err = ERROR_INIT;
	const char *path = options->operand[0] ? options->operand[0] : PLACE_POLICY;
	struct policy_text *text = login_load(options->operand[0], &faults, &err);

	if (!text) {
		if (options->json && faults.count > 0)
			print_json(path, false, &faults);
		else
			login_print_faults(&faults, &err);
		policy_faults_free(&faults);
		return output_end(CTL_NO);
	}
	if (options->operand[0] && geteuid() == 0)
		note_trust(path);
	int code = check_parsed(text, options->operand[0] && strcmp(path, PLACE_POLICY) != 0);
	if (code != CTL_OK) {
		if (options->json)
			print_json(path, false, &faults);
		return output_end(code);
	}
	if (geteuid() == 0)
		mounts_note();
	if (options->json)
		print_json(path, true, &faults);
	else
		(void)printf("%s: no faults\n", path);
	return output_end(CTL_OK);
}
