/*
 * lib/text.c, lib/error.c, lib/subject.c: one idea of a number, errors that lose nothing.
 */
#include "lib/error.h"
#include "lib/subject.h"
#include "lib/text.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <wchar.h>

#define BAD UINT64_C(0xbad)

Test(text, number)
{
	static const struct {
		const char *text;
		uint64_t max, number; /* BAD: refused */
	} row[] = {
		{ "0", 0, 0 }, { "7", 7, 7 }, { "8", 7, BAD }, { "0007", 7, 7 }, { "", 9, BAD },
		{ "+1", 9, BAD }, { "-1", UINT64_MAX, BAD }, { " 1", 9, BAD }, { "1 ", 9, BAD },
		{ "1x", 9, BAD }, { "0x1", 9, BAD }, { "1.0", 9, BAD }, { "10", 9, BAD },
		{ "4294967296", UINT32_MAX, BAD }, { "4294967295", UINT32_MAX, UINT32_MAX },
		{ "18446744073709551615", UINT64_MAX, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, BAD },
		{ "99999999999999999999999", UINT64_MAX, BAD }, { "1\n", 9, BAD },
		{ "3", 2, BAD }, { "20", 19, BAD }, { "19", 19, 19 },
	};
	size_t i;

	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		uint64_t number = BAD;
		bool ok = text_to_number(row[i].text, row[i].max, &number);

		cr_expect(ok == (row[i].number != BAD) && number == row[i].number, "\"%s\": %llu",
		    row[i].text, (unsigned long long)number);
	}
}

Test(text, bytes)
{
	static const struct {
		const char *text;
		uint64_t number;
	} row[] = {
		{ "0", 0 }, { "1", 1 }, { "1B", 1 }, { "1K", 1024 }, { "1k", 1024 },
		{ "1KB", 1024 },
		{ "2KiB", 2048 }, { "3M", 3 << 20 }, { "1mib", 1 << 20 },
		{ "2G", UINT64_C(2) << 30 },
		{ "1T", UINT64_C(1) << 40 }, { "1 K", BAD }, { "K", BAD }, { "1.5G", BAD },
		{ "1P", BAD }, { "-1K", BAD }, { "1KK", BAD }, { "", BAD }, { "1%", BAD },
		{ "16777215T", UINT64_C(16777215) << 40 }, { "16777216T", BAD },
		{ "18446744073709551615", UINT64_MAX }, { "18446744073709551616", BAD },
	};
	size_t i;

	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		uint64_t number = BAD;
		bool ok = text_to_bytes(row[i].text, &number);

		cr_expect(ok == (row[i].number != BAD) && number == row[i].number, "\"%s\": %llu",
		    row[i].text, (unsigned long long)number);
	}
}

Test(text, seconds)
{
	static const struct {
		const char *text;
		uint64_t number;
	} row[] = {
		{ "0", 0 }, { "10", 10 }, { "10s", 10 }, { "2m", 120 }, { "1h", 3600 },
		{ "1d", BAD },
		{ "s", BAD }, { "1 s", BAD }, { "18446744073709551615h", BAD },
	};
	size_t i;

	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		uint64_t number = BAD;
		bool ok = text_to_seconds(row[i].text, &number);

		cr_expect(ok == (row[i].number != BAD) && number == row[i].number, "\"%s\": %llu",
		    row[i].text, (unsigned long long)number);
	}
}

Test(text, escape)
{
	static const struct {
		const char *text;
		size_t size;
		const char *escaped;
	} row[] = {
		{ "", 16, "" }, { "plain text", 16, "plain text" }, { "a\nb", 16, "a\\x0ab" },
		{ "\"\\", 16, "\\x22\\x5c" }, { "\x7f\x80\xff", 16, "\\x7f\\x80\\xff" },
		{ "0123456789", 11, "0123456789" }, { "0123456789", 10, "012345..." },
		{ "ab\ncd", 7, "ab..." }, { "abcdef", 4, "..." }, { "abcdef", 3, "ab" },
		{ "abc", 1, "" }, { "\x1b]0;evil\x07", 32, "\\x1b]0;evil\\x07" },
	};
	size_t i;

	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		char buffer[40];

		memset(buffer, '?', sizeof(buffer));
		cr_expect(text_escape(row[i].text, buffer, row[i].size) == buffer);
		cr_expect_str_eq(buffer, row[i].escaped);
		cr_expect(buffer[row[i].size] == '?', "row %zu writes beyond its buffer", i);
	}
}

Test(text, format)
{
	char buffer[4];

	cr_expect(text_format(buffer, sizeof(buffer), "%d", 123) == 0);
	cr_expect_str_eq(buffer, "123");
	errno = 0;
	cr_expect(text_format(buffer, sizeof(buffer), "%d", 1234) == -1);
	cr_expect(errno == ENAMETOOLONG);
}

Test(text, next_line)
{
	char text[] = "one\n\nthree";
	char *cursor = text;

	cr_expect_str_eq(text_next_line(&cursor), "one");
	cr_expect_str_eq(text_next_line(&cursor), "");
	cr_expect_str_eq(text_next_line(&cursor), "three");
	cr_expect(text_next_line(&cursor) == NULL);
	cr_expect(text_next_line(&cursor) == NULL);
	char ended[] = "one\n";
	cursor = ended;
	cr_expect_str_eq(text_next_line(&cursor), "one");
	cr_expect(text_next_line(&cursor) == NULL);
}

Test(error, keeps_errno_and_cuts)
{
	struct error err = ERROR_INIT;
	char longer[2000], rendered[64];

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	errno = EXDEV;
	cr_expect(error_set(&err, ENOENT, "open %s", "/x") == -1);
	cr_expect(error_prefix(&err, "user %d", 7) == -1);
	cr_expect(error_set(NULL, ENOENT, "open") == -1);
	cr_expect_str_eq(error_render(&err, rendered, sizeof(rendered)),
	    "user 7: open /x: No such file or directory");
	cr_expect(errno == EXDEV);
	cr_expect_str_eq(error_render(&err, rendered, 7), "user 7");
	cr_expect(error_set(&err, 0, "again: %s", err.text) == -1);
	cr_expect_str_eq(error_render(&err, rendered, sizeof(rendered)), "again: user 7: open /x");
	/* An unknown number and a character that is none set errno on the way. */
	err.errnum = 99999;
	cr_expect(error_render(&err, rendered, sizeof(rendered)) == rendered && errno == EXDEV);
	cr_expect(error_set(&err, 0, "%ls", (const wchar_t[]){ 0x7fffffff, 0 }) == -1);
	cr_expect(errno == EXDEV && err.text[0] == '\0');
	cr_expect(error_prefix(&err, "%ls", (const wchar_t[]){ 0x7fffffff, 0 }) == -1);
	cr_expect(errno == EXDEV);
	cr_expect(error_prefix(&err, "%s", longer) == -1);
	cr_expect(strlen(err.text) == sizeof(err.text) - 1);
	cr_expect(error_set(&err, 0, "%s", longer) == -1);
	cr_expect(strlen(err.text) == sizeof(err.text) - 1);
}

Test(subject, groups)
{
	struct subject subject = SUBJECT_INIT;

	cr_expect(!subject_in_group(&subject, "lab"));
	subject.groups = calloc(2, sizeof(*subject.groups));
	cr_assert(subject.groups != NULL);
	subject.groups_count = 2;
	(void)text_format(subject.groups[1].name, sizeof(subject.groups[1].name), "lab");
	cr_expect(subject_in_group(&subject, "lab"));
	cr_expect(!subject_in_group(&subject, "la"));
	cr_expect(!subject_in_group(&subject, "labs"));
	cr_expect(!subject_in_group(&subject, ""), "a gid without a name is nobody's group");
	subject_free(&subject);
	cr_expect(subject.groups == NULL && subject.groups_count == 0);
	cr_expect(subject.uid == (uid_t)-1);
	subject_free(&subject);
	subject_free(NULL);
}
