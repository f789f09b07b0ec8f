/*
 * A list in the order of their coming.
 */
#include "devices/left_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* count: it is not there. */
static size_t
find(const struct left_out *left, const char *path)
{
	size_t i = 0;

	while (i < left->count && strcmp(left->path[i], path) != 0)
		i++;
	return i;
}

void
left_out_add(struct left_out *left, const char *path, int errnum)
{
	if (find(left, path) < left->count)
		return;
	char *copy = strdup(path);
	char **more = copy ? realloc(left->path, (left->count + 1) * sizeof(*more)) : NULL;
	if (!more) {
		free(copy);
		return;
	}
	left->path = more;
	if (left->count == left->told)
		left->errnum = errnum;
	left->path[left->count++] = copy;
}

void
left_out_forget(struct left_out *left, const char *path)
{
	size_t i = find(left, path);

	if (i == left->count)
		return;
	free(left->path[i]);
	left->count--;
	left->told -= i < left->told;
	memmove(&left->path[i], &left->path[i + 1], (left->count - i) * sizeof(*left->path));
}

bool
left_out_tell(struct left_out *left, char *text, size_t size)
{
	size_t news = left->count - left->told;

	if (news == 0)
		return false;
	(void)snprintf(text, size, "%zu device%s can't be looked at, and the user does not get %s: %s: %s", news,
	    news == 1 ? "" : "s", news == 1 ? "it" : "them; the first", left->path[left->told], strerror(left->errnum));
	left->told = left->count;
	return true;
}

void
left_out_free(struct left_out *left)
{
	for (size_t i = 0; i < left->count; i++)
		free(left->path[i]);
	free(left->path);
	*left = (struct left_out) { .path = NULL };
}
