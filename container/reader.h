/*
 * The user as a reader of the host's files: file system ids and groups.  What a container's
 * root may see is decided by what these can open.
 */
#ifndef CONTAINER_READER_H
#define CONTAINER_READER_H

#include "container/user.h"
#include "lib/error.h"
#include "policy/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The gids of a STEP_ROOT; the list is the caller's. */
int reader_groups(const struct step *step, gid_t **groups, size_t *count, struct error *err);

/* From here on this process, which has no groups, opens files as the user of a STEP_ROOT. */
int reader_become(const struct step *step, struct user_rights *before, struct error *err);

/* As root again; to be called whatever happened meanwhile. */
int reader_end(const struct user_rights *before, struct error *err);

/* Whether the present file system ids may do this (F_OK, R_OK, X_OK); follows no last link. */
bool reader_may(const char *path, int mode);

#endif
