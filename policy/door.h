/*
 * Who comes in, how long they stay: what a policy says of it, judged on numbers that the
 * supervisor has counted.  Pure.  A refusal's text is for the user to read: it tells what
 * the policy says of them, and nothing of the host or of others.
 */
#ifndef POLICY_DOOR_H
#define POLICY_DOOR_H

#include "policy/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DOOR_TEXT_SIZE 256

/* How long a session may stay; seconds, 0: any time. */
struct door_stay {
	uint64_t session_time;
	uint64_t idle_timeout;
};

/* What counts at the door, apart from the rest of a policy, which does not live as long. */
struct door {
	bool banner;
	char nologin[DOOR_TEXT_SIZE];  /* "": open */
	char contact[DOOR_TEXT_SIZE];  /* "": not said */
	uint64_t max_sessions;         /* 0: any number */
	struct door_stay stay;
	enum admission admission;
	uint64_t committed;            /* bytes; 0: any */
	uint64_t available;            /* bytes; 0: any */
	uint64_t wait;                 /* seconds */
	uint64_t memory;               /* bytes that the container is promised; 0: it has no limit */
};

/* What the host has promised and has left, in bytes. */
struct door_memory {
	uint64_t committed; /* memory.max of all containers, the new one too; what one without a limit uses */
	uint64_t available; /* MemAvailable of proc(5) */
};

void door_of(const struct policy *policy, struct door *door);

/* Each 0, or -1 with what the user is to read. */
int door_check_open(const struct door *door, struct error *err);
int door_check_sessions(const struct door *door, size_t sessions, struct error *err);
int door_check_memory(const struct door *door, const struct door_memory *memory,
    struct error *err);

enum door_advice {
	DOOR_STAY,
	DOOR_WARN, /* stays, and is told that it ends soon */
	DOOR_LEAVE
};

/*
 * Whether a session may stay.  All times are milliseconds of one clock that does not jump.
 *	opened: when it was; input: when its terminals last saw any, or -1: it has none
 * The answer: advice and, but for DOOR_STAY, the key that it is about and the seconds that
 * are left; again is when to ask again, or INT64_MAX.
 */
struct door_answer {
	enum door_advice advice;
	const char *key; /* static: "session_time" or "idle_timeout" */
	uint64_t limit;  /* seconds, of that key */
	uint64_t left;   /* seconds */
	int64_t again;
};

struct door_answer door_ask(const struct door_stay *stay, int64_t now, int64_t opened,
    int64_t input);

/* tty_update_time() of the kernel: input is told to 8 seconds, lest keystrokes be timed. */
#define DOOR_GRAIN_MS 8000

/*
 * When a terminal saw its last input at the latest, by a stamp of it that is new: then, or up to eight seconds on,
 * during which the kernel leaves it as it is.  now, and looked, when it was looked at before: of the clock that
 * does not jump; clock, and stamp: of the one that people set, which is believed no farther back than looked
 * and no farther ahead than the eight seconds.  All in milliseconds; the answer is of now's clock, and may
 * be later than it.
 */
int64_t door_latest_input(int64_t now, int64_t looked, int64_t clock, int64_t stamp);

#endif
