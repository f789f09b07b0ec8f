/*
 * What ctrctl metrics tells: collected once, then printed.
 */
#ifndef CTL_METRICS_H
#define CTL_METRICS_H

#include "ctl/exposition.h"
#include "ctl/view.h"
#include "lib/error.h"
#include "lib/stats.h"

#include <stdbool.h>

/* Users of whom nothing was counted for so long, and who have no container, are left out. */
#define METRICS_DAYS 30

struct metrics_user {
	uid_t uid;
	char user[256];
	bool has_view;
	struct view view;        /* of the container; owned */
	bool has_stats;
	struct stats_page stats;
};

struct metrics {
	struct metrics_user *user; /* owned; by uid, ascending */
	size_t users;
	uint64_t state[VIEW_STATES]; /* how many containers are in each */
	struct stats_latency latency[STATS_STAGES][STATS_KINDS]; /* of all users, those left out, too */
	bool policy_is_valid;
};

#define METRICS_INIT { .user = NULL, .users = 0 }

/* As root, on the host.  metrics must be METRICS_INIT; it is the caller's on failure, too. */
int metrics_collect(struct metrics *metrics, struct error *err);

/* Pure. */
void metrics_print(const struct metrics *metrics, enum exposition_format format, FILE *out);

void metrics_free(struct metrics *metrics);

#endif
