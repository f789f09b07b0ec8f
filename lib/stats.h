/*
 * What is counted of a user's logins, for monitoring: a page of memory in a file of PLACE_STATS,
 * one a uid, which the user's supervisor maps, and the PAM module where no supervisor answers.
 * Each count is one atomic addition to that page: no system call while a login waits, a kill at
 * any moment leaves it whole, and several may count at once.  The files are below /run: counters
 * begin anew with each boot, as monitoring expects of them, and a power cut can't tear them.
 *
 * Nothing depends on counts: who can't open them goes on.  All of it takes a NULL page.
 */
#ifndef LIB_STATS_H
#define LIB_STATS_H

#include "lib/error.h"
#include "lib/record.h"
#include "lib/usage.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What a login was at when it was refused. */
enum stats_refusal {
	STATS_CALLER,      /* before it asked: a program with threads, bad arguments */
	STATS_UNANSWERED,  /* no supervisor could be started, or it did not answer */
	STATS_POLICY,      /* the policy is faulty, or says no */
	STATS_SUBIDS,      /* no subordinate ids */
	STATS_FILTER,      /* its system call filter can't be had */
	STATS_CONTAINER,   /* there is one that it can't share, or none, or it could not be built */
	STATS_SESSION,     /* its place in the container could not be made */
	STATS_JOIN,        /* it had its place, and failed to enter */
	STATS_REFUSALS
};

/* Where a login's time is taken: from what the supervisor accepted, and from the module's start. */
enum stats_stage { STATS_SUPERVISOR, STATS_MODULE, STATS_STAGES };

/* Which logins: those that a container was built for, and those that joined one. */
enum stats_kind { STATS_BUILT, STATS_JOINED, STATS_KINDS };

/* How many logins took up to stats_bound[i] microseconds and longer than the one before. */
#define STATS_BUCKETS 14
extern const uint64_t stats_bound[STATS_BUCKETS]; /* the last is UINT64_MAX */

struct stats_latency {
	uint64_t bucket[STATS_BUCKETS];
	uint64_t usec; /* the sum */
};

/* The sum over the containers that ended, whose cgroups are gone; USAGE_UNKNOWN as in struct usage. */
struct stats_ended {
	struct process_id init; /* of the last container that is in it */
	uint64_t cpu_usec, oom_kills, pids_refused, io_read, io_written;
	uint64_t pressure[USAGE_PRESSURES][2];
};

struct stats_page {
	char magic[16];
	uint32_t uid;
	uint32_t ended_now;           /* the valid one of ended[] */
	char user[256];
	int64_t changed;              /* seconds since the epoch */
	uint64_t logins[STATS_KINDS];
	uint64_t exempt;              /* let in uncontained, as the policy says */
	uint64_t refused[STATS_REFUSALS];
	struct stats_latency latency[STATS_STAGES][STATS_KINDS];
	struct stats_ended ended[2];
};

/*
 * Maps the page of uid, making it where there is none.  A uid that was another user's before
 * begins at 0, save the latencies, which are summed over all users.  NULL with err; the page is
 * the caller's, stats_close().
 */
struct stats_page *stats_open(uid_t uid, const char *user, struct error *err);
void stats_close(struct stats_page **page);

void stats_refused(struct stats_page *page, enum stats_refusal refusal);
void stats_exempt(struct stats_page *page);
void stats_login(struct stats_page *page, enum stats_kind kind);
void stats_took(struct stats_page *page, enum stats_stage stage, enum stats_kind kind,
    uint64_t usec);

/*
 * Adds what a container has used, in one step that is done or not; a second call for the same
 * init does nothing.  Only the user's supervisor does this, before the cgroups go.
 */
void stats_container_ended(struct stats_page *page, const struct process_id *init,
    const struct usage *usage);

/* Whether the container of this init is in ended already. */
bool stats_has_ended(const struct stats_ended *ended, const struct process_id *init);

/* A copy of uid's page, with one valid ended; -1: err, ENOENT where nothing was counted. */
int stats_read(uid_t uid, struct stats_page *copy, struct error *err);

/* CLOCK_MONOTONIC in microseconds. */
uint64_t stats_now(void);

#endif
