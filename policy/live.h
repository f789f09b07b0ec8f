/*
 * What a change of policy means to a container that lives.  Pure.
 */
#ifndef POLICY_LIVE_H
#define POLICY_LIVE_H

#include "policy/policy.h"

enum live {
	LIVE_NEW,   /* built into the container: the next one has it */
	LIVE_LOGIN, /* each login looks it up: the next one has it */
	LIVE_NOW    /* the supervisor can change it */
};

#define LIVE_VALUE_MAX 32768

/* A value that differs; texts are in the file's syntax, and valid during the call. */
struct live_change {
	const char *section; /* "host", "slice" or "user" */
	const char *key;
	const char *before;
	const char *after;
	enum live live;
	const char *reason;  /* why not now, static; "" where it is now */
};

/* What of a key of a user's can be done, and why not more; name may be no key's: LIVE_NEW. */
enum live live_of(const char *name, const char **reason);

/*
 * Calls each for what differs between two policies of one user, stops at the first that
 * returns not 0 and returns that.  The profile is told by the keys that it stands for, and
 * cpuset.cpus, where it follows from cpu.max, by that.  -1 with errno ENOMEM.
 */
int live_compare(const struct policy *before, const struct policy *after,
    int (*each)(const struct live_change *change, void *context), void *context);

/*
 * Adds a line to text that wins over all its sections for this subject: what an administrator
 * has set of one container.  An empty value takes it back.  -1 with err where name is no key
 * of a user's or value none of it.
 */
int live_override(struct policy_text *text, const struct subject *subject, const char *name,
    const char *value, struct error *err);

/* The file and line that decides a key for this login; NULL: it is built in. */
const struct origin *live_origin(const struct policy *policy, const char *name);

/*
 * The policy as text that policy_parse() reads as the same, whoever it is for and without the
 * files that it came from.  -1: no memory, and nothing is printed.
 */
int live_print(const struct policy *policy, FILE *out);

/*
 * The same of two: what can be had at most as late as latest is after's, the rest, and what
 * hangs on it, before's.  The caller's; NULL: no memory.
 */
char *live_merge(const struct policy *before, const struct policy *after, enum live latest);

/* What is printed of one key of a user's; false: no memory or no such key. */
bool live_value(const struct policy *policy, const char *key, char *text, size_t size);

#endif
