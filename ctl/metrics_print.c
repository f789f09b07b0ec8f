/*
 * The families, by tables.  Names are stable: more may come, none changes its meaning.  Pure.
 */
#include "ctl/metrics.h"

#include "lib/text.h"

#include <stddef.h>

/* A user's two labels; the uid tells two accounts apart whose names have the same characters. */
struct owner {
	struct exposition_label label[4];
	char uid[16];
};

#define OWNER_LABELS 2

static const struct exposition_family build = { "pam_ctr_build", "",
	"The version of ctrctl that tells these numbers.", EXPOSITION_INFO, EXPOSITION_ONE };
static const struct exposition_family policy = { "pam_ctr_policy_valid", "",
	"1 if the policy has no faults; 0: all but exempt users are refused.", EXPOSITION_GAUGE,
	EXPOSITION_ONE };
static const struct exposition_family containers = { "pam_ctr_containers", "",
	"Containers by state, as in ctrctl list.", EXPOSITION_GAUGE, EXPOSITION_ONE };
static const struct exposition_family durations = { "pam_ctr_login_duration_seconds", "seconds",
	"What logins waited for pam_ctr: in all (module), or from the supervisor's accept on.",
	EXPOSITION_HISTOGRAM, EXPOSITION_USEC };

/* What a live container has, from its usage. */
static const struct gauge {
	struct exposition_family family;
	size_t field;
} gauges[] = {
#define GAUGE(name, unit, scale, field, help) \
	{ { "pam_ctr_user_" name, unit, help, EXPOSITION_GAUGE, scale }, offsetof(struct usage, field) }
	GAUGE("memory_bytes", "bytes", EXPOSITION_ONE, memory, "Memory in use, page cache included."),
	GAUGE("memory_peak_bytes", "bytes", EXPOSITION_ONE, memory_peak,
	    "The most memory that the container had in use."),
	GAUGE("memory_max_bytes", "bytes", EXPOSITION_ONE, memory_max, "The limit memory.max."),
	GAUGE("memory_high_bytes", "bytes", EXPOSITION_ONE, memory_high, "The limit memory.high."),
	GAUGE("swap_bytes", "bytes", EXPOSITION_ONE, swap, "Swap in use."),
	GAUGE("swap_max_bytes", "bytes", EXPOSITION_ONE, swap_max, "The limit memory.swap.max."),
	GAUGE("tasks", "", EXPOSITION_ONE, pids, "Processes and threads."),
	GAUGE("tasks_max", "", EXPOSITION_ONE, pids_max,
	    "The limit of processes and threads, those kept in reserve included."),
	GAUGE("cpu_max_cores", "cores", EXPOSITION_PERMILLE, cpu_max,
	    "The limit cpu.max, in CPUs."),
	GAUGE("cpu_weight", "", EXPOSITION_ONE, cpu_weight, "The share cpu.weight."),
	GAUGE("home_bytes", "bytes", EXPOSITION_ONE, home,
	    "What is kept of the home, where project quotas count it."),
	GAUGE("home_max_bytes", "bytes", EXPOSITION_ONE, home_max, "The limit home_size."),
#undef GAUGE
};

/* What a user's containers used: those that ended, and the live one. */
static const struct counter {
	struct exposition_family family;
	size_t usage, ended;
} counters[] = {
#define COUNTER(name, unit, scale, field, help) \
	{ { "pam_ctr_user_" name, unit, help, EXPOSITION_COUNTER, scale }, \
	    offsetof(struct usage, field), offsetof(struct stats_ended, field) }
	COUNTER("cpu_seconds", "seconds", EXPOSITION_USEC, cpu_usec, "CPU time used."),
	COUNTER("oom_kills", "", EXPOSITION_ONE, oom_kills,
	    "Processes killed because memory.max was used up."),
	COUNTER("forks_refused", "", EXPOSITION_ONE, pids_refused,
	    "Forks refused because pids.max was used up."),
	COUNTER("io_read_bytes", "bytes", EXPOSITION_ONE, io_read, "Bytes read from block devices."),
	COUNTER("io_written_bytes", "bytes", EXPOSITION_ONE, io_written,
	    "Bytes written to block devices."),
#undef COUNTER
};

static const struct exposition_family pressure = { "pam_ctr_user_pressure_stalled_seconds",
	"seconds", "Time that some or all tasks waited for a resource (PSI, cgroup v2).",
	EXPOSITION_COUNTER, EXPOSITION_USEC };
static const struct exposition_family sessions = { "pam_ctr_user_sessions", "", "Open sessions.",
	EXPOSITION_GAUGE, EXPOSITION_ONE };
static const struct exposition_family started = { "pam_ctr_user_container_start_time_seconds",
	"seconds", "When the container was built, since the epoch.", EXPOSITION_GAUGE, EXPOSITION_ONE };
static const struct exposition_family logins = { "pam_ctr_user_logins", "",
	"Logins that entered a container: built for them, or joined.", EXPOSITION_COUNTER,
	EXPOSITION_ONE };
static const struct exposition_family exempt = { "pam_ctr_user_logins_exempt", "",
	"Logins that the policy exempts.", EXPOSITION_COUNTER, EXPOSITION_ONE };
static const struct exposition_family refused = { "pam_ctr_user_logins_refused", "",
	"Logins refused, by what they were at.", EXPOSITION_COUNTER, EXPOSITION_ONE };

static const char *const kind_name[STATS_KINDS] = {
	[STATS_BUILT] = "built", [STATS_JOINED] = "joined",
};
static const char *const stage_name[STATS_STAGES] = {
	[STATS_SUPERVISOR] = "supervisor", [STATS_MODULE] = "module",
};
static const char *const refusal_name[STATS_REFUSALS] = {
	[STATS_CALLER] = "caller", [STATS_UNANSWERED] = "unanswered", [STATS_POLICY] = "policy",
	[STATS_SUBIDS] = "subids", [STATS_FILTER] = "filter", [STATS_CONTAINER] = "container",
	[STATS_SESSION] = "session", [STATS_JOIN] = "join",
};
static const char *const resource_name[USAGE_PRESSURES] = {
	[USAGE_PRESSURE_CPU] = "cpu", [USAGE_PRESSURE_MEMORY] = "memory", [USAGE_PRESSURE_IO] = "io",
};
static const char *const stalled_name[] = { [USAGE_SOME] = "some", [USAGE_FULL] = "full" };

static const struct exposition_label *
owner_of(const struct metrics_user *user, struct owner *owner)
{
	(void)text_format(owner->uid, sizeof(owner->uid), "%u", (unsigned)user->uid);
	owner->label[0] = (struct exposition_label) { "user", user->user };
	owner->label[1] = (struct exposition_label) { "uid", owner->uid };
	return owner->label;
}

/* A record that was read: without one there is nothing to tell of a container. */
static bool
has_container(const struct metrics_user *user)
{
	return user->has_view && user->view.state <= VIEW_DEAD;
}

static uint64_t
field_of(const void *record, size_t offset)
{
	return *(const uint64_t *)(const void *)((const char *)record + offset);
}

/* The live container's number, where it is not in the sum of those that ended, and that. */
static uint64_t
sum_of(const struct metrics_user *user, size_t in_usage, size_t in_ended)
{
	const struct stats_ended *ended = &user->stats.ended[user->stats.ended_now & 1];
	uint64_t live = USAGE_UNKNOWN, before = USAGE_UNKNOWN;

	if (user->has_stats)
		before = field_of(ended, in_ended);
	if (has_container(user) &&
	    !(user->has_stats && stats_has_ended(ended, &user->view.record.init)))
		live = field_of(&user->view.usage, in_usage);
	if (live == USAGE_UNKNOWN || before == USAGE_UNKNOWN)
		return live == USAGE_UNKNOWN ? before : live;
	return live + before;
}

static void
print_gauges(const struct metrics *metrics, struct exposition *exposition)
{
	struct owner owner;

	for (size_t i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++) {
		exposition_family(exposition, &gauges[i].family);
		for (size_t at = 0; at < metrics->users; at++)
			if (has_container(&metrics->user[at]))
				exposition_sample(exposition, owner_of(&metrics->user[at], &owner), OWNER_LABELS,
				    field_of(&metrics->user[at].view.usage, gauges[i].field));
	}
}

static void
print_counters(const struct metrics *metrics, struct exposition *exposition)
{
	struct owner owner;

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		exposition_family(exposition, &counters[i].family);
		for (size_t at = 0; at < metrics->users; at++)
			exposition_sample(exposition, owner_of(&metrics->user[at], &owner), OWNER_LABELS,
			    sum_of(&metrics->user[at], counters[i].usage, counters[i].ended));
	}
}

static void
print_pressure(const struct metrics *metrics, struct exposition *exposition)
{
	struct owner owner;

	exposition_family(exposition, &pressure);
	for (size_t at = 0; at < metrics->users; at++)
		for (size_t i = 0; i < 2 * USAGE_PRESSURES; i++) {
			size_t field = i * sizeof(uint64_t);

			(void)owner_of(&metrics->user[at], &owner);
			owner.label[2] = (struct exposition_label) { "resource", resource_name[i / 2] };
			owner.label[3] = (struct exposition_label) { "stalled", stalled_name[i % 2] };
			exposition_sample(exposition, owner.label, OWNER_LABELS + 2,
			    sum_of(&metrics->user[at], offsetof(struct usage, pressure) + field,
			        offsetof(struct stats_ended, pressure) + field));
		}
}

static void
print_container(const struct metrics *metrics, struct exposition *exposition)
{
	struct owner owner;

	exposition_family(exposition, &sessions);
	for (size_t at = 0; at < metrics->users; at++)
		if (has_container(&metrics->user[at]))
			exposition_sample(exposition, owner_of(&metrics->user[at], &owner), OWNER_LABELS,
			    metrics->user[at].view.record.sessions);
	exposition_family(exposition, &started);
	for (size_t at = 0; at < metrics->users; at++)
		if (has_container(&metrics->user[at]))
			exposition_sample(exposition, owner_of(&metrics->user[at], &owner), OWNER_LABELS,
			    (uint64_t)metrics->user[at].view.record.since);
}

/* One sample for each of count words that a label can be, from as many numbers. */
static void
print_by_word(const struct metrics *metrics, struct exposition *exposition,
    const struct exposition_family *family, const char *label, const char *const *word, size_t count,
    size_t field)
{
	struct owner owner;

	exposition_family(exposition, family);
	for (size_t at = 0; at < metrics->users; at++)
		for (size_t i = 0; i < count && metrics->user[at].has_stats; i++) {
			(void)owner_of(&metrics->user[at], &owner);
			owner.label[2] = (struct exposition_label) { label, word[i] };
			exposition_sample(exposition, owner.label, OWNER_LABELS + 1,
			    field_of(&metrics->user[at].stats, field + i * sizeof(uint64_t)));
		}
}

static void
print_logins(const struct metrics *metrics, struct exposition *exposition)
{
	struct owner owner;

	print_by_word(metrics, exposition, &logins, "container", kind_name, STATS_KINDS,
	    offsetof(struct stats_page, logins));
	print_by_word(metrics, exposition, &refused, "reason", refusal_name, STATS_REFUSALS,
	    offsetof(struct stats_page, refused));
	exposition_family(exposition, &exempt);
	for (size_t at = 0; at < metrics->users; at++)
		if (metrics->user[at].has_stats)
			exposition_sample(exposition, owner_of(&metrics->user[at], &owner), OWNER_LABELS,
			    metrics->user[at].stats.exempt);
}

static void
print_durations(const struct metrics *metrics, struct exposition *exposition)
{
	exposition_family(exposition, &durations);
	for (size_t stage = 0; stage < STATS_STAGES; stage++)
		for (size_t kind = 0; kind < STATS_KINDS; kind++) {
			const struct stats_latency *latency = &metrics->latency[stage][kind];
			const struct exposition_label label[] = {
				{ "stage", stage_name[stage] }, { "container", kind_name[kind] },
			};

			exposition_histogram(exposition, label, 2, stats_bound, latency->bucket, STATS_BUCKETS,
			    latency->usec);
		}
}

static void
print_host(const struct metrics *metrics, struct exposition *exposition)
{
	const struct exposition_label version = { "version", PAM_CTR_VERSION };

	exposition_family(exposition, &build);
	exposition_sample(exposition, &version, 1, 1);
	exposition_family(exposition, &policy);
	exposition_sample(exposition, NULL, 0, metrics->policy_is_valid);
	exposition_family(exposition, &containers);
	for (int state = 0; state < VIEW_STATES; state++) {
		const struct exposition_label label = { "state", view_state_name((enum view_state)state) };
		exposition_sample(exposition, &label, 1, metrics->state[state]);
	}
	print_durations(metrics, exposition);
}

void
metrics_print(const struct metrics *metrics, enum exposition_format format, FILE *out)
{
	struct exposition exposition = { .out = out, .format = format };

	print_host(metrics, &exposition);
	print_container(metrics, &exposition);
	print_gauges(metrics, &exposition);
	print_counters(metrics, &exposition);
	print_pressure(metrics, &exposition);
	print_logins(metrics, &exposition);
	exposition_end(&exposition);
}
