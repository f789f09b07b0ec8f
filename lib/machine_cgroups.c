/*
 * Which cgroups are ours to work below: the whole tree, what a container, a pod or an admin
 * was given of it, or systemd's unit.  Only looks.  Runs as root in the supervisor and as
 * anybody in ctrctl, who must come to the same answer: so owners and mounts are asked, not
 * what the asking process may do.
 */
#include "lib/machine.h"

#include "lib/cgroup_host.h"
#include "lib/kernel_file.h"
#include "lib/own.h"
#include "lib/places.h"
#include "lib/text.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/*
 * In a user namespace that was given nothing, the directory is nobody's.  The mode says nothing:
 * the kernel gives a hierarchy's root 0555, and who is root makes cgroups there all the same.
 * -1 with err: it could not be looked at, and another one would be taken in its place.
 */
static int
is_ours(const char *directory, struct error *err)
{
	struct statvfs fs;
	struct stat st;

	if (stat(directory, &st) < 0 || statvfs(directory, &fs) < 0)
		return errno == ENOENT || errno == EACCES ? 0 : error_set(err, errno, "look at %s", directory);
	return S_ISDIR(st.st_mode) && st.st_uid == 0 && !(fs.f_flag & ST_RDONLY);
}

static bool
is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Appends what is below the mount point; false where it does not fit. */
static bool
place_descend(struct controller_place *place, const char *below, size_t length)
{
	size_t mounted = strlen(place->root);

	if (text_format(place->root + mounted, sizeof(place->root) - mounted, "%.*s", (int)length,
		below) < 0) {
		place->root[mounted] = '\0';
		return false;
	}
	place->below = (unsigned)length;
	return true;
}

/*
 * The mount point, or the topmost cgroup on the way to our own that is ours.  With none the
 * mount point stays, and making cgroups there says what is wrong.
 */
static int
place_find(struct controller_place *place, const char *own, struct error *err)
{
	const size_t mounted = strlen(place->root);
	const char *below;
	int ours = is_ours(place->root, err);

	if (ours != 0 || !machine_own_below(place->part, own, &below))
		return ours < 0 ? -1 : 0;
	for (size_t length = 1; below[0]; length++) {
		if (below[length] && below[length] != '/')
			continue;
		ours = place_descend(place, below, length) ? is_ours(place->root, err) : 0;
		if (ours != 0)
			return ours < 0 ? -1 : 0;
		place->root[mounted] = '\0';
		place->below = 0;
		if (!below[length])
			return 0;
	}
	return 0;
}

/* Nobody but systemd writes to its tree, save below a unit that it handed over. */
static void
place_find_unit(struct controller_place *place)
{
	if (!place_descend(place, PLACE_UNIT, strlen(PLACE_UNIT)) || !is_directory(place->root))
		*place = (struct controller_place){ .version = CGROUP_NONE };
}

static int
place_settle(const struct machine *machine, const char *controller, const char *cgroups,
    struct controller_place *place, struct error *err)
{
	char own[sizeof(place->root)];

	if (!place->root[0])
		return 0;
	if (machine->has_systemd)
		place_find_unit(place);
	else if (machine_find_own(cgroups, controller, own, sizeof(own)))
		return place_find(place, own, err);
	return 0;
}

static int
read_controllers(struct machine *machine, struct error *err)
{
	char path[sizeof(machine->unified) + sizeof("/cgroup.controllers")];
	autofree char *controllers = NULL;

	(void)text_format(path, sizeof(path), "%s/cgroup.type", machine->unified);
	machine->is_delegated = faccessat(AT_FDCWD, path, F_OK, 0) == 0;
	(void)text_format(path, sizeof(path), "%s/cgroup.controllers", machine->unified);
	controllers = kernel_file_read(path, err);
	if (!controllers)
		return -1;
	machine_parse_controllers(machine, controllers);
	return 0;
}

/* The least of the limits from the place up to the mount point; above it nothing is seen. */
static void
bound(const struct controller_place *place, const char *file, uint64_t *number)
{
	char path[sizeof(place->root) + 64];
	size_t length = strlen(place->root), mounted = length - place->below;
	uint64_t limit;

	while (length > 0 && length >= mounted) {
		/* "max" is no number, and the root has no such file: both are no limit. */
		if (text_format(path, sizeof(path), "%.*s/%s", (int)length, place->root, file) == 0 &&
		    kernel_file_number(path, &limit, NULL) == 0 && limit > 0 && limit < *number)
			*number = limit;
		do
			length--;
		while (length > 0 && place->root[length] != '/');
	}
}

static void
bound_all(struct machine *machine)
{
	const struct controller_place *memory = &machine->place[CONTROLLER_MEMORY];
	const struct controller_place *pids = &machine->place[CONTROLLER_PIDS];

	if (memory->version != CGROUP_NONE)
		bound(memory, memory->version == CGROUP_V1 ? "memory.limit_in_bytes" : "memory.max",
		    &machine->memory);
	if (pids->version != CGROUP_NONE)
		bound(pids, "pids.max", &machine->pid_max);
}

static int
settle_all(struct machine *machine, const char *cgroups, struct error *err)
{
	struct controller_place unified = machine_unified(machine);

	for (unsigned i = 0; i < CONTROLLER_COUNT; i++)
		if (place_settle(machine, controller_name(i, CGROUP_V1), cgroups, &machine->place[i], err) < 0)
			return -1;
	if (place_settle(machine, NULL, cgroups, &unified, err) < 0)
		return -1;
	machine_set_unified(machine, &unified);
	return 0;
}

int
machine_read_cgroups(struct machine *machine, struct error *err)
{
	autofree char *mountinfo = kernel_file_read("/proc/self/mountinfo", err);
	autofree char *cgroups = mountinfo ? kernel_file_read("/proc/self/cgroup", err) : NULL;

	if (!cgroups)
		return -1;
	machine_parse_mounts(machine, mountinfo);
	machine->has_systemd = is_directory(PLACE_SYSTEMD);
	if (settle_all(machine, cgroups, err) < 0)
		return -1;
	if (machine->unified[0] && read_controllers(machine, err) < 0)
		return -1;
	if (!machine->unified[0] && !machine->has_systemd && cgroup_host_expect(machine, err) < 0)
		return -1;
	machine->lacks_unit = machine->has_systemd && !machine->unified[0] &&
	    machine->place[CONTROLLER_PIDS].version == CGROUP_NONE;
	bound_all(machine);
	return 0;
}
