/*
 * Calls that are allowed whatever their arguments are, as ranges of numbers: put before a program
 * of libseccomp's, which has an instruction or two for each number where a range takes two.
 * What a login pays for a filter is the kernel's compiling of it, by its length.
 */
#ifndef FILTER_RANGES_H
#define FILTER_RANGES_H

#include "filter/compile.h"

struct allowed {
	uint32_t architecture; /* the kernel's name of it, AUDIT_ARCH_* */
	uint32_t *number;      /* owned; in any order, one may come twice */
	size_t count;
};

struct ranges {
	struct allowed allowed[ARCHITECTURES_MAX];
	size_t count;
};

#define RANGES_INIT { .count = 0 }

/* Of libseccomp's token and a number of its. */
int ranges_take(struct ranges *ranges, uint32_t token, uint32_t number, struct error *err);

/* All other numbers fall through to the program. */
int ranges_add(struct program *program, const struct ranges *ranges, struct error *err);

void ranges_free(struct ranges *ranges);

#endif
