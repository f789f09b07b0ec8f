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
	KEY_FIELD_NUMBER_OR_NONE, /* none is 0 */
	KEY_FIELD_LIST,
	KEY_FIELD_YES_NO,
	KEY_FIELD_CAPABILITIES,   /* a set; its words start from the profile's, so profile's keys go before */
	KEY_FIELD_WORD,           /* an enum of policy.h, for some words with a path */
	KEY_FIELD_LIMIT
};

struct key {
	const char *name;
	unsigned places;      /* enum key_place */
	enum value_type type;
	size_t offset;        /* of the field in struct policy; not of limits */
	const char *builtin;  /* in the file's syntax; NULL: the profile's, see key_of_profile() */
};

/* Keys in the order of enum policy_key, then limits in the order of enum limit. */
#define KEY_COUNT (POLICY_KEY_COUNT + LIMIT_COUNT)

const struct key *key_at(size_t index);
size_t key_index(const struct key *key);
bool key_is_limit(const struct key *key);
enum key_field key_field(const struct key *key);

/* The default in this place, in the file's syntax; NULL: the profile's. */
const char *key_builtin(const struct key *key, enum key_place place);

/* What a profile makes the default of a key, in the file's syntax; NULL: nothing. */
const char *key_of_profile(const struct key *key, enum profile profile);

/* Where the path after a word of the key's goes (owned by policy); NULL: there is none. */
char **key_path_field(const struct key *key, struct policy *policy);
const char *key_path(const struct key *key, const struct policy *policy);

/* NULL: there is no such key. */
const struct key *key_find(const char *name);

/* The key that someone who wrote name may have meant, or NULL. */
const char *key_suggest(const char *name);

/* How many letters to add, drop or change to make one word of the other; 99: too long. */
unsigned key_distance(const char *a, const char *b);

#endif
