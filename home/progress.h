/*
 * How far long work is, for who waits for it.
 */
#ifndef HOME_PROGRESS_H
#define HOME_PROGRESS_H

#include "lib/error.h"

#include <stdint.h>

struct progress {
	uint64_t bytes, names;             /* done */
	uint64_t bytes_total, names_total; /* 0: not known */
	void (*show)(const struct progress *progress, void *context); /* called often; may be NULL */
	void *context;
};

/* progress may be NULL. */
static inline void
progress_add(struct progress *progress, uint64_t bytes, uint64_t names)
{
	if (!progress)
		return;
	progress->bytes += bytes;
	progress->names += names;
	if (progress->show)
		progress->show(progress, progress->context);
}

/* Adds what a tree is to the totals, names and bytes of regular files. */
int progress_expect(struct progress *progress, int directory, struct error *err);

#endif
