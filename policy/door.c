/*
 * The rules of the door.  Pure.
 */
#include "policy/door.h"

#include "lib/amount.h"
#include "lib/text.h"

#include <string.h>

/* A tenth of the time before its end, within these, in seconds. */
#define WARN_LEAST 5
#define WARN_MOST 300

static uint64_t
promise(const struct limits *limits)
{
	const char *text = limits->value[LIMIT_MEMORY_MAX];
	uint64_t bytes;

	return text && text_to_number(text, UINT64_MAX, &bytes) ? bytes : 0;
}

/* No more than its slice has, of which it may be the first. */
static uint64_t
promised(const struct policy *policy)
{
	uint64_t own = promise(&policy->limits), slice = promise(&policy->slice_limits);

	return slice > 0 && slice < own ? slice : own;
}

void
door_of(const struct policy *policy, struct door *door)
{
	*door = (struct door){
		.banner = policy->banner,
		.max_sessions = policy->max_sessions,
		.stay = { .session_time = policy->session_time, .idle_timeout = policy->idle_timeout },
		.admission = policy->admission,
		.committed = policy->admission_committed,
		.available = policy->admission_available,
		.wait = policy->admission_wait,
		.memory = promised(policy),
	};
	if (policy->nologin)
		(void)text_format(door->nologin, sizeof(door->nologin), "%s", policy->nologin);
	if (policy->contact)
		(void)text_format(door->contact, sizeof(door->contact), "%s", policy->contact);
}

int
door_check_open(const struct door *door, struct error *err)
{
	if (!door->nologin[0])
		return 0;
	return error_set(err, 0, "you can't log in now: %s", door->nologin);
}

int
door_check_sessions(const struct door *door, size_t sessions, struct error *err)
{
	if (door->max_sessions == 0 || sessions < door->max_sessions)
		return 0;
	return error_set(err, 0, "you have %zu session%s open, and may have no more than %llu: end one first",
	    sessions, sessions == 1 ? "" : "s", (unsigned long long)door->max_sessions);
}

int
door_check_memory(const struct door *door, const struct door_memory *memory, struct error *err)
{
	bool is_promised = door->committed > 0 && memory->committed > door->committed;
	bool is_used = door->available > 0 && memory->available < door->available;

	if (door->admission == ADMISSION_NONE || (!is_promised && !is_used))
		return 0;
	return error_set(err, 0, "the machine's memory is %s: try again later",
	    is_used ? "used up" : "promised to others who are logged in");
}

static uint64_t
warn_before(uint64_t limit)
{
	uint64_t tenth = limit / 10;

	return tenth < WARN_LEAST ? WARN_LEAST : tenth > WARN_MOST ? WARN_MOST : tenth;
}

static struct door_answer
ask_one(const char *key, uint64_t limit, int64_t now, int64_t since)
{
	struct door_answer answer = { .advice = DOOR_STAY, .key = key, .limit = limit, .again = INT64_MAX };

	if (limit == 0 || since < 0)
		return answer;
	int64_t end = since + (int64_t)limit * 1000;
	int64_t warn = end - (int64_t)warn_before(limit) * 1000;
	answer.advice = now >= end ? DOOR_LEAVE : now >= warn ? DOOR_WARN : DOOR_STAY;
	answer.left = now >= end ? 0 : (uint64_t)(end - now + 999) / 1000;
	answer.again = now >= end ? now : now >= warn ? end : warn;
	return answer;
}

/* The sooner end counts; where both are far, who is to be asked first. */
struct door_answer
door_ask(const struct door_stay *stay, int64_t now, int64_t opened, int64_t input)
{
	struct door_answer time = ask_one("session_time", stay->session_time, now, opened);
	struct door_answer idle = ask_one("idle_timeout", stay->idle_timeout, now, input);
	struct door_answer answer = idle.advice > time.advice ||
	    (idle.advice == time.advice && idle.again < time.again) ? idle : time;

	answer.again = idle.again < time.again ? idle.again : time.again;
	return answer;
}

int64_t
door_latest_input(int64_t now, int64_t looked, int64_t clock, int64_t stamp)
{
	int64_t latest = now - (clock - (stamp + DOOR_GRAIN_MS));

	if (latest < looked)
		return looked;
	return latest > now + DOOR_GRAIN_MS ? now : latest;
}
