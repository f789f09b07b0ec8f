/*
 * How one limit is written into one cgroup directory.  Pure.  Policies speak cgroup v2; what
 * v1 calls differently is translated here, and what v1 does not have is refused, by name.
 */
#include "policy/plan_limits.h"

#include "lib/own.h"
#include "lib/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

const char *
plan_limits_value(const struct layout *layout, enum level level, enum limit limit)
{
	return layout->limits[level] ? layout->limits[level]->value[limit] : NULL;
}

const char *
plan_limits_gone(const struct layout *layout, enum level level, enum limit limit)
{
	const struct limits *before = layout->before[level];

	return before && !plan_limits_value(layout, level, limit) ? before->value[limit] : NULL;
}

int
plan_limits_refuse(const struct layout *layout, enum level level, enum limit limit,
    struct error *err, const char *format, ...)
{
	const struct origin *origin = &layout->limits[level]->origin[limit];
	char reason[384];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	if (!origin->file)
		return error_set(err, 0, "%s: %s", limit_name(limit), reason);
	return error_set(err, 0, "%s:%u: %s: %s", origin->file, origin->line, limit_name(limit),
	    reason);
}

int
plan_limits_add_step(struct builder *b, struct step step, const char *target, const char *source,
    const char *value)
{
	step.controller = b->hierarchy->controller;
	step.target = strdup(target);
	step.source = source ? strdup(source) : NULL;
	step.value = value ? strdup(value) : NULL;
	if (!step.target || (source && !step.source) || (value && !step.value)) {
		free(step.target);
		free(step.source);
		free(step.value);
		return error_set(b->err, ENOMEM, "add a step to the plan");
	}
	return plan_add(b->plan, step, b->err);
}

/* The file in the directory; other: its name on kernels that lack it, or NULL. */
static int __attribute__((format(printf, 5, 6)))
add_set(struct builder *b, const char *file, const char *other, unsigned flags,
    const char *format, ...)
{
	char target[768], source[768], value[256];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(value, sizeof(value), format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= sizeof(value))
		return error_set(b->err, ENAMETOOLONG, "value of %s/%s", b->directory, file);
	if (text_format(target, sizeof(target), "%s/%s", b->directory, file) < 0 ||
	    text_format(source, sizeof(source), "%s/%s", b->directory, other ? other : "") < 0)
		return error_set(b->err, errno, "%s/%s", b->directory, file);
	return plan_limits_add_step(b, (struct step){
		.phase = PHASE_HOST,
		.kind = STEP_CGROUP_SET,
		.flags = flags,
		.because = b->because,
	}, target, other ? source : NULL, value);
}

static int
refuse(struct builder *b, enum limit limit, const char *reason)
{
	return plan_limits_refuse(b->layout, b->level, limit, b->err, "%s", reason);
}

/* A number or "max", which is *max. */
static bool
parse_max(const char *value, uint64_t max, uint64_t *number)
{
	if (strcmp(value, "max") == 0) {
		*number = max;
		return true;
	}
	return text_to_number(value, UINT64_MAX, number);
}

/* A container's directories are new and have no limit yet; shared ones may have old ones. */
static bool
has_old_limits(const struct builder *b)
{
	return b->level != LEVEL_CONTAINER || b->layout->lives;
}

/*
 * v1 limits memory, and memory with swap, where v2 limits memory and swap.  The sum may
 * never be below memory's own limit, so that it is opened before that one is changed.
 */
static int
v1_memory_max(struct builder *b, const char *value)
{
	const char *swap = plan_limits_value(b->layout, b->level, LIMIT_MEMORY_SWAP_MAX);
	uint64_t memory = 0, swap_bytes = 0;

	if (!parse_max(value, UINT64_MAX, &memory) ||
	    (swap && !parse_max(swap, UINT64_MAX, &swap_bytes)))
		return refuse(b, LIMIT_MEMORY_MAX, "not a number of bytes");
	if (has_old_limits(b) &&
	    add_set(b, "memory.memsw.limit_in_bytes", NULL, STEP_F_OPTIONAL, "-1") < 0)
		return -1;
	if (memory == UINT64_MAX)
		return add_set(b, "memory.limit_in_bytes", NULL, 0, "-1");
	if (add_set(b, "memory.limit_in_bytes", NULL, 0, "%" PRIu64, memory) < 0)
		return -1;
	if (!swap || swap_bytes >= UINT64_MAX - memory)
		return 0;
	return add_set(b, "memory.memsw.limit_in_bytes", NULL, 0, "%" PRIu64, memory + swap_bytes);
}

static int
v1_memory_high(struct builder *b, const char *value)
{
	if (strcmp(value, "max") == 0)
		return 0;
	return refuse(b, LIMIT_MEMORY_HIGH,
	    "cgroup v1 has no such limit: use memory.max, or a host with cgroup2");
}

/* v1_memory_max() writes it. */
static int
v1_memory_swap_max(struct builder *b, const char *value)
{
	const char *memory = plan_limits_value(b->layout, b->level, LIMIT_MEMORY_MAX);

	if (strcmp(value, "max") == 0 || (memory && strcmp(memory, "max") != 0))
		return 0;
	return refuse(b, LIMIT_MEMORY_SWAP_MAX,
	    "cgroup v1 limits swap only together with memory: set memory.max, too");
}

static int
v1_memory_oom_group(struct builder *b, const char *value)
{
	if (strcmp(value, "0") == 0)
		return 0;
	return refuse(b, LIMIT_MEMORY_OOM_GROUP,
	    "cgroup v1 kills one process at a time: remove it, or use a host with cgroup2");
}

struct bandwidth {
	uint64_t quota; /* microseconds in each period; UINT64_MAX: no limit */
	uint64_t period;
};

static bool
bandwidth_parse(const char *value, struct bandwidth *bandwidth)
{
	char quota[32];
	size_t length = strcspn(value, " ");

	*bandwidth = (struct bandwidth){ .period = 100000 };
	if (length >= sizeof(quota))
		return false;
	memcpy(quota, value, length);
	quota[length] = '\0';
	if (!parse_max(quota, UINT64_MAX, &bandwidth->quota))
		return false;
	return !value[length] ||
	    (text_to_number(value + length + 1, UINT32_MAX, &bandwidth->period) &&
		bandwidth->period > 0);
}

static bool
is_more(const struct bandwidth *a, const struct bandwidth *b)
{
	return (double)a->quota / (double)a->period > (double)b->quota / (double)b->period;
}

/*
 * v1 refuses a quota above the parent's, where v2 takes it and applies the lower one: so
 * the lower one is written.
 */
static int
v1_cpu_max(struct builder *b, const char *value)
{
	struct bandwidth least;

	if (!bandwidth_parse(value, &least))
		return refuse(b, LIMIT_CPU_MAX, "not \"QUOTA PERIOD\"");
	for (unsigned level = 0; level < b->level; level++) {
		const char *above = plan_limits_value(b->layout, level, LIMIT_CPU_MAX);
		struct bandwidth limit;

		if (above && bandwidth_parse(above, &limit) && limit.quota != UINT64_MAX &&
		    (least.quota == UINT64_MAX || is_more(&least, &limit)))
			least = limit;
	}
	if (least.quota == UINT64_MAX)
		return add_set(b, "cpu.cfs_quota_us", NULL, 0, "-1");
	/* An old quota and a new period could be above the parent's for a moment. */
	if (has_old_limits(b) && add_set(b, "cpu.cfs_quota_us", NULL, 0, "-1") < 0)
		return -1;
	if (add_set(b, "cpu.cfs_period_us", NULL, 0, "%" PRIu64, least.period) < 0)
		return -1;
	return add_set(b, "cpu.cfs_quota_us", NULL, 0, "%" PRIu64, least.quota);
}

/* The default is 100 on v2's scale, 1024 on v1's; v1 takes nothing below 2. */
static int
v1_cpu_weight(struct builder *b, const char *value)
{
	uint64_t weight;

	if (!text_to_number(value, 10000, &weight))
		return refuse(b, LIMIT_CPU_WEIGHT, "not a number from 1 to 10000");
	weight = (weight * 1024 + 50) / 100;
	return add_set(b, "cpu.shares", NULL, 0, "%" PRIu64, weight < 2 ? 2 : weight);
}

static int
v1_cpuset_cpus(struct builder *b, const char *value)
{
	return add_set(b, "cpuset.cpus", NULL, 0, "%s", value);
}

/*
 * The container has room for a login beside sessions that have used all of theirs; more than
 * the kernel's PID_MAX_LIMIT is EINVAL.
 */
static int
set_pids_max(struct builder *b, const char *value)
{
	const uint64_t most = UINT64_C(4) << 20;
	uint64_t pids;

	if (!parse_max(value, UINT64_MAX, &pids))
		return refuse(b, LIMIT_PIDS_MAX, "not a number");
	if (pids == UINT64_MAX)
		return add_set(b, "pids.max", NULL, 0, "max");
	if (b->level == LEVEL_CONTAINER && pids < most)
		pids = pids + PIDS_RESERVE < most ? pids + PIDS_RESERVE : most;
	return add_set(b, "pids.max", NULL, 0, "%" PRIu64, pids);
}

/* bfq's scale is v2's, but ends at 1000; blkio.weight was CFQ's, up to Linux 4.20. */
static int
v1_io_weight(struct builder *b, const char *value)
{
	uint64_t weight;

	if (!text_to_number(value, 10000, &weight))
		return refuse(b, LIMIT_IO_WEIGHT, "not a number from 1 to 10000");
	return add_set(b, "blkio.bfq.weight", "blkio.weight", 0, "%" PRIu64,
	    weight > 1000 ? 1000 : weight);
}

/* One word of an io.max line, such as "rbps=1048576"; v1 has a file for each, 0 is no limit. */
static int
v1_io_word(struct builder *b, const char *device, const char *word)
{
	static const struct {
		char key[8];
		const char *file;
	} files[] = {
		{ "rbps=", "blkio.throttle.read_bps_device" },
		{ "wbps=", "blkio.throttle.write_bps_device" },
		{ "riops=", "blkio.throttle.read_iops_device" },
		{ "wiops=", "blkio.throttle.write_iops_device" },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		size_t length = strlen(files[i].key);
		uint64_t number;

		if (strncmp(word, files[i].key, length) != 0)
			continue;
		if (!parse_max(word + length, 0, &number))
			return refuse(b, LIMIT_IO_MAX, "not a number");
		return add_set(b, files[i].file, NULL, 0, "%s %" PRIu64, device, number);
	}
	return refuse(b, LIMIT_IO_MAX, "expected rbps, wbps, riops or wiops");
}

static int
v1_io_line(struct builder *b, char *line)
{
	char *device = strsep(&line, " ");
	const char *word;

	while ((word = strsep(&line, " ")))
		if (*word && v1_io_word(b, device, word) < 0)
			return -1;
	return 0;
}

static int
v2_io_line(struct builder *b, char *line)
{
	return add_set(b, "io.max", NULL, 0, "%s", line);
}

/* A write to the kernel's file takes one device. */
static int
each_io_line(struct builder *b, const char *value, int (*add)(struct builder *b, char *line))
{
	autofree char *copy = strdup(value);
	char *cursor = copy;
	char *line;

	if (!copy)
		return error_set(b->err, ENOMEM, "plan");
	while ((line = text_next_line(&cursor)))
		if (*line && add(b, line) < 0)
			return -1;
	return 0;
}

static int
v1_io_max(struct builder *b, const char *value)
{
	return each_io_line(b, value, v1_io_line);
}

static int
v2_io_max(struct builder *b, const char *value)
{
	return each_io_line(b, value, v2_io_line);
}

/* io.weight is iocost's; kernels without it have bfq's own file where bfq is loaded. */
static int
v2_io_weight(struct builder *b, const char *value)
{
	return add_set(b, "io.weight", "io.bfq.weight", 0, "%s", value);
}

/* How a limit is written, where that is not "its value into the file of its name". */
static const struct {
	int (*v1)(struct builder *b, const char *value);
	int (*v2)(struct builder *b, const char *value);
} conversion[LIMIT_COUNT] = {
	[LIMIT_MEMORY_MAX] = { v1_memory_max, NULL },
	[LIMIT_MEMORY_HIGH] = { v1_memory_high, NULL },
	[LIMIT_MEMORY_SWAP_MAX] = { v1_memory_swap_max, NULL },
	[LIMIT_MEMORY_OOM_GROUP] = { v1_memory_oom_group, NULL },
	[LIMIT_CPU_MAX] = { v1_cpu_max, NULL },
	[LIMIT_CPU_WEIGHT] = { v1_cpu_weight, NULL },
	[LIMIT_CPUSET_CPUS] = { v1_cpuset_cpus, NULL },
	[LIMIT_PIDS_MAX] = { set_pids_max, set_pids_max },
	[LIMIT_IO_WEIGHT] = { v1_io_weight, v2_io_weight },
	[LIMIT_IO_MAX] = { v1_io_max, v2_io_max },
};

/* The same as no limit, in the words of limits.def. */
static const char *
unlimited(enum limit limit)
{
	switch (limit) {
	case LIMIT_CPU_WEIGHT:
	case LIMIT_IO_WEIGHT:
		return "100";
	case LIMIT_MEMORY_OOM_GROUP:
		return "0";
	case LIMIT_MEMORY_MAX:
	case LIMIT_MEMORY_HIGH:
	case LIMIT_MEMORY_SWAP_MAX:
	case LIMIT_CPU_MAX:
	case LIMIT_CPUSET_CPUS: /* container/ knows which there are */
	case LIMIT_PIDS_MAX:
	case LIMIT_IO_MAX:
	case LIMIT_COUNT:
		break;
	}
	return "max";
}

/* Of each device all four rates: what is set anew comes after it. */
static int
add_io_reset(struct builder *b, const char *before)
{
	char line[192];
	int (*add)(struct builder *, char *) = b->hierarchy->version == CGROUP_V1 ? v1_io_line :
	    v2_io_line;

	while (before && *before) {
		if (text_format(line, sizeof(line), "%.*s rbps=max wbps=max riops=max wiops=max",
		        (int)strcspn(before, " "), before) < 0)
			return refuse(b, LIMIT_IO_MAX, "a device's name is too long");
		if (add(b, line) < 0)
			return -1;
		before = strchr(before, '\n');
		before += before != NULL;
	}
	return 0;
}

static int
add_limit(struct builder *b, enum limit limit, const char *value)
{
	int (*write)(struct builder *, const char *) = b->hierarchy->version == CGROUP_V1 ?
	    conversion[limit].v1 : conversion[limit].v2;

	if (write)
		return write(b, value);
	return add_set(b, limit_name(limit), NULL, 0, "%s", value);
}

/* All CPUs that the levels above leave: the kernel has no word for that on v1. */
static const char *
all_cpus(const struct builder *b)
{
	for (unsigned level = b->level; level-- > 0;) {
		const char *above = plan_limits_value(b->layout, level, LIMIT_CPUSET_CPUS);

		if (above)
			return above;
	}
	return b->layout->cpus_online;
}

int
plan_limits_add(struct builder *b, enum limit limit)
{
	const char *value = plan_limits_value(b->layout, b->level, limit);
	const char *gone = plan_limits_gone(b->layout, b->level, limit);
	const struct limits *before = b->layout->before[b->level];

	if (!b->hierarchy->uses[limit_controller(limit)] || (!value && !gone))
		return 0;
	if (limit == LIMIT_IO_MAX && before && add_io_reset(b, before->value[limit]) < 0)
		return -1;
	if (!value && limit == LIMIT_IO_MAX)
		return 0;
	if (!value)
		value = limit == LIMIT_CPUSET_CPUS ? all_cpus(b) : unlimited(limit);
	return add_limit(b, limit, value);
}
