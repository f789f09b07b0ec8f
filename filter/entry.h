/*
 * Makes the bytes of a cache entry, lib/filter_entry.h.  Pure.
 */
#ifndef FILTER_ENTRY_H
#define FILTER_ENTRY_H

#include "filter/compile.h"
#include "filter/source.h"
#include "lib/filter_entry.h"

/* NULL with err; else *size bytes, the caller's. */
void *entry_pack(const struct compiled *compiled, const struct sources *sources, bool nesting,
    const struct filter_maker *maker, size_t *size, struct error *err);

#endif
