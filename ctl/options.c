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

#define FIELD(name) offsetof(struct options, name)
const struct option_spelling option_spellings[] = {
	{ "--json", 0, OPTION_JSON, FIELD(json), NULL },
	{ "--config", 0, OPTION_CONFIG, FIELD(config), "path" },
	{ "--nesting", 0, OPTION_NESTING, FIELD(nesting), NULL },
	{ "--textfile", 0, OPTION_TEXTFILE, FIELD(textfile), "path" },
	{ "--batch", 'b', OPTION_TOP, FIELD(batch), NULL },
	{ "--count", 'n', OPTION_TOP, FIELD(count), "number" },
	{ "--delay", 'd', OPTION_TOP, FIELD(delay), "time" },
	{ "--sort", 's', OPTION_TOP, FIELD(sort), "key" },
	{ "--session", 0, OPTION_SESSION, FIELD(session), "id" },
	{ "--keep", 0, OPTION_KEEP, FIELD(keep), NULL },
	{ "--follow", 'f', OPTION_FOLLOW, FIELD(follow), NULL },
	{ "--file", 0, OPTION_FILE, FIELD(file), "path" },
	{ "--kill", 0, OPTION_HOME, FIELD(kill), NULL },
	{ "--live", 0, OPTION_HOME, FIELD(live), NULL },
	{ "--changes", 0, OPTION_HOME, FIELD(changes), NULL },
	{ "--output", 'o', OPTION_HOME, FIELD(output), "file" },
	{ "--verbose", 'v', OPTION_VERBOSE, FIELD(verbose), NULL },
	{ "--dry-run", 'n', OPTION_DRY, FIELD(dry), NULL },
	{ NULL, 0, OPTION_JSON, 0, NULL },
};
#undef FIELD

static bool
is_option(const char *text, const struct option_spelling *option)
{
	size_t length = strlen(option->name);

	if (option->letter && text[1] == option->letter && text[2] == '\0')
		return true;
	return strncmp(text, option->name, length) == 0 &&
	    (text[length] == '\0' || (text[length] == '=' && option->value));
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
	for (const struct option_spelling *option = option_spellings; option->name; option++) {
		void *field = (char *)options + option->field;
		if (!(command->takes & (unsigned)option->takes) || !is_option(text, option))
			continue;
		if (!option->value) {
			*(bool *)field = true;
			return 0;
		}
		const char *value = option_value(text, argv, argc, index);
		*(const char **)field = value;
		return value ? 0 : error_set(err, 0, "%s: the %s is missing", option->name, option->value);
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
