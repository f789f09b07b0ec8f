/*
 * What a name is besides its content: owner, ACLs and extended attributes, mode, times.
 */
#ifndef HOME_ATTRIBUTES_H
#define HOME_ATTRIBUTES_H

#include "home/copy.h"

/*
 * Makes to, which is present now, what from is; both may be O_PATH.  In the order that counts:
 * a change of owner takes mode bits and capabilities away, and a write changes the times.
 */
int attributes_copy(struct copy *copy, int from, const struct stat *st, int to,
    const struct stat *present, struct error *err);

#endif
