/*
 * The cgroups below one directory, whose names and number may be a user's: a container that
 * may nest has cgroups of its own.  Iterative, beneath descriptors, never by a path.
 */
#ifndef LIB_CGROUP_TREE_H
#define LIB_CGROUP_TREE_H

/* How deep a walk goes; what a container may make is bounded below it, see plan_cgroups.c. */
#define CGROUP_TREE_DEPTH_MAX 32

/*
 * Calls each() for every cgroup below directory (O_PATH will do), children before their parent,
 * not for directory itself; stops at the first that returns not 0, and returns that.  What
 * goes away meanwhile is passed over.  -1 with errno: what could not be listed, ELOOP: too deep.
 */
int cgroup_tree_each(int directory,
    int (*each)(int parent, const char *name, void *context), void *context);

/* Removes all cgroups below; 0, or 1 if one has processes, or could not be removed. */
int cgroup_tree_remove(int directory);

#endif
