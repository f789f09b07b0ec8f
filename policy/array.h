/*
 * Arrays that grow at the end: sections, settings, strings.  Internal to policy/.
 */
#ifndef POLICY_ARRAY_H
#define POLICY_ARRAY_H

#include <stddef.h>

/*
 * Appends a copy of the item (of size bytes) to the array of *count such items; array is the
 * address of the pointer to it.  -1 with errno: all is as it was.
 */
int array_add(void *array, size_t *count, const void *item, size_t size);

/* The same for strings: appends a copy of length bytes of text, the array's from then on. */
int array_add_text(char ***array, size_t *count, const char *text, size_t length);

#endif
