/*
 * ctrctl home status: what is kept of a home, and how much.
 */
#include "ctl/home.h"

#include "container/quota.h"
#include "ctl/human.h"
#include "ctl/json.h"
#include "ctl/view.h"
#include "home/measure.h"
#include "home/snapshot.h"
#include "lib/own.h"
#include "lib/places.h"
#include "lib/text.h"
#include "lib/upper.h"
#include "lib/usage.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>

struct status {
	const struct home *home;
	const char *kind;
	char below[PATH_MAX], store[PATH_MAX]; /* "" : nothing is kept */
	uint64_t changes[3], bytes;
	uint64_t used, limit;                  /* by the quota; USAGE_* */
	bool has_container;
};

static int
count_change(const struct upper_difference *difference, void *context)
{
	struct status *status = context;

	if (!home_is_own_doing(status->home, difference))
		status->changes[difference->change]++;
	return 0;
}

static int
look(struct home *home, struct status *status, struct error *err)
{
	struct upper upper = { .directory = home->upper, .below = home->lower, .point = "/" };

	if (home->login->policy.home == HOME_TEMPLATE) {
		upper.root_uid = home->user.uid;
		upper.root_gid = home->user.gid;
	}
	if (home->upper < 0)
		return 0;
	return upper_diff(&upper, count_change, status, err) < 0 ||
	    measure_tree(home->upper, &status->bytes, err) < 0 ? -1 : 0;
}

static void
name_places(const struct home *home, struct status *status)
{
	static const char *const kinds[] = {
		[HOME_OVERLAY] = "overlay", [HOME_EPHEMERAL] = "ephemeral",
		[HOME_TEMPLATE] = "template", [HOME_HOST] = "host",
	};
	const struct policy *policy = &home->login->policy;

	status->kind = kinds[policy->home];
	(void)text_format(status->below, sizeof(status->below), "%s", policy->home == HOME_TEMPLATE
	    ? policy->home_template : home->login->subject.home);
	if (home->store >= 0)
		(void)text_format(status->store, sizeof(status->store), PLACE_LIB "/%u/%s",
		    (unsigned)home->user.uid, home->store_name);
}

static int
print_snapshot(const char *name, int64_t since, uint64_t bytes, void *context)
{
	char text[HUMAN_MAX], when[64];
	time_t seconds = (time_t)since;
	struct tm tm;
	bool *is_first = context;

	if (!localtime_r(&seconds, &tm) || strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm) == 0)
		when[0] = '\0';
	(void)printf("  %-10s %-24s %s  %s\n", *is_first ? "snapshots" : "", name, when,
	    human_bytes(bytes, text, sizeof(text)));
	*is_first = false;
	return 0;
}

static int
put_snapshot(const char *name, int64_t since, uint64_t bytes, void *context)
{
	struct json *json = context;

	json_object(json, NULL);
	json_text(json, "name", name);
	json_number(json, "since", (uint64_t)since);
	json_number(json, "bytes", bytes);
	json_object_end(json);
	return 0;
}

static int
list_snapshots(struct home *home, snapshot_visit *visit, void *context, struct error *err)
{
	const struct snapshots snapshots = { .own = home->own, .store = home->store_name,
		.lower = -1 };

	return home->own < 0 || !home->store_name ? 0 : snapshot_list(&snapshots, visit, context, err);
}

static void
print_status(struct home *home, const struct status *status)
{
	char bytes[HUMAN_MAX], limit[HUMAN_MAX], shown[PATH_MAX];

	(void)printf("%s: home = %s, over %s\n", home->login->subject.user, status->kind,
	    text_escape(status->below, shown, sizeof(shown)));
	(void)printf("  %-10s %s\n", "container", status->has_container ? "yes" : "no");
	if (!status->store[0])
		(void)printf("  %-10s nothing is kept\n", "changes");
	else
		(void)printf("  %-10s %" PRIu64 " added, %" PRIu64 " changed, %" PRIu64 " deleted: %s in %s\n",
		    "changes", status->changes[UPPER_ADDED], status->changes[UPPER_CHANGED],
		    status->changes[UPPER_DELETED], human_bytes(status->bytes, bytes, sizeof(bytes)),
		    status->store);
	if (status->used != USAGE_UNKNOWN)
		(void)printf("  %-10s %s of %s\n", "quota", human_bytes(status->used, bytes, sizeof(bytes)),
		    human_bytes(status->limit, limit, sizeof(limit)));
}

static void
put_quota(const char *name, uint64_t number, struct json *json)
{
	if (number == USAGE_UNKNOWN)
		json_null(json, name);
	else if (number == USAGE_UNLIMITED)
		json_text(json, name, "max");
	else
		json_number(json, name, number);
}

static void
put_status(struct home *home, const struct status *status, struct json *json)
{
	json_object(json, NULL);
	json_text(json, "user", home->login->subject.user);
	json_number(json, "uid", home->user.uid);
	json_text(json, "home", status->kind);
	json_text(json, "below", status->below);
	json_text(json, "store", status->store);
	json_yes_no(json, "container", status->has_container);
	json_number(json, "added", status->changes[UPPER_ADDED]);
	json_number(json, "changed", status->changes[UPPER_CHANGED]);
	json_number(json, "deleted", status->changes[UPPER_DELETED]);
	json_number(json, "bytes", status->bytes);
	put_quota("quota_used", status->used, json);
	put_quota("quota_max", status->limit, json);
}

static int
print_all(struct home *home, const struct status *status, struct error *err)
{
	bool is_first = true;

	print_status(home, status);
	return list_snapshots(home, print_snapshot, &is_first, err);
}

static int
put_all(struct home *home, const struct status *status, struct json *json, struct error *err)
{
	put_status(home, status, json);
	json_list(json, "snapshots");
	int rc = list_snapshots(home, put_snapshot, json, err);
	json_list_end(json);
	json_object_end(json);
	return rc;
}

int
home_status(struct home *home, struct json *json)
{
	struct error err = ERROR_INIT;
	struct status status = { .home = home };
	struct view view = VIEW_INIT;
	int there = view_read(home->user.uid, &view, &err);

	status.has_container = there == 0 && view.init_alive;
	if (home->store < 0 || !quota_read(home->store, home->user.uid, &status.used, &status.limit))
		status.used = status.limit = USAGE_UNKNOWN;
	else if (status.limit == 0)
		status.limit = USAGE_UNLIMITED;
	view_free(&view);
	name_places(home, &status);
	if (there < 0 || look(home, &status, &err) < 0)
		return home_complain(home, &err);
	return (home->options->json ? put_all(home, &status, json, &err) : print_all(home, &status, &err)) < 0
	    ? home_complain(home, &err) : CTL_OK;
}
