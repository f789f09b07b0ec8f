/*
 * Devices that could not be looked at, and so are nobody's: told of once, until they can be.
 */
#ifndef DEVICES_LEFT_OUT_H
#define DEVICES_LEFT_OUT_H

#include <stdbool.h>
#include <stddef.h>

struct left_out {
	char **path;        /* owned, each; the first told of them have been told of */
	size_t count, told;
	int errnum;         /* why the first of the others could not be */
};

/* By its path in sysfs, or its node's; errnum: why.  Once, whoever asked for it. */
void left_out_add(struct left_out *left, const char *path, int errnum);

/* It could be looked at now, or is gone. */
void left_out_forget(struct left_out *left, const char *path);

/* A sentence of those that have not been told of, which they are then; false: there are none. */
bool left_out_tell(struct left_out *left, char *text, size_t size);

void left_out_free(struct left_out *left);

#endif
