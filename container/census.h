/*
 * Who is in a container now: each process with its parent, session and terminal, as the host
 * numbers them.  A moment's view of what changes all the time, and names are the user's: whoever
 * acts on it, acts through a pidfd and looks once more.
 */
#ifndef CONTAINER_CENSUS_H
#define CONTAINER_CENSUS_H

#include "container/cgroup.h"
#include "lib/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct member {
	pid_t pid;
	pid_t parent;  /* 0: outside of our PID namespace */
	pid_t session; /* setsid(2); 0: led by a process outside */
	unsigned tty;  /* the controlling terminal as proc(5) has it, 0: none */
	uint64_t start; /* when it began, proc(5) */
	bool dead;     /* not reaped yet */
	char name[16]; /* comm, as the program has it */
	pid_t inside;  /* its pid in there, where that was asked for */
};

struct census {
	struct member *member; /* owned; by pid */
	size_t count;
};

#define CENSUS_INIT { .member = NULL, .count = 0 }

int census_take(const struct cgroups *cgroups, struct census *census, struct error *err);
void census_free(struct census *census);

/* NULL: it is not there. */
const struct member *census_find(const struct census *census, pid_t pid);

/* Whether member is ancestor or comes from it; who lost its parent comes from init. */
bool census_descends(const struct census *census, const struct member *member, pid_t ancestor);

/* One process as /proc/PID/stat tells; false: gone. */
bool member_read(pid_t pid, struct member *member);

/* The pid that a process has in its innermost PID namespace, or 0.  proc(5), NSpid. */
pid_t member_inside(pid_t pid);

/* The pure part of it, of the text of /proc/PID/stat, which is cut up on the way. */
bool member_parse(char *text, struct member *member);

#endif
