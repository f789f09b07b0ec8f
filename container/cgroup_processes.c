/*
 * Who is in a container, and the end of all of them.  Root's, in the host's PID namespace.
 * Pids are recycled: a signal goes through a pidfd, and only after the pid was seen in the
 * cgroup once more while the pidfd was open.
 */
#include "container/cgroup.h"
#include "container/cgroup_file.h"
#include "lib/cgroup_tree.h"
#include "lib/own.h"
#include "lib/sys.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define BATCH 128 /* pidfds at a time */

struct pid_list {
	pid_t *pid; /* owned */
	size_t count;
	size_t room;
};

static int
pid_list_add(struct pid_list *list, pid_t pid)
{
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 64;
		pid_t *more = realloc(list->pid, room * sizeof(*more));

		if (!more)
			return -1;
		list->pid = more;
		list->room = room;
	}
	list->pid[list->count++] = pid;
	return 0;
}

/* False with errno 0: that was the last. */
static bool
next_pid(FILE *stream, int *pid)
{
	errno = 0;
	return fscanf(stream, "%d", pid) == 1;
}

/*
 * A threaded leaf has no list (EOPNOTSUPP): its processes are in the container's own.  0 is a
 * process that this PID namespace can't see.
 */
static int
read_procs(int directory, const char *file, struct pid_list *list)
{
	autofd int fd = openat(directory, file, O_RDONLY | O_CLOEXEC);
	FILE *stream = fd < 0 ? NULL : fdopen(fd, "re");
	int rc = 0, pid;

	if (!stream)
		return errno == ENOENT ? 0 : -1;
	(void)take_fd(&fd);
	while (rc == 0 && next_pid(stream, &pid))
		if (pid > 0)
			rc = pid_list_add(list, pid);
	if (rc == 0 && errno && errno != EOPNOTSUPP && errno != ENODEV)
		rc = -1;
	(void)fclose(stream); /* read only */
	return rc;
}

static int
read_child_procs(int parent, const char *name, void *context)
{
	char file[300];

	(void)snprintf(file, sizeof(file), "%s/cgroup.procs", name);
	return read_procs(parent, file, context);
}

int
cgroups_pids(const struct cgroups *cgroups, pid_t **pids, size_t *count, struct error *err)
{
	const struct cgroup_place *place = cgroups_tracking(cgroups);
	struct pid_list list = { .pid = NULL };

	*pids = NULL;
	*count = 0;
	if (!place)
		return error_set(err, EINVAL, "the container has no cgroup");
	if (read_procs(place->fd, "cgroup.procs", &list) < 0 ||
	    (cgroup_tree_each(place->fd, read_child_procs, &list) < 0 && errno != ENOENT)) {
		int saved = errno;

		free(list.pid);
		return error_set(err, saved, "list the processes of %s", place->directory);
	}
	*pids = list.pid;
	*count = list.count;
	return 0;
}

int
cgroups_place_pids(const struct cgroup_place *place, pid_t **pids, size_t *count,
    struct error *err)
{
	struct pid_list list = { .pid = NULL };

	*pids = NULL;
	*count = 0;
	if (read_procs(place->fd, "cgroup.procs", &list) < 0) {
		int saved = errno;

		free(list.pid);
		return error_set(err, saved, "list the processes of %s", place->directory);
	}
	*pids = list.pid;
	*count = list.count;
	return 0;
}

static bool
list_has(const pid_t *pids, size_t count, pid_t pid)
{
	for (size_t i = 0; i < count; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

static int
kill_batch(const struct cgroups *cgroups, const pid_t *pids, size_t count, struct error *err)
{
	int pidfd[BATCH];
	autofree pid_t *now = NULL;
	size_t now_count = 0;
	int rc;

	for (size_t i = 0; i < count; i++)
		pidfd[i] = sys_pidfd_open(pids[i]);
	rc = cgroups_pids(cgroups, &now, &now_count, err);
	for (size_t i = 0; i < count; i++) {
		/* ESRCH is what is wanted; the next round sees what else is left. */
		if (rc == 0 && pidfd[i] >= 0 && list_has(now, now_count, pids[i]))
			(void)sys_pidfd_send_signal(pidfd[i], SIGKILL);
		own_close(&pidfd[i]);
	}
	return rc;
}

int
cgroups_kill(const struct cgroups *cgroups, struct error *err)
{
	const struct cgroup_place *place = cgroups_tracking(cgroups);
	autofree pid_t *pids = NULL;
	size_t count;

	if (cgroups_pids(cgroups, &pids, &count, err) < 0)
		return -1;
	if (!count || !place)
		return 0;
	/* No new process while the old ones are found; without a pids controller it takes longer. */
	(void)cgroup_file_write(place->fd, "pids.max", "0");
	if (place->unified && cgroup_file_write(place->fd, "cgroup.kill", "1") == 0)
		return (int)count;
	for (size_t i = 0; i < count; i += BATCH)
		if (kill_batch(cgroups, pids + i, count - i < BATCH ? count - i : BATCH, err) < 0)
			return -1;
	return (int)count;
}
