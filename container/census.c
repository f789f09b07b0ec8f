/*
 * The container's processes from its cgroup and from /proc, as root on the host; changes nothing.
 */
#include "container/census.h"

#include "container/cgroup_file.h"
#include "lib/own.h"
#include "lib/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More ancestors than a tree of live processes has: a pid that was used again made a ring. */
#define ANCESTORS_MAX 1024

/* "PID (NAME) STATE PPID PGRP SESSION TTY ...": the name may hold anything, ')' included. */
bool
member_parse(char *text, struct member *member)
{
	char *open = strchr(text, '('), *close = strrchr(text, ')');
	int pid, parent, session, tty;
	unsigned long long start;
	char state;

	/* Fields 3, 4, 6, 7 and 22. */
	if (!open || !close || close < open || sscanf(text, "%d", &pid) != 1 ||
	    sscanf(close + 1, " %c %d %*d %d %d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
	        &state, &parent, &session, &tty, &start) != 5)
		return false;
	*close = '\0';
	*member = (struct member){ .pid = pid, .parent = parent, .session = session, .tty = (unsigned)tty,
	    .start = start, .dead = state == 'Z' || state == 'X' };
	(void)snprintf(member->name, sizeof(member->name), "%s", open + 1);
	return true;
}

bool
member_read(pid_t pid, struct member *member)
{
	char path[32], text[1024];

	(void)text_format(path, sizeof(path), "/proc/%d/stat", (int)pid);
	return cgroup_file_read(AT_FDCWD, path, text, sizeof(text)) > 0 && member_parse(text, member);
}

pid_t
member_inside(pid_t pid)
{
	char path[32], text[4096];
	uint64_t number;

	(void)text_format(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (cgroup_file_read(AT_FDCWD, path, text, sizeof(text)) <= 0)
		return 0;
	char *line = strstr(text, "\nNSpid:");
	if (!line)
		return 0;
	line[1 + strcspn(line + 1, "\n")] = '\0';
	char *last = strrchr(line, '\t');
	return last && text_to_number(last + 1, INT32_MAX, &number) ? (pid_t)number : 0;
}

static int
by_pid(const void *a, const void *b)
{
	const struct member *one = a, *other = b;

	return (one->pid > other->pid) - (one->pid < other->pid);
}

int
census_take(const struct cgroups *cgroups, struct census *census, struct error *err)
{
	autofree pid_t *pids = NULL;
	size_t count;

	*census = (struct census)CENSUS_INIT;
	if (cgroups_pids(cgroups, &pids, &count, err) < 0)
		return -1;
	census->member = calloc(count + 1, sizeof(*census->member));
	if (!census->member)
		return error_set(err, errno, "count the container's processes");
	for (size_t i = 0; i < count; i++)
		census->count += member_read(pids[i], &census->member[census->count]);
	qsort(census->member, census->count, sizeof(*census->member), by_pid);
	return 0;
}

void
census_free(struct census *census)
{
	free(census->member);
	*census = (struct census)CENSUS_INIT;
}

const struct member *
census_find(const struct census *census, pid_t pid)
{
	const struct member key = { .pid = pid };

	return census->count == 0 ? NULL :
	    bsearch(&key, census->member, census->count, sizeof(key), by_pid);
}

bool
census_descends(const struct census *census, const struct member *member, pid_t ancestor)
{
	for (int i = 0; member && i < ANCESTORS_MAX; i++) {
		if (member->pid == ancestor)
			return true;
		member = census_find(census, member->parent);
	}
	return false;
}
