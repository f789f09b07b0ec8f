/*
 * Runs the cgroup steps of a plan one by one: mkdir, write, read back.  Root's, on the host.
 * The paths are the plan's, below mount points of root's: no user has a name in them.
 */
#include "container/cgroup_step.h"

#include "container/cgroup_file.h"
#include "container/cgroup_value.h"
#include "lib/own.h"
#include "lib/text.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static bool
is_v1(const struct step *step)
{
	return step->controller != CONTROLLER_COUNT;
}

static int
remove_child(int directory, const char *name, void *context)
{
	int *busy = context;

	if (unlinkat(directory, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		*busy = 1;
	return 0;
}

int
cgroup_step_remove_children(int directory)
{
	int busy = 0;

	return cgroup_file_each_child(directory, remove_child, &busy) < 0 ? 1 : busy;
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

/* What an earlier container of the user's left: old limits must not live on in the new one. */
static int
make_anew(const char *directory, struct error *err)
{
	autofd int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		(void)cgroup_step_remove_children(fd); /* rmdir below has the last word */
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
			return error_set(err, errno, "make the cgroup %s", step->target);
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

static int
run_set(const struct step *step, struct error *err)
{
	if (cgroup_step_set(AT_FDCWD, step->target, step->value, "", err) == 0)
		return 0;
	if (err->errnum != ENOENT)
		return -1;
	if (step->source)
		return cgroup_step_set(AT_FDCWD, step->source, step->value, "", err);
	return step->flags & STEP_F_OPTIONAL ? 0 : -1;
}

static const struct {
	enum step_kind kind;
	int (*run)(const struct step *step, struct error *err);
} runs[] = {
	{ STEP_CGROUP_MAKE, run_make },
	{ STEP_CGROUP_ENABLE, run_enable },
	{ STEP_CGROUP_SET, run_set },
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
