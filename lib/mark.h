/*
 * How a PAM caller sees that it is already inside a container (su, sudo or cron there run
 * the same PAM stack): a file that only root outside could have put at PLACE_MARK, naming
 * the container's mount and PID namespaces, which must be the caller's own.  On the host
 * the directory is root's alone, inside it is a read-only mount: no user can make a caller
 * outside believe that it is inside, or the other way round.
 */
#ifndef LIB_MARK_H
#define LIB_MARK_H

#include "lib/error.h"

#include <stdint.h>

/* Writes the mark of the calling process's namespaces as a new file in directory. */
int mark_write(int directory, struct error *err);

/*
 * 1: inside; 0: outside; -1: a mark is there but can't be proven to be the caller's own,
 * err says why.  Only 0 may lead to a new container, and only 1 to stepping aside.
 */
int mark_check(struct error *err);

/*
 * For a process that has just joined: 0 if the tree that it sees now is that of the container
 * with these namespaces.  Where the supervisor runs in a chroot(2), setns(2) leads to the
 * mount namespace's own root, which is another tree: then -1.
 */
int mark_verify(const uint64_t namespaces[2], struct error *err);

#endif
