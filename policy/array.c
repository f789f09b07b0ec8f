/*
 * Arrays that grow at the end.  Pure.  The one place where policy/ computes sizes.
 */
#include "policy/array.h"

#include <stdlib.h>
#include <string.h>

int
array_add(void *array, size_t *count, const void *item, size_t size)
{
	void *items, *more;

	memcpy(&items, array, sizeof(items));
	/* Doubles whenever count is a power of two, so that no capacity has to be kept. */
	if ((*count & (*count - 1)) == 0) {
		more = reallocarray(items, *count > 0 ? 2 * *count : 1, size);
		if (more == NULL)
			return -1;
		items = more;
		memcpy(array, &items, sizeof(items));
	}
	memcpy((char *)items + *count * size, item, size);
	++*count;
	return 0;
}

int
array_add_text(char ***array, size_t *count, const char *text, size_t length)
{
	char *copy = strndup(text, length);

	if (copy != NULL && array_add(array, count, &copy, sizeof(copy)) == 0)
		return 0;
	free(copy);
	return -1;
}
