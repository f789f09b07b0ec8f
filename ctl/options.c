/*
 * The command line of a subcommand -> struct options.  Pure.
 */
#include "ctl/command.h"

#include <string.h>

/* The value of "--config PATH" or "--config=PATH"; NULL: it is missing. */
static const char *
option_value(const char *option, char **argv, int argc, int *index)
{
	const char *equals = strchr(option, '=');

	if (equals)
		return equals[1] ? equals + 1 : NULL;
	return *index + 1 < argc ? argv[++*index] : NULL;
}

static bool
is_option(const char *text, const char *name)
{
	size_t length = strlen(name);

	return strncmp(text, name, length) == 0 && (text[length] == '\0' || text[length] == '=');
}

/* A "-x" or "--long"; *index moves on where the next word is its value. */
static int
take_option(const struct command *command, char **argv, int argc, int *index,
    struct options *options, struct error *err)
{
	const char *text = argv[*index];

	if (!strcmp(text, "--help") || !strcmp(text, "-h")) {
		options->help = true;
		return 0;
	}
	if (!strcmp(text, "--json") && command->takes & OPTION_JSON) {
		options->json = true;
		return 0;
	}
	if (!strcmp(text, "--nesting") && command->takes & OPTION_NESTING) {
		options->nesting = true;
		return 0;
	}
	if (is_option(text, "--config") && command->takes & OPTION_CONFIG) {
		options->config = option_value(text, argv, argc, index);
		return options->config ? 0 : error_set(err, 0, "--config: the path is missing");
	}
	return error_set(err, 0, "%s: no such option", text);
}

static int
take_command(const struct command *command, char **rest, struct options *options,
    struct error *err)
{
	if (!(command->takes & OPTION_COMMAND))
		return rest[0] ? error_set(err, 0, "%s: too much", rest[0]) : 0;
	options->command = rest[0] ? rest : NULL;
	return rest[0] ? 0 : error_set(err, 0, "--: a command is missing after it");
}

static int
check_count(const struct command *command, int count, struct error *err)
{
	if (count < command->least)
		return error_set(err, 0, "something is missing");
	return 0;
}

int
options_parse(const struct command *command, int argc, char **argv, struct options *options,
    struct error *err)
{
	int count = 0, i;

	*options = (struct options) { .help = false };
	for (i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (argv[i][0] == '-' && argv[i][1]) {
			if (take_option(command, argv, argc, &i, options, err) < 0)
				return -1;
			continue;
		}
		if (count == command->most)
			return error_set(err, 0, "%s: too much%s", argv[i],
			    command->takes & OPTION_COMMAND ? " (a command is to follow --)" : "");
		options->operand[count++] = argv[i];
	}
	if (options->help)
		return 0;
	if (i < argc && take_command(command, argv + i + 1, options, err) < 0)
		return -1;
	return check_count(command, count, err);
}
