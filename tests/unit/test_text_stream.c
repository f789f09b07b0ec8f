/*
 * What is written is there, whole, however long; and nothing of it where memory was short.
 */
#include "lib/text_stream.h"

#include "lib/own.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(text_stream, empty)
{
	struct text_stream stream;
	size_t length = 1;
	FILE *file = text_stream_open(&stream);

	cr_assert_not_null(file);
	autofree char *text = text_stream_close(&stream, file, &length);
	cr_assert_str_eq(text, "");
	cr_expect_eq(length, 0);
}

Test(text_stream, long_text_is_whole)
{
	struct text_stream stream;
	size_t length;
	FILE *file = text_stream_open(&stream);

	cr_assert_not_null(file);
	for (int i = 0; i < 10000; i++)
		(void)fprintf(file, "line %04d\n", i);
	autofree char *text = text_stream_close(&stream, file, &length);
	cr_assert_not_null(text);
	cr_expect_eq(length, 100000);
	cr_expect_eq(strlen(text), 100000);
	cr_expect_str_eq(text + 100000 - 10, "line 9999\n");
}

/* As when realloc(3) had said no once: what comes after must not make up for what is missing. */
Test(text_stream, a_gap_is_an_error)
{
	struct text_stream stream;
	FILE *file = text_stream_open(&stream);

	cr_assert_not_null(file);
	(void)fprintf(file, "first\n");
	(void)fflush(file);
	stream.failed = true;
	(void)fprintf(file, "second\n");
	(void)fflush(file);
	errno = 0;
	cr_expect_null(text_stream_close(&stream, file, NULL));
	cr_expect_eq(errno, ENOMEM);
}
