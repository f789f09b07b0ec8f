/*
 * container/census.c and strain.c, the pure parts: /proc/PID/stat with names that lie, who comes
 * from whom, weights and pauses.
 */
#include "container/census.h"
#include "container/strain.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define REST "4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1000 200 18446744073709551615 1 1"

Test(census, stat)
{
	static const struct {
		const char *text, *name; /* NULL: no process */
		pid_t pid, parent, session;
		unsigned tty;
		bool dead;
	} row[] = {
		{ "42 (bash) S 41 42 42 34817 42 " REST, "bash", 42, 41, 42, 34817, false },
		{ "42 (a) b) R 1 1 1 0 -1 " REST, "a) b", 42, 1, 1, 0, false },
		{ "42 (1 (x) S 7 7 7 7) Z 41 40 39 0 -1 " REST, "1 (x) S 7 7 7 7", 42, 41, 39, 0, true },
		{ "42 () X 41 40 39 0 -1 " REST, "", 42, 41, 39, 0, true },
		{ "42 (abcdefghijklmnopqrstuvwxyz) S 41 40 39 0 -1 " REST, "abcdefghijklmno", 42, 41, 39, 0, false },
		{ "42 (bash) S 41 42 42", NULL, 0, 0, 0, 0, false },
		{ "42 bash S 41 42 42 0 -1 " REST, NULL, 0, 0, 0, 0, false },
		{ "x (bash) S 41 42 42 0 -1 " REST, NULL, 0, 0, 0, 0, false },
		{ ") (", NULL, 0, 0, 0, 0, false },
		{ "", NULL, 0, 0, 0, 0, false },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		char text[512];
		struct member member = { .pid = 0 };

		(void)snprintf(text, sizeof(text), "%s", row[i].text);
		bool is_one = member_parse(text, &member);
		cr_expect(is_one == (row[i].name != NULL), "row %zu", i);
		if (!is_one || row[i].name == NULL)
			continue;
		cr_expect_str_eq(member.name, row[i].name, "row %zu: %s", i, member.name);
		cr_expect(member.pid == row[i].pid && member.parent == row[i].parent &&
		    member.session == row[i].session && member.tty == row[i].tty && member.dead == row[i].dead &&
		    member.start == 987654, "row %zu", i);
	}
}

Test(census, descent)
{
	struct member member[] = {
		{ .pid = 10, .parent = 1 }, { .pid = 20, .parent = 10 }, { .pid = 30, .parent = 20 },
		{ .pid = 40, .parent = 9 }, { .pid = 50, .parent = 51 }, { .pid = 51, .parent = 50 },
	};
	const struct census census = { .member = member, .count = sizeof(member) / sizeof(member[0]) };

	cr_expect(census_find(&census, 30) == &member[2] && census_find(&census, 35) == NULL);
	cr_expect(census_descends(&census, &member[2], 10));
	cr_expect(census_descends(&census, &member[0], 10));
	cr_expect(!census_descends(&census, &member[0], 20));
	cr_expect(!census_descends(&census, &member[3], 10));
	/* Pids that were used again while they were read make a ring. */
	cr_expect(!census_descends(&census, &member[4], 10));
	cr_expect(census_find(&(struct census)CENSUS_INIT, 1) == NULL);
}

Test(strain, weight)
{
	static const struct {
		uint64_t limit;
		int weight;
	} row[] = {
		{ 0, 0 }, { UINT64_MAX, 0 }, { UINT64_C(0x7ffffffffffff000), 0 }, { 1 << 20, 1000 },
		{ 32 << 20, 1000 }, { 64 << 20, 500 }, { 96 << 20, 334 }, { UINT64_C(2) << 30, 16 },
		{ UINT64_C(1) << 40, 1 },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		cr_expect(strain_weight(row[i].limit) == row[i].weight, "row %zu: %d", i,
		    strain_weight(row[i].limit));
}

Test(strain, pause)
{
	static const struct {
		uint64_t use, limit;
		int64_t pause;
	} row[] = {
		{ 0, UINT64_MAX, 10000 }, { 0, UINT64_C(8) << 30, 10000 }, { 0, 512 << 20, 2048 },
		{ 256 << 20, 512 << 20, 1024 }, { 500 << 20, 512 << 20, 200 }, { 512 << 20, 512 << 20, 200 },
		{ 600 << 20, 512 << 20, 200 },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		cr_expect(strain_pause(row[i].use, row[i].limit) == row[i].pause, "row %zu: %lld", i,
		    (long long)strain_pause(row[i].use, row[i].limit));
}
