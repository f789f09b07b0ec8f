/*
 * A line on standard error that shows how far long work is; nothing where that is no terminal.
 */
#ifndef CTL_BAR_H
#define CTL_BAR_H

#include "home/progress.h"

#include <stdbool.h>
#include <stddef.h>

struct bar {
	const char *what;  /* "alice: commit" */
	bool is_shown;     /* something is on the line */
	int64_t last;      /* milliseconds; when it was drawn */
};

/* progress->show, with a struct bar as its context. */
void bar_show(const struct progress *progress, void *context);

/* The line is empty again. */
void bar_end(struct bar *bar);

/* What bar_show() draws, at most width columns; pure.  Returns line. */
const char *bar_text(const struct progress *progress, const char *what, size_t width, char *line,
    size_t size);

#endif
