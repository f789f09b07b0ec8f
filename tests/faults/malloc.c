/*
 * Linked into a program with shared libraries: its allocations go by the tracer, which may let them
 * fail, and so do the libraries' and the C library's own, since the program's malloc() is the whole
 * process's.  Without a tracer nothing changes.
 */
#include "tests/faults/fault.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* glibc's own names for an allocator that is put in its place. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *pointer, size_t size);

/* asker: where it was called from. */
static int
fails(void *asker)
{
	int before = errno;
	int answer = (int)syscall(FAULT_ALLOCATION, asker);

	errno = answer == FAULT_ANSWER ? ENOMEM : before;
	return answer == FAULT_ANSWER;
}

void *
malloc(size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *
realloc(void *pointer, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(pointer, size);
}
