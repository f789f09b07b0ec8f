/*
 * The table of all keys.  Adding a key is a row in keys.def (or limits.def), a field in
 * struct policy and a paragraph in etc/pam_ctr.conf and pam_ctr.conf(5).
 */
#include "policy/key.h"

#include <string.h>

#define KEY_IN_ALL (KEY_IN_HOST | KEY_IN_SLICE | KEY_IN_USER)
#define WORD_MAX 31
#define BY_PROFILE NULL

static const struct key key_table[KEY_COUNT] = {
#define KEY(id, name, place, type, field, builtin) \
	{ name, KEY_IN_##place, VALUE_##type, offsetof(struct policy, field), builtin },
#include "policy/keys.def"
#undef KEY
#define LIMIT(id, name, controller, type) { name, KEY_IN_ALL, VALUE_##type, 0, VALUE_NONE },
#include "policy/limits.def"
#undef LIMIT
};

/* Limits that are set where no section sets them; the reasons are in etc/pam_ctr.conf. */
static const struct {
	enum limit limit;
	enum key_place place;
	const char *value;
} builtin_limit[] = {
	{ LIMIT_MEMORY_MAX, KEY_IN_HOST, "90%" },
	{ LIMIT_PIDS_MAX, KEY_IN_HOST, "80%" },
	{ LIMIT_PIDS_MAX, KEY_IN_USER, "2048" },
};

/* What a profile is: the defaults of these keys. */
static const struct {
	enum policy_key key;
	const char *value[PROFILE_MACHINE + 1];
} bundle[] = {
	/*                      shared, sealed,    machine */
	{ POLICY_KEY_USERNS,  { "host", "private",   "private" } },
	{ POLICY_KEY_ROOT,    { "host", "read_only", "overlay" } },
	{ POLICY_KEY_SETUID,  { "yes",  "no",        "yes" } },
	{ POLICY_KEY_SUDO,    { "no",   "no",        "yes" } },
	{ POLICY_KEY_NESTING, { "yes",  "no",        "no" } }, /* yes: as far as the host lets */
	{ POLICY_KEY_NETWORK, { "host", "host",      "host" } },
};

static const enum key_field field_of_type[VALUE_TYPES] = {
	[VALUE_NAMES] = KEY_FIELD_LIST,
	[VALUE_CGROUP] = KEY_FIELD_STRING,
	[VALUE_PROFILE] = KEY_FIELD_WORD,
	[VALUE_USERNS] = KEY_FIELD_WORD,
	[VALUE_ROOT] = KEY_FIELD_WORD,
	[VALUE_NETWORK] = KEY_FIELD_WORD,
	[VALUE_SECCOMP] = KEY_FIELD_STRING,
	[VALUE_YES_NO] = KEY_FIELD_YES_NO,
	[VALUE_SLICE] = KEY_FIELD_STRING,
	[VALUE_HOSTNAME] = KEY_FIELD_STRING,
	[VALUE_HOME] = KEY_FIELD_WORD,
	[VALUE_SIZE] = KEY_FIELD_NUMBER,
	[VALUE_SIZE_OR_NONE] = KEY_FIELD_NUMBER_OR_NONE,
	[VALUE_TERMINALS] = KEY_FIELD_NUMBER,
	[VALUE_SECONDS] = KEY_FIELD_NUMBER,
	[VALUE_RELATIVE_PATHS] = KEY_FIELD_LIST,
	[VALUE_RUN_PATHS] = KEY_FIELD_LIST,
	[VALUE_PATHS] = KEY_FIELD_LIST,
	[VALUE_TMPFS] = KEY_FIELD_LIST,
	[VALUE_BINDS] = KEY_FIELD_LIST,
	[VALUE_DEVICES] = KEY_FIELD_LIST,
	[VALUE_LOGOUT] = KEY_FIELD_WORD,
	[VALUE_CAPABILITIES] = KEY_FIELD_CAPABILITIES,
	[VALUE_CAPABILITY_NAMES] = KEY_FIELD_CAPABILITIES,
	[VALUE_NO_NEW_PRIVS] = KEY_FIELD_WORD,
	[VALUE_SECUREBITS] = KEY_FIELD_LIST,
#define LIMITED(id, name, resource, unit, least) [VALUE_RLIMIT_##id] = KEY_FIELD_STRING,
#include "policy/rlimits.def"
#undef LIMITED
	[VALUE_CORE_DUMPS] = KEY_FIELD_WORD,
	[VALUE_UMASK] = KEY_FIELD_STRING,
	[VALUE_NICE] = KEY_FIELD_STRING,
	[VALUE_SCHEDULER] = KEY_FIELD_WORD,
	[VALUE_NANOSECONDS] = KEY_FIELD_STRING,
	[VALUE_CPU_VIEW] = KEY_FIELD_WORD,
	[VALUE_LXCFS] = KEY_FIELD_WORD,
	[VALUE_TEXT] = KEY_FIELD_STRING,
	[VALUE_ADMISSION] = KEY_FIELD_WORD,
	[VALUE_COMMITMENT] = KEY_FIELD_NUMBER_OR_NONE,
	[VALUE_WAIT] = KEY_FIELD_NUMBER,
	[VALUE_SESSIONS] = KEY_FIELD_NUMBER_OR_NONE,
	[VALUE_DURATION] = KEY_FIELD_NUMBER_OR_NONE,
	[VALUE_BYTES] = KEY_FIELD_LIMIT,
	[VALUE_CPU_TIME] = KEY_FIELD_LIMIT,
	[VALUE_WEIGHT] = KEY_FIELD_LIMIT,
	[VALUE_CPU_LIST] = KEY_FIELD_LIMIT,
	[VALUE_COUNT] = KEY_FIELD_LIMIT,
	[VALUE_IO_LINES] = KEY_FIELD_LIMIT,
	[VALUE_SWITCH] = KEY_FIELD_LIMIT,
};

const struct key *
key_at(size_t index)
{
	return &key_table[index];
}

size_t
key_index(const struct key *key)
{
	return (size_t)(key - key_table);
}

enum key_field
key_field(const struct key *key)
{
	return field_of_type[key->type];
}

bool
key_is_limit(const struct key *key)
{
	return key_field(key) == KEY_FIELD_LIMIT;
}

const char *
key_builtin(const struct key *key, enum key_place place)
{
	size_t i;

	for (i = 0; i < sizeof(builtin_limit) / sizeof(builtin_limit[0]); i++) {
		if (builtin_limit[i].place == place &&
		    key_index(key) == POLICY_KEY_COUNT + (size_t)builtin_limit[i].limit)
			return builtin_limit[i].value;
	}
	return key->builtin;
}

const char *
key_of_profile(const struct key *key, enum profile profile)
{
	size_t i;

	for (i = 0; i < sizeof(bundle) / sizeof(bundle[0]); i++) {
		if (key_index(key) == (size_t)bundle[i].key)
			return bundle[i].value[profile];
	}
	return NULL;
}

char **
key_path_field(const struct key *key, struct policy *policy)
{
	if (key->type == VALUE_HOME)
		return &policy->home_template;
	return key->type == VALUE_ROOT ? &policy->root_base : NULL;
}

const char *
key_path(const struct key *key, const struct policy *policy)
{
	if (key->type == VALUE_HOME)
		return policy->home_template;
	return key->type == VALUE_ROOT ? policy->root_base : NULL;
}

const struct key *
key_find(const char *name)
{
	size_t i;

	for (i = 0; i < KEY_COUNT; i++) {
		if (strcmp(key_table[i].name, name) == 0)
			return &key_table[i];
	}
	return NULL;
}

/* Levenshtein's, one row at a time. */
unsigned
key_distance(const char *a, const char *b)
{
	unsigned row[WORD_MAX + 1];
	size_t i, j, rows = strlen(a), columns = strlen(b);

	if (rows > WORD_MAX || columns > WORD_MAX)
		return 99;
	for (j = 0; j <= columns; j++)
		row[j] = (unsigned)j;
	for (i = 1; i <= rows; i++) {
		unsigned corner = row[0];

		row[0] = (unsigned)i;
		for (j = 1; j <= columns; j++) {
			unsigned change = corner + (a[i - 1] != b[j - 1]);

			corner = row[j];
			if (row[j - 1] + 1 < change)
				change = row[j - 1] + 1;
			row[j] = corner + 1 < change ? corner + 1 : change;
		}
	}
	return row[columns];
}

const char *
key_suggest(const char *name)
{
	const char *best = NULL;
	unsigned least = 3; /* more changed letters than two make it another word */
	size_t i;

	for (i = 0; i < KEY_COUNT; i++) {
		unsigned distance = key_distance(name, key_table[i].name);

		if (distance < least && distance < strlen(key_table[i].name) / 2) {
			least = distance;
			best = key_table[i].name;
		}
	}
	return best;
}
