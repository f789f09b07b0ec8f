/*
 * ctrctl home snapshot, restore, delete.
 */
#include "ctl/home.h"

#include "home/apply.h"
#include "home/snapshot.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/text.h"

#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

/* CTL_OK, or having said what is missing. */
static int
check(struct home *home, const char *name)
{
	char shown[256];

	if (!home->store_name)
		return complain(CTL_NO, "%s: %s: the policy keeps no home apart (home = overlay, or template)",
		    home->verb, home->name);
	if (name && !snapshot_is_name(name))
		return complain(CTL_USAGE, "%s: %s: a name is up to %d letters, digits and . _ - : +", home->verb,
		    text_escape(name, shown, sizeof(shown)), SNAPSHOT_NAME_MAX);
	return CTL_OK;
}

static struct snapshots
snapshots_of(struct home *home)
{
	/* A template's files are root's on the disk: in an upper they would be so inside, too. */
	bool is_template = home->login->policy.home == HOME_TEMPLATE;

	return (struct snapshots) { .own = home->own, .store = home->store_name,
		.lower = is_template ? -1 : home->lower, .progress = &home->progress };
}

/* A copy of what is in use is only read, and needs to keep no more than other ctrctls away. */
static int
lock(struct home *home)
{
	if (!home->options->live)
		return home_lock(home);
	return flock(home->own, LOCK_EX | LOCK_NB) == 0 ? CTL_OK :
	    complain(CTL_NO, "%s: %s: another ctrctl is at work there", home->verb, home->name);
}

int
home_snapshot(struct home *home)
{
	struct error err = ERROR_INIT;
	struct snapshots snapshots = snapshots_of(home);
	char now[SNAPSHOT_NAME_MAX];
	time_t seconds = time(NULL);
	struct tm tm;
	const char *name = *home_operands(home);
	int code = check(home, name);

	if (code != CTL_OK)
		return code;
	if (!name && gmtime_r(&seconds, &tm) && strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
		name = now;
	if (home->upper < 0 || !name) {
		home_say(home, "nothing is kept");
		return CTL_OK;
	}
	code = lock(home);
	if (code != CTL_OK)
		return code;
	if (progress_expect(&home->progress, home->upper, &err) < 0 ||
	    snapshot_make(&snapshots, home->upper, name, &err) < 0)
		return err.errnum == EEXIST ? complain(CTL_NO, "%s: %s: %s is there already", home->verb,
		    home->name, name) : home_complain(home, &err);
	home_say(home, "snapshot %s", name);
	return CTL_OK;
}

int
home_restore(struct home *home)
{
	struct error err = ERROR_INIT;
	struct snapshots snapshots = snapshots_of(home);
	const char *name = *home_operands(home);
	int code = check(home, name);

	if (code != CTL_OK)
		return code;
	/* After a reset there is no store, by which a login is kept away. */
	if (home->own >= 0 && home->store < 0)
		home->store = path_make_private(home->own, home->store_name, 0700, &err);
	if (home->own >= 0 && home->store < 0)
		return home_complain(home, &err);
	code = home->own < 0 ? CTL_OK : home_lock(home);
	if (code != CTL_OK)
		return code;
	if (home->own < 0 || snapshot_restore(&snapshots, home->store, name, &err) < 0)
		return home->own < 0 || err.errnum == ENOENT ? complain(CTL_NO, "%s: %s: there is no snapshot %s",
		    home->verb, home->name, name) : home_complain(home, &err);
	home_say(home, "restored %s", name);
	return CTL_OK;
}

int
home_delete(struct home *home)
{
	struct error err = ERROR_INIT;
	struct snapshots snapshots = snapshots_of(home);
	const char *name = *home_operands(home);
	int code = check(home, name);

	if (code != CTL_OK)
		return code;
	if (home->own >= 0 && flock(home->own, LOCK_EX | LOCK_NB) < 0)
		return complain(CTL_NO, "%s: %s: another ctrctl is at work there", home->verb, home->name);
	int was_there = home->own < 0 ? 0 : snapshot_delete(&snapshots, name, &err);
	if (was_there < 0)
		return home_complain(home, &err);
	if (was_there == 0)
		return complain(CTL_NO, "%s: %s: there is no snapshot %s", home->verb, home->name, name);
	home_say(home, "deleted %s", name);
	return CTL_OK;
}
