/*
 * Runs as root in ctrctl, on directories that a user filled.
 */
#include "lib/names.h"

#include "lib/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* gcc 12's analyzer loses sight of pointers that are stored through names->item[]. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

static int
compare_entries(const void *left, const void *right)
{
	const struct dirent *const *a = left, *const *b = right;

	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
compare_name(const void *name, const void *entry)
{
	const struct dirent *const *item = entry;

	return strcmp(name, (*item)->d_name);
}

static int
is_name(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

int
names_read(int directory, struct names *names, struct error *err)
{
	char path[32];

	(void)text_format(path, sizeof(path), "/proc/self/fd/%d", directory);
	int count = scandir(path, &names->item, is_name, NULL);
	if (count < 0)
		return error_set(err, errno, "read a directory");
	names->count = (size_t)count;
	/* Bytes count, whatever the locale's alphasort(3) takes for an order. */
	if (count > 0)
		qsort(names->item, names->count, sizeof(struct dirent *), compare_entries);
	return 0;
}

bool
names_has(const struct names *names, const char *name)
{
	return names->count > 0 &&
	    bsearch(name, names->item, names->count, sizeof(struct dirent *), compare_name);
}

void
names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->item[i]);
	free(names->item);
	*names = (struct names)NAMES_INIT;
}
