/*
 * PLACE_LIB/UID/home.snapshots/NAME/upper.  Made under a name that none can have, and then
 * renamed; the home's limit (a project quota on the store) does not count them.
 */
#include "home/snapshot.h"

#include "home/copy.h"
#include "home/flatten.h"
#include "home/measure.h"
#include "lib/names.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/sys.h"
#include "lib/text.h"
#include "lib/upper_store.h"
#include "lib/walk.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define NEW_NAME ".new"         /* beside the snapshots */
#define RESTORE_NAME "restore"  /* in the store: the upper that is to come, or that was */
#define SCRATCH_NAME "scratch"
#define SUFFIX ".snapshots"

bool
snapshot_is_name(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:+");

	return length > 0 && name[length] == '\0' && length <= SNAPSHOT_NAME_MAX && name[0] != '.' &&
	    name[0] != '-';
}

/* -1 with ENOENT: none was ever made, and is_made is false. */
static int
open_all(const struct snapshots *snapshots, bool is_made, struct error *err)
{
	char name[NAME_MAX + 1];

	if (text_format(name, sizeof(name), "%s" SUFFIX, snapshots->store) < 0)
		return error_set(err, errno, "name the snapshots");
	return is_made ? path_make_private(snapshots->own, name, 0700, err)
	               : path_open_beneath(snapshots->own, name, O_RDONLY | O_DIRECTORY, err);
}

/* A copy of the upper from, as name below directory, which has a scratch meanwhile. */
static int
copy_upper(const struct snapshots *snapshots, int from, int lower, int directory,
    const char *name, struct error *err)
{
	struct copy copy = COPY_INIT;

	if (path_remove_tree(directory, SCRATCH_NAME, err) < 0)
		return -1;
	autofd int scratch = path_make_private(directory, SCRATCH_NAME, 0700, err);
	if (scratch < 0)
		return -1;
	if (mkdirat(directory, name, 0700) < 0)
		return error_set(err, errno, "mkdir %s", name);
	autofd int to = walk_open(directory, name);
	if (to < 0)
		return error_set(err, errno, "open %s", name);
	copy.kind = COPY_OF_UPPER;
	copy.scratch = scratch;
	copy.progress = snapshots->progress;
	int rc = copy_tree(&copy, from, to, err);
	/* Of what lies below nobody knows how much it will be. */
	copy.kind = COPY_TO_UPPER;
	copy.progress = NULL;
	if (rc == 0 && lower >= 0)
		rc = flatten_upper(&copy, to, lower, err);
	copy_free(&copy);
	return rc < 0 ? -1 : path_remove_tree(directory, SCRATCH_NAME, err);
}

static int
make_new(const struct snapshots *snapshots, int all, int upper, struct error *err)
{
	autofd int new = path_make_private(all, NEW_NAME, 0700, err);

	if (new < 0 || copy_upper(snapshots, upper, snapshots->lower, new, UPPER_NAME, err) < 0)
		return -1;
	return syncfs(new) < 0 ? error_set(err, errno, "sync the file system") : 0;
}

int
snapshot_make(const struct snapshots *snapshots, int upper, const char *name, struct error *err)
{
	autofd int all = open_all(snapshots, true, err);

	if (all < 0 || path_remove_tree(all, NEW_NAME, err) < 0)
		return -1;
	if (faccessat(all, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return error_set(err, EEXIST, "make the snapshot %s", name);
	if (make_new(snapshots, all, upper, err) < 0) {
		/* Half a copy is of no use, and may be what fills the disk. */
		(void)path_remove_tree(all, NEW_NAME, NULL);
		return -1;
	}
	if (renameat(all, NEW_NAME, all, name) < 0 || fsync(all) < 0)
		return error_set(err, errno, "keep the snapshot %s", name);
	return 0;
}

/* The two change places, so that there is an upper at any moment. */
static int
put_in_place(int store, struct error *err)
{
	if (sys_renameat2(store, RESTORE_NAME, store, UPPER_NAME, RENAME_EXCHANGE) < 0 &&
	    (errno != ENOENT || renameat(store, RESTORE_NAME, store, UPPER_NAME) < 0))
		return error_set(err, errno, "put the snapshot in the upper's place");
	if (fsync(store) < 0)
		return error_set(err, errno, "sync the store");
	return path_remove_tree(store, RESTORE_NAME, err);
}

int
snapshot_restore(const struct snapshots *snapshots, int store, const char *name,
    struct error *err)
{
	autofd int all = open_all(snapshots, false, err);
	autofd int one = all < 0 ? -1 : path_open_beneath(all, name, O_RDONLY | O_DIRECTORY, err);
	autofd int from = one < 0 ? -1 : path_open_beneath(one, UPPER_NAME, O_RDONLY | O_DIRECTORY, err);

	if (from < 0 || path_remove_tree(store, RESTORE_NAME, err) < 0)
		return -1;
	if (copy_upper(snapshots, from, -1, store, RESTORE_NAME, err) < 0) {
		(void)path_remove_tree(store, SCRATCH_NAME, NULL);
		(void)path_remove_tree(store, RESTORE_NAME, NULL);
		return -1;
	}
	return syncfs(store) < 0 ? error_set(err, errno, "sync the file system") : put_in_place(store, err);
}

int
snapshot_delete(const struct snapshots *snapshots, const char *name, struct error *err)
{
	struct error why = ERROR_INIT;
	autofd int all = open_all(snapshots, false, &why);

	if (all < 0 && why.errnum != ENOENT)
		*err = why;
	if (all < 0)
		return why.errnum == ENOENT ? 0 : -1;
	if (upper_store_remove(snapshots->own, err) < 0)
		return -1;
	int moved = upper_store_set_aside_from(snapshots->own, all, name, err);
	return moved < 0 || upper_store_remove(snapshots->own, err) < 0 ? -1 : moved;
}

static int
visit_one(int all, const char *name, snapshot_visit *visit, void *context, struct error *err)
{
	struct stat st;
	uint64_t bytes;
	autofd int one = path_open_beneath(all, name, O_RDONLY | O_DIRECTORY, err);

	if (one < 0)
		return err->errnum == ENOENT ? 0 : -1;
	if (fstat(one, &st) < 0)
		return error_set(err, errno, "stat the snapshot %s", name);
	return measure_tree(one, &bytes, err) < 0 ? -1 : visit(name, st.st_mtim.tv_sec, bytes, context);
}

int
snapshot_list(const struct snapshots *snapshots, snapshot_visit *visit, void *context,
    struct error *err)
{
	struct names names = NAMES_INIT;
	struct error why = ERROR_INIT;
	autofd int all = open_all(snapshots, false, &why);
	int rc;

	if (all < 0 && why.errnum != ENOENT)
		*err = why;
	if (all < 0)
		return why.errnum == ENOENT ? 0 : -1;
	rc = names_read(all, &names, err);
	for (size_t i = 0; i < names.count && rc == 0; i++)
		if (snapshot_is_name(names.item[i]->d_name))
			rc = visit_one(all, names.item[i]->d_name, visit, context, err);
	names_free(&names);
	return rc;
}
