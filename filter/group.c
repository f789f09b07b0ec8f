/*
 * The table of groups.def, and a look into it.  Pure.
 */
#include "filter/group.h"

#include <string.h>

const struct group filter_groups[] = {
#define GROUP(name, purpose, calls) { name, purpose, calls },
#include "filter/groups.def"
#undef GROUP
};

const size_t filter_groups_count = sizeof(filter_groups) / sizeof(filter_groups[0]);

const struct group *
group_find(const char *name)
{
	for (size_t i = 0; i < filter_groups_count; i++)
		if (!strcmp(filter_groups[i].name, name))
			return &filter_groups[i];
	return NULL;
}
