/*
 * User namespaces, made from outside: a child is cloned into a new one, its maps are written,
 * its namespaces opened; then it goes, and the descriptors keep them.  The owner is nobody of the
 * host's, or its root, never the user: who owns a user namespace has every capability in it.
 * user_namespaces(7).
 */
#ifndef CONTAINER_USERNS_H
#define CONTAINER_USERNS_H

#include "lib/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What a user namespace comes with: namespaces that it owns. */
enum userns_part {
	USERNS_USER,
	USERNS_UTS,
	USERNS_IPC,
	USERNS_NET,
	USERNS_PARTS
};

struct userns {
	int fd[USERNS_PARTS]; /* owned; -1 for what was not asked for */
	int owner_errnum;     /* why this process owns it, not who was asked for; 0: he does */
};

#define USERNS_INIT { .fd = { -1, -1, -1, -1 }, .owner_errnum = 0 }

struct userns_request {
	const char *uid_map; /* as uid_map and gid_map take them */
	const char *gid_map;
	unsigned flags;      /* CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWNET */
	bool nesting;        /* user namespaces may be made in it; else there is not one */
	uid_t owner;         /* 0: this process; else see userns_owner() */
};

/*
 * Of the user namespace whose root is root_uid outside.  Whoever is a namespace's owner outside has all capabilities
 * in it, so it must be nobody.  But what the kernel counts of what is inside (inotify instances, queued signals
 * and with them timers, bytes of message queues) it counts to the owner, too: were that root, one container would use up
 * what the host's root and all others have.  So each has an owner of its own, in the upper half of
 * the uids, which is nobody's.  0, root, where root_uid is of that half.
 */
uid_t userns_owner(uid_t root_uid);

/* Waits for the child, which does a few system calls.  made is the caller's. */
int userns_make(const struct userns_request *request, struct userns *made, struct error *err);

/* Puts this process into the namespaces that made comes with, not into the user namespace. */
int userns_enter_parts(const struct userns *made, struct error *err);

/*
 * The user namespace that owns the UTS namespace of process pid, ioctl_ns(2); -1 with
 * err->errnum 0 if that is our own: a container that shares the host's.
 */
int userns_of(pid_t pid, struct error *err);

void userns_free(struct userns *made);

#endif
