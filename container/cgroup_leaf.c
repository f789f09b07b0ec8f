/*
 * Who is in one session's leaf, and the end of them.  Root's, in the host's PID namespace; the
 * others of the container are not touched, so each signal goes by a pidfd to a process that was
 * seen in the leaf while the pidfd was open.
 */
#include "container/cgroup.h"
#include "container/cgroup_file.h"
#include "lib/own.h"
#include "lib/sys.h"
#include "lib/text.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define BATCH 128               /* pidfds at a time */
#define LEAF_TEXT_MAX (4 << 20) /* of the list; a pids.max of half a million */

/* The process that a thread is of; 0: it is gone.  proc(5) status, whose names have no line breaks. */
static pid_t
process_of(pid_t thread)
{
	char text[4096];
	int pid = 0;

	(void)text_format(text, sizeof(text), "/proc/%d/status", (int)thread);
	if (cgroup_file_read(AT_FDCWD, text, text, sizeof(text)) < 0)
		return 0;
	const char *line = strstr(text, "\nTgid:");
	return line && sscanf(line, "\nTgid: %d", &pid) == 1 ? (pid_t)pid : 0;
}

static bool
list_has(const pid_t *pids, size_t count, pid_t pid)
{
	for (size_t i = 0; i < count; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/* cgroup2's leaves are threaded and have no list of processes, but one of threads. */
static long
read_list(int directory, const char *id, char *text, size_t size, bool *of_threads)
{
	char file[64];

	*of_threads = false;
	if (text_format(file, sizeof(file), "%s/cgroup.procs", id) < 0)
		return -1;
	long length = cgroup_file_read(directory, file, text, size);
	if (length >= 0 || errno != EOPNOTSUPP)
		return length;
	*of_threads = true;
	(void)text_format(file, sizeof(file), "%s/cgroup.threads", id);
	return cgroup_file_read(directory, file, text, size);
}

static size_t
parse_list(char *text, bool of_threads, pid_t *pids)
{
	char *cursor = text;
	const char *line;
	uint64_t number;
	size_t count = 0;

	while ((line = text_next_line(&cursor))) {
		if (!text_to_number(line, INT32_MAX, &number) || number == 0)
			continue;
		pid_t pid = of_threads ? process_of((pid_t)number) : (pid_t)number;
		if (pid > 0 && (!of_threads || !list_has(pids, count, pid)))
			pids[count++] = pid;
	}
	return count;
}

int
cgroups_session_pids(const struct cgroups *cgroups, const char *id, pid_t **pids,
    size_t *count, struct error *err)
{
	const struct cgroup_place *place = cgroups_tracking(cgroups);
	autofree char *text = malloc(LEAF_TEXT_MAX);
	bool of_threads;

	*pids = NULL;
	*count = 0;
	if (!text)
		return error_set(err, ENOMEM, "list session %s", id);
	if (!place || !cgroups_session_exists(cgroups, id))
		return 0;
	long length = read_list(cgroup_place_leaves(place), id, text, LEAF_TEXT_MAX, &of_threads);
	if (length < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : error_set(err, errno,
		    "list the processes of session %s", id);
	*pids = calloc((size_t)length / 2 + 1, sizeof(**pids));
	if (!*pids)
		return error_set(err, ENOMEM, "list session %s", id);
	*count = parse_list(text, of_threads, *pids);
	return 0;
}

static int
signal_batch(const struct cgroups *cgroups, const char *id, const pid_t *pids, size_t count,
    int signal, struct error *err)
{
	int pidfd[BATCH];
	autofree pid_t *now = NULL;
	size_t now_count = 0;

	for (size_t i = 0; i < count; i++)
		pidfd[i] = sys_pidfd_open(pids[i]);
	int rc = cgroups_session_pids(cgroups, id, &now, &now_count, err);
	for (size_t i = 0; i < count; i++) {
		if (rc == 0 && pidfd[i] >= 0 && list_has(now, now_count, pids[i]))
			(void)sys_pidfd_send_signal(pidfd[i], signal);
		own_close(&pidfd[i]);
	}
	return rc;
}

int
cgroups_session_signal(const struct cgroups *cgroups, const char *id, pid_t but, int signal,
    struct error *err)
{
	autofree pid_t *pids = NULL;
	size_t count, others = 0;

	if (cgroups_session_pids(cgroups, id, &pids, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (pids[i] != but)
			pids[others++] = pids[i];
	for (size_t i = 0; i < others; i += BATCH)
		if (signal_batch(cgroups, id, pids + i, others - i < BATCH ? others - i : BATCH, signal,
		        err) < 0)
			return -1;
	return (int)others;
}

/* cgroup-v2.rst, pids.events.local: where it is, pids.events counts for all below, for ever. */
uint64_t
cgroups_session_refused(const struct cgroups *cgroups, const char *id)
{
	const struct cgroup_place *place = cgroups_tracking(cgroups);
	char file[64], events[256];

	if (!place || faccessat(place->fd, "pids.events.local", F_OK, 0) == 0 ||
	    text_format(file, sizeof(file), "%s/pids.events", id) < 0 ||
	    cgroup_file_read(cgroup_place_leaves(place), file, events, sizeof(events)) < 0)
		return 0;
	return cgroup_file_count(events, "max");
}

void
cgroups_session_close(const struct cgroups *cgroups, const char *id)
{
	const struct cgroup_place *place = cgroups_tracking(cgroups);
	char file[64];

	if (place && text_format(file, sizeof(file), "%s/pids.max", id) == 0)
		(void)cgroup_file_write(cgroup_place_leaves(place), file, "0");
}
