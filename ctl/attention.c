/*
 * SGR sequences, which every terminal with colours has (ECMA-48).
 */
#include "ctl/attention.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const sequence[] = {
	[ATTENTION_NONE] = "",
	[ATTENTION_WARNING] = "\033[33m",
	[ATTENTION_BAD] = "\033[31m",
};

static bool
has_colours(FILE *out)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fileno(out)) && !(no_color && no_color[0]) && term && term[0] &&
	    strcmp(term, "dumb") != 0;
}

const char *
attention_begin(enum attention attention, FILE *out)
{
	return attention != ATTENTION_NONE && has_colours(out) ? sequence[attention] : "";
}

const char *
attention_end(enum attention attention, FILE *out)
{
	return attention != ATTENTION_NONE && has_colours(out) ? "\033[0m" : "";
}
