/*
 * Who logs in, asked of PAM and NSS in the caller, before it enters anything.
 */
#ifndef PAM_CTR_SUBJECT_PAM_H
#define PAM_CTR_SUBJECT_PAM_H

#include "lib/error.h"
#include "lib/subject.h"

#include <security/pam_modules.h>

/*
 * Fills subject (SUBJECT_INIT or freed) with user, uid, gid, home, shell, service, tty and
 * rhost.  The groups are not looked up: root and a refused user do not need them.
 */
int subject_from_pam(pam_handle_t *pamh, struct subject *subject, struct error *err);

/* Adds the groups and their names; NSS, so LDAP and SSSD groups count.  getgrouplist(3). */
int subject_add_groups(pam_handle_t *pamh, struct subject *subject, struct error *err);

#endif
