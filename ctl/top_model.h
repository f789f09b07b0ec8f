/*
 * What ctrctl top shows: a sample of all containers, the rates since the one before, and an
 * order.  Pure; filled by ctl/top_sample.c, drawn by ctl/top_screen.c.
 */
#ifndef CTL_TOP_MODEL_H
#define CTL_TOP_MODEL_H

#include "ctl/view.h"
#include "lib/usage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOP_NAME 64

struct top_row {
	char user[TOP_NAME];   /* escaped */
	uid_t uid;
	uint64_t init_start;   /* with uid: the container that an earlier row of it was, too */
	enum view_state state;
	uint64_t sessions;
	uint64_t age;          /* seconds, or USAGE_UNKNOWN */
	struct usage usage;
	/* Since the sample before; USAGE_UNKNOWN where there is none. */
	uint64_t cpu;          /* per mille of one CPU */
	uint64_t io_read;      /* bytes a second */
	uint64_t io_written;
};

struct top_sample {
	int64_t usec;          /* when, CLOCK_MONOTONIC */
	struct top_row *row;   /* owned */
	size_t count;
};

#define TOP_SAMPLE_INIT { .row = NULL, .count = 0 }

/* What rows can be ordered by; the greatest comes first, of names the first. */
enum top_key {
	TOP_BY_CPU,
	TOP_BY_MEMORY,
	TOP_BY_TASKS,
	TOP_BY_TIME,
	TOP_BY_IO,
	TOP_BY_SESSIONS,
	TOP_BY_AGE,
	TOP_BY_USER,
	TOP_KEY_COUNT
};

struct top_order {
	enum top_key key;
	bool is_reversed;
	bool hides_idle;       /* those that used no CPU since the sample before */
	char filter[TOP_NAME]; /* part of the user's name; "": all */
};

/* "cpu", "memory", ...; and the other way round, -1 for no key. */
const char *top_key_name(enum top_key key);
int top_key_find(const char *name);

/* Seconds as "2" or "0.5", from 0.1 to 600, in milliseconds; -1: that is none. */
int top_delay(const char *text);

/* Fills the rates of now's rows, each from the row of the same container in before. */
void top_rates(struct top_sample *now, const struct top_sample *before);

/*
 * Sorts the rows that the order shows to the front and returns their number; rows that are
 * alike are in the order of their uids, so that a line stays where it is.
 */
size_t top_arrange(struct top_sample *sample, const struct top_order *order);

/* The sum of all rows as a row of the user "all"; limits stay unknown. */
struct top_row top_sum(const struct top_sample *sample);

void top_sample_free(struct top_sample *sample);

#endif
