/*
 * Part of the helpers, which have a library each: no allocation of theirs fails, the program ends instead.
 * libseccomp 2.5 goes on after one that did, with a filter that lacks rules, which would then be every
 * login's from the cache, or by freeing twice; libudev loses a device.  A program's malloc() is the whole
 * process's, the libraries' included; ld.so(8) calls that interposition.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

/* Seen by the libraries, whatever the rest of the program is built with. */
#pragma GCC visibility push(default)
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *pointer, size_t size);
#pragma GCC visibility pop

typedef void *malloc_function(size_t size);
typedef void *calloc_function(size_t count, size_t size);
typedef void *realloc_function(void *pointer, size_t size);

static struct {
	malloc_function *malloc;
	calloc_function *calloc;
	realloc_function *realloc;
	bool is_looking; /* dlsym(3) may allocate, and does without */
} next;

static bool
find_next(void)
{
	if (next.realloc)
		return true;
	if (next.is_looking)
		return false;
	next.is_looking = true;
	/* A data pointer that is a function's: POSIX has it so for dlsym(3). */
	*(void **)&next.malloc = dlsym(RTLD_NEXT, "malloc");
	*(void **)&next.calloc = dlsym(RTLD_NEXT, "calloc");
	*(void **)&next.realloc = dlsym(RTLD_NEXT, "realloc");
	next.is_looking = false;
	return next.malloc && next.calloc && next.realloc;
}

static void *
or_end(void *pointer)
{
	static const char words[] = "no memory\n";

	if (!pointer && !next.is_looking) {
		(void)!write(STDERR_FILENO, words, sizeof(words) - 1);
		_exit(1);
	}
	return pointer;
}

void *
malloc(size_t size)
{
	return or_end(find_next() ? next.malloc(size) : NULL);
}

void *
calloc(size_t count, size_t size)
{
	return or_end(find_next() ? next.calloc(count, size) : NULL);
}

void *
realloc(void *pointer, size_t size)
{
	void *more = find_next() ? next.realloc(pointer, size) : NULL;

	return size == 0 ? more : or_end(more);
}
