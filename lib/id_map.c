/*
 * Which id inside of a container is which one outside, computed for the supervisor.  Nothing
 * is read, written or asked here; a wrong map would be a way to other people's files, so what
 * does not fit the kernel's limits is refused instead of being cut.
 */
#include "lib/id_map.h"

#include "lib/own.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LINE_SIZE sizeof("4294967295 4294967295 4294967295\n")

static int
compare_ids(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

static size_t
sort_unique(uint32_t *id, size_t count)
{
	size_t kept = 0;

	qsort(id, count, sizeof(*id), compare_ids);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || id[i] != id[kept - 1])
			id[kept++] = id[i];
	return kept;
}

static bool
map_add(struct id_map *map, uint32_t inside, uint32_t outside, uint32_t count)
{
	struct id_extent *last = map->count ? &map->extent[map->count - 1] : NULL;

	if (count == 0)
		return true;
	if (last && last->inside + last->count == inside && last->outside + last->count == outside) {
		last->count += count;
		return true;
	}
	if (map->count == ID_MAP_EXTENTS)
		return false;
	map->extent[map->count++] = (struct id_extent) { inside, outside, count };
	return true;
}

/* From sorted ids; false if it takes more extents than there are. */
static bool
map_fill(struct id_map *map, const uint32_t *id, size_t count, uint32_t base)
{
	uint32_t next = 0; /* everything below is mapped */

	map->count = 0;
	for (size_t i = 0; i < count; i++) {
		uint32_t end = id[i] < ID_MAP_RANGE ? id[i] : ID_MAP_RANGE;

		if (next < end && !map_add(map, next, base + next, end - next))
			return false;
		if (!map_add(map, id[i], id[i], 1))
			return false;
		next = end < ID_MAP_RANGE ? end + 1 : ID_MAP_RANGE;
	}
	return map_add(map, next, base + next, ID_MAP_RANGE - next);
}

static int
extent_format(const struct id_extent *extent, char *text, size_t size)
{
	return snprintf(text, size, "%u %u %u\n", (unsigned)extent->inside,
	    (unsigned)extent->outside, (unsigned)extent->count);
}

/* Both limits: lines, and bytes. */
static bool
map_fits(struct id_map *map, const uint32_t *id, size_t count, uint32_t base)
{
	size_t length = 0;

	if (!map_fill(map, id, count, base))
		return false;
	for (size_t i = 0; i < map->count; i++) {
		char line[LINE_SIZE];

		length += (size_t)extent_format(&map->extent[i], line, sizeof(line));
	}
	return length < ID_MAP_TEXT;
}

/* Each id by itself can cost two lines; ids that follow each other share one. */
static int
refuse_many(struct id_map *map, const uint32_t *id, size_t count, uint32_t base,
    struct error *err)
{
	size_t fitting = count;

	while (fitting > 0 && !map_fits(map, id, fitting, base))
		fitting--;
	map->count = 0;
	return error_set(err, 0, "the user's own %zu ids (its groups, most of all) are too many for "
	    "the map of a user namespace: the lowest %zu fit; take the user out of groups, or set "
	    "profile = shared", count, fitting);
}

static int
check_ids(const uint32_t *id, size_t count, uint32_t base, struct error *err)
{
	if (base < ID_MAP_RANGE || base > UINT32_MAX - ID_MAP_RANGE)
		return error_set(err, 0, "a subordinate range cannot begin at %u", (unsigned)base);
	for (size_t i = 0; i < count; i++) {
		if (id[i] == 0)
			return error_set(err, 0, "id 0 cannot map to itself: it would be the host's root");
		if (id[i] == UINT32_MAX)
			return error_set(err, 0, "id %u is none", (unsigned)id[i]);
		/* Else one id outside would be two inside, which the kernel refuses with EINVAL. */
		if (id[i] >= base && id[i] - base < ID_MAP_RANGE)
			return error_set(err, 0, "the user's own id %u lies in its subordinate range %u-%u",
			    (unsigned)id[i], (unsigned)base, (unsigned)(base + ID_MAP_RANGE - 1));
	}
	return 0;
}

int
id_map_build(struct id_map *map, const uint32_t *self, size_t count, uint32_t base,
    struct error *err)
{
	map->count = 0;
	if (check_ids(self, count, base, err) < 0)
		return -1;
	autofree uint32_t *id = malloc((count + 1) * sizeof(*id));
	if (!id)
		return error_set(err, errno, "sort %zu ids", count);
	if (count > 0)
		memcpy(id, self, count * sizeof(*id));
	count = sort_unique(id, count);
	return map_fits(map, id, count, base) ? 0 : refuse_many(map, id, count, base, err);
}

int
id_map_format(const struct id_map *map, char *text, size_t size, struct error *err)
{
	size_t used = 0;

	if (size > 0)
		text[0] = '\0';
	for (size_t i = 0; i < map->count; i++) {
		int length = extent_format(&map->extent[i], text + used, size - used);

		if (length < 0 || (size_t)length >= size - used)
			return error_set(err, ENAMETOOLONG, "write an id map of %zu lines into %zu bytes",
			    map->count, size);
		used += (size_t)length;
	}
	return 0;
}

uint32_t
id_map_outside(const struct id_map *map, uint32_t inside)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct id_extent *extent = &map->extent[i];

		if (inside >= extent->inside && inside - extent->inside < extent->count)
			return extent->outside + (inside - extent->inside);
	}
	return UINT32_MAX;
}
