/*
 * Counters -> rates, and rows -> an order.  Pure.
 */
#include "ctl/top_model.h"

#include <stdlib.h>
#include <string.h>

static const char *const key_name[TOP_KEY_COUNT] = {
	[TOP_BY_CPU] = "cpu",
	[TOP_BY_MEMORY] = "memory",
	[TOP_BY_TASKS] = "tasks",
	[TOP_BY_TIME] = "time",
	[TOP_BY_IO] = "io",
	[TOP_BY_SESSIONS] = "sessions",
	[TOP_BY_AGE] = "age",
	[TOP_BY_USER] = "user",
};

const char *
top_key_name(enum top_key key)
{
	return key_name[key];
}

int
top_key_find(const char *name)
{
	for (int i = 0; i < TOP_KEY_COUNT; i++)
		if (!strcmp(key_name[i], name))
			return i;
	return -1;
}

int
top_delay(const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds >= 0.1 && seconds <= 600))
		return -1;
	return (int)(seconds * 1000 + 0.5);
}

static bool
is_known(uint64_t number)
{
	return number != USAGE_UNKNOWN;
}

/* A counter that went back is another's: a cgroup that was made anew. */
static uint64_t
rate(uint64_t now, uint64_t before, int64_t usec, uint64_t per)
{
	if (!is_known(now) || !is_known(before) || now < before || usec <= 0)
		return USAGE_UNKNOWN;
	return (uint64_t)((double)(now - before) * (double)per / (double)usec + 0.5);
}

static const struct top_row *
find_row(const struct top_sample *sample, const struct top_row *wanted)
{
	for (size_t i = 0; i < sample->count; i++)
		if (sample->row[i].uid == wanted->uid && sample->row[i].init_start == wanted->init_start)
			return &sample->row[i];
	return NULL;
}

void
top_rates(struct top_sample *now, const struct top_sample *before)
{
	int64_t usec = now->usec - before->usec;

	for (size_t i = 0; i < now->count; i++) {
		struct top_row *row = &now->row[i];
		const struct top_row *old = find_row(before, row);

		row->cpu = row->io_read = row->io_written = USAGE_UNKNOWN;
		if (!old)
			continue;
		row->cpu = rate(row->usage.cpu_usec, old->usage.cpu_usec, usec, 1000);
		row->io_read = rate(row->usage.io_read, old->usage.io_read, usec, 1000000);
		row->io_written = rate(row->usage.io_written, old->usage.io_written, usec, 1000000);
	}
}

/* What is not known counts least. */
static uint64_t
known(uint64_t number)
{
	return is_known(number) ? number : 0;
}

static uint64_t
measure(const struct top_row *row, enum top_key key)
{
	switch (key) {
	case TOP_BY_CPU: return known(row->cpu);
	case TOP_BY_MEMORY: return known(row->usage.memory);
	case TOP_BY_TASKS: return known(row->usage.pids);
	case TOP_BY_TIME: return known(row->usage.cpu_usec);
	case TOP_BY_IO: return known(row->io_read) + known(row->io_written);
	case TOP_BY_SESSIONS: return row->sessions;
	case TOP_BY_AGE: return known(row->age);
	case TOP_BY_USER:
	case TOP_KEY_COUNT: break;
	}
	return 0;
}

static int
compare(const struct top_row *left, const struct top_row *right, enum top_key key)
{
	uint64_t a = measure(left, key), b = measure(right, key);

	if (key == TOP_BY_USER)
		return strcmp(left->user, right->user);
	return a > b ? -1 : a < b;
}

static int
compare_rows(const void *left, const void *right, void *context)
{
	const struct top_row *a = left, *b = right;
	const struct top_order *order = context;
	int rc = compare(a, b, order->key);

	if (rc != 0)
		return order->is_reversed ? -rc : rc;
	return a->uid < b->uid ? -1 : a->uid > b->uid;
}

static bool
is_shown(const struct top_row *row, const struct top_order *order)
{
	if (order->hides_idle && row->cpu == 0)
		return false;
	return strstr(row->user, order->filter) != NULL;
}

size_t
top_arrange(struct top_sample *sample, const struct top_order *order)
{
	size_t shown = 0;

	for (size_t i = 0; i < sample->count; i++) {
		struct top_row row = sample->row[i];

		if (!is_shown(&row, order))
			continue;
		sample->row[i] = sample->row[shown];
		sample->row[shown++] = row;
	}
	if (shown)
		qsort_r(sample->row, shown, sizeof(*sample->row), compare_rows, (void *)(uintptr_t)order);
	return shown;
}

static void
add(uint64_t *sum, uint64_t number)
{
	if (is_known(number))
		*sum = known(*sum) + number;
}

struct top_row
top_sum(const struct top_sample *sample)
{
	struct top_row sum = { .user = "all", .age = USAGE_UNKNOWN };

	memset(&sum.usage, 0xff, sizeof(sum.usage)); /* USAGE_UNKNOWN in every number */
	sum.usage.cpuset[0] = '\0';
	sum.cpu = sum.io_read = sum.io_written = USAGE_UNKNOWN;
	for (size_t i = 0; i < sample->count; i++) {
		const struct top_row *row = &sample->row[i];

		sum.sessions += row->sessions;
		add(&sum.usage.memory, row->usage.memory);
		add(&sum.usage.pids, row->usage.pids);
		add(&sum.usage.cpu_usec, row->usage.cpu_usec);
		add(&sum.cpu, row->cpu);
		add(&sum.io_read, row->io_read);
		add(&sum.io_written, row->io_written);
	}
	return sum;
}

void
top_sample_free(struct top_sample *sample)
{
	free(sample->row);
	*sample = (struct top_sample)TOP_SAMPLE_INIT;
}
