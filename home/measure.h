/*
 * How much a tree takes on the disk.
 */
#ifndef HOME_MEASURE_H
#define HOME_MEASURE_H

#include "lib/error.h"

#include <stdint.h>

/* Bytes of the blocks of all that is below directory; a file of several names counts once in all. */
int measure_tree(int directory, uint64_t *bytes, struct error *err);

#endif
