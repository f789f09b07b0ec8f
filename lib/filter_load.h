/*
 * The last step of a join: a compiled filter's programs are put on the caller, and on all that it
 * starts from then on.  Used inside sshd and friends, and by ctrctl.
 */
#ifndef LIB_FILTER_LOAD_H
#define LIB_FILTER_LOAD_H

#include "lib/error.h"

#include <stddef.h>

/*
 * Reads and checks the entry (lib/filter_entry.h) that fd is open on, from its beginning.  The
 * bytes are the caller's; NULL with err.
 */
void *filter_read(int fd, struct error *err);

/*
 * Loads the programs of an entry that filter_read() gave, and proves that calls are answered
 * by them.  Needs CAP_SYS_ADMIN in the caller's user namespace, or no_new_privs.  -1 with err:
 * some of them may be loaded, and none can be taken back.  seccomp(2).
 */
int filter_load(const void *entry, struct error *err);

#endif
