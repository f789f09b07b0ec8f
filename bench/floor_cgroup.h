/*
 * The floor's cgroups: one hierarchy's share of a container, by bare system calls.
 */
#ifndef BENCH_FLOOR_CGROUP_H
#define BENCH_FLOOR_CGROUP_H

#include <stdbool.h>

struct controller;

struct hierarchy {
	const struct controller *controller;
	const char *parent;  /* the directory of all containers */
	char directory[256]; /* the container's */
	int fd;              /* of directory, while it is there */
	int view;            /* in the first process: what is shown inside */
};

/* Each returns 0, or -1 after having said why. */

/* cgroup2 has to come first, since the clone needs it: bench/run gives it alone. */
int hierarchy_find(struct hierarchy *hierarchy, const char *parent);
int hierarchy_make(struct hierarchy *hierarchy);
/* The process that calls it; leaf: a session's, NULL: the container's own. */
int hierarchy_enter(const struct hierarchy *hierarchy, const char *leaf);
int hierarchy_remove(struct hierarchy *hierarchy);

bool hierarchy_is_unified(const struct hierarchy *hierarchy);
/* Below /sys/fs/cgroup. */
const char *hierarchy_name(const struct hierarchy *hierarchy);

#endif
