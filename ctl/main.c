/*
 * ctrctl: the admin's tool.  Looks at containers through their records and cgroups, asks
 * their supervisors, and works policies out; builds nothing itself.  Most of it as root, on
 * the host; explain, plan and check as anybody.
 */
#include "ctl/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
print_usage(FILE *out)
{
	(void)fputs("usage: ctrctl COMMAND [OPTION...]\n\n", out);
	for (const struct command *command = commands; command->name; command++)
		(void)fprintf(out, "  %-8s %s\n", command->name, command->help);
	(void)fputs("\nctrctl COMMAND --help tells its options.  Exit status: 0 done, 1 no (not there,\n"
	    "faults), 2 usage, 3 not permitted, 4 failed.  See ctrctl(8).\n", out);
}

static const struct command *
find_command(const char *name)
{
	for (const struct command *command = commands; command->name; command++)
		if (!strcmp(command->name, name))
			return command;
	return NULL;
}

static int
print_help(const struct command *command)
{
	(void)printf("usage: ctrctl %s %s\n\n%s\n%s", command->name, command->synopsis,
	    command->help, command->details);
	return output_end(CTL_OK);
}

int
main(int argc, char **argv)
{
	const struct command *command;
	struct options options;
	struct error err = ERROR_INIT;

	if (argc < 2) {
		print_usage(stderr);
		return CTL_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		print_usage(stdout);
		return output_end(CTL_OK);
	}
	command = find_command(argv[1]);
	if (!command)
		return complain(CTL_USAGE, "%s: no such command: see ctrctl --help", argv[1]);
	if (options_parse(command, argc - 2, argv + 2, &options, &err) < 0) {
		(void)complain(CTL_USAGE, "%s: %s", command->name, err.text);
		(void)fprintf(stderr, "usage: ctrctl %s %s\n", command->name, command->synopsis);
		return CTL_USAGE;
	}
	return options.help ? print_help(command) : command->run(&options);
}
