/*
 * Reads what a container uses from its cgroup directories, v1's and v2's files by one table.
 * Changes nothing.  A number that no file tells stays unknown: it is never made up.
 */
#include "lib/usage.h"

#include "lib/cgroup_tree.h"
#include "lib/own.h"
#include "lib/text.h"

#include <fcntl.h>
#include <string.h>

enum unit {
	UNIT_NUMBER,      /* "N" */
	UNIT_LIMIT,       /* "N" or "max"; v1: a huge number */
	UNIT_COUNTER,     /* key's number in a list of "key N" lines */
	UNIT_NANOSECONDS, /* "N", told in microseconds */
	UNIT_SHARES       /* v1's cpu.shares, told on v2's scale */
};

/* Where each field of struct usage comes from: the first file that is there. */
static const struct source {
	const char *file;
	const char *key; /* of UNIT_COUNTER */
	enum unit unit;
	size_t field;
} sources[] = {
#define FIELD(name) offsetof(struct usage, name)
	{ "memory.current", NULL, UNIT_NUMBER, FIELD(memory) },
	{ "memory.usage_in_bytes", NULL, UNIT_NUMBER, FIELD(memory) },
	{ "memory.peak", NULL, UNIT_NUMBER, FIELD(memory_peak) },
	{ "memory.max_usage_in_bytes", NULL, UNIT_NUMBER, FIELD(memory_peak) },
	{ "memory.max", NULL, UNIT_LIMIT, FIELD(memory_max) },
	{ "memory.limit_in_bytes", NULL, UNIT_LIMIT, FIELD(memory_max) },
	{ "memory.high", NULL, UNIT_LIMIT, FIELD(memory_high) },
	{ "memory.swap.current", NULL, UNIT_NUMBER, FIELD(swap) },
	{ "memory.swap.max", NULL, UNIT_LIMIT, FIELD(swap_max) },
	{ "memory.events", "oom_kill", UNIT_COUNTER, FIELD(oom_kills) },
	{ "memory.oom_control", "oom_kill", UNIT_COUNTER, FIELD(oom_kills) },
	{ "cpu.stat", "usage_usec", UNIT_COUNTER, FIELD(cpu_usec) },
	{ "cpuacct.usage", NULL, UNIT_NANOSECONDS, FIELD(cpu_usec) },
	{ "cpu.weight", NULL, UNIT_NUMBER, FIELD(cpu_weight) },
	{ "cpu.shares", NULL, UNIT_SHARES, FIELD(cpu_weight) },
	{ "pids.current", NULL, UNIT_NUMBER, FIELD(pids) },
	{ "pids.max", NULL, UNIT_LIMIT, FIELD(pids_max) },
	{ "pids.events", "max", UNIT_COUNTER, FIELD(pids_refused) },
#undef FIELD
};

/* Length, or -1 where there is no such file. */
static long
read_file(int directory, const char *file, char *text, size_t size)
{
	autofd int fd = openat(directory, file, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got = fd < 0 ? -1 : 1;

	while (got > 0 && length < size - 1) {
		got = read(fd, text + length, size - 1 - length);
		if (got > 0)
			length += (size_t)got;
	}
	text[length] = '\0';
	return got < 0 ? -1 : (long)length;
}

/* The number behind "key " at the start of a line. */
static bool
find_counter(char *text, const char *key, uint64_t *number)
{
	size_t length = strlen(key);
	const char *line;

	while ((line = text_next_line(&text)))
		if (strncmp(line, key, length) == 0 && line[length] == ' ')
			return text_to_number(line + length + 1, UINT64_MAX, number);
	return false;
}

/* v1 says "no limit" by the greatest number of pages, whatever their size. */
static uint64_t
limit_number(uint64_t number)
{
	return number >= INT64_MAX - 65535 ? USAGE_UNLIMITED : number;
}

static bool
parse(const struct source *source, char *text, uint64_t *number)
{
	if (source->unit == UNIT_COUNTER)
		return find_counter(text, source->key, number);
	text[strcspn(text, "\n")] = '\0';
	if (source->unit == UNIT_LIMIT && strcmp(text, "max") == 0) {
		*number = USAGE_UNLIMITED;
		return true;
	}
	if (!text_to_number(text, UINT64_MAX, number))
		return false;
	switch (source->unit) {
	case UNIT_LIMIT: *number = limit_number(*number); break;
	case UNIT_NANOSECONDS: *number /= 1000; break;
	case UNIT_SHARES: *number = (*number * 100 + 512) / 1024; break;
	case UNIT_NUMBER:
	case UNIT_COUNTER: break;
	}
	return true;
}

static void
read_sources(int directory, struct usage *usage)
{
	char text[4096];

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		uint64_t *field = (uint64_t *)(void *)((char *)usage + sources[i].field);
		uint64_t number;

		if (*field == USAGE_UNKNOWN &&
		    read_file(directory, sources[i].file, text, sizeof(text)) > 0 &&
		    parse(&sources[i], text, &number))
			*field = number;
	}
}

static bool
read_number(int directory, const char *file, uint64_t *number)
{
	char text[64];

	if (read_file(directory, file, text, sizeof(text)) < 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	return text_to_number(text, UINT64_MAX, number);
}

/* v1 counts memory and swap as one. */
static void
read_v1_swap(int directory, struct usage *usage)
{
	uint64_t both;

	if (read_number(directory, "memory.memsw.usage_in_bytes", &both))
		usage->swap = both > usage->memory ? both - usage->memory : 0;
	if (!read_number(directory, "memory.memsw.limit_in_bytes", &both))
		return;
	usage->swap_max = limit_number(both);
	if (usage->swap_max != USAGE_UNLIMITED)
		usage->swap_max -= usage->memory_max <= both ? usage->memory_max : both;
}

/* v2: "QUOTA PERIOD" or "max PERIOD"; v1: a file for each, -1 for no limit. */
static void
read_cpu_max(int directory, struct usage *usage)
{
	char text[64], *rest = text;
	uint64_t quota, period;

	if (read_file(directory, "cpu.max", text, sizeof(text)) > 0) {
		const char *first = strsep(&rest, " ");

		if (!rest)
			return;
		rest[strcspn(rest, "\n")] = '\0';
		if (strcmp(first, "max") == 0)
			usage->cpu_max = USAGE_UNLIMITED;
		else if (text_to_number(first, UINT64_MAX / 1000, &quota) &&
		    text_to_number(rest, UINT64_MAX, &period) && period)
			usage->cpu_max = quota * 1000 / period;
	} else if (read_file(directory, "cpu.cfs_quota_us", text, sizeof(text)) > 0) {
		if (strcmp(text, "-1\n") == 0)
			usage->cpu_max = USAGE_UNLIMITED;
		else if (read_number(directory, "cpu.cfs_quota_us", &quota) &&
		    read_number(directory, "cpu.cfs_period_us", &period) && period)
			usage->cpu_max = quota * 1000 / period;
	}
}

static void
read_cpuset(int directory, struct usage *usage)
{
	const size_t size = sizeof(usage->cpuset);

	if (usage->cpuset[0])
		return;
	if (read_file(directory, "cpuset.cpus.effective", usage->cpuset, size) < 0 &&
	    read_file(directory, "cpuset.effective_cpus", usage->cpuset, size) < 0)
		usage->cpuset[0] = '\0';
	usage->cpuset[strcspn(usage->cpuset, "\n")] = '\0';
}

/* The first number, were it 0, makes an unknown sum a known one. */
static void
add(uint64_t *sum, const char *number)
{
	*sum = (*sum == USAGE_UNKNOWN ? 0 : *sum) + strtoull(number, NULL, 10);
}

/* v2: "8:0 rbytes=1 wbytes=2 ..." a device; no line is no byte yet. */
static bool
read_v2_io(int directory, struct usage *usage)
{
	char text[16384], *cursor = text, *word;

	if (read_file(directory, "io.stat", text, sizeof(text)) < 0)
		return false;
	add(&usage->io_read, "0");
	add(&usage->io_written, "0");
	while ((word = strsep(&cursor, " \n"))) {
		if (strncmp(word, "rbytes=", 7) == 0)
			add(&usage->io_read, word + 7);
		else if (strncmp(word, "wbytes=", 7) == 0)
			add(&usage->io_written, word + 7);
	}
	return true;
}

/* v1: "8:0 Read 1" and "8:0 Write 2" a device, then a line "Total 3". */
static void
read_v1_io(int directory, struct usage *usage)
{
	char text[16384], *cursor = text, *line;

	if (read_file(directory, "blkio.throttle.io_service_bytes_recursive", text,
		sizeof(text)) < 0)
		return;
	while ((line = text_next_line(&cursor))) {
		(void)strsep(&line, " ");
		if (line && strncmp(line, "Read ", 5) == 0)
			add(&usage->io_read, line + 5);
		else if (line && strncmp(line, "Write ", 6) == 0)
			add(&usage->io_written, line + 6);
	}
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=N", then the same of "full". */
static void
parse_pressure(char *text, uint64_t stalled[2])
{
	static const char *const kinds[] = { [USAGE_SOME] = "some ", [USAGE_FULL] = "full " };
	char *line;

	while ((line = text_next_line(&text))) {
		const char *total = strstr(line, " total=");

		for (size_t i = 0; total && i < 2; i++)
			if (strncmp(line, kinds[i], strlen(kinds[i])) == 0)
				(void)text_to_number(total + strlen(" total="), UINT64_MAX - 2,
				    &stalled[i]);
	}
}

/* Where PSI is compiled in and switched off, the files are there, and reading them fails. */
static void
read_pressure(int directory, struct usage *usage)
{
	static const char *const files[USAGE_PRESSURES] = {
		[USAGE_PRESSURE_CPU] = "cpu.pressure",
		[USAGE_PRESSURE_MEMORY] = "memory.pressure",
		[USAGE_PRESSURE_IO] = "io.pressure",
	};
	char text[512];

	for (size_t i = 0; i < USAGE_PRESSURES; i++)
		if (read_file(directory, files[i], text, sizeof(text)) > 0)
			parse_pressure(text, usage->pressure[i]);
}

static int
add_refused(int parent, const char *name, void *context)
{
	char file[300], text[256];
	uint64_t number, *sum = context;

	if (text_format(file, sizeof(file), "%s/pids.events", name) == 0 &&
	    read_file(parent, file, text, sizeof(text)) > 0 && find_counter(text, "max", &number))
		*sum += number;
	return 0;
}

/* A fork is counted where it was refused, in a session's cgroup; since Linux 6.11 v2 adds up itself. */
static void
read_refused_below(int directory, struct usage *usage)
{
	if (faccessat(directory, "pids.events", F_OK, 0) < 0 ||
	    faccessat(directory, "pids.events.local", F_OK, 0) == 0 ||
	    usage->pids_refused == USAGE_UNKNOWN)
		return;
	/* What is too deep or goes away is not counted. */
	(void)cgroup_tree_each(directory, add_refused, &usage->pids_refused);
}

bool
usage_is_frozen(const char (*directory)[512], size_t count)
{
	char state[32];

	for (size_t i = 0; i < count && directory[i][0]; i++) {
		autofd int fd = open(directory[i], O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd >= 0 && (read_file(fd, "cgroup.freeze", state, sizeof(state)) > 0 ||
		    read_file(fd, "freezer.state", state, sizeof(state)) > 0) &&
		    strcmp(state, "0\n") != 0 && strcmp(state, "THAWED\n") != 0)
			return true;
	}
	return false;
}

void
usage_read(const char (*directory)[512], size_t count, struct usage *usage)
{
	memset(usage, 0xff, sizeof(*usage)); /* USAGE_UNKNOWN in every number */
	usage->cpuset[0] = '\0';
	for (size_t i = 0; i < count && directory[i][0]; i++) {
		autofd int fd = open(directory[i], O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0)
			continue;
		read_sources(fd, usage);
		if (usage->swap == USAGE_UNKNOWN)
			read_v1_swap(fd, usage);
		read_cpu_max(fd, usage);
		read_cpuset(fd, usage);
		if (!read_v2_io(fd, usage))
			read_v1_io(fd, usage);
		read_pressure(fd, usage);
		read_refused_below(fd, usage);
	}
}
