/*
 * Numbers as people read them: two or three digits and a unit.  Pure.
 */
#include "ctl/human.h"

#include "lib/text.h"
#include "lib/usage.h"

#include <inttypes.h>
#include <stdbool.h>

/* "?" and "max"; false: it is a number proper. */
static bool
is_word(uint64_t number, char *buffer, size_t size)
{
	if (number != USAGE_UNKNOWN && number != USAGE_UNLIMITED)
		return false;
	(void)text_format(buffer, size, number == USAGE_UNKNOWN ? "?" : "max");
	return true;
}

const char *
human_number(uint64_t number, char *buffer, size_t size)
{
	if (!is_word(number, buffer, size))
		(void)text_format(buffer, size, "%" PRIu64, number);
	return buffer;
}

/* One decimal below ten of a unit; never 1024 of one. */
const char *
human_bytes(uint64_t bytes, char *buffer, size_t size)
{
	static const char units[] = "BKMGTPE";
	uint64_t unit = 1;
	size_t i = 0;

	if (is_word(bytes, buffer, size))
		return buffer;
	while (bytes / unit >= 1024) {
		unit *= 1024;
		i++;
	}
	uint64_t whole = bytes / unit;
	uint64_t tenth = unit == 1 ? 0 : bytes % unit / (unit / 1024) * 10 / 1024;
	if (whole < 10 && tenth > 0)
		(void)text_format(buffer, size, "%" PRIu64 ".%" PRIu64 "%c", whole, tenth, units[i]);
	else
		(void)text_format(buffer, size, "%" PRIu64 "%c", whole, units[i]);
	return buffer;
}

const char *
human_cpus(uint64_t per_mille, char *buffer, size_t size)
{
	if (is_word(per_mille, buffer, size))
		return buffer;
	if (per_mille % 10)
		(void)text_format(buffer, size, "%" PRIu64 ".%" PRIu64 "%%", per_mille / 10,
		    per_mille % 10);
	else
		(void)text_format(buffer, size, "%" PRIu64 "%%", per_mille / 10);
	return buffer;
}

const char *
human_usec(uint64_t usec, char *buffer, size_t size)
{
	if (is_word(usec, buffer, size))
		return buffer;
	if (usec >= UINT64_C(60000000))
		return human_seconds(usec / 1000000, buffer, size);
	(void)text_format(buffer, size, "%" PRIu64 ".%02" PRIu64 "s", usec / 1000000,
	    usec / 10000 % 100);
	return buffer;
}

const char *
human_seconds(uint64_t seconds, char *buffer, size_t size)
{
	static const struct {
		uint64_t length, part;
		char unit, part_unit;
	} scales[] = {
		{ 86400, 3600, 'd', 'h' }, { 3600, 60, 'h', 'm' }, { 60, 1, 'm', 's' },
	};

	if (is_word(seconds, buffer, size))
		return buffer;
	for (size_t i = 0; i < sizeof(scales) / sizeof(scales[0]); i++) {
		if (seconds < scales[i].length)
			continue;
		(void)text_format(buffer, size, "%" PRIu64 "%c%02" PRIu64 "%c",
		    seconds / scales[i].length, scales[i].unit,
		    seconds % scales[i].length / scales[i].part, scales[i].part_unit);
		return buffer;
	}
	(void)text_format(buffer, size, "%" PRIu64 "s", seconds);
	return buffer;
}
