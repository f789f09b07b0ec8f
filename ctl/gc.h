/*
 * The two parts of gc, for boot, too; each says what it did, and returns an exit code.
 */
#ifndef CTL_GC_H
#define CTL_GC_H

/* Adopts or dissolves what supervisors left. */
int gc_containers(void);

/* Removes empty cgroups that are no container's, where the policy (NULL: the installed) puts them. */
int gc_cgroups(const char *config);

#endif
