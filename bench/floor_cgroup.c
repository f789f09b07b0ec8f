/* On v1 a process writes "0" to tasks, on cgroup2 to cgroup.procs. */
#include "bench/floor_cgroup.h"

#include "bench/floor_file.h"
#include "lib/own.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define MEMORY "17179869184" /* for all containers together */

/* One of v1's, by the name below /sys/fs/cgroup that its path has. */
struct controller {
	const char *name;
	const char *all;    /* file and value of the limit of all containers together; NULL: none */
	const char *limit;
	bool tracks;        /* sessions have leaves here */
	bool lists_devices;
};

static const struct controller controllers[] = {
	{ .name = "memory", .all = "memory.limit_in_bytes", .limit = MEMORY },
	{ .name = "pids", .all = "pids.max", .limit = "100000", .tracks = true },
	{ .name = "cpu" },
	{ .name = "devices", .lists_devices = true },
};

static const struct controller unified = { .name = "", .all = "memory.max", .limit = MEMORY, .tracks = true };

/* What may be opened, as pam_ctr's own list has it. */
static const char *const devices[] = {
	"c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 1:8 rwm", "c 1:9 rwm", "c 5:0 rwm", "c 5:2 rw", "c 136:* rw",
};

bool
hierarchy_is_unified(const struct hierarchy *hierarchy)
{
	return hierarchy->controller == &unified;
}

static int
list_devices(int directory)
{
	if (write_file(directory, "devices.deny", "a") < 0)
		return -1;
	for (size_t i = 0; i < COUNT(devices); i++)
		if (write_file(directory, "devices.allow", devices[i]) < 0)
			return -1;
	return 0;
}

int
hierarchy_make(struct hierarchy *hierarchy)
{
	const struct controller *controller = hierarchy->controller;

	if (make_directory(AT_FDCWD, hierarchy->parent, 0755) < 0)
		return -1;
	autofd int parent = open(hierarchy->parent, O_PATH | O_CLOEXEC);
	if (controller->all && write_file(parent, controller->all, controller->limit) < 0)
		return -1;
	if (hierarchy_is_unified(hierarchy) && (write_file(parent, "pids.max", "100000") < 0 ||
	    write_file(parent, "cgroup.subtree_control", "+memory +pids +cpu") < 0))
		return -1;
	if (make_directory(AT_FDCWD, hierarchy->directory, 0755) < 0)
		return -1;
	hierarchy->fd = open(hierarchy->directory, O_PATH | O_CLOEXEC);
	if (hierarchy->fd < 0)
		return fail(hierarchy->directory);
	if (controller->tracks && write_file(hierarchy->fd, "pids.max", "2080") < 0)
		return -1;
	if (controller->lists_devices && list_devices(hierarchy->fd) < 0)
		return -1;
	return hierarchy_is_unified(hierarchy) ? write_file(hierarchy->fd, "cgroup.subtree_control", "+pids") : 0;
}

int
hierarchy_enter(const struct hierarchy *hierarchy, const char *leaf)
{
	const char *file = hierarchy_is_unified(hierarchy) ? "cgroup.procs" : "tasks";

	if (!hierarchy->controller->tracks || !leaf)
		return write_file(hierarchy->fd, file, "0");
	if (make_directory(hierarchy->fd, leaf, 0755) < 0)
		return -1;
	autofd int fd = openat(hierarchy->fd, leaf, O_PATH | O_CLOEXEC);
	if (hierarchy_is_unified(hierarchy) && write_file(fd, "cgroup.type", "threaded") < 0)
		return -1;
	if (write_file(fd, "pids.max", "2048") < 0)
		return -1;
	return write_file(fd, file, "0");
}

/* Without a second login there is no second leaf. */
static int
remove_leaf(int directory, const char *leaf)
{
	return unlinkat(directory, leaf, AT_REMOVEDIR) < 0 && errno != ENOENT ? fail(leaf) : 0;
}

/* The directory of all is pam_ctr's, too, and stays while a container of pam_ctr's lives. */
int
hierarchy_remove(struct hierarchy *hierarchy)
{
	autofd int fd = open(hierarchy->directory, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return fail(hierarchy->directory);
	if (hierarchy->controller->tracks && (remove_leaf(fd, "s1") < 0 || remove_leaf(fd, "s2") < 0))
		return -1;
	if (rmdir(hierarchy->directory) < 0)
		return fail(hierarchy->directory);
	return rmdir(hierarchy->parent) < 0 && errno != EBUSY && errno != ENOTEMPTY ? fail(hierarchy->parent) : 0;
}

const char *
hierarchy_name(const struct hierarchy *hierarchy)
{
	return hierarchy->controller->name;
}

static const struct controller *
find_controller(const char *path)
{
	static const char below[] = "/sys/fs/cgroup/";

	for (size_t i = 0; strncmp(path, below, sizeof(below) - 1) == 0 && i < COUNT(controllers); i++) {
		const char *rest = path + sizeof(below) - 1;
		const size_t length = strlen(controllers[i].name);
		if (strncmp(rest, controllers[i].name, length) == 0 && rest[length] == '/')
			return &controllers[i];
	}
	return NULL;
}

int
hierarchy_find(struct hierarchy *hierarchy, const char *parent)
{
	char above[256];
	struct statfs fs;
	const char *name = strrchr(parent, '/');

	(void)snprintf(above, sizeof(above), "%.*s", name ? (int)(name - parent) : 0, parent);
	if (statfs(above, &fs) < 0)
		return fail(parent);
	hierarchy->controller = fs.f_type == CGROUP2_SUPER_MAGIC ? &unified : find_controller(parent);
	hierarchy->parent = parent;
	hierarchy->fd = hierarchy->view = -1;
	(void)snprintf(hierarchy->directory, sizeof(hierarchy->directory), "%s/1999", parent);
	if (!hierarchy->controller) {
		fprintf(stderr, "floor: %s: no controller that is known\n", parent);
		return -1;
	}
	if (!hierarchy_is_unified(hierarchy))
		return 0;
	autofd int root = open(above, O_PATH | O_CLOEXEC);
	return write_file(root, "cgroup.subtree_control", "+memory +pids +cpu");
}
