/*
 * The files as they were read: sections of settings, each with its place of origin.  What
 * lies between the passes parse, check and resolve.  Internal to policy/.
 */
#ifndef POLICY_SECTION_H
#define POLICY_SECTION_H

#include "policy/key.h"

/* In the order in which those that hold a user's keys are applied. */
enum section_kind {
	SECTION_HOST,
	SECTION_SLICE,
	SECTION_DEFAULT,
	SECTION_GROUP,
	SECTION_USER,
	SECTION_SERVICE,
	SECTION_KINDS
};

/* The value of a line that was a fault; no key takes it. */
#define SETTING_REFUSED ""

struct setting {
	const struct key *key;
	char *value; /* owned; as written */
	struct origin origin;
};

struct section {
	enum section_kind kind;
	char *name; /* owned; "" of [host] and [default] */
	struct origin origin;
	struct setting *setting; /* owned */
	size_t count;
};

struct policy_text {
	char **file; /* owned; names, to which all origins point */
	size_t files;
	struct section *section; /* owned */
	size_t sections;
};

/* "host", "slice", ... as written between [ and ]. */
const char *section_kind_name(enum section_kind kind);
bool section_has_name(enum section_kind kind);
enum key_place section_place(enum section_kind kind);

/* The slice of this name, or NULL. */
const struct section *section_find_slice(const struct policy_text *text, const char *name);

/* Each appends and copies; NULL (errno ENOMEM) when there is no memory. */
const char *section_add_file(struct policy_text *text, const char *name);
struct section *section_add(struct policy_text *text, enum section_kind kind, const char *name,
    struct origin origin);
struct setting *section_add_setting(struct section *section, const struct key *key,
    const char *value, struct origin origin);

/*
 * Values of a resolved policy in the file's syntax: of a key that is no limit, and of a limit
 * (value may be NULL: none).  In explain.c.
 */
void explain_field(const struct policy *policy, const struct key *key, char *text, size_t size);
void explain_limit(const char *value, char *text, size_t size);

#endif
