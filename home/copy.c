/*
 * Runs as root, or with a user's rights; what is copied may change meanwhile, and nothing but
 * regular files and directories is opened.
 */
#include "home/copy.h"

#include "home/attributes.h"
#include "home/content.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/text.h"
#include "lib/walk.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In scratch: what is made now, and (by inode) files that have more names than one. */
#define NEW_NAME "new"

int
copy_open(int directory, const char *name, struct stat *st, struct error *err)
{
	autofd int fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fstat(fd, st) < 0)
		return error_set(err, errno, "open");
	return take_fd(&fd);
}

static int
make_regular(struct copy *copy, int fd, const struct stat *st, const char *name, struct error *err)
{
	autofd int in = path_reopen(fd, O_RDONLY, err);
	autofd int out = in < 0 ? -1 :
	    openat(copy->scratch, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (in < 0)
		return -1;
	if (out < 0)
		return error_set(err, errno, "create a copy");
	return content_copy(in, out, st->st_size, copy->progress, err);
}

static int
make_link(const struct copy *copy, int fd, const char *name, struct error *err)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(fd, "", target, sizeof(target) - 1);

	if (length < 0)
		return error_set(err, errno, "read a symbolic link");
	target[length] = '\0';
	return symlinkat(target, copy->scratch, name) < 0 ? error_set(err, errno, "symlink") : 0;
}

static int
make_node(const struct copy *copy, const struct stat *st, const char *name, struct error *err)
{
	if (mknodat(copy->scratch, name, (st->st_mode & S_IFMT) | 0600, st->st_rdev) < 0)
		return error_set(err, errno, "mknod");
	return 0;
}

/* The object, with all that it is, in scratch. */
static int
make(struct copy *copy, int fd, const struct stat *st, const char *name, struct error *err)
{
	struct stat made;
	int rc = S_ISREG(st->st_mode) ? make_regular(copy, fd, st, name, err) :
	    S_ISLNK(st->st_mode) ? make_link(copy, fd, name, err) : make_node(copy, st, name, err);

	if (rc < 0)
		return -1;
	autofd int new = copy_open(copy->scratch, name, &made, err);
	return new < 0 ? -1 : attributes_copy(copy, fd, st, new, &made, err);
}

/* A file of several names is made under its inode's number, where its other names find it. */
static int
make_shared(struct copy *copy, int fd, const struct stat *st, struct error *err)
{
	char number[32];

	(void)text_format(number, sizeof(number), "%" PRIu64, (uint64_t)st->st_ino);
	if (faccessat(copy->scratch, number, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
	    make(copy, fd, st, number, err) < 0)
		return -1;
	if (linkat(copy->scratch, number, copy->scratch, NEW_NAME, 0) < 0)
		return error_set(err, errno, "link");
	return 0;
}

int
copy_name(struct copy *copy, int fd, const struct stat *st, int to, const char *name,
    struct error *err)
{
	int rc = st->st_nlink > 1 ? make_shared(copy, fd, st, err) : make(copy, fd, st, NEW_NAME, err);

	if (rc < 0)
		return -1;
	if (renameat(copy->scratch, NEW_NAME, to, name) < 0)
		return error_set(err, errno, "put in place");
	progress_add(copy->progress, 0, 1);
	return 0;
}

int
copy_directory(struct copy *copy, int from, int to, struct error *err)
{
	struct stat st, present;

	if (fstat(from, &st) < 0 || fstat(to, &present) < 0)
		return error_set(err, errno, "stat a directory");
	progress_add(copy->progress, 0, 1);
	return attributes_copy(copy, from, &st, to, &present, err);
}

static int
visit(struct walk *walk, const char *name, const struct stat *seen, struct error *err)
{
	struct copy *copy = walk->context;
	struct stat st;

	if (!S_ISDIR(seen->st_mode)) {
		autofd int fd = copy_open(walk->from, name, &st, err);
		if (fd < 0)
			return -1;
		return S_ISDIR(st.st_mode) ? error_set(err, ESTALE, "copy") :
		    copy_name(copy, fd, &st, walk->to, name, err);
	}
	if (mkdirat(walk->to, name, 0700) < 0)
		return error_set(err, errno, "mkdir");
	walk->child.from = walk_open(walk->from, name);
	walk->child.to = walk_open(walk->to, name);
	return walk->child.from < 0 || walk->child.to < 0 ? error_set(err, errno, "open") : 0;
}

static int
leave(struct walk *walk, struct error *err)
{
	return copy_directory(walk->context, walk->from, walk->to, err);
}

int
copy_tree(struct copy *copy, int from, int to, struct error *err)
{
	static const struct walk_operations operations = { .visit = visit, .leave = leave };

	return walk_run(&operations, copy, from, to, NULL, err);
}

void
copy_free(struct copy *copy)
{
	free(copy->buffer);
	copy->buffer = NULL;
}
