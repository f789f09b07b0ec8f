/*
 * Where cgroups are, from the texts of /proc/self/mountinfo and /proc/self/cgroup.  Pure.  The
 * mount table is hostile text (users mount by fusermount, and name things): a line is taken
 * only field by field, and what does not fit is passed over, never cut.
 */
#include "lib/machine.h"

#include "lib/mount_line.h"
#include "lib/places.h"
#include "lib/text.h"

#include <string.h>

static const char *const controller_names[CONTROLLER_COUNT][2] = {
	[CONTROLLER_CPU] = { "cpu", "cpu" },
	[CONTROLLER_CPUSET] = { "cpuset", "cpuset" },
	[CONTROLLER_MEMORY] = { "memory", "memory" },
	[CONTROLLER_PIDS] = { "pids", "pids" },
	[CONTROLLER_IO] = { "io", "blkio" },
	[CONTROLLER_DEVICES] = { "devices", "devices" },
	[CONTROLLER_FREEZER] = { "freezer", "freezer" },
};

/* How good the mount found so far is for each purpose; a hierarchy may be mounted twice. */
struct mount_ranks {
	int unified;
	int place[CONTROLLER_COUNT];
};

const char *
controller_name(enum controller controller, enum cgroup_version version)
{
	if (controller >= CONTROLLER_COUNT)
		return "cgroup2";
	return controller_names[controller][version == CGROUP_V1];
}

struct controller_place
machine_unified(const struct machine *machine)
{
	struct controller_place place = { .version = CGROUP_V2, .below = machine->unified_below };

	memcpy(place.root, machine->unified, sizeof(place.root));
	memcpy(place.part, machine->unified_part, sizeof(place.part));
	return place;
}

void
machine_set_unified(struct machine *machine, const struct controller_place *place)
{
	memcpy(machine->unified, place->root, sizeof(machine->unified));
	memcpy(machine->unified_part, place->part, sizeof(machine->unified_part));
	machine->unified_below = place->below;
}

/* A writable mount before a read-only one, then a whole hierarchy before a part of one. */
static int
mount_rank(const struct mount_line *mount)
{
	bool writable = !mount_line_list_has(mount->options, ",", "ro") &&
	    !mount_line_list_has(mount->super, ",", "ro");
	bool whole = strcmp(mount->root, "/") == 0;

	return 1 + 2 * writable + whole;
}

/*
 * Takes the mount if it is better than what is there, or covers it.  Where its part of the
 * hierarchy has too long a name, whole or part can't be told: it is passed over.
 */
static bool
place_take(struct controller_place *place, int *rank, const struct mount_line *mount)
{
	int found = mount_rank(mount);
	size_t length = strlen(mount->point), part = strlen(mount->root);

	if (length >= sizeof(place->root) || part >= sizeof(place->part) || mount->point[0] != '/')
		return false;
	if (found <= *rank && strcmp(place->root, mount->point) != 0)
		return false;
	memcpy(place->root, mount->point, length + 1);
	memcpy(place->part, mount->root, part + 1);
	*rank = found;
	return true;
}

static void
mount_line_use(struct machine *machine, struct mount_ranks *ranks, const struct mount_line *mount)
{
	if (strcmp(mount->type, "cgroup2") == 0) {
		struct controller_place place = machine_unified(machine);

		if (place_take(&place, &ranks->unified, mount))
			machine_set_unified(machine, &place);
		return;
	}
	for (unsigned i = 0; i < CONTROLLER_COUNT; i++)
		if (mount_line_list_has(mount->super, ",", controller_names[i][1]) &&
		    place_take(&machine->place[i], &ranks->place[i], mount))
			machine->place[i].version = CGROUP_V1;
}

void
machine_parse_mounts(struct machine *machine, char *mountinfo)
{
	struct mount_ranks ranks = { .unified = 0 };
	char *line;

	while ((line = text_next_line(&mountinfo))) {
		struct mount_line mount;

		if (!mount_line_parse(line, &mount))
			continue;
		if (strcmp(mount.type, "fuse.lxcfs") == 0 && strcmp(mount.point, PLACE_LXCFS) == 0)
			machine->has_lxcfs = true;
		if (strcmp(mount.type, "cgroup") == 0 || strcmp(mount.type, "cgroup2") == 0)
			mount_line_use(machine, &ranks, &mount);
	}
}

void
machine_parse_controllers(struct machine *machine, const char *controllers)
{
	for (unsigned i = 0; i < CONTROLLER_COUNT; i++) {
		if (!mount_line_list_has(controllers, " \n", controller_names[i][0]))
			continue;
		machine->place[i] = machine_unified(machine);
	}
}

bool
machine_find_own(const char *cgroups, const char *controller, char *own, size_t size)
{
	for (const char *line = cgroups; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;
		char list[128];

		if (!path || path > line + strcspn(line, "\n") ||
		    text_format(list, sizeof(list), "%.*s", (int)(path - names - 1), names + 1) < 0)
			continue;
		if (controller ? !mount_line_list_has(list, ",", controller) : list[0] != '\0')
			continue;
		return text_format(own, size, "%.*s", (int)strcspn(path + 1, "\n"), path + 1) == 0;
	}
	return false;
}

bool
machine_own_below(const char *part, const char *own, const char **below)
{
	size_t length = strcmp(part, "/") == 0 ? 0 : strlen(part);

	/* "/.." is how a cgroup namespace shows what is outside of it. */
	if (strncmp(part, own, length) != 0 || (own[length] && own[length] != '/') ||
	    strncmp(own, "/..", 3) == 0 || strncmp(part, "/..", 3) == 0)
		return false;
	*below = strcmp(own + length, "/") == 0 ? "" : own + length;
	return true;
}
