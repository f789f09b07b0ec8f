/*
 * A plan's cgroup steps run on what is in use.
 */
#include "container/cgroup_live.h"

#include "container/cgroup_file.h"
#include "container/cgroup_place.h"
#include "container/cgroup_step.h"
#include "lib/cgroup_tree.h"
#include "lib/own.h"
#include "lib/text.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

/*
 * The kernel has the new limit at once, and then reclaims and kills until it fits; a signal
 * ends its trying, not the limit.
 */
#define PATIENCE_SECONDS 3

static void
wake(int signal)
{
	(void)signal;
}

/* Nothing else of the supervisor's uses the timer; without SA_RESTART, which would go on. */
static void
set_patience(time_t seconds)
{
	const struct sigaction action = { .sa_handler = wake };
	const struct itimerval time = { .it_value = { .tv_sec = seconds } };

	(void)sigaction(SIGALRM, &action, NULL);
	(void)setitimer(ITIMER_REAL, &time, NULL);
}

/* What v1 answers where it can't reclaim enough. */
static int
explain(const struct step *step, struct error *err)
{
	const char *file = strrchr(step->target, '/');

	if (err->errnum != EBUSY || !file || strcmp(file, "/memory.limit_in_bytes") != 0)
		return -1;
	return error_set(err, EBUSY, "memory.max: more than that is in use and can't be reclaimed, and "
	    "cgroup v1 refuses a limit below it: end something first (%s)", step->target);
}

static int
run(const struct step *step, struct error *err)
{
	struct step live = *step;

	/* Made where there is none: anew is for those that nobody is in. */
	live.flags &= ~(unsigned)STEP_F_FRESH;
	set_patience(PATIENCE_SECONDS);
	int rc = cgroup_step_run(&live, err);
	set_patience(0);
	return rc < 0 ? explain(step, err) : 0;
}

static bool
is_cgroup_step(const struct step *step)
{
	return step->kind == STEP_CGROUP_MAKE || step->kind == STEP_CGROUP_ENABLE ||
	    step->kind == STEP_CGROUP_SET;
}

/* Of what was not there before; what somebody has come to use meanwhile stays (EBUSY, ENOTEMPTY). */
static void
undo(const struct plan *plan, const bool *is_new)
{
	for (size_t i = plan->count; i-- > 0;)
		if (is_new[i])
			(void)rmdir(plan->step[i].target);
}

static int
run_all(const struct plan *plan, struct error *err)
{
	autofree bool *is_new = calloc(plan->count + 1, sizeof(*is_new));

	if (!is_new)
		return error_set(err, ENOMEM, "change the limits");
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->step[i];
		is_new[i] = step->kind == STEP_CGROUP_MAKE && access(step->target, F_OK) < 0 && errno == ENOENT;
		if (is_cgroup_step(step) && run(step, err) < 0) {
			undo(plan, is_new);
			return -1;
		}
	}
	return 0;
}

int
cgroups_change(struct cgroups *cgroups, const struct plan *plan, struct error *err)
{
	if (run_all(plan, err) < 0)
		return -1;
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->step[i];
		if (step->kind != STEP_CGROUP_MAKE || !(step->flags & STEP_F_FRESH))
			continue;
		int new = cgroups_add(cgroups, step->target, err);
		if (new < 0 || (new > 0 && cgroups_fill(cgroups, cgroups->count - 1, err) < 0))
			return -1;
	}
	return 0;
}

struct leaves {
	const char *value;
	struct error *err;
};

static int
change_leaf(int parent, const char *name, void *context)
{
	const struct leaves *leaves = context;
	char file[300];

	if (text_format(file, sizeof(file), "%s/pids.max", name) < 0)
		return error_set(leaves->err, errno, "pids.max of a session");
	if (cgroup_file_write(parent, file, leaves->value) == 0 || errno == ENOENT || errno == ENODEV)
		return 0;
	return error_set(leaves->err, errno, "write \"%s\" to %s", leaves->value, file);
}

int
cgroups_change_leaves(struct cgroups *cgroups, const char *pids_max, struct error *err)
{
	const struct cgroup_place *place = cgroups_tracking(cgroups);
	struct leaves leaves = { .value = pids_max ? pids_max : "max", .err = err };

	if (!place || (faccessat(place->fd, "pids.max", F_OK, 0) < 0 && errno == ENOENT))
		return 0;
	if (text_format(cgroups->leaf_pids, sizeof(cgroups->leaf_pids), "%s", leaves.value) < 0)
		return error_set(err, errno, "pids.max %s", leaves.value);
	return cgroup_tree_each(cgroup_place_leaves(place), change_leaf, &leaves) == 0 ? 0 :
	    err->text[0] ? -1 : error_set(err, errno, "list the sessions of %s", place->directory);
}
