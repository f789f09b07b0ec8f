/*
 * Runs the cgroup steps of a plan one by one: mkdir, write, read back, chown.  Root's, on the host.
 * The paths are the plan's, below mount points of root's: no user has a name in them.
 */
#include "container/cgroup_step.h"

#include "container/cgroup_file.h"
#include "container/cgroup_value.h"
#include "lib/cgroup_tree.h"
#include "lib/own.h"
#include "lib/text.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* Processes that fork while they are moved; each round takes all that there are. */
#define VACATE_ROUNDS 64

static bool
is_v1(const struct step *step)
{
	return step->controller != CONTROLLER_COUNT;
}

/* A new v1 cpuset has no CPU and no memory node, and takes no process in: as the parent's. */
static int
inherit_masks(const char *directory, struct error *err)
{
	static const char *const files[] = { "cpuset.mems", "cpuset.cpus" };
	autofd int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char mask[4096], parent[32];

	if (fd < 0)
		return error_set(err, errno, "open %s", directory);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (cgroup_file_read(fd, files[i], mask, sizeof(mask)) < 0) {
			if (errno == ENOENT)
				continue;
			return error_set(err, errno, "read %s/%s", directory, files[i]);
		}
		if (mask[strspn(mask, "\n")])
			continue;
		if (text_format(parent, sizeof(parent), "../%s", files[i]) < 0 ||
		    cgroup_file_read(fd, parent, mask, sizeof(mask)) < 0 ||
		    cgroup_file_write(fd, files[i], mask) < 0)
			return error_set(err, errno, "copy %s of the parent of %s", files[i],
			    directory);
	}
	return 0;
}

static int
explain_make(const char *directory, struct error *err)
{
	if (errno == EAGAIN)
		return error_set(err, errno, "make the cgroup %s: a cgroup above has as many below it as it may "
		    "(cgroup.max.descendants, cgroup.max.depth)", directory);
	if (errno != EROFS && errno != EACCES && errno != EPERM)
		return error_set(err, errno, "make the cgroup %s", directory);
	return error_set(err, errno, "make the cgroup %s: this part of the cgroup tree is not ours to "
	    "write; in a container or a pod, have its own cgroup delegated and mounted writable",
	    directory);
}

/* What an earlier container of the user's left: old limits must not live on in the new one. */
static int
make_anew(const char *directory, struct error *err)
{
	autofd int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		(void)cgroup_tree_remove(fd); /* rmdir below has the last word */
	if (rmdir(directory) < 0 && errno != ENOENT)
		return error_set(err, errno, "remove the cgroup %s of an earlier container",
		    directory);
	if (mkdir(directory, 0755) < 0)
		return error_set(err, errno, "make the cgroup %s", directory);
	return 0;
}

static int
run_make(const struct step *step, struct error *err)
{
	if (mkdir(step->target, 0755) < 0) {
		if (errno != EEXIST)
			return explain_make(step->target, err);
		if ((step->flags & STEP_F_FRESH) && make_anew(step->target, err) < 0)
			return -1;
	}
	return is_v1(step) ? inherit_masks(step->target, err) : 0;
}

static int
run_enable(const struct step *step, struct error *err)
{
	if (cgroup_file_write(AT_FDCWD, step->target, step->value) == 0)
		return 0;
	switch (errno) {
	case ENOENT:
		return error_set(err, errno, "write \"%s\" to %s: no such cgroup, or a controller "
		    "that the cgroup above does not hand down", step->value, step->target);
	case EBUSY:
		return error_set(err, errno, "write \"%s\" to %s: a cgroup with processes of its "
		    "own hands down no controllers: move them into a child of it", step->value,
		    step->target);
	default:
		return error_set(err, errno, "write \"%s\" to %s", step->value, step->target);
	}
}

/* Moves who is listed; *moved: how many there were.  Who ends meanwhile is no error. */
static int
move_processes(int from, int to, const struct step *step, int *moved, struct error *err)
{
	char list[65536], *cursor = list;
	const char *pid;
	char *end;

	*moved = 0;
	if (cgroup_file_read(from, "cgroup.procs", list, sizeof(list)) < 0)
		return error_set(err, errno, "read %s/cgroup.procs", step->target);
	/* A list that does not fit is cut: half a number is another process. */
	end = strrchr(list, '\n');
	if (end)
		*end = '\0';
	while (end && (pid = text_next_line(&cursor))) {
		++*moved;
		if (cgroup_file_write(to, "cgroup.procs", pid) < 0 && errno != ESRCH)
			return error_set(err, errno, "move process %s from %s to %s%s", pid, step->target,
			    step->value, strcmp(pid, "0") ? "" : ": it is of another PID namespace");
	}
	return 0;
}

/* Until nobody is left: who was forked meanwhile is in the list of the next round. */
static int
run_vacate(const struct step *step, struct error *err)
{
	autofd int from = open(step->target, O_PATH | O_DIRECTORY | O_CLOEXEC);
	autofd int to = -1;
	char procs[2];
	int moved = 0;

	if (from < 0)
		return error_set(err, errno, "open %s", step->target);
	if (cgroup_file_read(from, "cgroup.procs", procs, sizeof(procs)) == 0)
		return 0;
	if (mkdir(step->value, 0755) < 0 && errno != EEXIST)
		return explain_make(step->value, err);
	to = open(step->value, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return error_set(err, errno, "open %s", step->value);
	for (int i = 0; i < VACATE_ROUNDS; i++) {
		if (move_processes(from, to, step, &moved, err) < 0)
			return -1;
		if (!moved)
			return 0;
	}
	return error_set(err, EBUSY, "move the processes of %s to %s: there are ever more of them",
	    step->target, step->value);
}

/* cgroups(7), delegation: these three files, and none that holds a limit. */
static int
run_delegate(const struct step *step, struct error *err)
{
	static const char *const files[] = { "cgroup.procs", "cgroup.threads", "cgroup.subtree_control" };
	autofd int fd = open(step->target, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return error_set(err, errno, "open %s", step->target);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (fchownat(fd, files[i], step->uid, step->gid, AT_SYMLINK_NOFOLLOW) < 0)
			return error_set(err, errno, "give %s/%s to uid %u", step->target, files[i],
			    (unsigned)step->uid);
	if (fchownat(fd, "", step->uid, step->gid, AT_EMPTY_PATH) < 0)
		return error_set(err, errno, "give %s to uid %u", step->target, (unsigned)step->uid);
	return 0;
}

int
cgroup_step_set(int directory, const char *file, const char *value, const char *name,
    struct error *err)
{
	const char *base = strrchr(file, '/');
	char got[4096];

	if (cgroup_file_write(directory, file, value) < 0)
		return error_set(err, errno, "write \"%s\" to %s%s", value, name, file);
	if (cgroup_file_read(directory, file, got, sizeof(got)) < 0)
		return error_set(err, errno, "read back %s%s", name, file);
	if (cgroup_value_matches(base ? base + 1 : file, value, got,
		(unsigned long)sysconf(_SC_PAGESIZE)))
		return 0;
	got[strcspn(got, "\n")] = '\0';
	return error_set(err, 0, "%s%s: \"%s\" was written, but the kernel has \"%s\"", name, file,
	    value, got);
}

/*
 * The kernel takes "MAJ:MIN rbps=..", a policy may name the device's node.  Only a whole disk has
 * limits: of a partition the kernel says no more than ENODEV.
 */
static int
name_device(const char *value, char *numbers, size_t size, struct error *err)
{
	size_t length = strcspn(value, " ");
	char path[PATH_MAX];
	struct stat st;

	if (value[0] != '/')
		return text_format(numbers, size, "%s", value) < 0 ? error_set(err, errno, "%s", value) : 0;
	if (text_format(path, sizeof(path), "%.*s", (int)length, value) < 0 || stat(path, &st) < 0)
		return error_set(err, errno, "look at the device %.*s", (int)length, value);
	if (!S_ISBLK(st.st_mode))
		return error_set(err, ENOTBLK, "limit %s", path);
	if (text_format(numbers, size, "%u:%u%s", major(st.st_rdev), minor(st.st_rdev), value + length) < 0)
		return error_set(err, errno, "%s", value);
	if (text_format(path, sizeof(path), "/sys/dev/block/%u:%u/partition", major(st.st_rdev),
		minor(st.st_rdev)) == 0 && access(path, F_OK) == 0)
		return error_set(err, EINVAL, "limit %.*s: it is a partition; only whole disks have limits",
		    (int)length, value);
	return 0;
}

static int
run_set(const struct step *step, struct error *err)
{
	char value[256];

	if (name_device(step->value, value, sizeof(value), err) < 0)
		return -1;
	if (cgroup_step_set(AT_FDCWD, step->target, value, "", err) == 0)
		return 0;
	if (err->errnum != ENOENT)
		return -1;
	if (step->source)
		return cgroup_step_set(AT_FDCWD, step->source, value, "", err);
	return step->flags & STEP_F_OPTIONAL ? 0 : -1;
}

static const struct {
	enum step_kind kind;
	int (*run)(const struct step *step, struct error *err);
} runs[] = {
	{ STEP_CGROUP_MAKE, run_make },
	{ STEP_CGROUP_ENABLE, run_enable },
	{ STEP_CGROUP_SET, run_set },
	{ STEP_CGROUP_DELEGATE, run_delegate },
	{ STEP_CGROUP_VACATE, run_vacate },
};

int
cgroup_step_run(const struct step *step, struct error *err)
{
	/* The caller may not want to know, but what is to be tried next depends on it. */
	struct error own = ERROR_INIT;

	if (!err)
		err = &own;
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		if (runs[i].kind == step->kind)
			return runs[i].run(step, err);
	return error_set(err, EINVAL, "%s is no step of a cgroup", step_kind_name(step->kind));
}
