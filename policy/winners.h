/*
 * Who sets a key last, among the sections that apply: to a login, or as far as the files
 * alone can tell.  Internal to policy/.
 */
#ifndef POLICY_WINNERS_H
#define POLICY_WINNERS_H

#include "policy/section.h"

struct winners {
	const struct setting *of[KEY_COUNT]; /* NULL: nobody */
	unsigned rank[KEY_COUNT];            /* how many sections were taken before its own */
	unsigned sections;
};

#define WINNERS_INIT { .sections = 0 }

/* The next section in the order of precedence: what it sets wins over what was taken. */
void winners_take(struct winners *winners, const struct section *section);

/* The value that counts, as it is written, or the default in this place. */
const char *winners_text(const struct winners *winners, const struct key *key,
    enum key_place place);

/* The line that decides it, which may be the profile's; NULL: it is built in. */
const struct setting *winners_setting(const struct winners *winners, const struct key *key);

#endif
