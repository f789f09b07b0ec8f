/*
 * ctl/synopsis.c: what the help says, as data; and all that the table has.  Pure.
 */
#include "ctl/synopsis.h"

#include "ctl/command.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* "a b;c": places apart by ';', their words by blanks. */
static const char *
flat(const char *text, char *buffer, size_t size)
{
	struct synopsis synopsis;

	synopsis_read(text, &synopsis);
	buffer[0] = '\0';
	for (size_t at = 0; at < synopsis.places; at++)
		for (size_t i = 0; i < synopsis.place[at].count; i++) {
			size_t length = strlen(buffer);
			(void)snprintf(buffer + length, size - length, "%s%s", i ? " " : at ? ";" : "",
			    synopsis.place[at].word[i]);
		}
	return buffer;
}

Test(synopsis, places_and_words)
{
	static const char *const rows[][2] = {
		{ "", "" }, { "[--json]", "" }, { "[FILE]", "FILE" }, { "USER|UID [--json]", "USER UID" },
		{ "USER|UID [SERVICE] [--config PATH]", "USER UID;SERVICE" },
		{ "[--config PATH] USER", "USER" }, { "[--textfile FILE]", "" },
		{ "diff|reset USER|UID [--json]", "diff reset;USER UID" },
		{ "show|test FILTER [--nesting] [-- COMMAND...] | list | groups", "show test list groups;FILTER" },
		{ "USER|UID [-- COMMAND...]", "USER UID" }, { "USER KEY=VALUE... [--keep]", "USER;KEY=VALUE" },
		{ "[USER...] [--dry-run]", "USER" }, { "one|one two three four five", "one;two;three;four" },
		{ "a-word-that-is-longer-than-any", "" },
	};
	char buffer[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_str_eq(flat(rows[i][0], buffer, sizeof(buffer)), rows[i][1], "%s: %s", rows[i][0], buffer);
}

/* A subcommand that takes operands must say which, in words that fit. */
Test(synopsis, of_all_subcommands)
{
	for (const struct command *command = commands; command->name; command++) {
		struct synopsis synopsis;

		synopsis_read(command->synopsis, &synopsis);
		cr_expect(command->most == 0 || synopsis.places > 0, "%s: %s", command->name, command->synopsis);
		cr_expect(synopsis.places >= (size_t)command->least, "%s: %s", command->name, command->synopsis);
	}
}
