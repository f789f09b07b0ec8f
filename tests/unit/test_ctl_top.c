/*
 * ctl/top_model.c, ctl/top_columns.c: rates, orders and columns of ctrctl top.  Pure.
 */
#include "ctl/top_columns.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define SECOND 1000000

static struct top_row
row_of(const char *user, uid_t uid, uint64_t cpu_usec, uint64_t memory, uint64_t pids)
{
	struct top_row row = { .uid = uid, .init_start = 7, .sessions = 1, .age = 60 };

	memset(&row.usage, 0xff, sizeof(row.usage));
	row.usage.cpuset[0] = '\0';
	(void)strcpy(row.user, user);
	row.usage.cpu_usec = cpu_usec;
	row.usage.memory = memory;
	row.usage.pids = pids;
	row.cpu = row.io_read = row.io_written = USAGE_UNKNOWN;
	return row;
}

static struct top_sample
sample_of(int64_t usec, const struct top_row *rows, size_t count)
{
	struct top_sample sample = { .usec = usec, .row = calloc(count, sizeof(*rows)), .count = count };

	cr_assert(sample.row);
	memcpy(sample.row, rows, count * sizeof(*rows));
	return sample;
}

Test(top, rates_are_of_the_same_container)
{
	struct top_row old[] = { row_of("alice", 1, SECOND, 0, 0), row_of("bob", 2, SECOND, 0, 0),
		row_of("carol", 3, 9 * SECOND, 0, 0) };
	struct top_row new[] = { row_of("bob", 2, 4 * SECOND, 0, 0), row_of("alice", 1, SECOND, 0, 0),
		row_of("carol", 3, SECOND, 0, 0), row_of("dora", 4, SECOND, 0, 0), row_of("eve", 5, USAGE_UNKNOWN, 0, 0) };

	old[1].usage.io_read = 1000;
	new[0].usage.io_read = 5000;
	new[1].init_start = 8; /* alice's is another by now */
	struct top_sample before = sample_of(10 * SECOND, old, 3), now = sample_of(12 * SECOND, new, 5);
	top_rates(&now, &before);
	cr_expect_eq(now.row[0].cpu, 1500, "a CPU and a half, not %zu", (size_t)now.row[0].cpu);
	cr_expect_eq(now.row[0].io_read, 2000);
	cr_expect_eq(now.row[0].io_written, USAGE_UNKNOWN, "nobody told");
	cr_expect_eq(now.row[1].cpu, USAGE_UNKNOWN, "a new container of the same user");
	cr_expect_eq(now.row[2].cpu, USAGE_UNKNOWN, "a counter that went back");
	cr_expect_eq(now.row[3].cpu, USAGE_UNKNOWN, "not there before");
	cr_expect_eq(now.row[4].cpu, USAGE_UNKNOWN);
	now.usec = before.usec;
	top_rates(&now, &before);
	cr_expect_eq(now.row[0].cpu, USAGE_UNKNOWN, "no time has passed");
	top_sample_free(&before);
	top_sample_free(&now);
}

static void
expect_order(struct top_order order, const char *wanted)
{
	struct top_row rows[] = { row_of("dora", 4, 3, USAGE_UNKNOWN, 2), row_of("bob", 2, 2, 500, 9),
		row_of("carol", 3, 2, 300, 2), row_of("alice", 1, 9, 100, 2) };
	char got[64] = "";

	rows[0].cpu = 0;
	rows[1].cpu = 10;
	rows[2].cpu = 30;
	struct top_sample sample = sample_of(0, rows, 4);
	size_t shown = top_arrange(&sample, &order);
	for (size_t i = 0; i < shown; i++) {
		(void)strncat(got, sample.row[i].user, 1);
	}
	cr_expect_str_eq(got, wanted, "by %s: %s, not %s", top_key_name(order.key), got, wanted);
	top_sample_free(&sample);
}

Test(top, orders)
{
	static const struct {
		struct top_order order;
		char wanted[8];
	} rows[] = {
		{ { .key = TOP_BY_CPU }, "cbad" }, /* unknown and 0 alike: by uid */
		{ { .key = TOP_BY_CPU, .is_reversed = true }, "adbc" },
		{ { .key = TOP_BY_CPU, .hides_idle = true }, "cba" },
		{ { .key = TOP_BY_MEMORY }, "bcad" },
		{ { .key = TOP_BY_TASKS }, "bacd" },
		{ { .key = TOP_BY_TIME }, "adbc" },
		{ { .key = TOP_BY_USER }, "abcd" },
		{ { .key = TOP_BY_USER, .is_reversed = true }, "dcba" },
		{ { .key = TOP_BY_USER, .filter = "o" }, "bcd" },
		{ { .key = TOP_BY_USER, .filter = "ox" }, "" },
		{ { .key = TOP_BY_SESSIONS }, "abcd" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_order(rows[i].order, rows[i].wanted);
	expect_order((struct top_order) { .key = TOP_BY_USER, .filter = "carol" }, "c");
}

Test(top, keys_by_name)
{
	for (int i = 0; i < TOP_KEY_COUNT; i++)
		cr_expect_eq(top_key_find(top_key_name((enum top_key)i)), i);
	cr_expect_eq(top_key_find("size"), -1);
	cr_expect_eq(top_key_find(""), -1);
}

Test(top, delays)
{
	static const struct {
		char text[8];
		int ms;
	} rows[] = { { "2", 2000 }, { "0.5", 500 }, { "0.1", 100 }, { "600", 600000 }, { "0", -1 }, { "0.01", -1 },
		{ "601", -1 }, { "-1", -1 }, { "", -1 }, { "x", -1 }, { "2x", -1 }, { "nan", -1 }, { "inf", -1 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(top_delay(rows[i].text), rows[i].ms, "%s", rows[i].text);
}

Test(top, sums_leave_the_unknown_out)
{
	struct top_row rows[] = { row_of("a", 1, 5, 100, 1), row_of("b", 2, USAGE_UNKNOWN, 50, USAGE_UNKNOWN) };
	struct top_sample sample = sample_of(0, rows, 2);
	struct top_row sum = top_sum(&sample);

	cr_expect_eq(sum.usage.memory, 150);
	cr_expect_eq(sum.usage.pids, 1);
	cr_expect_eq(sum.usage.cpu_usec, 5);
	cr_expect_eq(sum.cpu, USAGE_UNKNOWN);
	cr_expect_eq(sum.sessions, 2);
	top_sample_free(&sample);
}

Test(top, columns_fit_every_width)
{
	const struct machine machine = { .memory = UINT64_C(8) << 30, .cpus = 4, .pid_max = 32768 };
	struct top_row row = row_of("a-user-of-a-very-long-name-indeed", 1, 99 * SECOND, UINT64_MAX / 3, UINT64_MAX / 3);

	row.usage.memory_max = UINT64_C(1) << 40;
	row.usage.cpu_max = 123456789;
	row.cpu = 987654321;
	row.age = UINT64_MAX / 3;
	for (unsigned width = 10; width < 260; width++) {
		struct top_layout layout;
		unsigned sum = 0;
		top_layout(width, &layout);
		cr_assert_gt(layout.count, 0);
		for (size_t i = 0; i < layout.count; i++) {
			struct top_cell cell;
			sum += layout.width[i] + (i > 0);
			top_title(&layout, i, &cell);
			cr_expect_eq(strlen(cell.text), layout.width[i], "title \"%s\" at %u", cell.text, width);
			top_cell(&layout, i, &row, &machine, &cell);
			cr_expect_eq(strlen(cell.text), layout.width[i], "cell \"%s\" at %u", cell.text, width);
		}
		cr_expect_leq(sum, width);
	}
}

/* The memory's bar at 40 columns, where it is 14 wide. */
static void
expect_bar(uint64_t used, uint64_t limit, const char *wanted, unsigned filled)
{
	const struct machine machine = { .memory = 1024, .cpus = 1, .pid_max = 1 };
	struct top_row row = row_of("a", 1, 0, used, 0);
	struct top_layout layout;
	struct top_cell cell;

	row.usage.memory_max = limit;
	top_layout(40, &layout);
	cr_assert_eq(layout.column[1], TOP_MEMORY);
	top_cell(&layout, 1, &row, &machine, &cell);
	cr_expect_str_eq(cell.text, wanted, "\"%s\", not \"%s\"", cell.text, wanted);
	cr_expect_eq(cell.filled, filled, "%s: %u filled, not %u", wanted, cell.filled, filled);
}

Test(top, bars)
{
	expect_bar(0, 100, "[     0B/100B]", 0);
	expect_bar(1, 100, "[|    1B/100B]", 1);
	expect_bar(50, 100, "[||||50B/100B]", 6);
	expect_bar(100, 100, "[|||100B/100B]", 12);
	expect_bar(200, 100, "[|||200B/100B]", 12);
	expect_bar(512, USAGE_UNLIMITED, "[||||||  512B]", 6);
	expect_bar(USAGE_UNKNOWN, 100, "[      ?/100B]", 0);
	expect_bar(5, 0, "[|||||||5B/0B]", 12);
}
