/*
 * Gathers what metrics_print() prints: records and cgroups of live containers, and what was
 * counted.  Looks only, walks no tree, and asks no supervisor: a scrape disturbs nobody.
 */
#include "ctl/metrics.h"

#include "lib/own.h"
#include "lib/places.h"
#include "lib/text.h"
#include "policy/policy.h"

#include <string.h>
#include <time.h>

#define DAY_SECONDS (24 * 3600)

static bool
is_recent(const struct stats_page *stats)
{
	return stats->changed > (int64_t)time(NULL) - METRICS_DAYS * DAY_SECONDS;
}

/* What they took stays in the sum when a user is left out: a counter must not fall. */
static void
add_latencies(struct metrics *metrics, const struct stats_page *stats)
{
	for (size_t stage = 0; stage < STATS_STAGES; stage++)
		for (size_t kind = 0; kind < STATS_KINDS; kind++) {
			const struct stats_latency *from = &stats->latency[stage][kind];
			struct stats_latency *to = &metrics->latency[stage][kind];

			for (size_t i = 0; i < STATS_BUCKETS; i++)
				to->bucket[i] += from->bucket[i];
			to->usec += from->usec;
		}
}

/*
 * The container first, then the counters: what ends in between was added to them before its
 * cgroups went, and they say so.  The other way round a number would fall.
 */
static int
collect_user(struct metrics *metrics, uid_t uid, struct error *err)
{
	struct metrics_user *user = &metrics->user[metrics->users];
	struct error why = ERROR_INIT;

	*user = (struct metrics_user) { .uid = uid, .view = VIEW_INIT };
	int rc = view_read(uid, &user->view, err);
	if (rc < 0)
		return -1;
	user->has_view = rc == 0;
	if (user->has_view)
		metrics->state[user->view.state]++;
	user->has_stats = stats_read(uid, &user->stats, &why) == 0;
	if (!user->has_stats && why.errnum != ENOENT) {
		*err = why;
		view_free(&user->view);
		return -1;
	}
	if (user->has_stats)
		add_latencies(metrics, &user->stats);
	if (!user->has_view && !(user->has_stats && is_recent(&user->stats)))
		return 0;
	(void)text_format(user->user, sizeof(user->user), "%s",
	    user->has_view ? user->view.record.user : user->stats.user);
	metrics->users++;
	return 0;
}

/* Both lists are ascending; the result is, and has each uid once. */
static size_t
merge(const uid_t *left, size_t lefts, const uid_t *right, size_t rights, uid_t *all)
{
	size_t count = 0, i = 0, j = 0;

	while (i < lefts || j < rights) {
		uid_t next = j == rights || (i < lefts && left[i] < right[j]) ? left[i] : right[j];

		i += i < lefts && left[i] == next;
		j += j < rights && right[j] == next;
		all[count++] = next;
	}
	return count;
}

static bool
policy_is_valid(void)
{
	struct error ignored = ERROR_INIT;
	struct policy_text *text = policy_load(PLACE_POLICY, true, NULL, &ignored);

	policy_text_free(text);
	return text != NULL;
}

int
metrics_collect(struct metrics *metrics, struct error *err)
{
	autofree uid_t *live = NULL, *counted = NULL;
	size_t lives, counts;

	metrics->policy_is_valid = policy_is_valid();
	if (view_uids_in(PLACE_RUN, &live, &lives, err) < 0 ||
	    view_uids_in(PLACE_STATS, &counted, &counts, err) < 0)
		return -1;
	autofree uid_t *all = calloc(lives + counts + 1, sizeof(*all));
	metrics->user = calloc(lives + counts + 1, sizeof(*metrics->user));
	if (!all || !metrics->user)
		return error_set(err, ENOMEM, "collect the numbers");
	size_t count = merge(live, lives, counted, counts, all);
	for (size_t i = 0; i < count; i++)
		if (collect_user(metrics, all[i], err) < 0)
			return -1;
	return 0;
}

void
metrics_free(struct metrics *metrics)
{
	for (size_t i = 0; i < metrics->users; i++)
		view_free(&metrics->user[i].view);
	free(metrics->user);
	*metrics = (struct metrics)METRICS_INIT;
}
