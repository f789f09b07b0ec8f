/*
 * One of the users who try faults, each in a process of its own, since what it traces is the
 * process's.  Runs as root in a test world.
 */
#ifndef FAULTS_WORKER_H
#define FAULTS_WORKER_H

#include "tests/faults/holder.h"
#include "tests/faults/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* When the fault comes. */
enum scene {
	SCENE_FIRST,  /* a login that has its container built, its close, and the container's end */
	SCENE_SECOND, /* a login while another session lives; that one must not notice */
	SCENE_COLD,   /* a first login that needs the helpers: no filter compiled, no ids allotted */
	SCENES,
	SCENE_ORDER = SCENES /* an administrator's: tests/faults/order.h */
};

extern const char *const scene_name[SCENES];

struct order;

struct worker {
	char ident[16]; /* its user's name, and its callers' in the log */
	uid_t uid;
	enum scene scene;
	const struct order *order; /* of SCENE_ORDER */
	bool limits_change; /* by an order under way: what cgroups say is not looked at */
	char *host;     /* what there is without a container; owned */
	char *member;   /* a caller that is in; owned */
	char *user;     /* what a process of the user's sees; owned */
	struct holder holder; /* a session that stays */
	struct known *known;  /* of an order without a fault; owned */
};

/* Of the user fault<number>, who exists.  0, or -1: a login without a fault is not right; why says so. */
int worker_begin(struct worker *worker, int number, enum scene scene, const struct order *order,
    char *why, size_t size);

/* How many system calls and allocations each role makes in this scene. */
int worker_count(struct worker *worker, long calls[ROLES], long allocations[ROLES]);

void worker_run(struct worker *worker, const struct fault *fault, struct result *result);

/* What its scene is called. */
const char *worker_scene(const struct worker *worker);

void worker_end(struct worker *worker);

#endif
