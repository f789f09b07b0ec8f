/*
 * Reads the host's subuid(5), subgid(5) and nsswitch.conf(5); shared by the supervisor, which
 * trusts nobody else's reading of them, and its helper.
 */
#ifndef LIB_SUBID_FILE_H
#define LIB_SUBID_FILE_H

#include "lib/subid_text.h"

#define SUBID_FILE_MAX (16 << 20)

enum subid_kind { SUBID_UIDS, SUBID_GIDS, SUBID_KINDS };

extern const char *const subid_file_path[SUBID_KINDS];

/* The user's range, looked for in the file alone; ENOENT: none, or there is no such file. */
int subid_file_find(enum subid_kind kind, const char *user, uid_t uid, struct subid_span *span,
    struct error *err);

/* "files", or the NSS module that ranges come from here. */
int subid_file_source(char name[SUBID_SOURCE_MAX], struct error *err);

#endif
