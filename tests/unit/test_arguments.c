/*
 * pam_ctr/arguments.c: what an admin writes behind pam_ctr.so.  Pure.
 */
#include "pam_ctr/arguments.h"

#include "lib/places.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define ARGUMENTS_MAX 4

struct row {
	const char *argv[ARGUMENTS_MAX]; /* NULL ends */
	const char *path;                /* NULL: refused */
	bool debug;
	const char *named[ARGUMENTS_MAX]; /* in the refusal */
};

static const struct row rows[] = {
	{ { NULL }, .path = PLACE_POLICY },
	{ { "debug" }, .path = PLACE_POLICY, .debug = true },
	{ { "config=/etc/x.conf" }, .path = "/etc/x.conf" },
	{ { "config=/a", "debug", "config=/b" }, .path = "/b", .debug = true },
	{ { "debug", "debug" }, .path = PLACE_POLICY, .debug = true },
	{ { "config=" }, .named = { "\"config=\"" } },
	{ { "config=relative" }, .named = { "\"config=relative\"" } },
	{ { "config" }, .named = { "\"config\"" } },
	{ { "Debug" }, .named = { "\"Debug\"" } },
	{ { "debug=1" }, .named = { "\"debug=1\"" } },
	{ { "debug " }, .named = { "\"debug \"" } },
	{ { "" }, .named = { "\"\"" } },
	{ { "foo", "debug", "bar=1", "%s%n" }, .named = { "\"foo\"", "\"bar=1\"", "\"%s%n\"" } },
};

static void
expect_row(const struct row *row, size_t index)
{
	const char *argv[ARGUMENTS_MAX] = { NULL };
	struct arguments arguments;
	struct error err = ERROR_INIT;
	int argc = 0;

	while (argc < ARGUMENTS_MAX && row->argv[argc]) {
		argv[argc] = row->argv[argc];
		argc++;
	}
	int rc = arguments_parse(&arguments, argc, argv, &err);
	cr_expect_eq(rc, row->path ? 0 : -1, "row %zu: %s", index, err.text);
	if (row->path) {
		cr_expect_str_eq(arguments.policy_path, row->path, "row %zu", index);
		cr_expect_eq(arguments.debug, row->debug, "row %zu", index);
	}
	for (size_t i = 0; i < ARGUMENTS_MAX && row->named[i]; i++)
		cr_expect(strstr(err.text, row->named[i]), "row %zu: no %s in: %s", index, row->named[i],
		    err.text);
}

Test(arguments, table)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_row(&rows[i], i);
}

/* All of them in one go, so that an admin mends the line once. */
Test(arguments, all_that_are_wrong_are_named)
{
	static char names[20][24];
	const char *argv[20];
	struct arguments arguments;
	struct error err = ERROR_INIT;

	for (int i = 0; i < 20; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "wrong%02d", i);
		argv[i] = names[i];
	}
	cr_assert_eq(arguments_parse(&arguments, 20, argv, &err), -1);
	for (int i = 0; i < 20; i++)
		cr_expect(strstr(err.text, names[i]), "no %s in: %s", names[i], err.text);
}

Test(arguments, lengths)
{
	static char path[PATH_MAX + 16];
	const char *argv[] = { path };
	struct arguments arguments;

	for (size_t length = PATH_MAX - 2; length < PATH_MAX + 3; length++) {
		struct error err = ERROR_INIT;
		memset(path, 'x', sizeof(path));
		memcpy(path, "config=/", 8);
		path[7 + length] = '\0';
		int rc = arguments_parse(&arguments, 1, argv, &err);
		cr_expect_eq(rc, length < PATH_MAX ? 0 : -1, "a path of %zu bytes: %s", length, err.text);
	}
}
