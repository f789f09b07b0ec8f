/*
 * Walks cgroups depth first with one open directory a level, so that neither the stack nor a
 * path grows with what a user made.  Root's, on the host.
 */
#include "lib/cgroup_tree.h"

#include "lib/own.h"
#include "lib/path.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

struct level {
	DIR *entries;
	int fd;         /* its own */
	char name[256]; /* in the level above */
};

struct walk {
	struct level level[CGROUP_TREE_DEPTH_MAX + 1];
	int depth; /* levels that are open */
};

/* 0, 1 where it is gone, or -1. */
static int
walk_enter(struct walk *walk, int parent, const char *name)
{
	struct level *level = &walk->level[walk->depth];
	size_t length = strlen(name);

	if (walk->depth > CGROUP_TREE_DEPTH_MAX || length >= sizeof(level->name)) {
		errno = ELOOP;
		return -1;
	}
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	level->entries = fd < 0 ? NULL : fdopendir(fd);
	if (!level->entries) {
		own_close(&fd);
		return errno == ENOENT || errno == ENODEV ? 1 : -1;
	}
	level->fd = fd;
	memcpy(level->name, name, length + 1);
	walk->depth++;
	return 0;
}

static void
walk_leave(struct walk *walk)
{
	int saved = errno;

	(void)closedir(walk->level[--walk->depth].entries); /* read only */
	errno = saved;
}

static bool
is_cgroup(int parent, const struct dirent *entry)
{
	struct stat stat;

	if (entry->d_name[0] == '.' && (!entry->d_name[1] || !strcmp(entry->d_name, "..")))
		return false;
	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return fstatat(parent, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(stat.st_mode);
}

/* The next cgroup at the current level was entered: 1; this level is at its end: 0; or -1. */
static int
walk_descend(struct walk *walk)
{
	const struct level *level = &walk->level[walk->depth - 1];
	const struct dirent *entry;

	while ((entry = path_next_entry(level->entries))) {
		if (!is_cgroup(level->fd, entry))
			continue;
		int rc = walk_enter(walk, level->fd, entry->d_name);
		if (rc <= 0)
			return rc == 0 ? 1 : -1;
	}
	/* Not the end: whoever kills or removes would take what was not listed for gone. */
	return errno && errno != ENOENT && errno != ENODEV ? -1 : 0;
}

int
cgroup_tree_each(int directory,
    int (*each)(int parent, const char *name, void *context), void *context)
{
	struct walk walk = { .depth = 0 };
	int rc = walk_enter(&walk, directory, ".");

	if (rc != 0)
		return -1;
	while (walk.depth > 0 && rc == 0) {
		int found = walk_descend(&walk);
		if (found > 0)
			continue;
		walk_leave(&walk);
		if (found < 0)
			rc = -1;
		else if (walk.depth > 0)
			rc = each(walk.level[walk.depth - 1].fd, walk.level[walk.depth].name,
			    context);
	}
	while (walk.depth > 0)
		walk_leave(&walk);
	return rc;
}

static int
remove_one(int parent, const char *name, void *context)
{
	int *busy = context;

	if (unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		*busy = 1;
	return 0;
}

int
cgroup_tree_remove(int directory)
{
	int busy = 0;

	return cgroup_tree_each(directory, remove_one, &busy) < 0 ? 1 : busy;
}
