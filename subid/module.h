/*
 * Subordinate ranges by an NSS module of libsubid's (nsswitch.conf, "subid: sss").
 */
#ifndef SUBID_MODULE_H
#define SUBID_MODULE_H

#include "lib/subid_file.h"
#include "subid/grant.h"

/* ENOENT: the module knows of none for this user. */
int module_find(const char *module, const struct grant_user *user,
    struct subid_span span[SUBID_KINDS], struct error *err);

#endif
