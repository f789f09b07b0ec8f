/*
 * ctl/bar.c: the line that shows how far long work is.  Pure.
 */
#include "ctl/bar.h"

#include <criterion/criterion.h>
#include <string.h>

Test(bar, texts)
{
	static const struct {
		struct progress progress;
		const char *what, *wanted;
		size_t width;
	} rows[] = {
		{ { .bytes = 0, .bytes_total = 4096, .names_total = 3 }, "alice",
		    "alice [....................]   0%  0B of 4K, 0 of 3 names", 80 },
		{ { .bytes = 2048, .bytes_total = 4096, .names = 1, .names_total = 3 }, "alice",
		    "alice [##########..........]  50%  2K of 4K, 1 of 3 names", 80 },
		/* It grew meanwhile. */
		{ { .bytes = 8192, .bytes_total = 4096, .names = 5, .names_total = 3 }, "alice",
		    "alice [####################] 100%  8K of 4K, 5 of 3 names", 80 },
		{ { .names = 1, .names_total = 4 }, "bob", "bob [#####...............]  25%  0B of 0B, 1 of 4 names", 80 },
		{ { .bytes = 5 << 20 }, "bob", "bob  5M, 0 names", 80 },
		{ { .bytes = 5 << 20 }, "bob", "bob  5M", 8 },
		{ { .bytes = 1 }, "\033]0;x", "\\x1b]0;x  1B, 0 names", 0 },
		{ { .bytes = 1 }, "a-name-that-is-longer-than-any-screen-should-be", "a-name-that-is-longer...  1B, 0 names", 0 },
	};
	char line[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_str_eq(bar_text(&rows[i].progress, rows[i].what, rows[i].width, line, sizeof(line)),
		    rows[i].wanted, "%zu: %s", i, line);
}

/* The longest there is, in 80 columns. */
Test(bar, fits_a_terminal)
{
	const struct progress progress = { .bytes = UINT64_MAX / 3, .bytes_total = UINT64_MAX / 3,
		.names = UINT64_MAX / 3, .names_total = UINT64_MAX / 3 };
	char line[256];

	cr_expect_lt(strlen(bar_text(&progress, "a-user-with-a-rather-long-name", 80, line, sizeof(line))), 80);
}
