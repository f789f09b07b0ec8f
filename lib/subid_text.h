/*
 * The text of subuid(5), subgid(5) and of nsswitch.conf(5)'s subid line, and what may be
 * taken for a subordinate range.  Pure; shared by the supervisor and its helper.
 */
#ifndef LIB_SUBID_TEXT_H
#define LIB_SUBID_TEXT_H

#include "lib/error.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SUBID_SOURCE_MAX 51 /* longer names of modules libsubid does not take */

struct subid_span {
	uint32_t start;
	uint32_t count;
};

struct subid_query {
	const char *path; /* for the sentences */
	const char *user;
	uid_t uid;
	uint32_t self;    /* the id that must not be in its own range; UINT32_MAX: not known */
};

/* A name that a line of these files can carry, and that is nobody's uid. */
int subid_user_check(const char *user, struct error *err);

/*
 * The user's range: of those with at least ID_MAP_RANGE ids the lowest, since the shadow
 * tools sort the file whenever they add to it, and the first would not stay the first.
 * -1 with err->errnum ENOENT: none.  -1: there is one that must not be used.
 */
int subid_text_find(const struct subid_query *query, const char *text, size_t length,
    struct subid_span *span, struct error *err);

/*
 * Fills span if root may map these ids into a container: none below ID_MAP_RANGE, none
 * above 32 bits, not (uid_t)-1, not self (UINT32_MAX: unknown).  what begins the sentence.
 */
int subid_span_check(struct subid_span *span, uint64_t start, uint64_t count, uint32_t self,
    const char *what, struct error *err);

/* Where libsubid looks by this nsswitch.conf: "files", or a module's name. */
void subid_text_source(const char *nsswitch, char name[SUBID_SOURCE_MAX]);

/* The helper's answer: "START COUNT START COUNT\n", uids first. */
int subid_text_answer(const char *text, uint64_t number[4], struct error *err);

#endif
