/*
 * Processes named so that a recycled pid is noticed: by pid and start time.  Read-only.
 */
#include "lib/own.h"
#include "lib/record.h"
#include "lib/sys.h"
#include "lib/text.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* proc(5), /proc/PID/stat: the command may hold spaces and brackets, so count from its end. */
#define STAT_START_FIELD 22
#define STAT_FIRST_AFTER_COMMAND 3

uint64_t
process_start(pid_t pid)
{
	char text[1024];
	uint64_t start = 0;

	if (text_format(text, sizeof(text), "/proc/%d/stat", (int)pid) < 0)
		return 0;
	autofd int fd = open(text, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (length <= 0)
		return 0;
	text[length] = '\0';
	char *at = strrchr(text, ')');
	char *field = at ? strtok_r(at + 1, " ", &at) : NULL;
	for (int i = STAT_FIRST_AFTER_COMMAND; field && i < STAT_START_FIELD; i++)
		field = strtok_r(NULL, " ", &at);
	return field && text_to_number(field, UINT64_MAX, &start) ? start : 0;
}

static bool
has_ended(int pidfd)
{
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };
	int saved = errno, count = poll(&ended, 1, 0);

	errno = saved;
	return count > 0;
}

int
process_open(const struct process_id *process)
{
	if (process->pid <= 0 || process->start == 0) {
		errno = ESRCH;
		return -1;
	}
	/* First the descriptor, then the look at it: it can't become another's in between. */
	autofd int fd = sys_pidfd_open(process->pid);
	if (fd < 0)
		return -1;
	errno = 0;
	uint64_t start = process_start(process->pid);
	if (start == process->start)
		return take_fd(&fd);
	/* One that lives, and whose start can't be read, is not gone. */
	if (start != 0 || errno == 0 || has_ended(fd))
		errno = ESRCH;
	return -1;
}

uint64_t
process_namespace(pid_t pid, const char *name)
{
	char path[64];
	struct stat st;

	if (text_format(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, name) < 0)
		return 0;
	return stat(path, &st) < 0 ? 0 : st.st_ino;
}
