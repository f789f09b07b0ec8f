/*
 * ctrctl home commit, reset.
 */
#include "ctl/home.h"

#include "ctl/human.h"
#include "home/commit.h"
#include "lib/own.h"
#include "lib/text.h"
#include "lib/upper_store.h"

#include <inttypes.h>
#include <stdio.h>

/* Having said that nothing can be done, and why; CTL_OK: go on. */
static int
check_kept(struct home *home, bool *is_kept)
{
	*is_kept = home->upper >= 0;
	if (!home->store_name)
		return complain(CTL_NO, "%s: %s: the policy keeps no home apart (home = overlay, or template)",
		    home->verb, home->name);
	if (!*is_kept)
		home_say(home, "nothing is kept");
	return CTL_OK;
}

static void
say_committed(struct home *home, const struct commit *commit)
{
	char bytes[HUMAN_MAX];

	home_say(home, "committed, %" PRIu64 " name%s, %s", home->progress.names,
	    home->progress.names == 1 ? "" : "s",
	    human_bytes(home->progress.bytes, bytes, sizeof(bytes)));
	if (commit->foreign > 0)
		home_say(home, "of these %zu were another's, and are %s's now", commit->foreign,
		    home->login->subject.user);
}

/* One after the other; one that differs in nothing is no failure. */
static int
commit_paths(struct home *home, struct commit *commit)
{
	char shown[512];

	for (const char *const *path = home_operands(home); *path; path++) {
		struct error err = ERROR_INIT;
		int rc = commit_path(commit, home_relative(home, *path), &err);
		if (rc < 0) {
			(void)error_prefix(&err, "%s", text_escape(*path, shown, sizeof(shown)));
			return home_complain(home, &err);
		}
		if (rc > 0)
			home_say(home, "%s: nothing differs", text_escape(*path, shown, sizeof(shown)));
	}
	return CTL_OK;
}

int
home_commit(struct home *home)
{
	struct error err = ERROR_INIT;
	bool is_kept;
	int code = check_kept(home, &is_kept);

	if (code != CTL_OK || !is_kept)
		return code;
	if (home->login->policy.home == HOME_TEMPLATE)
		return complain(CTL_NO, "%s: %s: what lies below is a template, which is everybody's: export "
		    "the home, or copy from it", home->verb, home->name);
	code = home_lock(home);
	if (code != CTL_OK)
		return code;
	struct commit commit = { .store = home->store, .upper = home->upper, .lower = home->lower,
		.user = home->user, .progress = &home->progress };
	if (*home_operands(home))
		code = commit_paths(home, &commit);
	else if (commit_all(&commit, &err) < 0)
		code = home_complain(home, &err);
	if (code == CTL_OK)
		say_committed(home, &commit);
	return code;
}

static int
reset_paths(struct home *home)
{
	char shown[512];

	for (const char *const *path = home_operands(home); *path; path++) {
		struct error err = ERROR_INIT;
		int rc = commit_drop_path(home->store, home->upper, home->lower, home_relative(home, *path), &err);
		(void)text_escape(*path, shown, sizeof(shown));
		if (rc < 0) {
			(void)error_prefix(&err, "%s", shown);
			return home_complain(home, &err);
		}
		home_say(home, rc > 0 ? "%s: nothing differs" : "%s: reset", shown);
	}
	return CTL_OK;
}

/* Of both kinds, whatever the policy is now. */
static int
reset_all(struct home *home)
{
	static const char *const stores[] = { UPPER_STORE_HOME, UPPER_STORE_TEMPLATE };
	struct error err = ERROR_INIT;
	int count = 0;

	if (upper_store_remove(home->own, &err) < 0)
		return home_complain(home, &err);
	for (size_t i = 0; i < sizeof(stores) / sizeof(stores[0]); i++) {
		int moved = upper_store_set_aside(home->own, stores[i], &err);
		if (moved < 0)
			return home_complain(home, &err);
		count += moved;
	}
	if (upper_store_remove(home->own, &err) < 0)
		return home_complain(home, &err);
	home_say(home, count > 0 ? "reset" : "nothing was kept");
	return CTL_OK;
}

int
home_reset(struct home *home)
{
	bool is_kept = home->own >= 0;
	int code = *home_operands(home) ? check_kept(home, &is_kept) : CTL_OK;

	if (code != CTL_OK)
		return code;
	if (!is_kept) {
		if (!*home_operands(home))
			home_say(home, "nothing was kept");
		return CTL_OK;
	}
	code = home_lock(home);
	if (code != CTL_OK)
		return code;
	return *home_operands(home) ? reset_paths(home) : reset_all(home);
}
