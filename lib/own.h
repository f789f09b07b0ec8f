/*
 * Scope-bound ownership: a variable declared autofd or autofree is released when it goes
 * out of scope, unless it was moved out with take_fd() or take_ptr().  Releasing never
 * changes errno, so "return error_set(err, errno, ...)" is safe in every scope.
 */
#ifndef LIB_OWN_H
#define LIB_OWN_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static inline void
own_close(int *fd)
{
	if (*fd >= 0) {
		int saved = errno;
		/* Nothing written through these descriptors is buffered: close() has no news. */
		(void)close(*fd);
		errno = saved;
	}
	*fd = -1;
}

static inline void
own_free(void *pointer_to_pointer)
{
	void **pointer = pointer_to_pointer;
	free(*pointer);
	*pointer = NULL;
}

#define autofd __attribute__((cleanup(own_close)))
#define autofree __attribute__((cleanup(own_free)))

/* Moves the descriptor out; the variable then owns nothing. */
static inline int
take_fd(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

/* Moves the pointer out; the variable then owns nothing. */
#define take_ptr(p)                          \
	__extension__({                      \
		__typeof__(*(p)) *_pp = (p); \
		__typeof__(*(p)) _v = *_pp;  \
		*_pp = NULL;                 \
		_v;                          \
	})

#endif
