/*
 * Merging of lines.  Taking away is cumulative and giving is not: who includes a text and then
 * allows a whole group keeps the tests of that text that refuse something.  Pure.
 */
#include "filter/ruleset.h"

#include <stdlib.h>
#include <string.h>

bool
verdict_lets(struct verdict verdict)
{
	return verdict.kind == VERDICT_ALLOW || verdict.kind == VERDICT_LOG;
}

bool
verdict_equal(struct verdict a, struct verdict b)
{
	return a.kind == b.kind && (a.kind != VERDICT_ERRNO || a.errnum == b.errnum);
}

static struct call *
find(const struct ruleset *ruleset, const char *name)
{
	for (size_t i = 0; i < ruleset->count; i++)
		if (!strcmp(ruleset->call[i].name, name))
			return &ruleset->call[i];
	return NULL;
}

const struct call *
ruleset_find(const struct ruleset *ruleset, const char *name)
{
	return find(ruleset, name);
}

static struct call *
find_or_add(struct ruleset *ruleset, const char *name)
{
	struct call *call = find(ruleset, name);

	if (call || strlen(name) >= sizeof(call->name))
		return call;
	struct call *more = realloc(ruleset->call, (ruleset->count + 1) * sizeof(*more));
	if (!more)
		return NULL;
	ruleset->call = more;
	call = &more[ruleset->count++];
	*call = (struct call) { .whole = { .kind = VERDICT_NONE } };
	memcpy(call->name, name, strlen(name) + 1);
	return call;
}

/* What was given by tests is told anew by a line about the whole; what was taken stays taken. */
static void
drop_given(struct call *call)
{
	size_t kept = 0;

	for (size_t i = 0; i < call->conditions; i++)
		if (call->condition[i].verdict.kind != VERDICT_ALLOW)
			call->condition[kept++] = call->condition[i];
	call->conditions = kept;
}

int
ruleset_add(struct ruleset *ruleset, const char *name, const struct condition *line)
{
	struct call *call = find_or_add(ruleset, name);

	if (!call)
		return -1;
	if (line->tests == 0) {
		call->whole = line->verdict;
		drop_given(call);
		return 0;
	}
	if (line->verdict.kind == VERDICT_ALLOW && verdict_lets(call->whole))
		return 0;
	struct condition *more = realloc(call->condition, (call->conditions + 1) * sizeof(*more));
	if (!more)
		return -1;
	call->condition = more;
	more[call->conditions++] = *line;
	return 0;
}

void
ruleset_forget(struct ruleset *ruleset, const char *name)
{
	struct call *call = find(ruleset, name);

	if (!call)
		return;
	call->whole.kind = VERDICT_NONE;
	call->conditions = 0;
}

bool
call_gives(const struct call *call)
{
	for (size_t i = 0; i < call->conditions; i++)
		if (call->condition[i].verdict.kind == VERDICT_ALLOW)
			return true;
	return false;
}

void
ruleset_free(struct ruleset *ruleset)
{
	for (size_t i = 0; i < ruleset->count; i++)
		free(ruleset->call[i].condition);
	free(ruleset->call);
	*ruleset = (struct ruleset)RULESET_INIT;
}
