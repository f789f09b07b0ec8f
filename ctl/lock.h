/*
 * A lock between ctrctls, in bounded time.
 */
#ifndef CTL_LOCK_H
#define CTL_LOCK_H

#include "lib/error.h"

/*
 * flock(2), exclusively, on a directory that is open for reading, until it is closed.  Waits for ten seconds
 * at most: whoever has it may be stopped.  what: it, for the error.  0, or -1 with err: ETIMEDOUT, or
 * flock(2)'s.
 */
int lock_in_time(int directory, const char *what, struct error *err);

#endif
