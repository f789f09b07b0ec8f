/*
 * The id map of a private user namespace as data: the user's own ids map to themselves, all
 * others that a container has to the user's subordinate range.  Pure: who writes it to the
 * kernel is container/'s business.  user_namespaces(7).
 */
#ifndef LIB_ID_MAP_H
#define LIB_ID_MAP_H

#include "lib/error.h"

#include <stddef.h>
#include <stdint.h>

#define ID_MAP_RANGE 65536   /* a container has the ids 0..65535, and the user's above them */
#define ID_MAP_EXTENTS 340   /* lines that the kernel takes */
#define ID_MAP_TEXT 4096     /* a text with its NUL: the kernel takes less than a page */

struct id_extent {
	uint32_t inside;
	uint32_t outside;
	uint32_t count;
};

struct id_map {
	struct id_extent extent[ID_MAP_EXTENTS]; /* by inside, ascending; merged */
	size_t count;
};

/*
 * The ids of self map to themselves, all others of 0..65535 to base + id; ids of self above
 * 65535 get extents of their own.  self is unsorted and may name an id twice; 0 or an id of
 * the range base..base+65535 in it is an error, as is a base below 65536.  So is a map that
 * the kernel would not take: err says how many of the ids fit, and what to do.
 */
int id_map_build(struct id_map *map, const uint32_t *self, size_t count, uint32_t base,
    struct error *err);

/* What /proc/PID/uid_map takes, in one write(2).  ID_MAP_TEXT is room enough for any map built. */
int id_map_format(const struct id_map *map, char *text, size_t size, struct error *err);

/* The id outside, or (uint32_t)-1: not mapped. */
uint32_t id_map_outside(const struct id_map *map, uint32_t inside);

#endif
