/*
 * All keys of the policy in one table, made of keys.def and limits.def: what the parser
 * accepts, what a default is, where a value goes.  Internal to policy/.
 */
#ifndef POLICY_KEY_H
#define POLICY_KEY_H

#include "policy/policy.h"
#include "policy/value.h"

/* The sections that take a key; limits are taken by all. */
enum key_place {
	KEY_IN_HOST = 1 << 0,
	KEY_IN_SLICE = 1 << 1,
	KEY_IN_USER = 1 << 2 /* [default], [group], [user], [service] */
};

/* What a field of struct policy is; follows from the type of the value. */
enum key_field {
	KEY_FIELD_STRING,
	KEY_FIELD_NUMBER,
	KEY_FIELD_LIST,
	KEY_FIELD_YES_NO,
	KEY_FIELD_HOME,
	KEY_FIELD_LOGOUT,
	KEY_FIELD_LIMIT
};

struct key {
	const char *name;
	unsigned places;      /* enum key_place */
	enum value_type type;
	size_t offset;        /* of the field in struct policy; not of limits */
	const char *builtin;  /* in the file's syntax; of limits see key_builtin() */
};

/* Keys in the order of enum policy_key, then limits in the order of enum limit. */
#define KEY_COUNT (POLICY_KEY_COUNT + LIMIT_COUNT)

const struct key *key_at(size_t index);
size_t key_index(const struct key *key);
bool key_is_limit(const struct key *key);
enum key_field key_field(const struct key *key);

/* The default in this place, in the file's syntax. */
const char *key_builtin(const struct key *key, enum key_place place);

/* NULL: there is no such key. */
const struct key *key_find(const char *name);

/* The key that someone who wrote name may have meant, or NULL. */
const char *key_suggest(const char *name);

/* How many letters to add, drop or change to make one word of the other; 99: too long. */
unsigned key_distance(const char *a, const char *b);

#endif
