/*
 * Acts in a home as its user: with the user's file system ids, groups and disk quota, and
 * none of root's power to write.  What is left of root is to read (an upper has files of modes
 * and owners that the user can't read) and to see the overlay's marks.  credentials(7).
 */
#ifndef HOME_RIGHTS_H
#define HOME_RIGHTS_H

#include "container/user.h"
#include "lib/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Whose home it is. */
struct rights_user {
	uid_t uid;
	gid_t gid;
	const gid_t *groups; /* not owned */
	size_t groups_count;
};

struct rights {
	struct user_rights ids;
	gid_t *groups; /* owned; of root's, to come back to */
	size_t groups_count;
};

#define RIGHTS_INIT { .groups = NULL, .groups_count = 0 }

/* rights_return() is to be called whatever happened since, also where this failed. */
int rights_take(const struct rights_user *user, struct rights *before, struct error *err);
int rights_return(struct rights *before, struct error *err);

/* Whether a file's group may be this one without root's help. */
bool rights_has_group(const struct rights_user *user, gid_t gid);

#endif
