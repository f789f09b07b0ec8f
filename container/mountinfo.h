/*
 * The mounts of this process's mount namespace, as /proc/self/mountinfo tells them.  proc(5).
 */
#ifndef CONTAINER_MOUNTINFO_H
#define CONTAINER_MOUNTINFO_H

#include "lib/error.h"

#include <stdbool.h>
#include <stdint.h>

struct mountinfo {
	uint64_t id;
	const char *point; /* absolute, from this process's root */
	const char *type;
};

/* The whole text, the caller's; more than 16 MiB is refused rather than half read. */
char *mountinfo_read(struct error *err);

/* The next mount of the text, which is cut up on the way; lines that are none are passed over. */
bool mountinfo_next(char **cursor, struct mountinfo *mount);

/* The id of the mount that fd is on, 0 if it can't be told.  proc(5) fdinfo. */
uint64_t mountinfo_id(int fd);

#endif
