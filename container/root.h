/*
 * The tree that takes the place of the host's: its mounts, one by one, each read-only and
 * with the container's owners where its file system can show them (container/root.c), or
 * below an overlay (container/root_overlay.c).  Between these two; STEP_ROOT is in inside.h.
 */
#ifndef CONTAINER_ROOT_H
#define CONTAINER_ROOT_H

#include "container/inside.h"
#include "container/mountinfo.h"

/* Private to the container's first process, and gone with the host's tree. */
struct root {
	struct inside *inside;
	const struct step *step;
	int staging;   /* owned; a tmpfs that is attached, for layers that must be attached somewhere */
	int store;     /* not owned; where uppers are kept */
	unsigned made; /* overlays so far */
};

/* A detached copy of one mount, without those below it; -1 with ESTALE: another covers it. */
int root_copy(const struct mountinfo *mount, uint64_t attributes, struct error *err);

/* Prepares what all overlays share. */
int root_overlay_start(struct root *root, struct error *err);

/*
 * lower, a detached mount with the container's owners, as it is read by the user: attached
 * somewhere, it can be a layer, or be moved.  A base's is lower itself.
 */
int root_layer(struct root *root, int lower, struct error *err);

/* The overlay that stands for one mount of the host's, or of the base, detached. */
int root_overlay(struct root *root, int lower, const char *point, struct error *err);

/*
 * What root inside may change, at any depth: the system's directories, and homes.  Of these the
 * ones without which there is no system at all: a mount there must be shown, and shown right.
 */
bool root_is_changeable(const char *point);
bool root_is_system(const char *point);

#endif
