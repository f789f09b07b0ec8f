/*
 * Allots subordinate ranges in the host's files.
 */
#ifndef SUBID_GRANT_H
#define SUBID_GRANT_H

#include "lib/error.h"

#include <sys/types.h>

struct grant_user {
	const char *name;
	uid_t uid;
};

/* From four seconds on, every wait of this process for a lock ends with EINTR. */
int grant_limit_time(struct error *err);

/* One helper at a time looks and grants; a descriptor that holds the lock. */
int grant_lock(struct error *err);

/* Grants the user uids, gids or both, as the files lack; all that was missing, or nothing. */
int grant_missing(const struct grant_user *user, struct error *err);

#endif
