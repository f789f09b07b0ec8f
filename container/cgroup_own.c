/*
 * Moves the supervisor out of the session that started it.  Root's, on the host.
 */
#include "container/cgroup_own.h"

#include "container/cgroup_file.h"
#include "lib/kernel_file.h"
#include "lib/own.h"
#include "lib/text.h"
#include "policy/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int
enter(const char *root, const char *procs, struct error *err)
{
	char path[512];

	if (text_format(path, sizeof(path), "%s/" CGROUP_HOST, root) < 0)
		return error_set(err, errno, "%s/" CGROUP_HOST, root);
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return error_set(err, errno, "make the cgroup %s", path);
	if (text_format(path, sizeof(path), "%s/" CGROUP_HOST "/%s", root, procs) < 0 ||
	    cgroup_file_write(AT_FDCWD, path, "0") < 0)
		return error_set(err, errno, "write \"0\" to %s", path);
	return 0;
}

/* Without need it would cost each first login the grace period of a move. */
static bool
is_elsewhere(const char *cgroups)
{
	char own[sizeof(((struct machine *)0)->unified)];

	return machine_find_own(cgroups, NULL, own, sizeof(own)) && strcmp(own, "/") != 0;
}

/* It takes processes, whatever it hands down. */
static int
enter_root(const char *root, struct error *err)
{
	autofree char *cgroups = kernel_file_read("/proc/self/cgroup", err);
	char path[512];

	if (!cgroups)
		return -1;
	if (!is_elsewhere(cgroups))
		return 0;
	if (text_format(path, sizeof(path), "%s/cgroup.procs", root) < 0 ||
	    cgroup_file_write(AT_FDCWD, path, "0") < 0)
		return error_set(err, errno, "write \"0\" to %s/cgroup.procs", root);
	return 0;
}

int
cgroup_own_leave(const struct machine *machine, struct error *err)
{
	if (!machine->has_systemd)
		return machine->unified[0] && !machine->is_delegated ? enter_root(machine->unified, err) : 0;
	for (unsigned i = 0; i < CONTROLLER_COUNT; i++)
		if (machine->place[i].version == CGROUP_V1 && enter(machine->place[i].root, "tasks", err) < 0)
			return -1;
	return machine->unified[0] ? enter(machine->unified, "cgroup.procs", err) : 0;
}
