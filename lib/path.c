/*
 * Names become descriptors here.  Runs as root in the supervisor, the container's first
 * process and ctrctl; whatever a user can reach is taken for hostile: links are followed
 * only where nobody but root could have made them, and nothing here blocks on a fifo.
 */
#include "lib/path.h"

#include "lib/own.h"
#include "lib/sys.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* As many links as the kernel itself follows, path_resolution(7). */
#define LINKS_MAX 40
/* Deeper trees than this are no home or cache of anybody's, but an attack on the walker. */
#define REMOVE_DEPTH_MAX 4096

static bool
directory_is_trusted(const struct stat *st, uid_t root_uid)
{
	return (st->st_uid == 0 || st->st_uid == root_uid) && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

/* What is left to walk: the rest of the name, with links' targets put in front. */
struct walk {
	char rest[PATH_MAX];
	unsigned links;
	bool trusted; /* everything up to here could only be made by root */
	int root;     /* where absolute links begin anew, and ".." ends */
	uid_t root_uid;
	bool automounts;
};

/* Takes the next component off rest; false at the end. */
static bool
walk_next(struct walk *walk, char *component, size_t size)
{
	char *start = walk->rest + strspn(walk->rest, "/");
	size_t length = strcspn(start, "/");

	if (length == 0 || length >= size)
		return false;
	memcpy(component, start, length);
	component[length] = '\0';
	memmove(walk->rest, start + length, strlen(start + length) + 1);
	return true;
}

static int
walk_link(struct walk *walk, int link, const char *path, struct error *err)
{
	char target[PATH_MAX];
	char joined[PATH_MAX];
	ssize_t length = readlinkat(link, "", target, sizeof(target) - 1);

	if (length < 0)
		return error_set(err, errno, "readlink in %s", path);
	target[length] = '\0';
	if (++walk->links > LINKS_MAX)
		return error_set(err, ELOOP, "follow %s", path);
	if (snprintf(joined, sizeof(joined), "%s/%s", target, walk->rest) >= (int)sizeof(joined))
		return error_set(err, ENAMETOOLONG, "follow %s", path);
	memcpy(walk->rest, joined, sizeof(joined));
	return target[0] == '/'; /* the walk begins anew at the root */
}

/* The kernel stops ".." at the process's own root only. */
static bool
is_above_root(const struct walk *walk, int at, const char *name)
{
	struct stat here, root;

	return !strcmp(name, "..") && (fstat(at, &here) < 0 || fstat(walk->root, &root) < 0 ||
	    (here.st_dev == root.st_dev && here.st_ino == root.st_ino));
}

/* O_PATH stops in front of what an automounter has yet to mount there, open_tree(2) does not. */
static int
open_component(const struct walk *walk, int at, const char *name)
{
	bool is_last = !walk->rest[strspn(walk->rest, "/")];

	if (walk->automounts && is_last)
		return sys_open_tree(at, name, OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
	return openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/* One component further: *at moves on, or begins anew at a link's target. */
static int
walk_on(struct walk *walk, int *at, const char *name, const char *path, struct error *err)
{
	struct stat st;
	autofd int next = open_component(walk, *at < 0 ? walk->root : *at, name);

	if (next < 0 || fstat(next, &st) < 0)
		return error_set(err, errno, "open %s", path);
	if (!walk->trusted)
		return error_set(err, EPERM, "open %s: a directory above %s is not root's alone "
		    "(chown root, chmod go-w)", path, name);
	if (S_ISLNK(st.st_mode)) {
		int restart = walk_link(walk, next, path, err);
		if (restart > 0)
			own_close(at);
		return restart < 0 ? -1 : 0;
	}
	walk->trusted = S_ISDIR(st.st_mode) && directory_is_trusted(&st, walk->root_uid);
	own_close(at);
	*at = take_fd(&next);
	return 0;
}

static int
walk_whole(struct walk *walk, const char *path, struct error *err)
{
	char name[NAME_MAX + 1];
	autofd int at = -1; /* the root */

	if (path[0] != '/' || strlen(path) >= sizeof(walk->rest))
		return error_set(err, EINVAL, "path %s is not absolute", path);
	memcpy(walk->rest, path, strlen(path) + 1);
	while (walk_next(walk, name, sizeof(name)))
		if (!is_above_root(walk, at < 0 ? walk->root : at, name) &&
		    walk_on(walk, &at, name, path, err) < 0)
			return -1;
	if (walk->rest[strspn(walk->rest, "/")] != '\0')
		return error_set(err, ENAMETOOLONG, "open %s", path);
	if (at < 0)
		at = openat(walk->root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return at < 0 ? error_set(err, errno, "open %s", path) : take_fd(&at);
}

int
path_open_trusted_below(int root, uid_t root_uid, const char *path, struct error *err)
{
	struct walk walk = { .trusted = true, .root = root, .root_uid = root_uid };

	return walk_whole(&walk, path, err);
}

static int
open_trusted(const char *path, bool automounts, struct error *err)
{
	/* Not open(2): musl's would set O_CLOEXEC once more. */
	autofd int root = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct walk walk = { .trusted = true, .root = root, .automounts = automounts };

	return root < 0 ? error_set(err, errno, "open /") : walk_whole(&walk, path, err);
}

int
path_open_trusted(const char *path, struct error *err)
{
	return open_trusted(path, false, err);
}

int
path_open_mounted(const char *path, struct error *err)
{
	return open_trusted(path, true, err);
}

int
path_reopen(int fd, int flags, struct error *err)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	int again = open(name, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return again < 0 ? error_set(err, errno, "reopen descriptor %d", fd) : again;
}

static int
check_trusted_file(const char *path, const struct stat *st, size_t limit, struct error *err)
{
	if (!S_ISREG(st->st_mode))
		return error_set(err, 0, "%s is not a regular file", path);
	if (st->st_uid != 0)
		return error_set(err, 0, "%s is not root's: chown root %s", path, path);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return error_set(err, 0, "%s can be written by others: chmod go-w %s", path, path);
	if ((uint64_t)st->st_size > limit)
		return error_set(err, 0, "%s is larger than %zu bytes", path, limit);
	return 0;
}

/* Twice the room; NULL, and text is freed. */
static char *
grow(char *text, size_t *room)
{
	char *more = realloc(text, *room * 2);

	if (!more)
		free(text);
	*room *= 2;
	return more;
}

/*
 * Reads to the end of file, never more than limit: the size may grow while we read.  What it is
 * expected to be is asked for, and not the limit: a megabyte is a mapping of its own each time.
 */
static char *
read_whole(int fd, const char *path, size_t expected, size_t limit, size_t *length, struct error *err)
{
	size_t room = expected + 1; /* the one more is how the end is seen, and the NUL's */
	autofree char *text = malloc(room);

	for (*length = 0; text && *length <= limit;) {
		ssize_t n = read(fd, text + *length, room - *length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			(void)error_set(err, errno, "read %s", path);
			return NULL;
		}
		if (n == 0) {
			text[*length] = '\0';
			return take_ptr(&text);
		}
		*length += (size_t)n;
		if (*length == room)
			text = grow(text, &room);
	}
	(void)(text ? error_set(err, 0, "%s is larger than %zu bytes", path, limit) :
	    error_set(err, ENOMEM, "read %s", path));
	return NULL;
}

char *
path_read_trusted(const char *path, size_t limit, size_t *length, struct error *err)
{
	struct stat st;
	autofd int name = path_open_trusted(path, err);

	if (name < 0)
		return NULL;
	if (fstat(name, &st) < 0) {
		(void)error_set(err, errno, "stat %s", path);
		return NULL;
	}
	if (check_trusted_file(path, &st, limit, err) < 0)
		return NULL;
	autofd int fd = path_reopen(name, O_RDONLY, err);
	if (fd < 0) {
		(void)error_prefix(err, "%s", path);
		return NULL;
	}
	return read_whole(fd, path, (size_t)st.st_size, limit, length, err);
}

int
path_make_private(int directory, const char *name, mode_t mode, struct error *err)
{
	struct stat st;

	if (mkdirat(directory, name, mode) < 0 && errno != EEXIST)
		return error_set(err, errno, "mkdir %s", name);
	autofd int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, errno, "open directory %s", name);
	if (!directory_is_trusted(&st, 0))
		return error_set(err, EPERM, "%s can be written by others than root: look what is in it, then "
		    "chown root, chmod %04o", name, (unsigned)mode);
	/* An installer's 0755 is no danger, but shows more than it should. */
	if ((st.st_mode & 07777 & ~mode) != 0 && fchmod(fd, mode) < 0)
		return error_set(err, errno, "chmod %s", name);
	return take_fd(&fd);
}

static bool
path_goes_up(const char *path)
{
	for (const char *component = path; *component;) {
		size_t length = strcspn(component, "/");
		if (length == 2 && !strncmp(component, "..", 2))
			return true;
		component += length + strspn(component + length, "/");
	}
	return false;
}

int
path_open_beneath(int directory, const char *path, int flags, struct error *err)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};

	/* The kernel follows ".." only while nobody mounts or renames: EAGAIN else (openat2(2)). */
	if (path_goes_up(path))
		return error_set(err, EXDEV, "open %s", path);
	int fd = sys_openat2(directory, path, &how);
	return fd < 0 ? error_set(err, errno, "open %s", path) : fd;
}

struct dirent *
path_next_entry(DIR *directory)
{
	errno = 0;
	return readdir(directory);
}

/*
 * Removal walks down with one descriptor a level and comes back by "..", whose identity is
 * checked: a directory moved away under us ends the walk instead of leading it elsewhere.
 */
struct level {
	dev_t device;
	ino_t inode;
};

/* Whose directory it is may have closed it to itself; root needs no leave. */
static int
unlink_from(int fd, const char *name)
{
	if (unlinkat(fd, name, 0) == 0)
		return 0;
	return errno == EACCES && fchmod(fd, 0700) == 0 ? unlinkat(fd, name, 0) : -1;
}

static int
empty_level(int fd, char *subdirectory, size_t size)
{
	autofd int list = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = list < 0 ? NULL : fdopendir(list);
	struct dirent *entry;
	int found = 0;

	if (!dir)
		return -1;
	(void)take_fd(&list);
	while (!found && (entry = path_next_entry(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (unlink_from(fd, entry->d_name) == 0)
			continue;
		if (errno != EISDIR && errno != EPERM) {
			found = -1;
		} else if (unlinkat(fd, entry->d_name, AT_REMOVEDIR) < 0) {
			(void)snprintf(subdirectory, size, "%s", entry->d_name);
			found = errno == ENOTEMPTY || errno == EEXIST ? 1 : -1;
		}
	}
	if (!found && errno)
		found = -1;
	int saved = errno;
	(void)closedir(dir);
	errno = saved;
	return found;
}

static int
descend(int *at, const char *name, struct level *level, dev_t device)
{
	struct stat st;
	autofd int next = openat(*at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (next < 0 || fstat(*at, &st) < 0)
		return -1;
	*level = (struct level) { .device = st.st_dev, .inode = st.st_ino };
	if (fstat(next, &st) < 0)
		return -1;
	if (st.st_dev != device) {
		errno = EXDEV;
		return -1;
	}
	own_close(at);
	*at = take_fd(&next);
	return 0;
}

static int
ascend(int *at, const struct level *level)
{
	struct stat st;
	autofd int up = openat(*at, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (up < 0 || fstat(up, &st) < 0)
		return -1;
	if (st.st_dev != level->device || st.st_ino != level->inode) {
		errno = ESTALE;
		return -1;
	}
	own_close(at);
	*at = take_fd(&up);
	return 0;
}

struct removal {
	int top;              /* owned; the tree's own directory */
	int at;               /* owned; where the walk is */
	struct level *levels; /* not owned; of REMOVE_DEPTH_MAX */
	size_t depth;
	unsigned raised;
};

/*
 * A user's tree may be deeper than any walker would go: what is too deep is moved to the top,
 * where the walk comes by again.
 */
static int
raise_directory(struct removal *removal, const char *name)
{
	char new[32];

	for (;;) {
		(void)snprintf(new, sizeof(new), "deep-%u", removal->raised++);
		if (renameat(removal->at, name, removal->top, new) == 0)
			return 0;
		if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR)
			return -1;
	}
}

static int
remove_below(struct removal *removal)
{
	char child[NAME_MAX + 1];
	struct stat st;

	if (fstat(removal->top, &st) < 0)
		return -1;
	for (;;) {
		int rc = empty_level(removal->at, child, sizeof(child));
		if (rc > 0 && removal->depth < REMOVE_DEPTH_MAX)
			rc = descend(&removal->at, child, &removal->levels[removal->depth++], st.st_dev);
		else if (rc > 0)
			rc = raise_directory(removal, child);
		else if (rc == 0 && removal->depth > 0)
			rc = ascend(&removal->at, &removal->levels[--removal->depth]);
		else
			return rc;
		if (rc < 0)
			return -1;
	}
}

int
path_remove_tree(int directory, const char *name, struct error *err)
{
	autofree struct level *levels = calloc(REMOVE_DEPTH_MAX, sizeof(*levels));
	struct removal removal = { .top = -1, .at = -1, .levels = levels };

	if (!levels)
		return error_set(err, errno, "remove %s", name);
	if (unlinkat(directory, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR)
		return error_set(err, errno, "remove %s", name);
	removal.top = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	removal.at = removal.top < 0 ? -1 : fcntl(removal.top, F_DUPFD_CLOEXEC, 0);
	if (removal.at < 0)
		(void)error_set(err, errno, "remove %s", name);
	int rc = removal.at < 0 ? -1 : remove_below(&removal);
	if (rc < 0 && removal.at >= 0)
		(void)error_set(err, errno, "remove what is in %s", name);
	own_close(&removal.at);
	own_close(&removal.top);
	if (rc == 0 && unlinkat(directory, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_set(err, errno, "remove %s", name);
	return rc;
}
