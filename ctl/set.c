/*
 * ctrctl set: another value for a container that lives, by its supervisor; with --keep for the
 * next ones, too, by the policy.  The policy is judged first and written last: what can't be kept
 * is not set, and what could not be set is not kept.
 */
#include "ctl/account.h"
#include "ctl/changes.h"
#include "ctl/command.h"
#include "ctl/drop_in.h"
#include "ctl/view.h"
#include "lib/own.h"
#include "lib/places.h"
#include "lib/text.h"
#include "policy/live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct setting {
	struct order order;
	const char *const *lines;  /* "KEY=VALUE" each */
	size_t count;
	bool keep, as_json;
	bool lives;                /* there is a container */
	char policy[PATH_MAX];
	char service[64];
	struct drop_in drop_in;
};

static int
check_lines(const struct setting *setting)
{
	char key[64];
	const char *reason;

	for (size_t i = 0; i < setting->count; i++) {
		const char *line = setting->lines[i], *equals = strchr(line, '=');
		if (!equals || equals == line || strchr(line, '\n'))
			return complain(CTL_USAGE, "set: %s: is not KEY=VALUE", line);
		if (setting->keep && !equals[1])
			return complain(CTL_USAGE, "set: %s: --keep needs a value; \"none\" is one", line);
		if (text_format(key, sizeof(key), "%.*s", (int)(equals - line), line) < 0)
			return complain(CTL_NO, "set: %.60s: there is no such key", line);
		if (live_of(key, &reason) != LIVE_NOW)
			return complain(CTL_NO, "set: %s can't be set of a container that lives: %s", key, reason);
	}
	return CTL_OK;
}

static int
look_at_container(struct setting *setting)
{
	struct error err = ERROR_INIT;
	struct view view = VIEW_INIT;
	int rc = view_read(setting->order.uid, &view, &err);
	const char *policy = view.record.policy_path, *service = view.record.service;

	if (rc < 0)
		return complain_error("set", &err);
	setting->lives = rc == 0;
	int length = text_format(setting->policy, sizeof(setting->policy), "%s", setting->lives &&
	    policy[0] ? policy : PLACE_POLICY);
	(void)text_format(setting->service, sizeof(setting->service), "%s", setting->lives &&
	    service[0] ? service : "sshd");
	view_free(&view);
	if (!setting->lives && !setting->keep)
		return complain(CTL_NO, "set: %s has no container: with --keep the next one has it",
		    setting->order.user);
	return length < 0 ? complain(CTL_FAILED, "set: the policy's path is too long") : CTL_OK;
}

static int
prepare_drop_in(struct setting *setting)
{
	struct subject subject = SUBJECT_INIT;
	struct error err = ERROR_INIT;
	int code = account_subject(setting->order.user, setting->service, &subject, &err) < 0 ?
	    complain(CTL_NO, "set: %s", err.text) :
	    drop_in_prepare(&setting->drop_in, setting->policy, &subject, setting->lines, setting->count);

	subject_free(&subject);
	return code;
}

static int
order(const struct setting *setting, char *report)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return complain(CTL_FAILED, "set: no memory");
	for (size_t i = 0; i < setting->count; i++)
		(void)fprintf(out, "%s\n", setting->lines[i]);
	int code = fclose(out) != 0 ? complain(CTL_FAILED, "set: no memory") :
	    order_give(&setting->order, WIRE_SET, setting->keep ? WIRE_ORDER_KEEP : 0, text, report);
	free(text);
	return code;
}

static int
keep(struct setting *setting)
{
	struct error err = ERROR_INIT;

	if (drop_in_install(&setting->drop_in, &err) == 0)
		return CTL_OK;
	return complain(CTL_FAILED, "set: --keep: %s: %s%s", err.text, strerror(err.errnum),
	    setting->lives ? "; the container has it until the next reload" : "");
}

static void
print(const struct setting *setting, const char *report)
{
	struct json json = { .out = stdout };

	if (setting->as_json) {
		changes_json(&setting->order, report, false, setting->keep ? setting->drop_in.path : NULL,
		    &json);
		return;
	}
	if (setting->lives)
		changes_print(&setting->order, report, false, "has that already");
	if (setting->keep)
		(void)printf("%s: kept in %s\n", setting->order.user, setting->drop_in.path);
}

static int
set(struct setting *setting, char *report)
{
	int code = order_prepare("set", setting->order.user, &setting->order);

	report[0] = '\0';
	if (code == CTL_OK)
		code = check_lines(setting);
	if (code == CTL_OK)
		code = look_at_container(setting);
	if (code == CTL_OK && setting->keep)
		code = prepare_drop_in(setting);
	if (code == CTL_OK && setting->lives)
		code = order(setting, report);
	if (code == CTL_OK && setting->keep)
		code = keep(setting);
	return code;
}

int
command_set(const struct options *options)
{
	struct setting setting = {
		.order = { .user = options->operand[0] },
		.lines = options->operand + 1,
		.keep = options->keep,
		.as_json = options->json,
		.drop_in = DROP_IN_INIT,
	};
	autofree char *report = malloc(WIRE_TEXT_MAX);

	while (setting.lines[setting.count])
		setting.count++;
	int code = report ? set(&setting, report) : complain(CTL_FAILED, "set: no memory");
	if (code == CTL_OK)
		print(&setting, report);
	drop_in_free(&setting.drop_in);
	return output_end(code);
}
