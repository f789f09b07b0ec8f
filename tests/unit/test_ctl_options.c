/*
 * ctl/options.c: the command line of each subcommand, by the table of ctl/commands.c.  Pure.
 */
#include "ctl/command.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct command *
find(const char *name)
{
	const struct command *command = commands;

	while (command->name && strcmp(command->name, name) != 0)
		command++;
	cr_assert(command->name, "%s", name);
	return command;
}

#define WORDS 6

Test(options, are_taken_or_refused)
{
	static const struct {
		const char *command;
		const char *word[WORDS];
		const char *wrong;    /* NULL: right; else a part of the reason */
		const char *operand, *config, *run;
		bool json;
	} rows[] = {
		{ "list", { NULL }, NULL, NULL, NULL, NULL, false },
		{ "list", { "--json" }, NULL, NULL, NULL, NULL, true },
		{ "list", { "alice" }, "alice: too much", NULL, NULL, NULL, false },
		{ "list", { "--jso" }, "--jso: no such option", NULL, NULL, NULL, false },
		{ "list", { "--" }, NULL, NULL, NULL, NULL, false },
		{ "show", { NULL }, NULL, NULL, NULL, NULL, false },
		{ "show", { "--json", "alice" }, NULL, "alice", NULL, NULL, true },
		{ "show", { "alice", "--json" }, NULL, "alice", NULL, NULL, true },
		{ "show", { "alice", "bob" }, "bob: too much", NULL, NULL, NULL, false },
		{ "check", { "alice", "--keep" }, "--keep: no such option", NULL, NULL, NULL, false },
		{ "kill", { "alice", "--session" }, "id is missing", NULL, NULL, NULL, false },
		{ "kill", { "--session", "s1", "alice", "--json" }, NULL, "alice", NULL, NULL, true },
		{ "run", { "alice", "--", "ls", "-l" }, NULL, "alice", NULL, "ls", false },
		{ "run", { "alice", "ls" }, "follow --", NULL, NULL, NULL, false },
		{ "set", { "alice" }, "missing", NULL, NULL, NULL, false },
		{ "set", { "alice", "a=1", "--keep", "b=2" }, NULL, "alice", NULL, NULL, false },
		{ "set", { "alice", "a=1", "--keep=x" }, "no such option", NULL, NULL, NULL, false },
		{ "reload", { "-n" }, NULL, NULL, NULL, NULL, false },
		{ "reload", { "-nx" }, "no such option", NULL, NULL, NULL, false },
		{ "freeze", { NULL }, "missing", NULL, NULL, NULL, false },
		{ "plan", { "alice", "su", "--config", "/x" }, NULL, "alice", "/x", NULL, false },
		{ "plan", { "--config=/x", "alice" }, NULL, "alice", "/x", NULL, false },
		{ "plan", { "alice", "--config" }, "path is missing", NULL, NULL, NULL, false },
		{ "plan", { "alice", "--config=" }, "path is missing", NULL, NULL, NULL, false },
		{ "plan", { "alice", "--configx" }, "no such option", NULL, NULL, NULL, false },
		{ "enter", { "alice" }, NULL, "alice", NULL, NULL, false },
		{ "enter", { "alice", "--", "ls", "--json" }, NULL, "alice", NULL, "ls", false },
		{ "enter", { "--config", "/x", "alice", "--", "ls", "--config" }, NULL, "alice", "/x", "ls",
		  false },
		{ "enter", { "alice", "--" }, "command is missing", NULL, NULL, NULL, false },
		{ "enter", { "alice", "ls" }, "follow --", NULL, NULL, NULL, false },
		{ "gc", { "--", "x" }, "x: too much", NULL, NULL, NULL, false },
		{ "check", { "-" }, NULL, "-", NULL, NULL, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct options options;
		struct error err = ERROR_INIT;
		char *argv[WORDS + 1] = { NULL };
		int argc = 0;
		for (; argc < WORDS && rows[i].word[argc]; argc++)
			argv[argc] = strdup(rows[i].word[argc]);
		int rc = options_parse(find(rows[i].command), argc, argv, &options, &err);
		cr_expect_eq(rc, rows[i].wrong ? -1 : 0, "row %zu: %s", i, err.text);
		cr_expect(!rows[i].wrong || strstr(err.text, rows[i].wrong), "row %zu: %s", i, err.text);
		if (rc == 0) {
			cr_expect_eq(options.json, rows[i].json, "row %zu", i);
			cr_expect_str_eq(options.operand[0] ? options.operand[0] : "",
			    rows[i].operand ? rows[i].operand : "", "row %zu", i);
			cr_expect_str_eq(options.config ? options.config : "",
			    rows[i].config ? rows[i].config : "", "row %zu", i);
			cr_expect_str_eq(options.command ? options.command[0] : "",
			    rows[i].run ? rows[i].run : "", "row %zu", i);
		}
		while (argc > 0)
			free(argv[--argc]);
	}
}

Test(options, help_needs_no_operand)
{
	char help[] = "--help";
	char *argv[] = { help, NULL };

	for (const struct command *command = commands; command->name; command++) {
		struct options options;
		struct error err = ERROR_INIT;
		cr_expect_eq(options_parse(command, 1, argv, &options, &err), 0, "%s", command->name);
		cr_expect(options.help, "%s", command->name);
	}
}
