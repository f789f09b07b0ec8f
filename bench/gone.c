/* The name is looked at after each removal: an event that was missed does no harm. */
#include "bench/gone.h"

#include "lib/own.h"

#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

int
gone_watch(const char *directory)
{
	autofd int watch = inotify_init1(IN_CLOEXEC);

	if (watch < 0 || inotify_add_watch(watch, directory, IN_DELETE) < 0) {
		perror(directory);
		return -1;
	}
	return take_fd(&watch);
}

int
gone_await(int watch, const char *path)
{
	struct pollfd ready = { .fd = watch, .events = POLLIN };
	char events[4096];

	while (access(path, F_OK) == 0) {
		if (poll(&ready, 1, GONE_PATIENCE_MS) != 1) {
			fprintf(stderr, "%s is still there\n", path);
			return -1;
		}
		(void)!read(watch, events, sizeof(events));
	}
	return 0;
}
