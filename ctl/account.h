/*
 * USER of the command line -> uid, or the whole subject as a PAM caller would send it.
 * NSS, on the host.
 */
#ifndef CTL_ACCOUNT_H
#define CTL_ACCOUNT_H

#include "lib/error.h"
#include "lib/subject.h"

/* A name, else a number; the number needs no passwd entry, so that leftovers can be named. */
int account_uid(const char *text, uid_t *uid, struct error *err);

/* The name of uid; its number where there is none, or none that fits. */
void account_name(uid_t uid, char *name, size_t size);

/*
 * The passwd entry and the groups; service is the PAM service.  subject must be SUBJECT_INIT
 * or freed; it is the caller's.
 */
int account_subject(const char *text, const char *service, struct subject *subject,
    struct error *err);

#endif
