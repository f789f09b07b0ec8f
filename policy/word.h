/*
 * The words of those types that are a choice; each stands at the place that its enum value
 * has in policy.h.  Internal to policy/.
 */
#ifndef POLICY_WORD_H
#define POLICY_WORD_H

#include "policy/value.h"

/* The places of VALUE_YES_NO's words. */
enum word_yes_no {
	WORD_YES,
	WORD_NO
};

#define WORD_NOT_FOUND SIZE_MAX

/* 0: not a type of words. */
size_t word_count(enum value_type type);
const char *word_at(enum value_type type, size_t index);

/* What follows the word in the file's syntax: "", ":DIR" or "[:DIR]". */
const char *word_path_syntax(enum value_type type, size_t index);

/*
 * Which word text is, alone or followed by ":DIR"; *path becomes DIR, not judged yet, or
 * NULL.  WORD_NOT_FOUND: none, or one that lacks its DIR or must not have one.
 */
size_t word_find(enum value_type type, const char *text, const char **path);

#endif
