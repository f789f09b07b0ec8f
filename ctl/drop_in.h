/*
 * A drop-in of the policy that ctrctl writes: one for each user, with what "set --keep" set.
 */
#ifndef CTL_DROP_IN_H
#define CTL_DROP_IN_H

#include "lib/error.h"
#include "lib/subject.h"

#include <limits.h>
#include <stdbool.h>

struct drop_in {
	char policy[PATH_MAX];  /* the policy's own file */
	char path[PATH_MAX];    /* the drop-in, for messages */
	char name[NAME_MAX + 1];
	int directory;          /* owned, and locked: who else writes one waits */
	char *content;          /* owned; as it is to be */
	bool is_written;        /* beside its place: gone with drop_in_free() */
};

#define DROP_IN_INIT { .directory = -1, .content = NULL }

/*
 * Makes the new content of the user's drop-in of policy, setting ("KEY=VALUE" each, count of them)
 * in place of what it said of these keys, and judges the policy with it as a whole: no fault
 * anywhere, and nothing wins over it for this login.  Writes a missing directory and, beside its
 * place, the drop-in: a full disk is told before anything is changed.
 * Returns an enum ctl_exit, having said why not; drop_in_free() is the caller's.
 */
int drop_in_prepare(struct drop_in *drop_in, const char *policy, const struct subject *subject,
    const char *const *setting, size_t count);

/* Puts it in its place in one step, and on the disk: a kill leaves the old one or the new one. */
int drop_in_install(struct drop_in *drop_in, struct error *err);

void drop_in_free(struct drop_in *drop_in);

#endif
