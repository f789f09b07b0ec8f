/*
 * A user's ids -> the text for uid_map and gid_map (the one direction there is: nothing of ours
 * reads a map).  The ids come from NSS.  A map that is made must be one that user_namespaces(7)
 * takes, and let nobody inside be an id that is neither the user's nor in the range.
 */
#include "fuzz.h"

#include "lib/id_map.h"
#include "lib/own.h"

#include <string.h>

#define IDS_MAX 700

static bool
is_among(uint32_t id, const uint32_t *self, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (self[i] == id)
			return true;
	return false;
}

/* Ascending and apart inside, apart outside, no sum beyond what an id can be. */
static void
check_extents(const struct id_map *map)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct id_extent *a = &map->extent[i];

		fuzz_check(a->count > 0 && a->inside + (uint64_t)a->count <= UINT32_MAX &&
		    a->outside + (uint64_t)a->count <= UINT32_MAX);
		fuzz_check(i == 0 || map->extent[i - 1].inside + (uint64_t)map->extent[i - 1].count <= a->inside);
		for (size_t k = 0; k < i; k++) {
			const struct id_extent *b = &map->extent[k];
			fuzz_check(a->outside >= b->outside + (uint64_t)b->count ||
			    b->outside >= a->outside + (uint64_t)a->count, "two ids inside are one outside");
		}
	}
}

static void
check_ids(const struct id_map *map, const uint32_t *self, size_t count, uint32_t base)
{
	fuzz_check(id_map_outside(map, 0) == base, "root inside is not of the range");
	fuzz_check(id_map_outside(map, UINT32_MAX) == UINT32_MAX);
	for (size_t i = 0; i < count; i++)
		fuzz_check(id_map_outside(map, self[i]) == self[i]);
	for (uint32_t id = 0; id < ID_MAP_RANGE; id += id < 1100 ? 1 : 997)
		fuzz_check(id_map_outside(map, id) == (is_among(id, self, count) ? id : base + id), "%u", id);
}

static void
check_text(const struct id_map *map)
{
	struct error err = ERROR_INIT;
	char text[ID_MAP_TEXT];
	unsigned lines = 0;

	fuzz_check(id_map_format(map, text, sizeof(text), &err) == 0, "%s", err.text);
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	fuzz_check(lines == map->count && strlen(text) < 4096);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	struct error err = ERROR_INIT;
	autofree struct id_map *map = calloc(1, sizeof(*map));
	autofree uint32_t *self = calloc(IDS_MAX, sizeof(*self));
	uint32_t base = fuzz_number(&input);
	size_t count = 0;

	fuzz_check(map != NULL && self != NULL);
	while (input.left > 0 && count < IDS_MAX) {
		/* Mostly small ones, of which many are next to each other. */
		uint32_t id = fuzz_byte(&input);
		self[count++] = id < 250 ? id + fuzz_byte(&input) * 4 : fuzz_number(&input);
	}
	if (id_map_build(map, self, count, base, &err) < 0) {
		fuzz_check(err.text[0]);
		return 0;
	}
	check_extents(map);
	check_ids(map, self, count, base);
	check_text(map);
	return 0;
}
