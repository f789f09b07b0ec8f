/*
 * Overlay mounts of homes and roots: where an upper can be kept, its layers, the mount.  All
 * by descriptors: whatever is moved or linked in the tree meanwhile, the layers are the
 * directories that were opened.  Documentation/filesystems/overlayfs.rst.
 */
#ifndef CONTAINER_OVERLAY_H
#define CONTAINER_OVERLAY_H

#include "lib/error.h"

#include <stdbool.h>
#include <sys/types.h>

#define OVERLAY_LOWERS_MAX 3

struct overlay {
	int lower[OVERLAY_LOWERS_MAX]; /* topmost first; not owned */
	size_t lowers;
	int store;                     /* has an upper/ and a work/; -1: nothing can be written */
	bool follows;                  /* where nothing can be written: renamed directories of a former upper */
	unsigned attributes;           /* MOUNT_ATTR_* */
};

/*
 * Opens the directory path that keeps uppers, making its last component: root's alone, on a
 * file system that can carry an upper.  what names it in the error ("an overlay home").
 */
int overlay_store(const char *path, const char *what, struct error *err);

/*
 * Makes upper and work below store where they are missing; a new upper has this owner and
 * mode.  Returns upper, opened.
 */
int overlay_layers(int store, uid_t uid, gid_t gid, mode_t mode, struct error *err);

/* Returns the detached mount.  The caller's file system ids are the ones that read the layers. */
int overlay_mount(const struct overlay *overlay, struct error *err);

#endif
