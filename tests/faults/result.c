/*
 * Verdicts, and the first reason of each.
 */
#include "tests/faults/result.h"

#include "tests/faults/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *const outcome_name[OUTCOMES] = {
	[OUTCOME_UNREACHED] = "unreached", [OUTCOME_IN] = "in", [OUTCOME_REFUSED] = "refused",
	[OUTCOME_DROPPED] = "dropped", [OUTCOME_KILLED] = "killed", [OUTCOME_SILENT] = "SILENT",
	[OUTCOME_LOCKED] = "LOCKED", [OUTCOME_LEAK] = "LEAK", [OUTCOME_TORN] = "TORN",
	[OUTCOME_HANG] = "HANG", [OUTCOME_CRASH] = "CRASH", [OUTCOME_OPEN] = "OPEN",
};

void
result_judge(struct result *result, enum outcome outcome, const char *format, ...)
{
	va_list args;

	if (outcome <= result->outcome)
		return;
	result->outcome = outcome;
	va_start(args, format);
	(void)vsnprintf(result->why, sizeof(result->why), format, args);
	va_end(args);
}

void
result_compare(struct result *result, enum outcome outcome, const char *what, const char *before,
    const char *after)
{
	char text[300];

	if (before && after && !strcmp(before, after))
		return;
	state_difference(before, after, text, sizeof(text));
	result_judge(result, outcome, "%s: %s", what, text);
}
