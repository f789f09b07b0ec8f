/*
 * Files of utmp(5), who is logged in, and of wtmp(5), who was: their records, which musl has
 * no notion of, and the few changes that are made to them, under the lock that glibc's
 * pututline(3) and updwtmp(3) take.  Works on descriptors; what a record says is hostile.
 */
#ifndef CONTAINER_UTMP_H
#define CONTAINER_UTMP_H

#include "lib/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define UTMP_LINE 32
#define UTMP_ID 4
#define UTMP_USER 32
#define UTMP_HOST 256
#define UTMP_MARK 20
#define UTMP_RECORDS_MAX 16384 /* of one file; more is refused */

/* glibc's <bits/utmp.h>: 64-bit times only where there never was a 32-bit sister to share with. */
#if defined(__aarch64__) || defined(__s390x__)
typedef int64_t utmp_number;
#define UTMP_SIZE 400
#else
typedef int32_t utmp_number;
#define UTMP_SIZE 384
#endif

enum utmp_type {
	UTMP_INIT = 5,
	UTMP_LOGIN = 6,
	UTMP_USER_PROCESS = 7,
	UTMP_DEAD = 8
};

struct utmp_time {
	utmp_number seconds;
	utmp_number microseconds;
};

/* No text in it needs to end with a NUL. */
struct utmp_record {
	int16_t type; /* enum utmp_type, and others that are nothing to us */
	int16_t gap;
	int32_t pid;
	char line[UTMP_LINE];
	char id[UTMP_ID];
	char user[UTMP_USER];
	char host[UTMP_HOST];
	int16_t termination;
	int16_t exit;
	utmp_number session;
	struct utmp_time time;
	int32_t address[4];
	char mark[UTMP_MARK]; /* reserved; see utmp_is_marked() */
};

_Static_assert(sizeof(struct utmp_record) == UTMP_SIZE, "utmp(5), as glibc has it");
_Static_assert(offsetof(struct utmp_record, line) == 8, "utmp(5), as glibc has it");
_Static_assert(offsetof(struct utmp_record, host) == 76, "utmp(5), as glibc has it");

/* Of lastlog(5): a user's latest login, at the place that the uid counts. */
struct utmp_last {
	utmp_number seconds;
	char line[UTMP_LINE];
	char host[UTMP_HOST];
};

_Static_assert(sizeof(struct utmp_last) == sizeof(utmp_number) + 288, "lastlog(5), as glibc has it");

/* --- pure --- */

/* The record's line with a NUL; "" where it holds a byte that no terminal's name has. */
void utmp_line(const struct utmp_record *record, char line[UTMP_LINE + 1]);

bool utmp_is_of(const struct utmp_record *record, const char *user);
struct utmp_time utmp_now(void);
bool utmp_same_time(const struct utmp_time *a, const struct utmp_time *b);

/*
 * The host's name for a terminal that only uid's container has: pts/3 -> u2001/3.  -1: line
 * is not the name of one.
 */
int utmp_rename(char host_line[UTMP_LINE + 1], uid_t uid, const char *line);

/* True if host_line is what utmp_rename() makes for uid. */
bool utmp_is_renamed(const char *host_line, uid_t uid);

/*
 * What the host's file shall say of a login or logout that the container's says: user, line
 * and pid as given, text without control bytes, nothing that we don't know.
 */
struct utmp_record utmp_translate(const struct utmp_record *inside, const char *user,
    const char *host_line, pid_t pid);

/* Makes a logout of a login: dead, and nobody's. */
void utmp_end(struct utmp_record *record, struct utmp_time time);

/* A record of the container's wtmp that the host's has, too, for whoever comes after us. */
bool utmp_is_marked(const struct utmp_record *record);
void utmp_mark(struct utmp_record *record);

/* --- on an open file; EAGAIN: somebody else has the lock, for longer than we wait --- */

/* All whole records, at most max of them from first on; *records is the caller's to free(). */
int utmp_read(int fd, size_t first, size_t max, struct utmp_record **records, size_t *count,
    struct error *err);

/*
 * Puts a login in: over the record of the same line, else over an ended one of ours, else at
 * the end; record->id becomes one that no other record has.  1: the line is that of a living
 * login of another user's, and nothing was done.
 */
int utmp_put(int fd, struct utmp_record *record, struct error *err);

/* Ends login, if the file still has it: same line, user and time. */
int utmp_put_end(int fd, const struct utmp_record *login, struct utmp_time time, struct error *err);

/* Writes record over the one at index, if that still is as before says. */
int utmp_replace(int fd, size_t index, const struct utmp_record *before,
    const struct utmp_record *record, struct error *err);

/* At the end, as updwtmp(3) does; fd may be O_APPEND, as a wtmp with chattr +a wants it. */
int utmp_append(int fd, const struct utmp_record *record, struct error *err);

/* In a lastlog, which nobody locks: record is uid's latest login.  One that is in there already stays as it is. */
int utmp_put_last(int fd, uid_t uid, const struct utmp_record *record, struct error *err);

#endif
