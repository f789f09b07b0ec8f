/*
 * Which subordinate ids a user's container may have: subuid(5), subgid(5), or what an NSS
 * module says where nsswitch.conf(5) names one.  For the supervisor and ctrctl, as root.
 */
#ifndef LIB_SUBID_H
#define LIB_SUBID_H

#include "lib/error.h"

#include <stdint.h>
#include <sys/types.h>

#define SUBID_COUNT 65536

struct subid_range {
	uint32_t uid;   /* the first subordinate uid */
	uint32_t gid;   /* the first subordinate gid */
	uint32_t count; /* of both: the smaller of the two, at least SUBID_COUNT */
};

/*
 * Looks only.  err->errnum ENOENT: none is allotted.  Runs no program where ranges come from
 * the files, else the helper, for up to five seconds.
 */
int subid_find(const char *user, uid_t uid, struct subid_range *range, struct error *err);

/*
 * Finds, or allots for good, the way usermod(8) does.  Blocks for up to five seconds, at a
 * user's first login only; the range is checked as strictly as one that was found.
 */
int subid_allot(const char *user, uid_t uid, struct subid_range *range, struct error *err);

#endif
