/*
 * Values that are right, each, and make no sense together.  Internal to policy/.
 */
#ifndef POLICY_COMBINATION_H
#define POLICY_COMBINATION_H

#include "policy/winners.h"

/* Whether a rule looks at the key. */
bool combination_has(const struct key *key);

struct combination {
	const struct setting *culprit; /* of the lines that make it the one that came last */
	unsigned rank;                 /* of the culprit's section */
	char reason[320];              /* which values, why not, and what to do */
};

/*
 * True with *found filled for the first rule from *rule on that is broken; *rule then is the
 * one behind it.  Begin with 0.
 */
bool combination_find(const struct winners *winners, size_t *rule, struct combination *found);

#endif
