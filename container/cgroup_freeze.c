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

/* The place that can be frozen, and how: 1; 0: none yet; -1: it can't be told. */
static int
find_place(const struct cgroups *cgroups, size_t *index, size_t *word)
{
	for (*word = 0; *word < WORDS; ++*word)
		for (*index = 0; *index < cgroups->count; ++*index)
			if (faccessat(cgroups->place[*index].fd, words[*word].file, F_OK, 0) == 0)
				return 1;
			else if (errno != ENOENT)
				return -1;
	return 0;
}

/* The container's path below the root of its hierarchy, which is the same in all of them; "": not found. */
static const char *
own_path(const struct cgroups *cgroups, const struct machine *machine)
{
	const struct cgroup_place *place = cgroups_tracking(cgroups);
	const char *root = place && place->unified ? machine->unified :
	    machine->place[CONTROLLER_PIDS].root;
	size_t length = strlen(root);

	return place && length > 0 && !strncmp(place->directory, root, length) &&
	    place->directory[length] == '/' ? place->directory + length : "";
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

/* Where it can be made: below root, which is "" where there is none. */
static int
place_to_make(const struct cgroups *cgroups, const struct machine *machine, const char **root,
    const char **path, struct error *err)
{
	*root = machine->unified[0] ? machine->unified : machine->place[CONTROLLER_FREEZER].root;
	*path = own_path(cgroups, machine);
	if (!**root)
		return error_set(err, EOPNOTSUPP, "freeze the container: neither cgroup2 nor v1's freezer "
		    "is mounted: mount -t cgroup2 cgroup2 DIRECTORY");
	if (!**path)
		return error_set(err, ENOENT, "find the container's cgroup below its hierarchy's root");
	return 0;
}

int
cgroups_freezer(const struct cgroups *cgroups, const struct machine *machine, char directory[512],
    struct error *err)
{
	const char *root, *path;
	size_t index, word;
	int found = find_place(cgroups, &index, &word);

	if (found < 0)
		return error_set(err, errno, "find what can be frozen");
	if (found > 0)
		return 0;
	if (place_to_make(cgroups, machine, &root, &path, err) < 0)
		return -1;
	return text_format(directory, 512, "%s%s", root, path) < 0 ?
	    error_set(err, errno, "name a cgroup below %s", root) : 1;
}

static int
make_place(struct cgroups *cgroups, const struct machine *machine, struct error *err)
{
	const char *root, *path;
	char directory[512];

	if (place_to_make(cgroups, machine, &root, &path, err) < 0 ||
	    make_path(root, path, directory, sizeof(directory), err) < 0)
		return -1;
	if (cgroups_add(cgroups, directory, err) >= 0)
		return 0;
	(void)rmdir(directory);
	return -1;
}

int
cgroups_freeze(struct cgroups *cgroups, const struct machine *machine, struct error *err)
{
	size_t index, word;
	int found = find_place(cgroups, &index, &word);

	if (found == 0) {
		if (make_place(cgroups, machine, err) < 0)
			return -1;
		found = find_place(cgroups, &index, &word);
	}
	if (found <= 0)
		return found < 0 ? error_set(err, errno, "find what can be frozen") :
		    error_set(err, EOPNOTSUPP, "freeze the container: this kernel has no cgroup.freeze "
			"(since Linux 5.2)");
	if (cgroup_file_write(cgroups->place[index].fd, words[word].file, words[word].freeze) < 0)
		return error_set(err, errno, "freeze %s", cgroups->place[index].directory);
	return cgroups->place[index].tracks ? 0 : cgroups_fill(cgroups, index, err);
}

int
cgroups_thaw(const struct cgroups *cgroups, struct error *err)
{
	size_t index, word;
	int found = find_place(cgroups, &index, &word);

	if (found < 0)
		return error_set(err, errno, "find what is frozen");
	if (found > 0 &&
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
	int found = find_place(cgroups, &index, &word);

	if (found == 0)
		return FREEZE_THAWED;
	/* What can't be told is not let run, or in. */
	if (found < 0 ||
	    cgroup_file_read(cgroups->place[index].fd, words[word].file, asked, sizeof(asked)) < 0)
		return FREEZE_FREEZING;
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
