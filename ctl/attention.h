/*
 * Colours, where they are seen: on a terminal that has some, and whose user has not said
 * NO_COLOR (no-color.org).  Nothing is told by a colour alone.
 */
#ifndef CTL_ATTENTION_H
#define CTL_ATTENTION_H

#include <stdio.h>

enum attention {
	ATTENTION_NONE,
	ATTENTION_WARNING, /* an admin may want to look at it */
	ATTENTION_BAD
};

/* What to write before and behind; "" where there are no colours. */
const char *attention_begin(enum attention attention, FILE *out);
const char *attention_end(enum attention attention, FILE *out);

#endif
