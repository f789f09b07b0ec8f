/*
 * All of it: a name (or a draft's path) becomes programs.  For the helper and ctrctl.
 */
#ifndef FILTER_BUILD_H
#define FILTER_BUILD_H

#include "filter/compile.h"
#include "filter/source.h"

struct filter {
	struct sources sources;
	struct ruleset ruleset;
	struct architectures architectures;
	struct compiled compiled;
};

/* Faults go to faults, a line each.  NULL: there were some.  The result is the caller's. */
struct filter *filter_build(const char *name, bool nesting, FILE *faults);
void filter_free(struct filter *filter);

#endif
