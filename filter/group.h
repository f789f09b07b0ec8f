/*
 * The groups of calls that a filter's text names with "@", one table.  Pure.
 */
#ifndef FILTER_GROUP_H
#define FILTER_GROUP_H

#include <stddef.h>

struct group {
	const char *name;    /* without the "@" */
	const char *purpose;
	const char *calls;   /* one blank between two */
};

extern const struct group filter_groups[];
extern const size_t filter_groups_count;

/* NULL: there is no such group; name is without the "@". */
const struct group *group_find(const char *name);

#endif
