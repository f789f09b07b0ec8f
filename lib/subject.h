/*
 * Who logs in, as PAM and NSS told it in the caller.  The policy is resolved for a subject;
 * state on the machine is keyed by its uid alone, never by a name.
 */
#ifndef LIB_SUBJECT_H
#define LIB_SUBJECT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SUBJECT_GROUPS_MAX 4096

struct subject_group {
	gid_t gid;
	char name[64]; /* "" where NSS knows no name for the gid */
};

struct subject {
	uid_t uid;
	gid_t gid;                      /* primary group; also among groups */
	char user[256];
	char home[4096];
	char shell[4096];
	char service[64];               /* PAM_SERVICE */
	char tty[64];                   /* PAM_TTY, without "/dev/"; "" if none */
	char rhost[256];                /* PAM_RHOST; "" if none */
	struct subject_group *groups;   /* owned */
	size_t groups_count;
	uint32_t subuid, subgid;        /* the first of the subordinate ids, lib/subid.h; 0: not known */
};

#define SUBJECT_INIT { .uid = (uid_t)-1, .gid = (gid_t)-1 }

/* Frees what the subject owns and resets it; accepts a half-filled and a freed one. */
void subject_free(struct subject *subject);

/* True if the subject's groups (primary included) hold one of this name. */
int subject_in_group(const struct subject *subject, const char *name);

#endif
