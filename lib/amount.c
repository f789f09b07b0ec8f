/*
 * Amounts for sentences.  Pure.
 */
#include "lib/amount.h"

#include "lib/text.h"

const char *
amount_bytes(uint64_t bytes, char *buffer, size_t size)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	uint64_t unit = 1;
	size_t i = 0;

	while (bytes / unit >= 1024) {
		unit *= 1024;
		i++;
	}
	uint64_t whole = bytes / unit;
	uint64_t tenth = i == 0 ? 0 : bytes % unit / (unit / 1024) * 10 / 1024;
	if (whole < 10 && tenth > 0)
		(void)text_format(buffer, size, "%llu.%llu %s", (unsigned long long)whole,
		    (unsigned long long)tenth, units[i]);
	else
		(void)text_format(buffer, size, "%llu %s", (unsigned long long)whole, units[i]);
	return buffer;
}

const char *
amount_seconds(uint64_t seconds, char *buffer, size_t size)
{
	static const struct {
		uint64_t length, part;
		const char *unit, *part_unit;
	} scales[] = {
		{ 86400, 3600, "d", "h" }, { 3600, 60, "h", "min" }, { 60, 1, "min", "s" }, { 1, 1, "s", "" },
	};
	size_t i = 0;

	while (scales[i].length > 1 && seconds < scales[i].length)
		i++;
	uint64_t whole = seconds / scales[i].length;
	uint64_t parts = seconds % scales[i].length / scales[i].part;
	if (parts > 0)
		(void)text_format(buffer, size, "%llu %s %llu %s", (unsigned long long)whole,
		    scales[i].unit, (unsigned long long)parts, scales[i].part_unit);
	else
		(void)text_format(buffer, size, "%llu %s", (unsigned long long)whole, scales[i].unit);
	return buffer;
}
