/*
 * Runs the plan's PHASE_INSIDE steps, in the container's first process, before it becomes
 * init.  Takes no decision: one function a kind, the plan's order.
 */
#ifndef CONTAINER_INSIDE_H
#define CONTAINER_INSIDE_H

#include "lib/error.h"
#include "policy/plan.h"

#include <sys/types.h>

#define INSIDE_DEVICES_MAX 64

/* Something worth a line in the log that does not stop the login. */
typedef void inside_notice(const char *text, void *context);

struct inside {
	const struct plan *plan;
	int *prepared;        /* owned; for each step a detached mount or descriptor, or -1 */
	int home;             /* owned; the real home, O_PATH, opened before it is covered */
	int store;            /* owned; where the upper is kept, opened before it is hidden */
	int home_inside;      /* owned; the home as it is inside */
	dev_t device[INSIDE_DEVICES_MAX]; /* of the tmpfs mounted here: targets may be made there */
	size_t devices;
	inside_notice *notice;
	void *context;
};

#define INSIDE_INIT { .home = -1, .store = -1, .home_inside = -1 }

/*
 * Must be called by a process in new mount, PID, IPC and UTS namespaces that is already in
 * its cgroups.  On failure the process must exit; its namespaces go with it.
 */
int inside_run(struct inside *inside, struct error *err);

void inside_free(struct inside *inside);

/*
 * For the files that implement steps.  inside_target: opens a step's target, making it
 * (a directory, or an empty file) where it is missing on a tmpfs of ours.
 * Returns -1 with err->errnum ENOENT for a missing one.
 */
int inside_target(const struct inside *inside, const char *target, mode_t type, struct error *err);

/* Attaches a detached mount to target and remembers a tmpfs of ours. */
int inside_attach(struct inside *inside, int mount, const char *target, struct error *err);
int inside_attach_tmpfs(struct inside *inside, int mount, const char *target, struct error *err);

/* The steps of container/device.c and container/home.c. */
int inside_dev(struct inside *inside, const struct step *step, size_t index, struct error *err);
int inside_devpts(struct inside *inside, const struct step *step, size_t index, struct error *err);
int inside_home_prepare(struct inside *inside, const struct step *step, size_t index, struct error *err);
int inside_home(struct inside *inside, const struct step *step, size_t index, struct error *err);
int inside_passthrough_prepare(struct inside *inside, const struct step *step, size_t index, struct error *err);
int inside_passthrough(struct inside *inside, const struct step *step, size_t index, struct error *err);

#endif
