/*
 * cpu.max -> cpuset.cpus.  Pure.  Programs size their pools of threads by the CPUs they may run
 * on (nproc, sched_getaffinity(2)); a quota they don't see.  By uid, so that a user keeps his
 * CPUs from login to login, and users don't all have the first one.
 */
#include "policy/cpu_share.h"

#include "lib/own.h"
#include "lib/text.h"
#include "lib/text_stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* CONFIG_NR_CPUS of the largest kernels. */
#define CPUS_LIMIT 8192

struct cpus {
	bool has[CPUS_LIMIT + 1]; /* the last is never set: ends a range */
};

/* "0-3,8", as the kernel and value_cpu_list() write it; anything else ends it. */
static void
read_list(const char *list, struct cpus *cpus)
{
	*cpus = (struct cpus){ .has = { false } };
	while (*list >= '0' && *list <= '9') {
		char *end;
		unsigned long first = strtoul(list, &end, 10), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		for (; first <= last && first < CPUS_LIMIT; first++)
			cpus->has[first] = true;
		list = *end == ',' ? end + 1 : end;
	}
}

static size_t
count(const struct cpus *cpus)
{
	size_t n = 0;

	for (size_t i = 0; i < CPUS_LIMIT; i++)
		n += cpus->has[i];
	return n;
}

static void
keep_only(struct cpus *cpus, const char *list)
{
	autofree struct cpus *others = list ? malloc(sizeof(*others)) : NULL;

	if (!others)
		return;
	read_list(list, others);
	for (size_t i = 0; i < CPUS_LIMIT; i++)
		cpus->has[i] = cpus->has[i] && others->has[i];
}

/* wanted of them, one after the other from the first-th on, round the end. */
static void
take(struct cpus *cpus, size_t first, size_t wanted)
{
	size_t all = count(cpus), at = 0;

	for (size_t i = 0; i < CPUS_LIMIT; i++) {
		if (!cpus->has[i])
			continue;
		cpus->has[i] = (at + all - first) % all < wanted;
		at++;
	}
}

static char *
format_list(const struct cpus *cpus)
{
	struct text_stream stream;
	const char *comma = "";
	FILE *out = text_stream_open(&stream);

	if (!out)
		return NULL;
	for (size_t first = 0, end; first < CPUS_LIMIT; first = end + 1) {
		for (end = first; cpus->has[end]; end++)
			;
		if (end == first)
			continue;
		(void)fprintf(out, "%s%zu", comma, first);
		comma = ",";
		if (end - first > 1)
			(void)fprintf(out, "-%zu", end - 1);
	}
	return text_stream_close(&stream, out, NULL);
}

/* "QUOTA PERIOD" in CPUs, rounded up; 0: no limit. */
static size_t
cpus_of_quota(const char *max)
{
	char *end;
	unsigned long long quota, period;

	if (!max || max[0] < '0' || max[0] > '9')
		return 0;
	quota = strtoull(max, &end, 10);
	period = strtoull(end, NULL, 10);
	return period > 0 ? (size_t)((quota + period - 1) / period) : 0;
}

static void
read_online(const struct machine *machine, struct cpus *cpus)
{
	if (machine->cpus_online[0]) {
		read_list(machine->cpus_online, cpus);
		return;
	}
	*cpus = (struct cpus){ .has = { false } };
	for (size_t i = 0; i < machine->cpus && i < CPUS_LIMIT; i++)
		cpus->has[i] = true;
}

int
cpu_share(const struct subject *subject, const struct machine *machine,
    struct policy *policy, struct error *err)
{
	size_t wanted = cpus_of_quota(policy->limits.value[LIMIT_CPU_MAX]);
	autofree struct cpus *cpus = malloc(sizeof(*cpus));

	if (!cpus)
		return error_set(err, ENOMEM, "share the CPUs out");
	if (policy->cpu_view == CPU_VIEW_MACHINE || wanted == 0 ||
	    policy->limits.value[LIMIT_CPUSET_CPUS] ||
	    machine->place[CONTROLLER_CPUSET].version == CGROUP_NONE)
		return 0;
	read_online(machine, cpus);
	keep_only(cpus, policy->host_limits.value[LIMIT_CPUSET_CPUS]);
	keep_only(cpus, policy->slice_limits.value[LIMIT_CPUSET_CPUS]);
	size_t all = count(cpus);
	if (wanted >= all)
		return 0;
	take(cpus, (size_t)subject->uid * wanted % all, wanted);
	policy->limits.value[LIMIT_CPUSET_CPUS] = format_list(cpus);
	if (!policy->limits.value[LIMIT_CPUSET_CPUS])
		return error_set(err, ENOMEM, "share the CPUs out");
	policy->limits.origin[LIMIT_CPUSET_CPUS] = policy->limits.origin[LIMIT_CPU_MAX];
	policy->cpus_shared = true;
	return 0;
}
