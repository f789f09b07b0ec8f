/*
 * Text, rules, programs: one after the other, for this machine.
 */
#include "filter/build.h"

#include <stdlib.h>

struct filter *
filter_build(const char *name, bool nesting, FILE *faults)
{
	struct filter *filter = calloc(1, sizeof(*filter));
	struct error err = ERROR_INIT;
	char why[640];

	if (!filter) {
		(void)fputs("no memory for a filter\n", faults);
		return NULL;
	}
	const struct filter_reader reader = { .read = sources_read, .is_call = compile_knows,
		.context = &filter->sources, .nesting = nesting };
	architectures_of(0, &filter->architectures);
	if (text_parse(&reader, name, &filter->ruleset, faults) == 0) {
		if (compile_ruleset(&filter->ruleset, &filter->architectures, &filter->compiled, &err) == 0)
			return filter;
		(void)fprintf(faults, "%s: %s\n", name, error_render(&err, why, sizeof(why)));
	}
	filter_free(filter);
	return NULL;
}

void
filter_free(struct filter *filter)
{
	if (!filter)
		return;
	sources_free(&filter->sources);
	ruleset_free(&filter->ruleset);
	compiled_free(&filter->compiled);
	free(filter);
}
