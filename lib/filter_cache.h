/*
 * Compiled filters, PLACE_FILTER_CACHE: made once for a text, and used by every login until the
 * text, what it includes or the compiler changes.  As root.
 */
#ifndef LIB_FILTER_CACHE_H
#define LIB_FILTER_CACHE_H

#include "lib/error.h"
#include "lib/filter_entry.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * The entry of a filter (lib/filter_source.h) as a descriptor for reading, head filled from it;
 * with nesting: for logins that may make user namespaces.  Compiles it first, where the cache
 * has none or an old or damaged one, which takes some ten milliseconds, bounded by five seconds.
 * An entry's file is never written to again, only replaced.  uid tells those apart who make one
 * at the same time.  -1 with err: the first fault of the text as file:line.
 */
int filter_cache_open(const char *name, bool nesting, uid_t uid, struct filter_entry_head *head,
    struct error *err);

#endif
