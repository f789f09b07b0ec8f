/*
 * Moves the supervisor out of the session that started it.  Root's, on the host.
 */
#include "container/cgroup_own.h"

#include "container/cgroup_file.h"
#include "lib/text.h"
#include "policy/plan.h"

#include <errno.h>
#include <fcntl.h>
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

int
cgroup_own_leave(const struct machine *machine, struct error *err)
{
	if (!machine->has_systemd)
		return 0;
	for (unsigned i = 0; i < CONTROLLER_COUNT; i++)
		if (machine->place[i].version == CGROUP_V1 && enter(machine->place[i].root, "tasks", err) < 0)
			return -1;
	return machine->unified[0] ? enter(machine->unified, "cgroup.procs", err) : 0;
}
