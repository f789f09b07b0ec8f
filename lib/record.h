/*
 * A container's record, /run/pam_ctr/UID/record: what a supervisor writes of its container
 * so that a successor can adopt it and ctrctl can list it.  Root-only, replaced as a whole
 * by rename.  Each fact is only a hint: whoever acts on it checks it against the kernel
 * (pidfd, start time, namespace inodes), since pids are recycled.
 */
#ifndef LIB_RECORD_H
#define LIB_RECORD_H

#include "lib/error.h"

#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A process, named so that a recycled pid is noticed: start time of proc(5) stat, field 22. */
struct process_id {
	pid_t pid;
	uint64_t start;
};

struct record_session {
	char id[32];
	struct process_id caller;   /* the process that opened the PAM session */
	char service[64];
	char tty[64];
	char rhost[256];
	int64_t since;              /* seconds since the epoch */
	int64_t opened;             /* the same moment in ms of CLOCK_BOOTTIME, which nobody sets; 0: not known */
	uint64_t session_time;      /* seconds that it may last; 0: for ever */
	uint64_t idle_timeout;      /* seconds without input; 0: never */
};

struct record {
	uid_t uid;
	gid_t gid;
	char user[256];
	char home[4096];
	struct process_id init;
	struct process_id supervisor;
	uint64_t namespaces[7];     /* inodes of mnt, pid, ipc, uts, cgroup, user, net; order of record_namespace[] */
	int64_t since;
	unsigned next_session;
	uint64_t refused_forks;     /* of sessions whose cgroups are gone; usage_read() counts the others' */
	bool kill_at_logout;
	unsigned grace;             /* seconds */
	char policy_path[4096];
	char service[64];           /* the PAM service of the login that it was built for */
	char set[4096];             /* what an administrator has set, "KEY=VALUE" lines; "" if nothing */
	char devices[16384];        /* the rules of its devices, a line each; "" if none */
	char cgroup[8][512];        /* the container's cgroup directories, "" ends; v2's first */
	struct record_session *session; /* owned */
	size_t sessions;
};

#define RECORD_INIT { .uid = (uid_t)-1 }
#define RECORD_NAMESPACES 7
#define RECORD_MNT 0
#define RECORD_PID 1
#define RECORD_NET 6
extern const char *const record_namespace[RECORD_NAMESPACES]; /* "mnt", "pid", ... as under /proc/PID/ns */

#define RECORD_NAME "record"
#define RECORD_POLICY "policy" /* beside it: the policy that the container has, as a policy file */
#define RECORD_CHANGE "change" /* while it is changed: what it is to have then */

/* Writes a file of directory's whole: NAME.new, then rename(2). */
int record_write_text(int directory, const char *name, const char *text, size_t length,
    struct error *err);

/* Reads one; refuses (EACCES) what is not a regular file of root's.  The text is the caller's. */
char *record_read_text(int directory, const char *name, struct error *err);

/* Writes directory's "record". */
int record_write(int directory, const struct record *record, struct error *err);

/*
 * Reads it; refuses what is not a regular file of root's.  ENOENT: there is none.
 * record must be RECORD_INIT or freed; record_free() is the caller's.
 */
int record_read(int directory, struct record *record, struct error *err);

void record_free(struct record *record);

/* The start time of a live process, or 0 if there is none of that pid. */
uint64_t process_start(pid_t pid);

/*
 * A pidfd of exactly this process, or -1 (ESRCH: it is gone, or the pid is another's now; else it
 * can't be told).
 */
int process_open(const struct process_id *process);

/* The inode of /proc/PID/ns/NAME, or 0 with errno. */
uint64_t process_namespace(pid_t pid, const char *name);

#endif
