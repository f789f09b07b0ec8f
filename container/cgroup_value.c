/*
 * Compares what was written to a cgroup file with what the file says then, by meaning, a
 * table of file names deciding how.  Pure; the supervisor's answer to "was the limit taken?".
 */
#include "container/cgroup_value.h"

#include "lib/text.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CPUS_MAX 8192
#define WORD_BITS 64

typedef bool (*match)(const char *wanted, const char *got, unsigned long page);

/* Copies the next word of *cursor; false at the end or where it does not fit. */
static bool
next_word(const char **cursor, char *word, size_t size)
{
	size_t length;

	*cursor += strspn(*cursor, " \t\n");
	length = strcspn(*cursor, " \t\n");
	if (!length || length >= size)
		return false;
	memcpy(word, *cursor, length);
	word[length] = '\0';
	*cursor += length;
	return true;
}

/* "max", v1's "-1", and whatever is too much for the kernel's counter are UINT64_MAX. */
static bool
parse_number(const char *word, uint64_t *number)
{
	*number = UINT64_MAX;
	return strcmp(word, "max") == 0 || strcmp(word, "-1") == 0 ||
	    text_to_number(word, UINT64_MAX, number);
}

static bool
match_words(const char *wanted, const char *got, unsigned long page)
{
	char a[64], b[64];

	(void)page;
	while (next_word(&wanted, a, sizeof(a))) {
		uint64_t x, y;

		if (!next_word(&got, b, sizeof(b)))
			return false;
		if (strcmp(a, b) != 0 && !(parse_number(a, &x) && parse_number(b, &y) && x == y))
			return false;
	}
	return true;
}

/*
 * The kernel counts in pages, rounds down, and has LONG_MAX pages' worth of bytes for "no
 * limit", which v1 prints as a number.
 */
static bool
match_bytes(const char *wanted, const char *got, unsigned long page)
{
	const uint64_t unlimited = INT64_MAX / page * page;
	char a[64], b[64];
	uint64_t x, y;

	if (!next_word(&wanted, a, sizeof(a)) || !next_word(&got, b, sizeof(b)) ||
	    !parse_number(a, &x) || !parse_number(b, &y))
		return false;
	x = x / page * page;
	return x == y || (x >= unlimited && y >= unlimited);
}

/* "max" alone keeps the period that was there. */
static bool
match_cpu_max(const char *wanted, const char *got, unsigned long page)
{
	return match_words(wanted, got, page);
}

/* Marks the CPUs of "0-3,8"; false where that is no list. */
static bool
parse_cpus(const char *list, uint64_t *bits)
{
	memset(bits, 0, CPUS_MAX / 8);
	while (*list && *list != '\n') {
		char word[32], *dash;
		size_t length = strcspn(list, ",\n");
		uint64_t first, last;

		if (length >= sizeof(word))
			return false;
		memcpy(word, list, length);
		word[length] = '\0';
		dash = strchr(word, '-');
		if (dash)
			*dash = '\0';
		if (!text_to_number(word, CPUS_MAX - 1, &first) ||
		    !text_to_number(dash ? dash + 1 : word, CPUS_MAX - 1, &last))
			return false;
		for (; first <= last; first++)
			bits[first / WORD_BITS] |= UINT64_C(1) << first % WORD_BITS;
		list += length;
		list += *list == ',';
	}
	return true;
}

static bool
match_cpus(const char *wanted, const char *got, unsigned long page)
{
	uint64_t a[CPUS_MAX / WORD_BITS], b[CPUS_MAX / WORD_BITS];

	(void)page;
	return parse_cpus(wanted, a) && parse_cpus(got, b) && memcmp(a, b, sizeof(a)) == 0;
}

/* "default N" where devices may have weights of their own, else "N". */
static bool
match_weight(const char *wanted, const char *got, unsigned long page)
{
	static const char word[] = "default ";

	if (strncmp(wanted, word, strlen(word)) == 0)
		wanted += strlen(word);
	if (strncmp(got, word, strlen(word)) == 0)
		got += strlen(word);
	return match_words(wanted, got, page);
}

/* The rest of the line that begins with the device "8:0"; NULL if there is none. */
static const char *
device_line(const char *text, const char *device)
{
	size_t length = strlen(device);

	while (text) {
		if (strncmp(text, device, length) == 0 && text[length] == ' ')
			return text + length;
		text = strchr(text, '\n');
		text += text != NULL;
	}
	return NULL;
}

/* v1: "8:0 1048576"; a device without a limit (0) has no line. */
static bool
match_throttle(const char *wanted, const char *got, unsigned long page)
{
	char device[32], number[32];
	const char *line;

	if (!next_word(&wanted, device, sizeof(device)) ||
	    !next_word(&wanted, number, sizeof(number)))
		return false;
	line = device_line(got, device);
	if (!line)
		return strcmp(number, "0") == 0;
	return match_words(number, line, page);
}

/* True if one "key=value" of wanted is in the device's line. */
static bool
has_pair(const char *pair, const char *line)
{
	char word[64];

	while (*line != '\n' && next_word(&line, word, sizeof(word))) {
		const char *a = strchr(pair, '='), *b = strchr(word, '=');
		uint64_t x, y;

		if (a && b && a - pair == b - word && strncmp(pair, word, (size_t)(a - pair)) == 0)
			return parse_number(a + 1, &x) && parse_number(b + 1, &y) && x == y;
	}
	return false;
}

/* "8:0 rbps=1048576 wiops=max"; what is "max" may be left out, and so may the whole line. */
static bool
match_io_max(const char *wanted, const char *got, unsigned long page)
{
	char word[64];
	const char *line;

	(void)page;
	if (!next_word(&wanted, word, sizeof(word)))
		return false;
	line = device_line(got, word);
	while (next_word(&wanted, word, sizeof(word))) {
		const char *value = strchr(word, '=');

		if (line ? !has_pair(word, line) : !value || strcmp(value, "=max") != 0)
			return false;
	}
	return true;
}

static const struct {
	const char *file;
	match match;
} matches[] = {
	{ "memory.max", match_bytes },
	{ "memory.high", match_bytes },
	{ "memory.swap.max", match_bytes },
	{ "memory.limit_in_bytes", match_bytes },
	{ "memory.memsw.limit_in_bytes", match_bytes },
	{ "cpu.max", match_cpu_max },
	{ "cpuset.cpus", match_cpus },
	{ "io.weight", match_weight },
	{ "io.bfq.weight", match_weight },
	{ "blkio.weight", match_weight },
	{ "blkio.bfq.weight", match_weight },
	{ "io.max", match_io_max },
	{ "blkio.throttle.read_bps_device", match_throttle },
	{ "blkio.throttle.write_bps_device", match_throttle },
	{ "blkio.throttle.read_iops_device", match_throttle },
	{ "blkio.throttle.write_iops_device", match_throttle },
};

bool
cgroup_value_matches(const char *file, const char *wanted, const char *got,
    unsigned long page)
{
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++)
		if (strcmp(file, matches[i].file) == 0)
			return matches[i].match(wanted, got, page);
	return match_words(wanted, got, page);
}
