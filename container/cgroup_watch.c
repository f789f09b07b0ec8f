/*
 * Limits that were hit, for the supervisor's log: counters of the kernel's that poll(2)
 * watches.  Nothing depends on them: a kernel that cannot tell is no error.
 */
#include "container/cgroup.h"
#include "container/cgroup_file.h"
#include "lib/own.h"
#include "lib/text.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>

static const char *const counter_key[] = {
	[CGROUP_OOM_KILL] = "oom_kill",
	[CGROUP_PIDS_MAX] = "max",
};

static uint64_t
watch_count(const struct cgroup_watch *watch)
{
	char text[1024];

	if (cgroup_file_reread(watch->read_fd, text, sizeof(text)) < 0)
		return watch->seen;
	return cgroup_file_count(text, counter_key[watch->event]);
}

/* A file of this name in the directory that the kernel notifies itself. */
static size_t
watch_file(int directory, const char *file, enum cgroup_event event, struct cgroup_watch *watch)
{
	int fd = openat(directory, file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	*watch = (struct cgroup_watch){
		.event = event, .poll_fd = fd, .read_fd = fd, .poll_events = POLLPRI,
	};
	watch->seen = watch_count(watch); /* the first reading arms it */
	return 1;
}

/* v1: an eventfd is told of out-of-memory, memory.oom_control counts the kills. */
static size_t
watch_v1_memory(int directory, struct cgroup_watch *watch)
{
	autofd int control = openat(directory, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	autofd int event = control < 0 ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	char order[32];

	if (event < 0 || text_format(order, sizeof(order), "%d %d", event, control) < 0 ||
	    cgroup_file_write(directory, "cgroup.event_control", order) < 0)
		return 0;
	*watch = (struct cgroup_watch){
		.event = CGROUP_OOM_KILL, .poll_fd = take_fd(&event), .read_fd = take_fd(&control),
		.poll_events = POLLIN,
	};
	watch->seen = watch_count(watch);
	return 1;
}

static size_t
watch_leaf(const struct cgroup_place *place, const char *session, struct cgroup_watch *watch)
{
	char file[300];

	if (!place->tracks || text_format(file, sizeof(file), "%s%s/pids.events",
		place->login >= 0 ? CGROUP_LOGIN "/" : "", session) < 0)
		return 0;
	return watch_file(place->fd, file, CGROUP_PIDS_MAX, watch);
}

size_t
cgroups_watch(const struct cgroups *cgroups, const char *session, struct cgroup_watch *watch)
{
	size_t count = 0;

	for (size_t i = 0; i < cgroups->count && count + 2 <= CGROUP_WATCHES_MAX; i++) {
		const struct cgroup_place *place = &cgroups->place[i];

		if (session) {
			count += watch_leaf(place, session, watch + count);
			continue;
		}
		count += watch_file(place->fd, "pids.events", CGROUP_PIDS_MAX, watch + count);
		if (place->unified)
			count += watch_file(place->fd, "memory.events", CGROUP_OOM_KILL,
			    watch + count);
		else
			count += watch_v1_memory(place->fd, watch + count);
	}
	return count;
}

uint64_t
cgroup_watch_read(struct cgroup_watch *watch)
{
	uint64_t drained, now, grown;

	/* Not blocking; empty is fine: somebody only wants to look. */
	if (watch->poll_fd != watch->read_fd && read(watch->poll_fd, &drained, sizeof(drained)) < 0)
		drained = 0;
	now = watch_count(watch);
	grown = now - watch->seen;
	watch->seen = now;
	return grown;
}

void
cgroup_watch_free(struct cgroup_watch *watch)
{
	if (watch->read_fd == watch->poll_fd)
		watch->read_fd = -1;
	own_close(&watch->poll_fd);
	own_close(&watch->read_fd);
}
