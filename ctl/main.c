/*
 * ctrctl COMMAND ...: finds the subcommand in its table and runs it.
 */
#include "ctl/ctl.h"

#include <string.h>
#include <unistd.h>

static const struct command commands[] = {
	{ "list", "[--json]", "all containers: use against limits, sessions, age", command_list, true },
	{ "show", "USER [--json]", "one container, everything about it", command_show, true },
	{ "explain", "USER [SERVICE] [--config FILE]",
	    "the resolved policy, and the file:line each value comes from", command_explain, false },
	{ "plan", "USER [SERVICE] [--config FILE]",
	    "the steps that would be run at the next first login; nothing is done", command_plan, false },
	{ "check", "[FILE]", "all faults of the policy; FILE may be anybody's copy", command_check, false },
	{ "enter", "USER [-- COMMAND ...]", "a shell, or COMMAND, as USER in its container", command_enter,
	    true },
	{ "kill", "USER", "end USER's container, and wait until it is gone", command_kill, true },
	{ "gc", "", "adopt containers whose supervisor died; clear away what is dead", command_gc, true },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int
usage(FILE *out, int code)
{
	(void)fputs("usage: ctrctl COMMAND ...\n\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		(void)fprintf(out, "  %-8s%-32s%s\n", commands[i].name, commands[i].synopsis, commands[i].help);
	(void)fputs("\nUSER is a name or a uid.  ctrctl COMMAND --help tells about one; ctrctl(8) about all.\n"
	    "exit: 0 done, 1 no (no container, faults in the policy), 2 usage, 3 needs root, 4 failed\n", out);
	return code;
}

static int
usage_of(const struct command *command, FILE *out, int code)
{
	(void)fprintf(out, "usage: ctrctl %s %s\n  %s\n", command->name, command->synopsis, command->help);
	return code;
}

static const struct command *
find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

int
main(int argc, char **argv)
{
	if (argc < 2)
		return usage(stderr, CTL_USAGE);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return usage(stdout, CTL_OK);
	const struct command *command = find(argv[1]);
	if (!command) {
		(void)ctl_complain(CTL_USAGE, "unknown command %s", argv[1]);
		return usage(stderr, CTL_USAGE);
	}
	argc--, argv++;
	if (ctl_flag(&argc, argv, "--help"))
		return usage_of(command, stdout, CTL_OK);
	if (command->needs_root && geteuid() != 0)
		return ctl_complain(CTL_PERMISSION, "%s: this needs root", command->name);
	int code = command->run(argc, argv);
	if (code == -1)
		return usage_of(command, stderr, CTL_USAGE);
	if (fflush(stdout) != 0)
		return ctl_complain(CTL_FAILED, "standard output can't be written");
	return code;
}
