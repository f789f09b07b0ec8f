/*
 * The lower tree is the user's own, who may change it under us: all that is done there is done
 * with the user's rights, so that it can do no more than the user could.
 */
#include "home/apply.h"

#include "lib/names.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/upper_mark.h"
#include "lib/walk.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int
remove_name(struct walk *walk, const char *name, struct error *err)
{
	return path_remove_tree(walk->to, name, err);
}

/* What is below a directory that was made anew does not show, and goes. */
static int
remove_others(int lower, int upper, struct error *err)
{
	struct names below = NAMES_INIT, above = NAMES_INIT;
	int rc = names_read(upper, &above, err);

	if (rc == 0)
		rc = names_read(lower, &below, err);
	for (size_t i = 0; i < below.count && rc == 0; i++)
		if (!names_has(&above, below.item[i]->d_name))
			rc = path_remove_tree(lower, below.item[i]->d_name, err);
	names_free(&below);
	names_free(&above);
	return rc;
}

/* Users close directories to themselves; the right mode comes when it is left. */
static int
make_writable(const struct copy *copy, int directory, struct error *err)
{
	struct stat st;

	if (fstat(directory, &st) < 0)
		return error_set(err, errno, "stat a directory");
	if (st.st_uid != copy->user->uid || (st.st_mode & S_IRWXU) == S_IRWXU)
		return 0;
	return fchmod(directory, (st.st_mode & 07777) | S_IRWXU) < 0 ? error_set(err, errno, "chmod") : 0;
}

/* The directory of that name below, which is made where there is none; anything else goes. */
static int
open_lower(struct walk *walk, const char *name, struct error *err)
{
	struct stat st;
	bool is_there = fstatat(walk->to, name, &st, AT_SYMLINK_NOFOLLOW) == 0;

	if (is_there && !S_ISDIR(st.st_mode) && remove_name(walk, name, err) < 0)
		return -1;
	if ((!is_there || !S_ISDIR(st.st_mode)) && mkdirat(walk->to, name, 0700) < 0)
		return error_set(err, errno, "mkdir");
	int fd = walk_open(walk->to, name);
	return fd < 0 ? error_set(err, errno, "open") : fd;
}

static int
apply_directory(struct walk *walk, const char *name, struct error *err)
{
	walk->child.from = walk_open(walk->from, name);
	if (walk->child.from < 0)
		return error_set(err, errno, "open");
	walk->child.to = open_lower(walk, name, err);
	if (walk->child.to < 0 || make_writable(walk->context, walk->child.to, err) < 0)
		return -1;
	return upper_is_opaque(walk->child.from)
	    ? remove_others(walk->child.to, walk->child.from, err) : 0;
}

static int
apply_name(struct walk *walk, const char *name, struct error *err)
{
	struct stat st, present;
	autofd int fd = copy_open(walk->from, name, &st, err);

	if (fd < 0)
		return -1;
	if (S_ISDIR(st.st_mode))
		return error_set(err, ESTALE, "copy");
	if (fstatat(walk->to, name, &present, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(present.st_mode) &&
	    remove_name(walk, name, err) < 0)
		return -1;
	return copy_name(walk->context, fd, &st, walk->to, name, err);
}

static int
visit(struct walk *walk, const char *name, const struct stat *st, struct error *err)
{
	if (walk->is_top && !strcmp(name, APPLY_STAGING))
		return 0;
	if (upper_is_whiteout(walk->from, name, st))
		return remove_name(walk, name, err);
	return S_ISDIR(st->st_mode) ? apply_directory(walk, name, err) : apply_name(walk, name, err);
}

static int
leave(struct walk *walk, struct error *err)
{
	return copy_directory(walk->context, walk->from, walk->to, err);
}

int
apply_upper(struct copy *copy, int upper, int lower, const char *only, struct error *err)
{
	static const struct walk_operations operations = { .visit = visit, .leave = leave };

	if (make_writable(copy, lower, err) < 0)
		return -1;
	return walk_run(&operations, copy, upper, lower, only, err);
}

int
apply_begin(int lower, struct error *err)
{
	if (path_remove_tree(lower, APPLY_STAGING, err) < 0)
		return -1;
	if (mkdirat(lower, APPLY_STAGING, 0700) < 0)
		return error_set(err, errno, "make " APPLY_STAGING " in the home");
	int fd = walk_open(lower, APPLY_STAGING);
	return fd < 0 ? error_set(err, errno, "open " APPLY_STAGING) : fd;
}

int
apply_end(int lower, struct error *err)
{
	return path_remove_tree(lower, APPLY_STAGING, err);
}

static int
check(struct walk *walk, const char *name, const struct stat *st, struct error *err)
{
	struct progress *progress = walk->context;

	if (S_ISDIR(st->st_mode)) {
		walk->child.from = walk_open(walk->from, name);
		if (walk->child.from < 0)
			return error_set(err, errno, "open");
	} else if (!upper_is_whiteout(walk->from, name, st)) {
		if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
			return error_set(err, 0, "is a device, which a home can't have: reset it first");
		if (upper_is_metacopy(walk->from, name, st))
			return error_set(err, 0, "has its content below (metacopy): it was not made by a login "
			    "of pam_ctr's, and only a login that writes to it can mend that");
		progress->bytes_total += S_ISREG(st->st_mode) ? (uint64_t)st->st_blocks * 512 : 0;
	}
	progress->names_total++;
	return 0;
}

int
apply_check(int upper, const char *only, struct progress *progress, struct error *err)
{
	static const struct walk_operations operations = { .visit = check };

	return walk_run(&operations, progress, upper, -1, only, err);
}
