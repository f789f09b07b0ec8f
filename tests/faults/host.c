/*
 * Compared with what there was before the user's first session.
 */
#include "tests/faults/host.h"

#include "lib/own.h"
#include "tests/faults/login.h"
#include "tests/faults/state.h"

#include <poll.h>
#include <string.h>

#define LOOK_MS 5

static bool
is_clean(const struct worker *worker)
{
	autofree char *now = state_of_host(worker->uid);

	return now && worker->host && !strcmp(now, worker->host);
}

bool
host_becomes_clean(const struct worker *worker, int ms)
{
	int64_t end = trace_clock() + ms;

	while (!is_clean(worker)) {
		if (trace_clock() > end)
			return false;
		(void)poll(NULL, 0, LOOK_MS);
	}
	return true;
}

void
host_check_clean(struct worker *worker, struct result *result)
{
	if (host_becomes_clean(worker, LOGIN_END_MS))
		return;
	char *now = state_of_host(worker->uid);
	result_compare(result, OUTCOME_LEAK, "the host, after the next login", worker->host, now);
	/* Told once, not of each run that follows. */
	free(worker->host);
	worker->host = now;
}
