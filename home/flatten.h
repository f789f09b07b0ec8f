/*
 * Makes an upper independent of what is renamed below it.
 */
#ifndef HOME_FLATTEN_H
#define HOME_FLATTEN_H

#include "home/copy.h"

/*
 * Each renamed directory of the upper gets what it still shows of its former place below, and is
 * made opaque: then what lies below may change, name by name.  What the two show together is
 * the same at any moment, so that a kill in the middle changes nothing, and the next call goes on.
 * As root; copy is COPY_TO_UPPER, its scratch on the upper's file system.
 */
int flatten_upper(struct copy *copy, int upper, int lower, struct error *err);

#endif
