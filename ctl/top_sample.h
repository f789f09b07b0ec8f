/*
 * Looks at all containers, and at the processes of one, for ctrctl top.  Changes nothing; as
 * root on the host.
 */
#ifndef CTL_TOP_SAMPLE_H
#define CTL_TOP_SAMPLE_H

#include "ctl/top_model.h"
#include "lib/error.h"

/* A process of a container, as proc(5) shows it. */
struct top_process {
	pid_t pid;         /* on the host */
	pid_t inside;      /* in the container; 0: not told */
	uint64_t start;    /* with pid: this process and no later one */
	char state;
	uint64_t memory;   /* bytes resident */
	uint64_t cpu_usec; /* used since it started */
	uint64_t waited_usec; /* by children that it waited for */
	uint64_t cpu;      /* per mille of one CPU since the sample before, or USAGE_UNKNOWN */
	char command[256]; /* escaped */
};

struct top_detail {
	int64_t usec;                /* when, CLOCK_MONOTONIC */
	struct view view;
	struct top_process *process; /* owned */
	size_t count;
};

#define TOP_DETAIL_INIT { .view = VIEW_INIT }

/* All containers now; rates are top_rates()'s.  sample must be TOP_SAMPLE_INIT or freed. */
int top_sample_read(struct top_sample *sample, struct error *err);

/*
 * One container with its sessions and processes, those that use most CPU since before (which
 * may be TOP_DETAIL_INIT) first.  1: there is none of that uid any more.
 */
int top_detail_read(uid_t uid, const struct top_detail *before, struct top_detail *detail,
    struct error *err);

void top_detail_free(struct top_detail *detail);

#endif
