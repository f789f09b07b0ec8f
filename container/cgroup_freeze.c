/*
 * freezer-subsystem.rst and cgroup-v2.rst of the kernel.  Who is moved into a frozen cgroup
 * stops: so the new place is frozen first, and filled then.
 */
#include "container/cgroup_freeze.h"

#include "container/cgroup_file.h"
#include "container/cgroup_place.h"
#include "container/cgroup_step.h"
#include "lib/cgroup_tree.h"
#include "lib/own.h"
#include "lib/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
	const char *file, *freeze, *thaw;
} words[] = {
	{ "cgroup.freeze", "1", "0" },
	{ "freezer.state", "FROZEN", "THAWED" },
};

#define WORDS (sizeof(words) / sizeof(words[0]))

/* The place that can be frozen, and how; false: none yet. */
static bool
find_place(const struct cgroups *cgroups, size_t *index, size_t *word)
{
	for (*word = 0; *word < WORDS; ++*word)
		for (*index = 0; *index < cgroups->count; ++*index)
			if (faccessat(cgroups->place[*index].fd, words[*word].file, F_OK, 0) == 0)
				return true;
	return false;
}

/* The container's path below the root of its hierarchy, which is the same in all of them. */
static const char *
own_path(const struct cgroups *cgroups, const struct machine *machine)
{
	const struct cgroup_place *place = cgroups_tracking(cgroups);
	const char *root = place && place->unified ? machine->unified :
	    machine->place[CONTROLLER_PIDS].root;
	size_t length = strlen(root);

	return place && length > 0 && !strncmp(place->directory, root, length) &&
	    place->directory[length] == '/' ? place->directory + length : NULL;
}

/* Each directory of path below root; those that others share are there, or are made. */
static int
make_path(const char *root, const char *path, char *directory, size_t size, struct error *err)
{
	for (const char *end = path; *end;) {
		end = strchrnul(end + 1, '/');
		if (text_format(directory, size, "%s%.*s", root, (int)(end - path), path) < 0)
			return error_set(err, errno, "name a cgroup below %s", root);
		if (mkdir(directory, 0755) < 0 && errno != EEXIST)
			return error_set(err, errno, "make the cgroup %s", directory);
	}
	return 0;
}

static int
make_place(struct cgroups *cgroups, const struct machine *machine, struct error *err)
{
	const struct controller_place *freezer = &machine->place[CONTROLLER_FREEZER];
	const char *root = machine->unified[0] ? machine->unified : freezer->root;
	const char *path = own_path(cgroups, machine);
	char directory[512];

	if (!root[0])
		return error_set(err, EOPNOTSUPP, "freeze the container: neither cgroup2 nor v1's freezer "
		    "is mounted: mount -t cgroup2 cgroup2 DIRECTORY");
	if (!path)
		return error_set(err, ENOENT, "find the container's cgroup below its hierarchy's root");
	if (make_path(root, path, directory, sizeof(directory), err) < 0)
		return -1;
	return cgroups_add(cgroups, directory, err) < 0 ? -1 : 0;
}

int
cgroups_freeze(struct cgroups *cgroups, const struct machine *machine, bool *added,
    struct error *err)
{
	size_t index, word;

	*added = !find_place(cgroups, &index, &word);
	if (*added && (make_place(cgroups, machine, err) < 0 || !find_place(cgroups, &index, &word)))
		return err->text[0] ? -1 : error_set(err, EOPNOTSUPP, "freeze the container: this kernel "
		    "has no cgroup.freeze (since Linux 5.2)");
	if (cgroup_file_write(cgroups->place[index].fd, words[word].file, words[word].freeze) < 0)
		return error_set(err, errno, "freeze %s", cgroups->place[index].directory);
	return cgroups->place[index].tracks ? 0 : cgroups_fill(cgroups, index, err);
}

int
cgroups_thaw(const struct cgroups *cgroups, struct error *err)
{
	size_t index, word;

	if (find_place(cgroups, &index, &word) &&
	    cgroup_file_write(cgroups->place[index].fd, words[word].file, words[word].thaw) < 0)
		return error_set(err, errno, "thaw %s", cgroups->place[index].directory);
	return 0;
}

static bool
is_frozen(int directory, const char *file)
{
	char events[256];

	return cgroup_file_read(directory, file, events, sizeof(events)) >= 0 &&
	    cgroup_file_count(events, "frozen") == 1;
}

/*
 * A cgroup that has processes and threaded cgroups below, as a container's has, says "frozen" as soon as
 * its own processes are (seen on Linux 6.1; cgroup_update_frozen() does not ask for those below).
 */
static int
stop_at_running(int parent, const char *name, void *context)
{
	char file[300];

	(void)context;
	(void)snprintf(file, sizeof(file), "%s/cgroup.events", name);
	return is_frozen(parent, file) || faccessat(parent, file, F_OK, 0) < 0 ? 0 : 1;
}

enum freeze
cgroups_frozen(const struct cgroups *cgroups)
{
	size_t index, word;
	char asked[32];

	if (!find_place(cgroups, &index, &word) ||
	    cgroup_file_read(cgroups->place[index].fd, words[word].file, asked, sizeof(asked)) < 0)
		return FREEZE_THAWED;
	asked[strcspn(asked, "\n")] = '\0';
	if (!strcmp(asked, "FREEZING"))
		return FREEZE_FREEZING;
	if (strcmp(asked, words[word].freeze) != 0)
		return FREEZE_THAWED;
	if (!cgroups->place[index].unified)
		return FREEZE_FROZEN;
	return is_frozen(cgroups->place[index].fd, "cgroup.events") &&
	    cgroup_tree_each(cgroups->place[index].fd, stop_at_running, NULL) == 0 ? FREEZE_FROZEN : FREEZE_FREEZING;
}
