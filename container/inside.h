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

/* A detached mount that only the container has, over a directory of the host's. */
struct inside_cover {
	int mount;
	const char *directory;
};

struct inside {
	const struct plan *plan;
	const struct inside_cover *cover; /* in place before anything is opened; or NULL */
	int *prepared;        /* owned; for each step a detached mount or descriptor, or -1 */
	int home;             /* owned; the real home, O_PATH, opened before it is covered */
	int store;            /* owned; where the upper is kept, opened before it is hidden */
	int home_inside;      /* owned; the home as it is inside */
	int root;             /* owned; the container's own root, once it is there; -1: the host's */
	int root_store;       /* owned; where the root's uppers are kept, opened before it is hidden */
	int userns;           /* the container's user namespace, or -1; the builder's */
	int template_userns;  /* root's files as the user's, or -1; the builder's */
	uid_t root_uid;       /* what root inside is outside: 0 without a user namespace */
	gid_t root_gid;
	dev_t device[INSIDE_DEVICES_MAX]; /* of the tmpfs mounted here: targets may be made there */
	size_t devices;
	bool told_dead;       /* that a file system's server is dead: once is enough */
	inside_notice *notice;
	void *context;
};

#define INSIDE_INIT { .home = -1, .store = -1, .home_inside = -1, .root = -1, .root_store = -1, .userns = -1, \
	.template_userns = -1 }

/*
 * Must be called by a process in new mount, PID, IPC and UTS namespaces that is already in
 * its cgroups.  On failure the process must exit; its namespaces go with it.
 */
int inside_run(struct inside *inside, struct error *err);

void inside_free(struct inside *inside);

/*
 * For the files that implement steps.  inside_open: a trusted walk in the container's root, own
 * or the host's.  inside_target: opens a step's target, making it
 * (a directory, or an empty file) where it is missing on a tmpfs of ours.
 * Returns -1 with err->errnum ENOENT for a missing one.
 */
int inside_open(const struct inside *inside, const char *path, struct error *err);
int inside_target(const struct inside *inside, const char *target, mode_t type, struct error *err);

/* Attaches a detached mount to target and remembers a tmpfs of ours. */
int inside_attach(struct inside *inside, int mount, const char *target, struct error *err);
/* Targets that are missing may be made on the file system that mount is on. */
int inside_take_device(struct inside *inside, int mount, struct error *err);
int inside_attach_tmpfs(struct inside *inside, int mount, const char *target, struct error *err);

/* Ids of inside, as plans have them, outside: root's are the container's root's. */
uid_t inside_uid(const struct inside *inside, uid_t uid);
gid_t inside_gid(const struct inside *inside, gid_t gid);

/* The steps of container/root.c, container/device.c and container/home.c. */
int inside_root(struct inside *inside, const struct step *step, size_t index, struct error *err);
int inside_root_prepare(struct inside *inside, const struct step *step, size_t index, struct error *err);
int inside_pivot(struct inside *inside, const struct step *step, size_t index, struct error *err);
int inside_dev(struct inside *inside, const struct step *step, size_t index, struct error *err);
int inside_devpts(struct inside *inside, const struct step *step, size_t index, struct error *err);
int inside_home_prepare(struct inside *inside, const struct step *step, size_t index, struct error *err);
int inside_home(struct inside *inside, const struct step *step, size_t index, struct error *err);
int inside_passthrough_prepare(struct inside *inside, const struct step *step, size_t index, struct error *err);
int inside_passthrough(struct inside *inside, const struct step *step, size_t index, struct error *err);

#endif
