/*
 * USER or @GROUP of the command line -> the users that it names.
 */
#ifndef CTL_USERS_H
#define CTL_USERS_H

#include "lib/error.h"

#include <stdbool.h>
#include <stddef.h>

struct users {
	char **name; /* owned */
	size_t count;
	bool is_group; /* it was a @GROUP */
};

#define USERS_INIT { .name = NULL, .count = 0 }

/*
 * A USER stays as it is.  Of a group those members that have something kept below PLACE_LIB, so
 * that no directory service has to list all of its users; err->errnum ENOENT: there is no such
 * group.  users_free() is the caller's.
 */
int users_find(const char *text, struct users *users, struct error *err);

void users_free(struct users *users);

#endif
