/*
 * Capabilities by name: the words of a policy <-> a set of the kernel's.  Pure; the names are
 * libcap's, read at build time.  capabilities(7).
 */
#ifndef POLICY_CAPABILITY_H
#define POLICY_CAPABILITY_H

#include "policy/policy.h"

#include <stddef.h>

#define CAPABILITY(name) (UINT64_C(1) << (name))
#define CAPABILITY_TEXT_MAX 1024

/* Without "cap_"; NULL: libcap knew none of this number. */
const char *capability_name(unsigned number);

/* By name, with or without "cap_", or by number; false: there is none. */
bool capability_find(const char *text, unsigned *number);

/* "chown kill", in the kernel's order; "none".  Nothing is cut in CAPABILITY_TEXT_MAX bytes. */
const char *capability_format(uint64_t set, char *text, size_t size);

/*
 * The set that the normal form of a value says: names, "+NAME", "-NAME", "all" and "profile",
 * separated by newlines.  profile is the set that the word and signs start from.
 */
uint64_t capability_apply(const char *normal, uint64_t profile);

/* What a login of this policy's keeps where nothing else is said. */
uint64_t capability_of_profile(const struct policy *policy);

/*
 * Those that reach the host's kernel or its other users from the host's user namespace, whoever
 * has them; net_admin only where the network is the host's, too, and so not among them.
 */
uint64_t capability_of_host(void);

/*
 * Whether programs of this PAM service can be given an ambient set: it goes when root becomes the
 * user, so that only who ends PAM in the child after that (pam_end(3)) lets us give it back.
 */
bool capability_ambient_lives(const char *service);

#endif
