/*
 * Values of "rlimit.NAME": "SOFT[:HARD]" in human units -> "SOFT:HARD" in the kernel's, but for
 * nice, which stays as people write it.  Pure.  getrlimit(2).
 */
#include "policy/process_value.h"

#include "lib/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define UNLIMITED "unlimited"
/* nice(1)'s -20 to 19 are 40 to 1 to the kernel. */
#define NICE_MIN (-20)
#define NICE_MAX 19

enum unit {
	UNIT_BYTES,
	UNIT_NUMBER,
	UNIT_SECONDS,
	UNIT_MICROSECONDS,
	UNIT_PRIORITY
};

static const struct {
	int resource;
	enum unit unit;
	uint64_t least;
} limited[] = {
#define LIMITED(id, name, resource, unit, least) { resource, UNIT_##unit, least },
#include "policy/rlimits.def"
#undef LIMITED
};

static const char *const syntax[] = {
	[UNIT_BYTES] = "bytes (\"64K\", \"2G\")",
	[UNIT_NUMBER] = "a number",
	[UNIT_SECONDS] = "a time (\"90s\", \"10m\")",
	[UNIT_MICROSECONDS] = "microseconds",
	[UNIT_PRIORITY] = "a nice value from 19 down to -20",
};

bool
value_is_rlimit(enum value_type type)
{
	return type >= VALUE_RLIMIT_AS && type <= VALUE_RLIMIT_STACK;
}

/* "-20" to "19"; also of the key nice. */
static bool
read_priority(const char *text, long *nice)
{
	char *end;

	if (text[strspn(text, "-0123456789")] != '\0' || text[0] == '\0' || strlen(text) > 3)
		return false;
	*nice = strtol(text, &end, 10);
	return *end == '\0' && *nice >= NICE_MIN && *nice <= NICE_MAX;
}

/* A higher limit is a lower nice value. */
static bool
read_one(enum unit unit, const char *text, uint64_t *number)
{
	long nice;

	if (strcmp(text, UNLIMITED) == 0 && unit != UNIT_PRIORITY) {
		*number = UINT64_MAX;
		return true;
	}
	switch (unit) {
	case UNIT_BYTES:
		return text_to_bytes(text, number) && *number <= INT64_MAX;
	case UNIT_SECONDS:
		return text_to_seconds(text, number) && *number <= INT64_MAX;
	case UNIT_NUMBER:
	case UNIT_MICROSECONDS:
		return text_to_number(text, INT64_MAX, number);
	case UNIT_PRIORITY:
		if (!read_priority(text, &nice))
			return false;
		*number = (uint64_t)(NICE_MAX + 1 - nice);
		return true;
	}
	return false;
}

/* Cuts "SOFT:HARD"; SOFT alone is both. */
static bool
read_both(enum unit unit, const char *text, uint64_t *soft, uint64_t *hard)
{
	char copy[64];
	char *colon;

	if (text_format(copy, sizeof(copy), "%s", text) < 0)
		return false;
	colon = strchr(copy, ':');
	if (colon != NULL)
		*colon++ = '\0';
	if (!read_one(unit, copy, soft))
		return false;
	*hard = *soft;
	return colon == NULL || read_one(unit, colon, hard);
}

static bool
add_one(enum unit unit, uint64_t number, struct value *value)
{
	if (number == UINT64_MAX)
		return value_add(value, UNLIMITED);
	if (unit == UNIT_PRIORITY)
		return value_add(value, "%d", NICE_MAX + 1 - (int)number);
	return value_add(value, "%llu", (unsigned long long)number);
}

bool
value_rlimit(enum value_type type, const char *text, struct value *value)
{
	size_t i = (size_t)(type - VALUE_RLIMIT_AS);
	enum unit unit = limited[i].unit;
	uint64_t soft = 0, hard = 0;

	if (!read_both(unit, text, &soft, &hard))
		return value_refuse(value, text, "is not SOFT or SOFT:HARD, each %s%s", syntax[unit],
		    unit == UNIT_PRIORITY ? "" : " or \"" UNLIMITED "\"");
	if (soft > hard)
		return value_refuse(value, text, "has a soft limit that is beyond the hard one");
	if (soft < limited[i].least)
		return value_refuse(value, text, "is too little for sshd or login itself; at least %llu",
		    (unsigned long long)limited[i].least);
	/* The kernel takes nobody's wish for more files than fs.nr_open. */
	if (limited[i].resource == RLIMIT_NOFILE && hard == UINT64_MAX)
		return value_refuse(value, text, "is more than the kernel gives; write a number up to "
		    "sysctl fs.nr_open");
	return add_one(unit, soft, value) && value_add(value, ":") && add_one(unit, hard, value);
}

struct rlimit_numbers
rlimit_numbers(enum value_type type, const char *normal)
{
	size_t i = (size_t)(type - VALUE_RLIMIT_AS);
	struct rlimit_numbers numbers = { .resource = limited[i].resource };

	(void)read_both(limited[i].unit, normal, &numbers.soft, &numbers.hard);
	return numbers;
}

bool
value_nice(const char *text, const struct value_context *context, struct value *value)
{
	long nice;

	(void)context;
	if (!read_priority(text, &nice))
		return value_refuse(value, text, "is not %s", syntax[UNIT_PRIORITY]);
	return value_add(value, "%ld", nice);
}
