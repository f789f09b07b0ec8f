/*
 * What login.defs(5) says of subordinate ranges.
 */
#ifndef SUBID_LOGIN_DEFS_H
#define SUBID_LOGIN_DEFS_H

#include "lib/subid_file.h"

struct login_defs {
	uint64_t min, max, count;
};

/* SUB_UID_MIN, _MAX and _COUNT, or SUB_GID_*; shadow's defaults for what is not there. */
int login_defs_read(enum subid_kind kind, struct login_defs *defs, struct error *err);

/* The same from a text. */
int login_defs_parse(const char *text, enum subid_kind kind, struct login_defs *defs,
    struct error *err);

#endif
