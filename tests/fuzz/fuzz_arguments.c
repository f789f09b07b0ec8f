/*
 * ctrctl's command line, of each subcommand, and the arguments of the PAM module's line.  What is
 * taken must be what was given, and no more of it than a subcommand has room for.
 * An input: the number of a subcommand (one byte), then words with a newline behind each.
 */
#include "fuzz.h"

#include "ctl/command.h"
#include "lib/own.h"
#include "pam_ctr/arguments.h"

#include <string.h>

#define WORDS_MAX 80

static bool
is_within(const char *text, char *const *argv, int argc)
{
	for (int i = 0; i < argc; i++)
		if (text >= argv[i] && text <= argv[i] + strlen(argv[i]))
			return true;
	return false;
}

static void
check_command(const struct command *command, int argc, char **argv)
{
	struct options options;
	struct error err = ERROR_INIT;
	int count = 0;

	if (options_parse(command, argc, argv, &options, &err) < 0) {
		fuzz_check(err.text[0]);
		return;
	}
	while (count <= OPERANDS_MAX && options.operand[count])
		fuzz_check(is_within(options.operand[count++], argv, argc));
	fuzz_check(count <= command->most && count <= OPERANDS_MAX);
	fuzz_check(options.help || count >= command->least);
	for (const struct option_spelling *option = option_spellings; option->name; option++) {
		if (!option->value)
			continue;
		const char *value = *(const char *const *)(const void *)((const char *)&options + option->field);
		fuzz_check(!value || (is_within(value, argv, argc) && (command->takes & (unsigned)option->takes)),
		    "%s", option->name);
	}
	if (options.command) {
		fuzz_check((command->takes & OPTION_COMMAND) && options.command[0]);
		fuzz_check(options.command > argv && !strcmp(options.command[-1], "--"));
	}
}

static void
check_module(int argc, const char **argv)
{
	struct arguments arguments;
	struct error err = ERROR_INIT;

	if (arguments_parse(&arguments, argc, argv, &err) < 0)
		fuzz_check(err.text[0]);
	else
		fuzz_check(arguments.policy_path && arguments.policy_path[0] == '/');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	const struct command *command = commands;
	char *argv[WORDS_MAX + 1] = { NULL };
	int argc = 0;

	for (unsigned at = fuzz_byte(&input); at > 0; at--)
		command = command[1].name ? command + 1 : commands;
	while (input.left > 0 && argc < WORDS_MAX)
		argv[argc++] = fuzz_until(&input, '\n');
	check_module(argc, (const char **)(void *)argv);
	check_command(command, argc, argv);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	return 0;
}
