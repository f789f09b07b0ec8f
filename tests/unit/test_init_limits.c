/* container/init_limits.c: what PID 1 shows to the pam_limits of a login.  Pure. */
#include "container/init_limits.h"

#include <criterion/criterion.h>

#define ALL RLIM_INFINITY

static const struct {
	const char *what;
	unsigned resource;
	struct rlimit login;
	const struct rlimit *before;
	struct rlimit wanted;
} rows[] = {
	{ "the login's", RLIMIT_NPROC, { 100, 200 }, NULL, { 100, 200 } },
	{ "without an end", RLIMIT_STACK, { 8 << 20, ALL }, NULL, { 8 << 20, ALL } },
	{ "the first lowers", RLIMIT_NPROC, { 100, 200 }, NULL, { 100, 200 } },
	{ "a later one never", RLIMIT_NPROC, { 100, 200 }, &(struct rlimit) { 1, 300 }, { 100, 300 } },
	{ "but raises", RLIMIT_NPROC, { 400, 400 }, &(struct rlimit) { 1, 300 }, { 400, 400 } },
	{ "time never ends PID 1", RLIMIT_CPU, { 60, 60 }, NULL, { 60, ALL } },
	{ "descriptors as pam_limits takes them", RLIMIT_NOFILE, { 1024, 4096 }, NULL, { 1024, 4096 } },
	{ "more are not to be cut", RLIMIT_NOFILE, { 4096, 4096 }, NULL, { 4096, 4097 } },
	{ "of other things they are", RLIMIT_NPROC, { 4096, 4096 }, NULL, { 4096, 4096 } },
};

Test(init_limits, what_pid_1_shows)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rlimit got = init_limit(rows[i].resource, rows[i].login, rows[i].before);
		cr_expect_eq(got.rlim_cur, rows[i].wanted.rlim_cur, "%s: soft %llu", rows[i].what,
		    (unsigned long long)got.rlim_cur);
		cr_expect_eq(got.rlim_max, rows[i].wanted.rlim_max, "%s: hard %llu", rows[i].what,
		    (unsigned long long)got.rlim_max);
	}
}
