/*
 * ctrctl devices: the supervisors' helper, asked once.  A login finds the same.
 */
#include "ctl/devices.h"

#include "ctl/command.h"
#include "ctl/json.h"
#include "ctl/login.h"
#include "lib/places.h"
#include "policy/device_rule.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define UDEVD "/run/udev/control"

static int
run_helper(char **argv, int out)
{
	static char *const nothing[] = { NULL };
	posix_spawn_file_actions_t actions;
	pid_t child;
	int status = -1;

	(void)posix_spawn_file_actions_init(&actions);
	if (out >= 0)
		(void)posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	errno = posix_spawn(&child, argv[0], &actions, NULL, argv, nothing);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (errno != 0)
		return complain(CTL_FAILED, "devices: %s: %s", argv[0], strerror(errno));
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? CTL_OK : CTL_FAILED;
}

/* "/dev/NODE c 1:3 rw..." as the helper prints it; names have no blanks in them. */
static void
put_device(char *line, struct json *json)
{
	char *rest = line;
	const char *node = strsep(&rest, " "), *type = strsep(&rest, " "), *number = strsep(&rest, " ");

	if (!rest)
		return;
	json_object(json, NULL);
	json_text(json, "node", node);
	json_text(json, "type", *type == 'b' ? "block" : "character");
	json_text(json, "number", number);
	json_text(json, "access", rest);
	json_object_end(json);
}

/* By way of a file, which holds however much it is. */
static int
print_json(char **argv)
{
	struct json json = { .out = stdout };
	char *line = NULL;
	size_t size = 0;
	FILE *file = tmpfile();

	if (!file)
		return complain(CTL_FAILED, "devices: %s", strerror(errno));
	int code = run_helper(argv, fileno(file));
	rewind(file);
	json_list(&json, NULL);
	while (getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		put_device(line, &json);
	}
	json_list_end(&json);
	free(line);
	(void)fclose(file);
	return code;
}

static int
list_rules(char **rule, size_t count, bool as_json)
{
	char **argv = calloc(count + 3, sizeof(*argv));
	char path[] = PLACE_DEVICES, list[] = "-l";

	if (!argv)
		return complain(CTL_FAILED, "devices: no memory");
	argv[0] = path;
	argv[1] = list;
	memcpy(argv + 2, rule, count * sizeof(*rule));
	int code = as_json ? print_json(argv) : run_helper(argv, -1);
	free(argv);
	return code;
}

static int
list_of_user(const struct options *options)
{
	int code;
	struct login *login = login_resolve("devices", options->operand[0], NULL, options->config, &code);

	if (!login)
		return code;
	const struct text_list *rules = &login->policy.devices;
	if (login->policy.exempt)
		code = complain(CTL_NO, "devices: %s is exempt, and has the host's", login->subject.user);
	else if (rules->count == 0)
		code = complain(CTL_NO, "devices: no rule gives %s any", login->subject.user);
	else
		code = list_rules(rules->item, rules->count, options->json);
	login_free(login);
	return code;
}

int
command_devices(const struct options *options)
{
	char all[] = "allow sysname=*", *rule = all;

	return output_end(options->operand[0] ? list_of_user(options) : list_rules(&rule, 1, options->json));
}

static void
note_line(const struct origin *origin, const char *reason)
{
	char text[640];

	(void)snprintf(text, sizeof(text), "note: %s:%u: devices: %s", origin->file, origin->line, reason);
	complain_line(text);
}

static void
note_rule(const char *text, const struct origin *origin)
{
	struct device_rule rule;
	char reason[256];

	if (!device_rule_parse(text, &rule, reason, sizeof(reason)))
		return;
	const char *wanted = device_rule_wants_udevd(&rule);
	if (!wanted)
		return;
	(void)snprintf(reason, sizeof(reason), "\"%.60s\" is what udevd tells, and none runs: the rule %s; "
	    "use attr{...} or attrs{...}", wanted, rule.allows ? "matches nothing" :
	    "denies all that the rest of it matches");
	note_line(origin, reason);
}

static void
note_value(const char *value, const struct origin *origin, void *context)
{
	bool *has_udevd = context;
	char *copy = origin && !*has_udevd ? strdup(value) : NULL, *cursor = NULL;

	if (!copy)
		return;
	for (char *rule = strtok_r(copy, ",", &cursor); rule; rule = strtok_r(NULL, ",", &cursor))
		note_rule(rule, origin);
	free(copy);
}

void
devices_note(const struct policy_text *text)
{
	bool has_udevd = access(UDEVD, F_OK) == 0;
	struct machine machine;
	struct error ignored = ERROR_INIT;

	policy_each_value(text, POLICY_KEY_DEVICES, note_value, &has_udevd);
	if (machine_read(&machine, &ignored) == 0 && !machine.unified[0] &&
	    machine.place[CONTROLLER_DEVICES].version == CGROUP_NONE)
		(void)complain(CTL_OK, "note: there is neither cgroup2 nor v1's devices controller, which would "
		    "hold logins to rules of devices: those that have some are refused");
}
