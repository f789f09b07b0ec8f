/*
 * ctl/human.c, ctl/json.c, ctl/table.c: what ctrctl prints.  Pure.
 */
#include "ctl/human.h"
#include "ctl/json.h"
#include "ctl/table.h"
#include "lib/usage.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

typedef const char *human(uint64_t number, char *buffer, size_t size);

Test(human, numbers)
{
	static const struct {
		human *function;
		uint64_t number;
		char text[24];
	} rows[] = {
		{ human_bytes, 0, "0B" }, { human_bytes, 1023, "1023B" }, { human_bytes, 1024, "1K" },
		{ human_bytes, 1536, "1.5K" }, { human_bytes, 1048575, "1023K" },
		{ human_bytes, UINT64_C(1) << 31, "2G" }, { human_bytes, UINT64_C(10) << 30, "10G" },
		{ human_bytes, UINT64_MAX - 2, "15E" }, { human_bytes, USAGE_UNKNOWN, "?" },
		{ human_bytes, USAGE_UNLIMITED, "max" }, { human_number, 0, "0" },
		{ human_number, UINT64_MAX - 2, "18446744073709551613" },
		{ human_number, USAGE_UNKNOWN, "?" }, { human_cpus, 1500, "150%" },
		{ human_cpus, 125, "12.5%" }, { human_cpus, USAGE_UNLIMITED, "max" },
		{ human_usec, 0, "0.00s" }, { human_usec, 1310000, "1.31s" },
		{ human_usec, 59999999, "59.99s" }, { human_usec, 60000000, "1m00s" },
		{ human_usec, USAGE_UNKNOWN, "?" }, { human_seconds, 59, "59s" },
		{ human_seconds, 61, "1m01s" }, { human_seconds, 3599, "59m59s" },
		{ human_seconds, 7500, "2h05m" }, { human_seconds, 4 * 86400 + 3 * 3600, "4d03h" },
		{ human_seconds, USAGE_UNKNOWN, "?" },
	};
	char buffer[HUMAN_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_str_eq(rows[i].function(rows[i].number, buffer, sizeof(buffer)), rows[i].text,
		    "row %zu: %s, not %s", i, buffer, rows[i].text);
}

static char *
json_of(const char *text)
{
	char *out = NULL;
	size_t size;
	FILE *file = open_memstream(&out, &size);
	struct json json = { .out = file };

	cr_assert(file);
	json_text(&json, NULL, text);
	cr_assert_eq(fclose(file), 0);
	return out;
}

Test(json, text_is_valid_whatever_it_is)
{
	static const struct {
		char text[16];
		char json[64];
	} rows[] = {
		{ "", "\"\"" }, { "plain", "\"plain\"" }, { "a\"b\\c/", "\"a\\\"b\\\\c/\"" },
		{ "\n\t\x01\x1b[2J\x7f", "\"\\u000a\\u0009\\u0001\\u001b[2J\\u007f\"" },
		{ "\xc2\x9b" "2J", "\"\\u009b2J\"" }, /* CSI to a terminal */
		{ "\xc2\xa0", "\"\xc2\xa0\"" }, { "\xc3\xa9", "\"\xc3\xa9\"" }, { "\xe2\x82\xac", "\"\xe2\x82\xac\"" },
		{ "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"" },
		{ "\xe9", "\"\\ufffd\"" },                     /* Latin-1 */
		{ "\xc3", "\"\\ufffd\"" },                     /* cut */
		{ "\xe2\x82", "\"\\ufffd\\ufffd\"" },          /* cut */
		{ "\xc0\xaf", "\"\\ufffd\\ufffd\"" },          /* overlong */
		{ "\xe0\x80\xaf", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" }, /* a surrogate */
		{ "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" }, /* above U+10FFFF */
		{ "\xffx", "\"\\ufffdx\"" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *got = json_of(rows[i].text);
		cr_expect_str_eq(got, rows[i].json, "row %zu: %s, not %s", i, got, rows[i].json);
		free(got);
	}
}

Test(json, members_are_separated)
{
	char *out = NULL;
	size_t size;
	FILE *file = open_memstream(&out, &size);
	struct json json = { .out = file };

	json_object(&json, NULL);
	json_number(&json, "n", UINT64_MAX);
	json_list(&json, "l");
	json_list_end(&json);
	json_list(&json, "m");
	json_yes_no(&json, NULL, true);
	json_null(&json, NULL);
	json_list_end(&json);
	json_text(&json, "t", "x");
	json_object_end(&json);
	cr_assert_eq(fclose(file), 0);
	cr_expect_str_eq(out, "{\n  \"n\": 18446744073709551615,\n  \"l\": [],\n  \"m\": [\n"
	    "    true,\n    null\n  ],\n  \"t\": \"x\"\n}\n");
	free(out);
}

static char *
table_of(const char *const *cells, size_t rows, size_t columns, unsigned right, size_t width)
{
	struct table table = TABLE_INIT;
	char *out = NULL;
	size_t size;
	FILE *file = open_memstream(&out, &size);

	for (size_t row = 0; row < rows; row++) {
		struct table_row *cell = table_add(&table);
		cr_assert(cell);
		for (size_t column = 0; column < columns; column++)
			table_set(cell, column, cells[row * columns + column]);
	}
	table_print(&table, right, width, file);
	table_free(&table);
	cr_assert_eq(fclose(file), 0);
	return out;
}

Test(table, columns_line_up_and_are_cut)
{
	static const char *const cells[] = { "NAME", "N", "a", "100", "longer", "1" };
	char *got = table_of(cells, 3, 2, 1U << 1, 0);

	cr_expect_str_eq(got, "NAME      N\na       100\nlonger    1\n");
	free(got);
	got = table_of(cells, 3, 2, 1U << 1, 7);
	cr_expect_str_eq(got, "NAME   \na      \nlonger \n");
	free(got);
}

Test(table, no_name_speaks_to_the_terminal)
{
	static const char *const cells[] = { "\x1b[2Jx\n" };
	char *got = table_of(cells, 1, 1, 0, 0);

	cr_expect_str_eq(got, "\\x1b[2Jx\\x0a\n");
	free(got);
}

Test(table, long_cells_are_cut)
{
	char text[1000];
	const char *cells[TABLE_COLUMNS];

	memset(text, '\x01', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (size_t i = 0; i < TABLE_COLUMNS; i++)
		cells[i] = text;
	char *got = table_of(cells, 1, TABLE_COLUMNS, 0, 0);
	cr_expect_leq(strlen(got), TABLE_COLUMNS * (TABLE_CELL + 2));
	free(got);
}
