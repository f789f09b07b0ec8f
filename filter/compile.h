/*
 * struct ruleset -> up to three programs for seccomp(2), made by libseccomp for every kind of
 * program that this machine runs (x86-64, i386 and x32; arm64 and arm; ...).  All that are
 * loaded run at each call, and the strictest answer counts:
 *
 *	absent  calls answered with ENOSYS, which C libraries and programs fall back on; calls that
 *	        are newer than libseccomp; architectures not named here.  Never logged
 *	refuse  what lines with tests take away.  A list of what is allowed can't say "all but"
 *	list    what is allowed, and the default
 *
 * Loaded in this order: then "absent" answers for itself, since "list" lets pass what it denies.
 */
#ifndef FILTER_COMPILE_H
#define FILTER_COMPILE_H

#include "filter/ruleset.h"
#include "lib/error.h"

#include <linux/filter.h>
#include <stdint.h>

#define PROGRAMS_MAX 3
#define ARCHITECTURES_MAX 4

/* prctl(FILTER_PROBE, ...) is answered so by every filter, and with EINVAL without one. */
#define FILTER_PROBE 0x70635f66
#define FILTER_PROBE_ERRNO 18 /* EXDEV; nothing of prctl's own */

struct program {
	struct sock_filter *code; /* owned */
	size_t count;
	bool logs;
};

struct compiled {
	struct program program[PROGRAMS_MAX];
	size_t count;
};

#define COMPILED_INIT { .count = 0 }

/* libseccomp's tokens of a machine's architectures, the native one first. */
struct architectures {
	uint32_t token[ARCHITECTURES_MAX];
	size_t count;
};

/* native: 0, this machine's, or another's libseccomp token. */
void architectures_of(uint32_t native, struct architectures *architectures);
const char *architecture_name(uint32_t token);

int compile_ruleset(const struct ruleset *ruleset, const struct architectures *architectures,
    struct compiled *compiled, struct error *err);
void compiled_free(struct compiled *compiled);

/* For struct filter_reader. */
bool compile_knows(const char *name);

/*
 * For a call that i386, s390 and the like also reach through socketcall(2) or ipc(2), where its
 * arguments can't be looked at: the name of that, else NULL.
 */
const char *compile_mux(uint32_t token, const char *name);

#endif
