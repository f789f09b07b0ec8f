/*
 * Takes each uid's lock (as whoever starts a supervisor does, lib/client.h) while its
 * cgroups are removed, so that no container is being built there.  Removes nothing but
 * directories, by rmdir(2), which refuses where a process is.
 */
#include "ctl/sweep.h"

#include "lib/cgroup_tree.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/places.h"
#include "lib/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

struct sweep {
	sweep_tell *tell;
	void *context;
	int run;       /* PLACE_RUN */
	char top[512]; /* <root>/<cgroup> of the hierarchy at hand */
};

/* The uid's directory, locked; -1: somebody is at work there. */
static int
lock_uid(const struct sweep *sweep, const char *name)
{
	struct error ignored = ERROR_INIT;
	struct stat st;
	autofd int own = path_make_private(sweep->run, name, 0700, &ignored);

	if (own < 0 || flock(own, LOCK_EX | LOCK_NB) < 0 || fstat(own, &st) < 0 || st.st_nlink == 0)
		return -1;
	if (faccessat(own, PLACE_SOCKET_NAME, F_OK, 0) == 0 || faccessat(own, "record", F_OK, 0) == 0)
		return -1;
	return take_fd(&own);
}

/* The sessions' leaves, and what a user made who may nest. */
static void
remove_children(const char *path)
{
	autofd int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0)
		(void)cgroup_tree_remove(fd); /* rmdir has the last word */
}

static void
sweep_container(const struct sweep *sweep, const char *parent, const char *name)
{
	char path[1024];
	autofd int lock = -1;

	if (text_format(path, sizeof(path), "%s/%s", parent, name) < 0)
		return;
	lock = lock_uid(sweep, name);
	if (lock < 0)
		return;
	remove_children(path);
	if (rmdir(path) == 0)
		sweep->tell(SWEEP_REMOVED, path, sweep->context);
	else if (errno != ENOENT)
		sweep->tell(SWEEP_BUSY, path, sweep->context);
	(void)unlinkat(sweep->run, name, AT_REMOVEDIR);
}

static bool
is_uid(const char *name)
{
	uint64_t uid;

	return text_to_number(name, UINT32_MAX - 1, &uid);
}

static bool
is_slice(const char *name)
{
	size_t length = strlen(name), suffix = strlen(".slice");

	return length > suffix && strcmp(name + length - suffix, ".slice") == 0;
}

/* Containers first, then the directory itself, which others' containers keep (EBUSY). */
static void
sweep_directory(const struct sweep *sweep, const char *path)
{
	DIR *directory = opendir(path);

	for (struct dirent *entry; directory && (entry = readdir(directory));)
		if (entry->d_type == DT_DIR && is_uid(entry->d_name))
			sweep_container(sweep, path, entry->d_name);
	if (directory)
		(void)closedir(directory);
	if (rmdir(path) == 0)
		sweep->tell(SWEEP_REMOVED, path, sweep->context);
}

static void
sweep_hierarchy(const struct sweep *sweep)
{
	DIR *directory = opendir(sweep->top);
	char path[1024];

	for (struct dirent *entry; directory && (entry = readdir(directory));)
		if (entry->d_type == DT_DIR && is_slice(entry->d_name) &&
		    text_format(path, sizeof(path), "%s/%s", sweep->top, entry->d_name) == 0)
			sweep_directory(sweep, path);
	if (directory) {
		(void)closedir(directory);
		sweep_directory(sweep, sweep->top);
	}
}

static bool
is_seen(const struct machine *machine, int controller)
{
	const char *root = machine->place[controller].root;

	if (!root[0] || !strcmp(root, machine->unified))
		return true;
	for (int i = 0; i < controller; i++)
		if (!strcmp(machine->place[i].root, root))
			return true;
	return false;
}

int
sweep_run(const struct machine *machine, const char *cgroup, sweep_tell *tell, void *context,
    struct error *err)
{
	struct sweep sweep = { .tell = tell, .context = context };
	autofd int host = open("/run", O_PATH | O_DIRECTORY | O_CLOEXEC);
	autofd int run = host < 0 ? -1 :
	    path_make_private(host, strrchr(PLACE_RUN, '/') + 1, 0700, err);

	if (host < 0)
		return error_set(err, errno, "open /run");
	if (run < 0)
		return error_prefix(err, "/run");
	sweep.run = run;
	for (int i = -1; i < CONTROLLER_COUNT; i++) {
		const char *root = i < 0 ? machine->unified : machine->place[i].root;
		if (i < 0 ? !root[0] : is_seen(machine, i))
			continue;
		if (text_format(sweep.top, sizeof(sweep.top), "%s/%s", root, cgroup) == 0)
			sweep_hierarchy(&sweep);
	}
	return 0;
}
