/*
 * The values that become a process's own attributes, and what their normal forms mean to the
 * kernel.  Pure.  Internal to policy/.
 */
#ifndef POLICY_PROCESS_VALUE_H
#define POLICY_PROCESS_VALUE_H

#include "policy/value.h"

/* Whether the type is of a key "rlimit.NAME", and its SOFT[:HARD]. */
bool value_is_rlimit(enum value_type type);
bool value_rlimit(enum value_type type, const char *text, struct value *value);

/* A normal form of "rlimit.NAME" as setrlimit(2) takes it; UINT64_MAX: unlimited. */
struct rlimit_numbers {
	int resource;
	uint64_t soft, hard;
};

struct rlimit_numbers rlimit_numbers(enum value_type type, const char *normal);

bool value_umask(const char *text, const struct value_context *context, struct value *value);
bool value_nice(const char *text, const struct value_context *context, struct value *value);
bool value_nanoseconds(const char *text, const struct value_context *context,
    struct value *value);
bool value_securebits(const char *text, const struct value_context *context,
    struct value *value);

/* The bits of one word of securebits, prctl(2); 0: it is none. */
unsigned securebits_of(const char *word);

#endif
