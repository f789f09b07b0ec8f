/*
 * The two parts of gc, for boot, too; each says what it did, as elements of
 * json's open list or (NULL) in words, and returns an exit code.
 */
#ifndef CTL_GC_H
#define CTL_GC_H

#include "ctl/json.h"

/* Adopts or dissolves what supervisors left. */
int gc_containers(struct json *json);

/* Removes empty cgroups that are no container's, where the policy (NULL: the installed) puts them. */
int gc_cgroups(const char *config, struct json *json);

#endif
