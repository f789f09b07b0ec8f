/*
 * Linked into a program under test, with -Wl,--wrap: before each allocation a call to the tracer,
 * which may let it fail.  Without a tracer nothing changes.
 */
#include "tests/faults/fault.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *pointer, size_t size);

static int
fails(void)
{
	int before = errno;
	int answer = (int)syscall(FAULT_ALLOCATION);

	errno = answer == FAULT_ANSWER ? ENOMEM : before;
	return answer == FAULT_ANSWER;
}

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *pointer, size_t size)
{
	return fails() ? NULL : __real_realloc(pointer, size);
}
