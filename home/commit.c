/*
 * Runs as root.  The order is what makes it safe: flatten (nothing changes for who looks), apply
 * (the upper hides it), sync, drop.  Each can be done again.
 */
#include "home/commit.h"

#include "home/apply.h"
#include "home/flatten.h"
#include "home/target.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/upper_store.h"

#include <fcntl.h>
#include <sys/stat.h>

#define SCRATCH_NAME "scratch"

static int
flatten(const struct commit *commit, struct error *err)
{
	struct copy copy = COPY_INIT;

	copy.kind = COPY_TO_UPPER;
	if (path_remove_tree(commit->store, SCRATCH_NAME, err) < 0)
		return -1;
	autofd int scratch = path_make_private(commit->store, SCRATCH_NAME, 0700, err);
	if (scratch < 0)
		return -1;
	copy.scratch = scratch;
	int rc = flatten_upper(&copy, commit->upper, commit->lower, err);
	copy_free(&copy);
	return rc < 0 ? -1 : path_remove_tree(commit->store, SCRATCH_NAME, err);
}

/* The staging directory came and went in the home's top, whose times are the upper's. */
static int
end_staging(const struct commit *commit, const struct target *target, struct error *err)
{
	struct stat st;

	if (apply_end(commit->lower, err) < 0)
		return -1;
	if (fstat(target ? commit->lower : commit->upper, &st) < 0)
		return error_set(err, errno, "stat the home");
	const struct timespec times[] = { st.st_atim, st.st_mtim };
	if (!target && futimens(commit->lower, times) < 0)
		return error_set(err, errno, "set the times of the home");
	return 0;
}

static int
apply_as_user(struct commit *commit, const struct target *target, struct error *err)
{
	struct copy copy = COPY_INIT;
	autofd int staging = apply_begin(commit->lower, err);

	if (staging < 0)
		return -1;
	copy.kind = COPY_TO_HOME;
	copy.user = &commit->user;
	copy.progress = commit->progress;
	copy.scratch = staging;
	int rc = apply_upper(&copy, target ? target->upper : commit->upper,
	    target ? target->lower : commit->lower, target ? target->name : NULL, err);
	commit->foreign += copy.foreign;
	copy_free(&copy);
	if (rc < 0) {
		/* What is in the way is as good a reason as the first one. */
		(void)apply_end(commit->lower, NULL);
		return -1;
	}
	return end_staging(commit, target, err);
}

/* Into the home, and onto the disk. */
static int
apply(struct commit *commit, const struct target *target, struct error *err)
{
	struct rights before;
	int rc = rights_take(&commit->user, &before, err);

	if (rc == 0)
		rc = apply_as_user(commit, target, err);
	if (rights_return(&before, rc == 0 ? err : NULL) < 0)
		return -1;
	if (rc == 0 && syncfs(commit->lower) < 0)
		return error_set(err, errno, "sync the home's file system");
	return rc;
}

static int
drop(int store, int from, const char *name, struct error *err)
{
	struct stat st;

	if (fstat(from, &st) < 0)
		return error_set(err, errno, "stat the upper");
	if (upper_store_remove(store, err) < 0 || upper_store_set_aside_from(store, from, name, err) < 0)
		return -1;
	/* The directory that it was in is as it was, but for that name. */
	const struct timespec times[] = { st.st_atim, st.st_mtim };
	if (from != store && futimens(from, times) < 0)
		return error_set(err, errno, "set the times");
	return upper_store_remove(store, err);
}

int
commit_all(struct commit *commit, struct error *err)
{
	struct progress none = { .show = NULL };

	if (apply_check(commit->upper, NULL, commit->progress ? commit->progress : &none, err) < 0 ||
	    flatten(commit, err) < 0 || apply(commit, NULL, err) < 0)
		return -1;
	return drop(commit->store, commit->store, UPPER_NAME, err);
}

static int
commit_target(struct commit *commit, const struct target *target, struct error *err)
{
	struct progress none = { .show = NULL };

	if (target->lower < 0)
		return error_set(err, 0, "the directory that it is in is not in the real home yet: commit "
		    "that one");
	if (apply_check(target->upper, target->name, commit->progress ? commit->progress : &none,
	        err) < 0 || apply(commit, target, err) < 0)
		return -1;
	return drop(commit->store, target->upper, target->name, err);
}

int
commit_path(struct commit *commit, const char *path, struct error *err)
{
	struct target target = TARGET_INIT;
	/* All renamed directories, not this one alone: another may show what the path deletes. */
	int rc = flatten(commit, err);

	if (rc == 0)
		rc = target_find(commit->upper, commit->lower, path, &target, err);
	if (rc == 0)
		rc = commit_target(commit, &target, err);
	target_free(&target);
	return rc;
}

int
commit_drop_path(int store, int upper, int lower, const char *path, struct error *err)
{
	struct target target = TARGET_INIT;
	int rc = target_find(upper, lower, path, &target, err);

	if (rc == 0)
		rc = drop(store, target.upper, target.name, err);
	target_free(&target);
	return rc;
}
