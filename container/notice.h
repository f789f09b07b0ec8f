/*
 * Lines on the terminals of a container, from its supervisor, which is outside: what a limit did,
 * when a session will end.
 *
 * Terminals are the user's, and may be stopped, full, or hung: a child writes, without blocking,
 * and nobody waits for it.  It opens them by descriptors, in the devpts that the supervisor itself
 * has mounted, or what a session's caller (root's: su, login) has for its own.
 */
#ifndef CONTAINER_NOTICE_H
#define CONTAINER_NOTICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define NOTICE_TERMINALS_MAX 64
#define NOTICE_TEXT_SIZE 512

struct server;

enum notice_urgency {
	NOTICE_NEWS,  /* who said "mesg n" does not get it */
	NOTICE_URGENT /* as shutdown(8) warns: everybody does */
};

/* Which terminals. */
struct notice_target {
	bool all;                                /* of the container's own */
	unsigned number[NOTICE_TERMINALS_MAX];   /* or these: N of its /dev/pts/N */
	size_t numbers;
	pid_t caller[NOTICE_TERMINALS_MAX];      /* and what these came with */
	size_t callers;
};

#define NOTICE_CHILDREN_MAX 4

struct notice {
	int child[NOTICE_CHILDREN_MAX];     /* owned; pidfds of who is writing, or -1 */
	int64_t since[NOTICE_CHILDREN_MAX]; /* monotonic ms */
};

#define NOTICE_INIT { .child = { -1, -1, -1, -1 } }

/* Every terminal of the container. */
struct notice_target notice_to_all(const struct server *server);

/*
 * Writes "pam_ctr: TEXT" on a line of its own.  The text must be printable: names are escaped by
 * the caller.  One that comes while several are still being written is lost.
 */
void notice_tell(struct server *server, const struct notice_target *target,
    enum notice_urgency urgency, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A child has ended. */
void notice_ended(int *child);

/* The container's devpts, by its init: a descriptor, or -1. */
int notice_open_pts(const struct server *server);

/* The terminal that a caller came with, as it is now: opened with flags, or -1: none. */
int notice_open_of_caller(pid_t caller, int flags);

#endif
