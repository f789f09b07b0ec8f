/*
 * What a filter's text says, line by line merged into one verdict a call, whatever the
 * processor.  The last line that names a call without a test decides about it; lines with
 * tests give and take on top of that.  Pure.
 */
#ifndef FILTER_RULESET_H
#define FILTER_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILTER_TESTS_MAX 6
#define FILTER_NAME_MAX 64

enum verdict_kind {
	VERDICT_NONE, /* no line says so: the default's */
	VERDICT_ALLOW,
	VERDICT_LOG,  /* allowed, and told in the kernel's log */
	VERDICT_ERRNO,
	VERDICT_KILL
};

struct verdict {
	enum verdict_kind kind;
	int errnum; /* of VERDICT_ERRNO */
};

enum test_op {
	TEST_EQ, /* the only one with a mask */
	TEST_NE,
	TEST_LT,
	TEST_LE,
	TEST_GT,
	TEST_GE
};

/* (argument & mask) op value. */
struct test {
	unsigned argument; /* 0 to 5 */
	enum test_op op;
	uint64_t mask;
	uint64_t value;
};

/* All tests of a line must hold. */
struct condition {
	struct verdict verdict;
	struct test test[FILTER_TESTS_MAX];
	size_t tests; /* 0: no condition */
};

struct call {
	char name[FILTER_NAME_MAX];
	struct verdict whole;
	struct condition *condition; /* owned */
	size_t conditions;
};

struct ruleset {
	struct verdict fallback; /* of calls that no line names; VERDICT_NONE: not said yet */
	bool logs;               /* refusals are told in the kernel's log */
	struct call *call;       /* owned; in the order in which they were named */
	size_t count;
};

#define RULESET_INIT { .fallback = { .kind = VERDICT_NONE }, .call = NULL }

/* Merges one line's word about one call; -1: no memory. */
int ruleset_add(struct ruleset *ruleset, const char *name, const struct condition *line);

/* Forgets all that was said about a call. */
void ruleset_forget(struct ruleset *ruleset, const char *name);

/* NULL: nothing was said about it. */
const struct call *ruleset_find(const struct ruleset *ruleset, const char *name);

/* Whether the call has a line that gives what the whole call does not have. */
bool call_gives(const struct call *call);

/* True for ALLOW and LOG. */
bool verdict_lets(struct verdict verdict);

bool verdict_equal(struct verdict a, struct verdict b);

void ruleset_free(struct ruleset *ruleset);

#endif
