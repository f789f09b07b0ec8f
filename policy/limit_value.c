/*
 * Values of limits: human units and percentages -> the text that the kernel's cgroup v2
 * file takes, spelt as the kernel prints it, so that it can be read back and compared.
 */
#include "policy/value.h"

#include "lib/text.h"

#include <string.h>

/* The kernel rounds bytes down to its pages; no machine's are larger than this. */
#define PAGE_MAX_SIZE (UINT64_C(64) << 10)
/* PID_MAX_LIMIT of the kernel. */
#define PIDS_LIMIT (UINT64_C(4) << 20)
#define WEIGHT_MAX 10000
/* The kernel's bounds of cpu.max, in microseconds. */
#define CPU_PERIOD 100000
#define CPU_PERIOD_MIN 1000
#define CPU_PERIOD_MAX 1000000
#define CPU_QUOTA_MIN 1000
#define CPU_QUOTA_MAX (UINT64_C(1) << 40)
/* CONFIG_NR_CPUS of the largest kernels. */
#define CPUS_LIMIT 8192

bool
value_bytes(const char *text, const struct value_context *context, struct value *value)
{
	uint64_t bytes = 0, percent = 0;

	if (strcmp(text, "max") == 0)
		return value_add(value, "max");
	if (value_is_percent(text, &percent)) {
		if (context == NULL)
			return value_add(value, "%s", text);
		bytes = value_share(context->machine->memory, percent);
	} else if (!text_to_bytes(text, &bytes)) {
		return value_refuse(value, text, "is not an amount of memory: write bytes "
		    "(\"512M\", \"2G\"), a share of the RAM (\"1%%\" to \"100%%\") or \"max\"");
	}
	if (bytes > INT64_MAX)
		return value_refuse(value, text, "is too large; for no limit, write \"max\"");
	if (bytes > 0 && bytes < PAGE_MAX_SIZE)
		return value_refuse(value, text, "is less than 64K; is a unit missing?");
	return value_add(value, "%llu", (unsigned long long)(bytes - bytes % PAGE_MAX_SIZE));
}

/* The kernel's "0" and "1" are the policy's words, too. */
bool
value_switch(const char *text, const struct value_context *context, struct value *value)
{
	(void)context;
	if (strcmp(text, "yes") == 0 || strcmp(text, "1") == 0)
		return value_add(value, "1");
	if (strcmp(text, "no") == 0 || strcmp(text, "0") == 0)
		return value_add(value, "0");
	return value_refuse(value, text, "is neither \"yes\" nor \"no\"");
}

/* "1.5 cores" and the like are not understood: "150%" says it. */
static bool
quota_of_cores(const char *text, uint64_t *quota)
{
	char number[8];
	size_t digits = strspn(text, "0123456789");
	const char *unit = text + digits + strspn(text + digits, " \t");
	uint64_t cores = 0;

	if (digits >= sizeof(number) || (strcmp(unit, "cores") != 0 && strcmp(unit, "core") != 0))
		return false;
	memcpy(number, text, digits);
	number[digits] = '\0';
	if (!text_to_number(number, CPUS_LIMIT, &cores))
		return false;
	*quota = cores * CPU_PERIOD;
	return true;
}

static bool
quota_of_percent(const char *text, uint64_t *quota)
{
	char number[8];
	size_t digits = strspn(text, "0123456789");
	uint64_t percent = 0;

	if (digits >= sizeof(number) || strcmp(text + digits, "%") != 0)
		return false;
	memcpy(number, text, digits);
	number[digits] = '\0';
	if (!text_to_number(number, CPUS_LIMIT * 100, &percent))
		return false;
	*quota = percent * (CPU_PERIOD / 100);
	return true;
}

/* The kernel's own form, "QUOTA PERIOD". */
static bool
quota_of_kernel(const char *text, uint64_t *quota, uint64_t *period)
{
	char number[24];
	size_t digits = strspn(text, "0123456789");
	const char *rest = text + digits + strspn(text + digits, " \t");

	if (digits >= sizeof(number) || rest == text + digits)
		return false;
	memcpy(number, text, digits);
	number[digits] = '\0';
	return text_to_number(number, UINT64_MAX, quota) &&
	    text_to_number(rest, UINT64_MAX, period);
}

bool
value_cpu_time(const char *text, const struct value_context *context, struct value *value)
{
	uint64_t quota = 0, period = CPU_PERIOD;

	(void)context;
	if (strcmp(text, "max") == 0)
		return value_add(value, "max");
	if (!quota_of_percent(text, &quota) && !quota_of_cores(text, &quota) &&
	    !quota_of_kernel(text, &quota, &period))
		return value_refuse(value, text, "is not a CPU time: write \"150%%\" (of one CPU), "
		    "\"2 cores\", \"QUOTA PERIOD\" in microseconds or \"max\"");
	if (period < CPU_PERIOD_MIN || period > CPU_PERIOD_MAX)
		return value_refuse(value, text, "has a period that is not between %d and %d "
		    "microseconds", CPU_PERIOD_MIN, CPU_PERIOD_MAX);
	if (quota < CPU_QUOTA_MIN || quota > CPU_QUOTA_MAX)
		return value_refuse(value, text, "has a quota that is not between %d and %llu "
		    "microseconds", CPU_QUOTA_MIN, (unsigned long long)CPU_QUOTA_MAX);
	return value_add(value, "%llu %llu", (unsigned long long)quota,
	    (unsigned long long)period);
}

bool
value_weight(const char *text, const struct value_context *context, struct value *value)
{
	uint64_t weight = 0;

	(void)context;
	if (!text_to_number(text, WEIGHT_MAX, &weight) || weight == 0)
		return value_refuse(value, text, "is not a weight from 1 to %d (100 is usual)",
		    WEIGHT_MAX);
	return value_add(value, "%llu", (unsigned long long)weight);
}

bool
value_count(const char *text, const struct value_context *context, struct value *value)
{
	uint64_t count = 0, percent = 0;

	if (strcmp(text, "max") == 0)
		return value_add(value, "max");
	if (value_is_percent(text, &percent)) {
		if (context == NULL)
			return value_add(value, "%s", text);
		count = value_share(context->machine->pid_max, percent);
	} else if (!text_to_number(text, PIDS_LIMIT, &count)) {
		return value_refuse(value, text, "is not a number of tasks: write 1 to %llu, a "
		    "share of the machine's (\"1%%\" to \"100%%\") or \"max\"",
		    (unsigned long long)PIDS_LIMIT);
	}
	if (count == 0)
		return value_refuse(value, text, "leaves no task to log in with");
	return value_add(value, "%llu", (unsigned long long)count);
}

struct cpu_set {
	unsigned char has[CPUS_LIMIT + 1]; /* the last is never set: ends a range */
};

/* "N" or "N-M". */
static bool
add_cpu_range(struct cpu_set *set, char *item, struct value *value)
{
	char *dash = strchr(item, '-');
	uint64_t first = 0, last = 0;

	if (dash != NULL)
		*dash++ = '\0';
	if (!text_to_number(item, CPUS_LIMIT - 1, &first) ||
	    !text_to_number(dash != NULL ? dash : item, CPUS_LIMIT - 1, &last) || last < first)
		return value_refuse(value, item,
		    "begins what is no CPU number or range (\"0-3,7\")");
	memset(set->has + first, 1, (size_t)(last - first + 1));
	return true;
}

/* As the kernel prints it: neighbours joined, "0-3,7". */
static bool
add_cpu_list(const struct cpu_set *set, struct value *value)
{
	unsigned first, end;

	for (first = 0; first < CPUS_LIMIT; first = end + 1) {
		for (end = first; set->has[end]; end++)
			;
		if (end == first)
			continue;
		if (!value_add(value, "%s%u", value->length == 0 ? "" : ",", first))
			return false;
		if (end - first > 1 && !value_add(value, "-%u", end - 1))
			return false;
	}
	return true;
}

bool
value_cpu_list(const char *text, const struct value_context *context, struct value *value)
{
	struct cpu_set set = { .has = { 0 } };
	char copy[VALUE_LINE_MAX + 1];
	char *cursor = NULL, *item;

	if (strlen(text) >= sizeof(copy))
		return value_refuse(value, text, "is too long");
	memcpy(copy, text, strlen(text) + 1);
	for (item = strtok_r(copy, ", \t", &cursor); item != NULL;
	    item = strtok_r(NULL, ", \t", &cursor)) {
		if (!add_cpu_range(&set, item, value))
			return false;
	}
	if (context != NULL &&
	    memchr(set.has + context->machine->cpus, 1, CPUS_LIMIT - context->machine->cpus))
		return value_refuse(value, text, "names a CPU that this machine does not have (it "
		    "has 0-%u)", context->machine->cpus - 1);
	return add_cpu_list(&set, value);
}

/* The four rates of io.max, in the kernel's order. */
static const struct {
	const char *name;
	bool bytes;
} io_rate[] = {
	{ "rbps", true }, { "wbps", true }, { "riops", false }, { "wiops", false },
};
#define IO_RATES (sizeof(io_rate) / sizeof(io_rate[0]))
#define RATE_LENGTH 24

static bool
read_rate(const char *text, bool bytes, char *rate, struct value *value)
{
	uint64_t number = 0;
	bool ok;

	if (strcmp(text, "max") == 0)
		return text_format(rate, RATE_LENGTH, "max") == 0;
	ok = bytes ? text_to_bytes(text, &number) : text_to_number(text, UINT32_MAX, &number);
	if (!ok || number == 0)
		return value_refuse(value, text, "is not %s or \"max\"",
		    bytes ? "bytes a second (\"10M\")" : "a number of operations a second");
	return text_format(rate, RATE_LENGTH, "%llu", (unsigned long long)number) == 0;
}

/* One "rbps=10M" into its place among rates. */
static bool
add_rate(char *item, char rates[IO_RATES][RATE_LENGTH], struct value *value)
{
	char *number = strchr(item, '=');
	size_t i;

	if (number == NULL)
		return value_refuse(value, item, "is not \"rbps=..\", \"wbps=..\", \"riops=..\" or "
		    "\"wiops=..\"");
	*number++ = '\0';
	for (i = 0; i < IO_RATES; i++) {
		if (strcmp(item, io_rate[i].name) != 0)
			continue;
		if (rates[i][0] != '\0')
			return value_refuse(value, item, "is there twice");
		return read_rate(number, io_rate[i].bytes, rates[i], value);
	}
	return value_refuse(value, item, "is none of rbps, wbps, riops and wiops");
}

/* "/dev/NAME" or "MAJ:MIN". */
static bool
check_device(const char *device, struct value *value)
{
	char major[16];
	const char *colon = strchr(device, ':');
	uint64_t number = 0;

	if (device[0] == '/')
		return value_is_path(device, value);
	if (colon != NULL && text_format(major, sizeof(major), "%.*s", (int)(colon - device),
	    device) == 0 && text_to_number(major, 4095, &number) &&
	    text_to_number(colon + 1, 1048575, &number))
		return true;
	return value_refuse(value, device, "is neither a device's path nor MAJOR:MINOR");
}

/* Lines of "DEVICE rates" are in value; is there one of this device? */
static bool
has_device(const struct value *value, const char *device)
{
	size_t length = strlen(device);
	const char *line = value->text;

	for (; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, device, length) == 0 && line[length] == ' ')
			return true;
	}
	return false;
}

static bool
add_io_line(char *item, const struct value_context *context, struct value *value)
{
	char rates[IO_RATES][RATE_LENGTH] = { "" };
	char *cursor = NULL, *device = strtok_r(item, " \t", &cursor), *rate;
	unsigned given = 0;
	size_t i;

	(void)context;
	if (device == NULL)
		return true;
	if (!check_device(device, value))
		return false;
	if (has_device(value, device))
		return value_refuse(value, device, "is there twice");
	for (; (rate = strtok_r(NULL, " \t", &cursor)) != NULL; given++) {
		if (!add_rate(rate, rates, value))
			return false;
	}
	if (given == 0)
		return value_refuse(value, device, "has no rate after it (\"rbps=10M wiops=100\")");
	if (!value_add_separator(value) || !value_add(value, "%s", device))
		return false;
	for (i = 0; i < IO_RATES; i++) {
		if (rates[i][0] != '\0' && !value_add(value, " %s=%s", io_rate[i].name, rates[i]))
			return false;
	}
	return true;
}

bool
value_io_lines(const char *text, const struct value_context *context, struct value *value)
{
	return value_each(text, ",", context, value, add_io_line);
}
