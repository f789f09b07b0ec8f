/*
 * The end of a container, for whoever needs it gone.
 */
#ifndef CTL_KILL_H
#define CTL_KILL_H

#include "lib/error.h"

#include <stdbool.h>
#include <sys/types.h>

/* Returns when nothing of it is left; existed: there was one. */
int kill_container(uid_t uid, bool *existed, struct error *err);

#endif
