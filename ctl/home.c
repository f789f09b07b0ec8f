/*
 * ctrctl home: what users changed of their homes, and what becomes of it.  As root, on the
 * host; the work itself is in home/.
 */
#include "ctl/home.h"

#include "ctl/json.h"
#include "ctl/users.h"
#include "lib/own.h"

#include <stdio.h>
#include <string.h>

static const struct verb {
	const char *name, *full_name;
	int (*run)(struct home *home);
	int (*show)(struct home *home, struct json *json); /* in place of run */
	int least, most;                                   /* operands after the user */
	bool needs_lower, is_for_one;
} verbs[] = {
	{ "status", "home status", NULL, home_status, 0, 0, false, false },
	{ "diff", "home diff", NULL, home_diff, 0, 0, false, false },
	{ "commit", "home commit", home_commit, NULL, 0, OPERANDS_MAX, true, false },
	{ "reset", "home reset", home_reset, NULL, 0, OPERANDS_MAX, false, false },
	{ "snapshot", "home snapshot", home_snapshot, NULL, 0, 1, false, false },
	{ "restore", "home restore", home_restore, NULL, 1, 1, false, false },
	{ "delete", "home delete", home_delete, NULL, 1, 1, false, false },
	{ "export", "home export", home_export, NULL, 0, 0, false, true },
};

static const struct verb *
find_verb(const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

static int
check_operands(const struct verb *verb, const struct options *options)
{
	int count = 0;

	while (options->operand[2 + count])
		count++;
	if (count < verb->least)
		return complain(CTL_USAGE, "%s: the name of a snapshot is missing (ctrctl home status lists "
		    "them)", verb->full_name);
	if (count > verb->most)
		return complain(CTL_USAGE, "%s: %s: too much", verb->full_name,
		    options->operand[2 + verb->most]);
	if (verb->is_for_one && options->operand[1][0] == '@')
		return complain(CTL_USAGE, "%s: one user at a time", verb->full_name);
	return CTL_OK;
}

static int
run_one(const struct verb *verb, const char *user, const struct options *options, struct json *json)
{
	struct home home;
	int code = home_open(&home, verb->full_name, user, options, verb->needs_lower);

	if (code == CTL_OK)
		code = verb->show ? verb->show(&home, json) : verb->run(&home);
	home_close(&home);
	return code;
}

/* Each is tried, whatever became of the one before; the exit code is the worst. */
static int
run_all(const struct verb *verb, const struct users *users, const struct options *options)
{
	struct json json = { .out = stdout };
	int code = CTL_OK;

	if (verb->show && options->json)
		json_list(&json, NULL);
	for (size_t i = 0; i < users->count && !ferror(stdout); i++) {
		int one = run_one(verb, users->name[i], options, &json);
		code = one > code ? one : code;
	}
	if (verb->show && options->json)
		json_list_end(&json);
	if (users->is_group && users->count == 0)
		return complain(CTL_NO, "%s: nobody of %s has anything kept", verb->full_name,
		    options->operand[1]);
	return code;
}

int
command_home(const struct options *options)
{
	struct error err = ERROR_INIT;
	struct users users = USERS_INIT;
	const struct verb *verb = find_verb(options->operand[0]);
	int code = caller_check("home");

	if (code != CTL_OK)
		return code;
	if (!verb)
		return complain(CTL_USAGE, "home: %s: it is one of status, diff, commit, reset, snapshot, restore, "
		    "delete, export", options->operand[0]);
	code = check_operands(verb, options);
	if (code != CTL_OK)
		return code;
	if (users_find(options->operand[1], &users, &err) < 0)
		code = err.errnum == ENOENT ? complain(CTL_NO, "%s: %s", verb->full_name, err.text)
		                            : complain_error(verb->full_name, &err);
	else
		code = run_all(verb, &users, options);
	users_free(&users);
	return output_end(code);
}
