/*
 * The kernel knows no lock with a timeout that would end with its holder but an alarm's, and a signal is
 * the whole process's: so it is asked for again and again.
 */
#include "ctl/lock.h"

#include "lib/stats.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/file.h>

/* Longer than any work under a lock but a supervisor's, and no longer than an administrator wants to sit there. */
#define LOCK_MS 10000
#define LOCK_STEP_MS 10

int
lock_in_time(int directory, const char *what, struct error *err)
{
	uint64_t end = stats_now() + LOCK_MS * 1000ULL;

	while (flock(directory, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_set(err, errno, "lock %s", what);
		if (stats_now() >= end)
			return error_set(err, ETIMEDOUT, "lock %s: another ctrctl holds it; is it stopped?", what);
		(void)poll(NULL, 0, LOCK_STEP_MS);
	}
	return 0;
}
