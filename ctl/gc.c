/*
 * ctrctl gc: what a crash left.  Containers are adopted or dissolved by supervisors, which
 * this starts; empty cgroups that are no container's it removes itself (ctl/sweep.c).
 */
#include "ctl/gc.h"

#include "ctl/account.h"
#include "ctl/command.h"
#include "ctl/login.h"
#include "ctl/sweep.h"
#include "ctl/view.h"
#include "lib/client.h"
#include "lib/own.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define ADOPT_MS 30000
/* How long a new supervisor may take to dissolve what is dead: callers have two seconds. */
#define SETTLE_TRIES 500
#define SETTLE_STEP_NS 20000000

struct gc {
	struct json *json; /* NULL: in words */
	int code;
};

static void
tell_container(const struct gc *gc, const struct view *view, const char *done, const char *was,
    size_t sessions)
{
	if (gc->json) {
		json_object(gc->json, NULL);
		json_text(gc->json, "user", view->record.user);
		json_number(gc->json, "uid", view->record.uid);
		json_text(gc->json, "done", done);
		json_text(gc->json, "was", was);
		json_number(gc->json, "sessions", sessions);
		json_object_end(gc->json);
	} else if (!strcmp(done, "removed")) {
		(void)printf("%s (uid %u): removed, it was %s\n", view->record.user,
		    (unsigned)view->record.uid, was);
	} else {
		(void)printf("%s (uid %u): adopted, sessions: %zu\n", view->record.user,
		    (unsigned)view->record.uid, sessions);
	}
}

/* Until the container is watched, or gone; false: neither came. */
static bool
settle(uid_t uid, struct view *view, bool *is_gone)
{
	struct error ignored = ERROR_INIT;

	for (int i = 0; i < SETTLE_TRIES; i++) {
		view_free(view);
		*is_gone = view_read(uid, view, &ignored) == 1;
		if (*is_gone || view->state == VIEW_ALIVE)
			return true;
		(void)nanosleep(&(struct timespec) { .tv_nsec = SETTLE_STEP_NS }, NULL);
	}
	return false;
}

/* Says what became of it; the exit code. */
static int
adopt(const struct gc *gc, uid_t uid)
{
	struct error err = ERROR_INIT;
	struct view before = VIEW_INIT, after = VIEW_INIT;
	bool is_gone;
	int code = CTL_OK;

	if (view_read(uid, &before, &err) != 0) /* gone by itself meanwhile */
		return err.text[0] ? complain_error("gc", &err) : CTL_OK;
	if (client_adopt(uid, ADOPT_MS, &err) < 0)
		code = complain_error("gc", &err);
	else if (!settle(uid, &after, &is_gone))
		code = complain(CTL_NO, "gc: %s (uid %u): neither adopted nor removed yet: see the log, "
		    "and call gc again", before.record.user, (unsigned)uid);
	else if (is_gone && before.state != VIEW_ALIVE)
		tell_container(gc, &before, "removed", view_state_name(before.state), 0);
	else if (!is_gone && before.state == VIEW_ORPHANED)
		tell_container(gc, &before, "adopted", view_state_name(before.state), after.record.sessions);
	view_free(&before);
	view_free(&after);
	return code;
}

static void
tell_cgroup(enum sweep_news news, const char *directory, void *context)
{
	struct gc *gc = context;

	if (news == SWEEP_REMOVED && gc->json) {
		json_object(gc->json, NULL);
		json_text(gc->json, "cgroup", directory);
		json_text(gc->json, "done", "removed");
		json_object_end(gc->json);
	} else if (news == SWEEP_REMOVED)
		(void)printf("%s: removed, it was empty\n", directory);
	else
		gc->code = complain(CTL_NO, "gc: %s: has processes, and is no container's: the next login "
		    "of its uid ends them", directory);
}

/* The cgroup's name is the policy's; one that is at fault is said so, and the rest was done. */
int
gc_cgroups(const char *config, struct json *json)
{
	struct policy_faults faults = POLICY_FAULTS_INIT;
	struct error err = ERROR_INIT;
	struct policy_text *text = login_load(config, &faults, &err);
	struct gc gc = { .json = json, .code = CTL_OK };

	if (!text) {
		login_print_faults(&faults, &err);
		policy_faults_free(&faults);
		return complain(CTL_NO, "gc: the policy is at fault: it does not say where to look "
		    "for cgroups");
	}
	struct login *login = login_anybody(text, &err);
	if (!login || sweep_run(&login->machine, login->policy.cgroup, tell_cgroup, &gc, &err) < 0)
		gc.code = complain_error("gc", &err);
	login_free(login);
	return gc.code;
}

int
gc_containers(struct json *json)
{
	const struct gc gc = { .json = json };
	struct error err = ERROR_INIT;
	autofree uid_t *uids = NULL;
	size_t count;
	int code = CTL_OK, one;

	if (view_uids(&uids, &count, &err) < 0)
		return complain_error("gc", &err);
	for (size_t i = 0; i < count; i++) {
		one = adopt(&gc, uids[i]);
		code = one > code ? one : code;
	}
	return code;
}

int
command_gc(const struct options *options)
{
	struct json list = { .out = stdout }, *json = options->json ? &list : NULL;
	int code = caller_check("gc"), one;

	if (code != CTL_OK)
		return code;
	if (json)
		json_list(json, NULL);
	code = gc_containers(json);
	one = gc_cgroups(options->config, json);
	if (json)
		json_list_end(json);
	return output_end(one > code ? one : code);
}
