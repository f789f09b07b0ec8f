/*
 * lib/error.c: what is carried, what is cut, and that errno survives.  Pure.
 */
#include "lib/error.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(error, carries_number_and_text)
{
	static const struct {
		int errnum;
		const char *object;
		const char *text;
		const char *rendered;
	} rows[] = {
		{ ENOENT, "/x", "open /x", "open /x: No such file or directory" },
		{ 0, "/x", "open /x", "open /x" },
		{ EPERM, "", "open ", "open : Operation not permitted" },
		{ 99999, "%s%n", "open %s%n", "open %s%n: Unknown error 99999" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = ERROR_INIT;
		char text[640];
		errno = ERANGE;
		cr_expect_eq(error_set(&err, rows[i].errnum, "open %s", rows[i].object), -1);
		cr_expect_eq(errno, ERANGE, "row %zu", i);
		cr_expect_eq(err.errnum, rows[i].errnum, "row %zu", i);
		cr_expect_str_eq(err.text, rows[i].text);
		cr_expect_str_eq(error_render(&err, text, sizeof(text)), rows[i].rendered);
		cr_expect_eq(errno, ERANGE, "row %zu", i);
	}
}

Test(error, prefixes_keep_the_wider_object)
{
	struct error err = ERROR_INIT;
	char wide[600];

	(void)error_set(&err, EIO, "read x");
	cr_expect_eq(error_prefix(&err, "%s", "home"), -1);
	cr_expect_eq(error_prefix(&err, "session %d", 7), -1);
	cr_expect_str_eq(err.text, "session 7: home: read x");
	cr_expect_eq(err.errnum, EIO);
	memset(wide, 'w', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	(void)error_prefix(&err, "%s", wide);
	cr_expect_eq(strlen(err.text), sizeof(err.text) - 1);
	cr_expect_eq(strspn(err.text, "w"), sizeof(err.text) - 1);
}

Test(error, every_length_is_terminated)
{
	char object[1100];

	for (size_t length = 0; length < sizeof(object); length++) {
		struct error err = ERROR_INIT;
		char text[64];
		memset(object, 'x', length);
		object[length] = '\0';
		(void)error_set(&err, EIO, "%s", object);
		(void)error_prefix(&err, "%s", object);
		cr_assert(memchr(err.text, '\0', sizeof(err.text)) != NULL, "length %zu", length);
		for (size_t size = 1; size <= sizeof(text); size += 21) {
			memset(text, '!', sizeof(text));
			(void)error_render(&err, text, size);
			cr_assert(memchr(text, '\0', size) != NULL, "length %zu size %zu", length, size);
		}
	}
}

Test(error, takes_its_own_text_and_nothing)
{
	struct error err = ERROR_INIT;

	(void)error_set(&err, 0, "inner");
	(void)error_set(&err, EIO, "outer of %s", err.text);
	cr_expect_str_eq(err.text, "outer of inner");
	cr_expect_eq(error_set(NULL, EIO, "nobody listens"), -1);
	cr_expect_eq(error_prefix(NULL, "nobody listens"), -1);
	cr_expect_str_eq(error_render(&err, NULL, 0), "");
}
