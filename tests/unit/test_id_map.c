/*
 * lib/id_map.c: random sets of own ids against a model that looks at each id by itself, and
 * the kernel's limits from both sides.
 */
#include "lib/id_map.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE 200000u
#define NONE UINT32_MAX
#define SIZE(array) (sizeof(array) / sizeof((array)[0]))

static uint32_t
model_outside(const uint32_t *self, size_t count, uint32_t base, uint32_t inside)
{
	for (size_t i = 0; i < count; i++)
		if (self[i] == inside)
			return inside;
	return inside < ID_MAP_RANGE ? base + inside : NONE;
}

/* Sorted, merged, without overlap on either side: what the kernel asks for, and we promise. */
static bool
is_proper(const struct id_map *map)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct id_extent *a = &map->extent[i];

		if (a->count == 0)
			return false;
		for (size_t k = i + 1; k < map->count; k++) {
			const struct id_extent *b = &map->extent[k];

			if (b->inside < a->inside + a->count)
				return false;
			if (a->outside < b->outside + b->count && b->outside < a->outside + a->count)
				return false;
			if (k == i + 1 && b->inside == a->inside + a->count &&
			    b->outside == a->outside + a->count)
				return false;
		}
	}
	return true;
}

/* The text, read back line by line, is the map. */
static bool
is_text_of(const char *text, const struct id_map *map)
{
	const char *rest = text;

	for (size_t i = 0; i < map->count; i++) {
		unsigned inside, outside, count;
		int used = 0;

		if (sscanf(rest, "%u %u %u\n%n", &inside, &outside, &count, &used) != 3)
			return false;
		if (inside != map->extent[i].inside || outside != map->extent[i].outside ||
		    count != map->extent[i].count)
			return false;
		rest += used;
	}
	return *rest == '\0' && strlen(text) < ID_MAP_TEXT;
}

static uint32_t
random_id(void)
{
	static const uint32_t edge[] = { 1, 2, 65533, 65534, 65535, 65536, 65537, BASE - 1,
		BASE + ID_MAP_RANGE, NONE - 1, NONE - 2 };
	long kind = random() % 4;

	if (kind == 0)
		return edge[(size_t)random() % SIZE(edge)];
	if (kind == 1)
		return 1000 + (uint32_t)random() % 40; /* neighbours, duplicates */
	if (kind == 2)
		return 1 + (uint32_t)random() % 65535;
	return BASE + ID_MAP_RANGE + (uint32_t)random() % 100000;
}

Test(id_map, random_sets_follow_the_model)
{
	struct error err = ERROR_INIT;
	struct id_map map;
	char text[ID_MAP_TEXT];

	srandom(3);
	for (int round = 0; round < 200; round++) {
		uint32_t self[40];
		size_t count = (size_t)random() % (SIZE(self) + 1);

		for (size_t i = 0; i < count; i++)
			self[i] = random_id();
		cr_assert_eq(id_map_build(&map, self, count, BASE, &err), 0, "%s", err.text);
		cr_assert(is_proper(&map), "round %d", round);
		cr_assert_eq(id_map_format(&map, text, sizeof(text), &err), 0, "%s", err.text);
		cr_assert(is_text_of(text, &map), "round %d: %s", round, text);
		for (uint32_t id = 0; id < ID_MAP_RANGE + 100; id++)
			if (id_map_outside(&map, id) != model_outside(self, count, BASE, id))
				cr_assert(false, "round %d: id %u", round, (unsigned)id);
		for (size_t i = 0; i < count; i++)
			cr_assert_eq(id_map_outside(&map, self[i]), self[i]);
		cr_assert_eq(id_map_outside(&map, NONE), NONE);
	}
}

Test(id_map, text)
{
	static const struct {
		uint32_t self[6];
		size_t count;
		char text[160];
	} row[] = {
		{ { 0 }, 0, "0 200000 65536\n" },
		{ { 1000 }, 1, "0 200000 1000\n1000 1000 1\n1001 201001 64535\n" },
		{ { 1001, 5, 1000, 1001 }, 4,
			"0 200000 5\n5 5 1\n6 200006 994\n1000 1000 2\n1002 201002 64534\n" },
		{ { 1 }, 1, "0 200000 1\n1 1 1\n2 200002 65534\n" },
		{ { 65535 }, 1, "0 200000 65535\n65535 65535 1\n" },
		{ { 65536, 65535 }, 2, "0 200000 65535\n65535 65535 2\n" },
		{ { 65536 }, 1, "0 200000 65536\n65536 65536 1\n" },
		{ { 500000, 500001, 500003 }, 3, "0 200000 65536\n500000 500000 2\n500003 500003 1\n" },
		{ { NONE - 1 }, 1, "0 200000 65536\n4294967294 4294967294 1\n" },
	};

	for (size_t i = 0; i < SIZE(row); i++) {
		struct error err = ERROR_INIT;
		struct id_map map;
		char text[ID_MAP_TEXT];

		cr_assert_eq(id_map_build(&map, row[i].self, row[i].count, BASE, &err), 0, "row %zu: %s",
		    i, err.text);
		cr_assert_eq(id_map_format(&map, text, sizeof(text), &err), 0);
		cr_expect_str_eq(text, row[i].text, "row %zu: %s", i, text);
	}
}

Test(id_map, refused)
{
	static const struct {
		uint32_t self, base;
		char reason[24];
	} row[] = {
		{ 0, BASE, "host's root" }, { NONE, BASE, "is none" },
		{ BASE, BASE, "subordinate range" }, { BASE + 65535, BASE, "200000-265535" },
		{ 1000, 0, "begin at 0" }, { 1000, 65535, "begin at 65535" },
		{ 1000, NONE - 65535, "begin at" }, { 1000, NONE, "begin at" },
	};
	struct id_map map;

	for (size_t i = 0; i < SIZE(row); i++) {
		struct error err = ERROR_INIT;
		uint32_t self[2] = { 1000, row[i].self };

		cr_expect_eq(id_map_build(&map, self, 2, row[i].base, &err), -1, "row %zu", i);
		cr_expect(strstr(err.text, row[i].reason) != NULL, "row %zu: %s", i, err.text);
		cr_expect_eq(map.count, 0);
	}
	uint32_t self[] = { BASE - 1, BASE + 65536 };
	cr_expect_eq(id_map_build(&map, self, 2, BASE, NULL), 0, "ids beside the range");
	cr_expect_eq(id_map_build(&map, self, 0, ID_MAP_RANGE, NULL), 0, "the lowest range");
	cr_expect_eq(id_map_build(&map, self, 0, NONE - ID_MAP_RANGE, NULL), 0, "the highest");
	cr_expect_eq(id_map_outside(&map, 65535), NONE - 1);
}

/* One id more than the error says must not fit, and as many as it says must. */
static void
expect_limit(uint32_t first, uint32_t step, uint32_t base, size_t expected)
{
	struct error err = ERROR_INIT;
	struct id_map map;
	char text[ID_MAP_TEXT];
	uint32_t self[400];
	const char *says;
	size_t fitting = 0;

	for (size_t i = 0; i < SIZE(self); i++)
		self[SIZE(self) - 1 - i] = first + (uint32_t)i * step;
	cr_assert_eq(id_map_build(&map, self, SIZE(self), base, &err), -1);
	cr_expect_eq(map.count, 0);
	cr_expect(strstr(err.text, "profile = shared") != NULL, "%s", err.text);
	cr_expect(strstr(err.text, "own 400 ids") != NULL, "%s", err.text);
	says = strstr(err.text, "the lowest ");
	cr_assert(says && sscanf(says, "the lowest %zu fit", &fitting) == 1, "%s", err.text);
	cr_expect_eq(fitting, expected, "%s", err.text);

	const uint32_t *lowest = self + SIZE(self) - fitting;
	cr_assert_eq(id_map_build(&map, lowest, fitting, base, &err), 0, "%s", err.text);
	cr_assert_eq(id_map_format(&map, text, sizeof(text), &err), 0, "%s", err.text);
	cr_expect(is_text_of(text, &map));
	cr_expect_eq(id_map_build(&map, lowest - 1, fitting + 1, base, &err), -1);
}

Test(id_map, limits_of_the_kernel)
{
	uint32_t self[400];
	struct id_map map;

	/* Lone ids: two lines each, about thirty bytes; the page is full before the lines are. */
	expect_limit(1000, 2, BASE, 156);
	expect_limit(10001, 3, 4000000000u, 123);
	/* Above 65535 each costs one line. */
	expect_limit(70000, 2, BASE, 291);
	/* Neighbours share a line: as many as there may be. */
	for (size_t i = 0; i < SIZE(self); i++)
		self[i] = 1000 + (uint32_t)i;
	cr_expect_eq(id_map_build(&map, self, SIZE(self), BASE, NULL), 0);
	cr_expect_eq(map.count, 3);
}

Test(id_map, format_writes_no_further_than_told)
{
	struct id_map map = { .extent = { { 0, BASE, 65536 } }, .count = 1 };
	char text[32];

	for (size_t size = 0; size < sizeof(text); size++) {
		struct error err = ERROR_INIT;

		memset(text, '?', sizeof(text));
		int rc = id_map_format(&map, text, size, &err);
		cr_expect_eq(rc, size > strlen("0 200000 65536\n") ? 0 : -1, "size %zu", size);
		cr_expect_eq(text[size], '?', "size %zu", size);
	}
}
