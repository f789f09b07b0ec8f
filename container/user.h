/*
 * Looks and makes on behalf of the user: what lies in a home is the user's, so it is touched
 * with the user's file system ids, never with root's power over it.
 */
#ifndef CONTAINER_USER_H
#define CONTAINER_USER_H

#include "lib/error.h"

#include <sys/types.h>

struct user_rights {
	uid_t fsuid;
	gid_t fsgid;
};

/*
 * From here on this process opens and makes files as uid and gid (no capability helps it).
 * setfsuid(2) cannot fail visibly, so the ids are read back.
 */
int user_rights_take(uid_t uid, gid_t gid, struct user_rights *before, struct error *err);
int user_rights_return(const struct user_rights *before, struct error *err);

/*
 * Opens the directory name in directory as uid, making it (0700) if it is missing; follows
 * no link.  Returns an O_PATH descriptor.
 */
int user_directory(int directory, const char *name, uid_t uid, gid_t gid, struct error *err);

#endif
