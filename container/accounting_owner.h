/*
 * Whose login a utmp record speaks of: a session's, or the container's.  Reads the container's
 * cgroup and /proc, as root on the host; changes nothing.
 */
#ifndef CONTAINER_ACCOUNTING_OWNER_H
#define CONTAINER_ACCOUNTING_OWNER_H

#include "container/utmp.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct server;

struct owner {
	size_t session; /* index, or SIZE_MAX: a process that no session's caller started */
	pid_t pid;      /* on the host */
	pid_t inside;   /* it, or where it is a caller its child, in the container; 0: none */
};

/* The container's processes, read at the first question and good for one look at its files. */
struct owner_table {
	const struct server *server;
	struct owner *owner; /* owned */
	size_t count;
	bool read;
};

/* line: the record's.  False: nothing in the container bears the record out. */
bool owner_find(struct owner_table *table, const struct utmp_record *record, const char *line,
    struct owner *owner);

/*
 * The host's name of the line: the same for the host's own terminal that the owner's login
 * came with, else a new one.  owner may be NULL.  -1: line is no terminal's.
 */
int owner_name_line(const struct server *server, const struct owner *owner, const char *line,
    char host_line[UTMP_LINE + 1]);

void owner_table_free(struct owner_table *table);

#endif
