/*
 * A record's number of a process is the host's or the container's, depending on who wrote
 * it.  It is believed only if the kernel shows a process of the container that has it.
 */
#include "container/accounting_owner.h"

#include "container/server.h"
#include "lib/own.h"
#include "lib/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* proc(5) status: a line break in the name is escaped, so that these lines are the kernel's. */
static bool
read_numbers(pid_t pid, pid_t *parent, pid_t *inside)
{
	char text[4096];

	(void)text_format(text, sizeof(text), "/proc/%d/status", (int)pid);
	autofd int fd = open(text, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (length <= 0)
		return false;
	text[length] = '\0';
	const char *ppid = strstr(text, "\nPPid:");
	const char *nspid = strstr(text, "\nNSpid:");
	/* The first number is the host's, the second the container's. */
	*inside = 0;
	return ppid && nspid && sscanf(ppid, "\nPPid: %d", parent) == 1 &&
	    sscanf(nspid, "\nNSpid: %*d %d", inside) >= 0;
}

static size_t
session_of_caller(const struct server *server, pid_t pid)
{
	for (size_t i = 0; i < server->record.sessions; i++)
		if (server->record.session[i].caller.pid == pid)
			return i;
	return SIZE_MAX;
}

static size_t
session_of_line(const struct server *server, const char *line)
{
	for (size_t i = 0; i < server->record.sessions; i++)
		if (!strcmp(server->record.session[i].tty, line))
			return i;
	return SIZE_MAX;
}

/* A container without a cgroup, or without memory to list it, has no processes that count. */
static void
read_table(struct owner_table *table)
{
	struct error err = ERROR_INIT;
	autofree pid_t *pids = NULL;
	size_t count = 0;

	table->read = true;
	if (cgroups_pids(&table->server->cgroups, &pids, &count, &err) < 0)
		return;
	table->owner = calloc(count + 1, sizeof(*table->owner));
	for (size_t i = 0; table->owner && i < count; i++) {
		struct owner *is = &table->owner[table->count];
		pid_t parent;
		/* Callers have no number inside; PID 1 is nobody's login. */
		if (!read_numbers(pids[i], &parent, &is->inside) || is->inside <= 1)
			continue;
		is->pid = pids[i];
		is->session = session_of_caller(table->server, parent);
		table->count++;
	}
}

/*
 * sshd's monitor, itself on the host's side, writes its own number there (or its child's);
 * login's child writes its own, which is the container's.  A child of a caller is its
 * session's; any other process that has the number inside (utempter of a terminal
 * emulator) is the container's.
 */
static bool
find_process(struct owner_table *table, pid_t number, struct owner *owner)
{
	bool found = false;

	if (!table->read)
		read_table(table);
	for (size_t i = 0; i < table->count; i++) {
		const struct owner *is = &table->owner[i];
		bool is_child = is->session != SIZE_MAX;
		if (number == is->inside || (is_child && number == is->pid)) {
			*owner = *is;
			found = true;
			if (is_child)
				break;
		}
	}
	return found;
}

/* A caller is not of the container's processes, its first child there is. */
static void
take_caller(struct owner_table *table, struct owner *owner)
{
	owner->pid = table->server->record.session[owner->session].caller.pid;
	owner->inside = 0;
	if (!table->read)
		read_table(table);
	for (size_t i = 0; i < table->count && owner->inside == 0; i++)
		if (table->owner[i].session == owner->session)
			owner->inside = table->owner[i].inside;
}

bool
owner_find(struct owner_table *table, const struct utmp_record *record, const char *line,
    struct owner *owner)
{
	*owner = (struct owner) { .session = session_of_caller(table->server, record->pid) };
	if (owner->session == SIZE_MAX && find_process(table, record->pid, owner))
		return true;
	/* The process is gone: it was the login's on the terminal that the session came with. */
	if (owner->session == SIZE_MAX)
		owner->session = session_of_line(table->server, line);
	if (owner->session == SIZE_MAX)
		return false;
	take_caller(table, owner);
	return true;
}

int
owner_name_line(const struct server *server, const struct owner *owner, const char *line,
    char host_line[UTMP_LINE + 1])
{
	if (owner && owner->session != SIZE_MAX &&
	    !strcmp(server->record.session[owner->session].tty, line))
		return text_format(host_line, UTMP_LINE + 1, "%s", line);
	return utmp_rename(host_line, server->uid, line);
}

void
owner_table_free(struct owner_table *table)
{
	free(table->owner);
	*table = (struct owner_table) { .server = table->server };
}
