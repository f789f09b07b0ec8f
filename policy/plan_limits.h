/*
 * Between the two halves of the cgroup plan: plan_cgroups.c lays out hierarchies and
 * directories, plan_limits.c says how one limit is written into one directory.  Pure.
 * Nobody else includes this.
 */
#ifndef POLICY_PLAN_LIMITS_H
#define POLICY_PLAN_LIMITS_H

#include "policy/plan.h"

enum level {
	LEVEL_HOST,      /* the sum of all containers */
	LEVEL_SLICE,     /* a budget that several users share */
	LEVEL_CONTAINER,
	LEVEL_COUNT
};

/* One hierarchy that the container uses. */
struct hierarchy {
	enum cgroup_version version;
	enum controller controller; /* as in struct step */
	const char *root;
	bool uses[CONTROLLER_COUNT];
	bool tracks; /* sessions have their leaves here */
	bool devices; /* what may be opened of them is decided here */
};

struct layout {
	struct hierarchy hierarchy[CONTROLLER_COUNT + 1];
	size_t count;
	const struct limits *limits[LEVEL_COUNT]; /* NULL: there is no such level */
	const struct limits *before[LEVEL_COUNT]; /* of a container that lives: what it has; else NULL */
	bool lives;
	const char *cpus_online;
	char path[LEVEL_COUNT][320];              /* below the root, "/" first */
	bool nests;       /* the user makes cgroups in the container's, where that tracks */
	uid_t uid;
	gid_t gid;
};

/* What the steps of one directory are made from. */
struct builder {
	struct plan *plan;
	struct error *err;
	const struct layout *layout;
	const struct hierarchy *hierarchy;
	enum level level;
	bool own_only; /* the limits of the levels above are left alone */
	char directory[512];
	const char *because; /* of this level's limits */
};

/* The limit's text on that level, or NULL. */
const char *plan_limits_value(const struct layout *layout, enum level level, enum limit limit);

/* What it was on that level, and is to be no more; NULL: it stays, or there was none. */
const char *plan_limits_gone(const struct layout *layout, enum level level, enum limit limit);

/* "file:line: name: reason", so that the message points at what the admin wrote.  -1. */
int plan_limits_refuse(const struct layout *layout, enum level level, enum limit limit,
    struct error *err, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Appends a step of the builder's hierarchy; copies the strings; source, value may be NULL. */
int plan_limits_add_step(struct builder *b, struct step step, const char *target,
    const char *source, const char *value);

/* Appends what writes this limit into the builder's directory; nothing if it is not set. */
int plan_limits_add(struct builder *b, enum limit limit);

#endif
