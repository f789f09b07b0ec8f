/*
 * Moves a running container into one more hierarchy.  Who is in it is read from the place that
 * tracks: a process can leave that one as little as it can leave the new one.
 */
#include "container/cgroup_place.h"

#include "container/cgroup_file.h"
#include "lib/own.h"
#include "lib/text.h"

#include <stdio.h>
#include <string.h>

/* Each round moves all that the last one left or let be born; a bomb needs a few dozen. */
#define FILL_ROUNDS 1000

int
cgroups_add(struct cgroups *cgroups, const char *directory, struct error *err)
{
	for (size_t i = 0; i < cgroups->count; i++)
		if (!strcmp(cgroups->place[i].directory, directory))
			return 0;
	return cgroups_open_place(cgroups, directory, err) < 0 ? -1 : 1;
}

static int
compare_pids(const void *left, const void *right)
{
	pid_t a = *(const pid_t *)left, b = *(const pid_t *)right;

	return a < b ? -1 : a > b;
}

/* One that is gone meanwhile (ESRCH) needs no moving; a zombie is gone. */
static int
move(const struct cgroup_place *place, pid_t pid, struct error *err)
{
	char text[16];

	(void)text_format(text, sizeof(text), "%d", (int)pid);
	if (cgroup_file_write(place->fd, "cgroup.procs", text) == 0 || errno == ESRCH)
		return 0;
	return error_set(err, errno, "move process %d into the cgroup %s", (int)pid,
	    place->directory);
}

/* How many were outside; -1: err. */
static int
fill_round(const struct cgroups *cgroups, size_t index, struct error *err)
{
	const struct cgroup_place *place = &cgroups->place[index];
	autofree pid_t *all = NULL, *inside = NULL;
	size_t count = 0, count_inside = 0;
	int outside = 0;

	if (cgroups_pids(cgroups, &all, &count, err) < 0 ||
	    cgroups_place_pids(place, &inside, &count_inside, err) < 0)
		return -1;
	if (count_inside > 1)
		qsort(inside, count_inside, sizeof(*inside), compare_pids);
	for (size_t i = 0; i < count; i++) {
		if (count_inside > 0 &&
		    bsearch(&all[i], inside, count_inside, sizeof(*inside), compare_pids))
			continue;
		if (move(place, all[i], err) < 0)
			return -1;
		outside++;
	}
	return outside;
}

int
cgroups_fill(const struct cgroups *cgroups, size_t index, struct error *err)
{
	for (int i = 0; i < FILL_ROUNDS; i++) {
		int outside = fill_round(cgroups, index, err);
		if (outside <= 0)
			return outside;
	}
	return error_set(err, EAGAIN, "move the container into %s: it starts processes faster than "
	    "they are moved", cgroups->place[index].directory);
}

int
cgroups_fill_all(const struct cgroups *cgroups, struct error *err)
{
	for (size_t i = 0; i < cgroups->count; i++)
		if (!cgroups->place[i].tracks && cgroups_fill(cgroups, i, err) < 0)
			return -1;
	return 0;
}
