/*
 * The few mount operations that everything inside is made of, each on descriptors: a mount
 * is made detached, finished, and only then attached where a trusted walk has led.  fsopen,
 * open_tree, mount_setattr, move_mount (2).
 */
#ifndef CONTAINER_MOUNT_H
#define CONTAINER_MOUNT_H

#include "lib/error.h"

#include <stdint.h>
#include <sys/types.h>

/* A mount option: key=value, or a flag where value is NULL.  The list ends with key NULL. */
struct mount_option {
	const char *key;
	const char *value;
};

/* A new, detached file system; attributes are MOUNT_ATTR_*.  Returns its descriptor. */
int mount_new(const char *type, const struct mount_option *options, unsigned attributes,
    struct error *err);

/* A detached tmpfs of size bytes whose root has mode, uid and gid; inodes in proportion. */
int mount_new_tmpfs(uint64_t size, unsigned mode, uid_t uid, gid_t gid, unsigned attributes,
    struct error *err);

/* A detached copy of what fd (O_PATH or any other) names, with the mounts below it. */
int mount_clone(int fd, struct error *err);

/* Sets and clears MOUNT_ATTR_* on a mount and all below it; EINVAL: fd is no mount's root. */
int mount_set(int fd, uint64_t set, uint64_t clear, struct error *err);

/* Puts a detached mount on target, a descriptor of the same kind (directory or not). */
int mount_attach(int mount, int target, struct error *err);

/* The device number of the file system that fd is on, 0 if that can't be told. */
dev_t mount_device(int fd);

#endif
