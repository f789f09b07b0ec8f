/*
 * What a process is and what a login left behind, as lines of text that can be compared.  Read from
 * outside, of a process that stands still.  Runs as root.
 */
#ifndef FAULTS_STATE_H
#define FAULTS_STATE_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * All that a guest in the process pid could change: credentials, limits, descriptors, signals,
 * directories.  Owned by the caller of this function; NULL where the process is gone.
 */
char *state_of_process(pid_t pid);

/*
 * All that keeps it in: the same, its namespaces as "host", "init" (of the container) or "other", its
 * mounts, and the limits of its cgroups.  Equal for equal logins.
 */
char *state_of_member(pid_t pid, pid_t init);

/* What there is of a user's container on the host: directory, cgroups, processes, kept files, mounts. */
char *state_of_host(uid_t uid);

/* A number of the record of the user's container: init, supervisor; 0: there is none. */
pid_t state_recorded(uid_t uid, const char *name);

/* How many sessions the record has; -1: there is no record. */
int state_sessions(uid_t uid);

bool state_lives(pid_t pid);

/* The last session of the record; "": there is none. */
void state_last_session(uid_t uid, char *id, size_t size);

int state_descriptors(pid_t pid);

/* The first line in which they differ, for a person to read. */
void state_difference(const char *before, const char *after, char *text, size_t size);

#endif
