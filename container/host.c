/*
 * What a container needs of the host, made where it is missing.  Runs in the supervisor, on
 * directories that are root's alone.
 */
#include "container/host.h"

#include "container/cgroup_mount.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/sys.h"
#include "lib/text.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define SYS_MS_SHARED (1UL << 20)
#define SYS_MS_REC (1UL << 14)

static int
make_directory(const struct step *step, struct error *err)
{
	char parent[PATH_MAX];
	const char *name = strrchr(step->target, '/');

	if (!name || text_format(parent, sizeof(parent), "%.*s", (int)(name - step->target),
	        step->target) < 0)
		return error_set(err, EINVAL, "name the directory of %s", step->target);
	autofd int directory = path_open_trusted(parent[0] ? parent : "/", err);
	if (directory < 0)
		return -1;
	autofd int made = path_make_private(directory, name + 1, (mode_t)step->mode, err);
	return made < 0 ? error_prefix(err, "%s", parent) : 0;
}

/* proc(5) mountinfo: the optional field "shared:N" of the line whose mount point is "/". */
static bool
root_is_shared(void)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char line[8192];
	bool shared = false;

	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		char *field = line, *at = NULL;
		field = strtok_r(field, " ", &at);
		for (int i = 0; field && i < 4; i++)
			field = strtok_r(NULL, " ", &at);
		if (field && !strcmp(field, "/"))
			shared = at && strstr(at, "shared:") != NULL;
	}
	(void)fclose(file);
	return shared;
}

/*
 * systemd makes all mounts shared at boot; elsewhere they are private, and what an admin
 * mounts later would never arrive in a container that lives.  The policy key share_mounts
 * says whether we may.
 */
static int
share_mounts(const struct step *step, struct error *err)
{
	if (root_is_shared())
		return 0;
	if (sys_mount(NULL, step->target, NULL, SYS_MS_SHARED | SYS_MS_REC, NULL) < 0)
		return error_set(err, errno, "make the host's mounts shared");
	return 0;
}

static const struct {
	enum step_kind kind;
	int (*run)(const struct step *step, struct error *err);
} runs[] = {
	{ STEP_CGROUP_MOUNT, cgroup_mount_make },
	{ STEP_CGROUP_OPTIONS, cgroup_mount_set_options },
	{ STEP_DIRECTORY, make_directory },
	{ STEP_SHARE, share_mounts },
};

int
host_step_run(const struct step *step, struct error *err)
{
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		if (runs[i].kind == step->kind)
			return runs[i].run(step, err);
	return 0;
}

int
host_prepare(const struct plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->step[i].phase == PHASE_HOST && host_step_run(&plan->step[i], err) < 0)
			return -1;
	return 0;
}
