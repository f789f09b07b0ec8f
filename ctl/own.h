/*
 * A plain user's ctrctl show: the own container as it is seen from inside.  No right is needed.
 */
#ifndef CTL_OWN_H
#define CTL_OWN_H

#include "ctl/command.h"

/* Whether the caller is one who sees no more than that: not root, or inside. */
bool own_is_all(void);

/* Returns an enum ctl_exit, having shown it, or said why not. */
int own_show(const struct options *options);

#endif
