/*
 * ctrctl list: one line a container.
 */
#include "ctl/ctl.h"
#include "lib/usage.h"

#include <time.h>

struct listing {
	bool json;
	unsigned count;
};

static void
print_json(const struct record *record, const struct usage *usage, const struct listing *listing)
{
	(void)printf("%s  { ", listing->count ? ",\n" : "");
	ctl_json_text("user", record->user, ", ");
	ctl_json_number("uid", record->uid, ", ");
	ctl_json_text("state", ctl_liveness_name(ctl_liveness(record)), ", ");
	ctl_json_number("sessions", record->sessions, ", ");
	ctl_json_number("since", (uint64_t)record->since, ", ");
	ctl_json_number("memory", usage->memory, ", ");
	ctl_json_number("memory_max", usage->memory_max, ", ");
	ctl_json_number("pids", usage->pids, ", ");
	ctl_json_number("pids_max", usage->pids_max, ", ");
	ctl_json_number("cpu_usec", usage->cpu_usec, ", ");
	ctl_json_number("oom_kills", usage->oom_kills, " }");
}

static void
print_row(const struct record *record, const struct usage *usage)
{
	char memory[32], memory_max[32], pids[32], pids_max[32], used[80], tasks[80];

	(void)snprintf(used, sizeof(used), "%s/%s", ctl_bytes(usage->memory, memory, sizeof(memory)),
	    ctl_bytes(usage->memory_max, memory_max, sizeof(memory_max)));
	(void)snprintf(tasks, sizeof(tasks), "%s/%s", ctl_count(usage->pids, pids, sizeof(pids)),
	    ctl_count(usage->pids_max, pids_max, sizeof(pids_max)));
	(void)printf("%-16s %8u %-9s %8zu %14s %12s %9lld\n", record->user, (unsigned)record->uid,
	    ctl_liveness_name(ctl_liveness(record)), record->sessions, used, tasks,
	    (long long)(time(NULL) - record->since));
}

static int
each(const struct record *record, void *context)
{
	struct listing *listing = context;
	struct usage usage;

	usage_read(record->cgroup, 8, &usage);
	if (listing->json)
		print_json(record, &usage, listing);
	else if (listing->count == 0)
		(void)printf("%-16s %8s %-9s %8s %14s %12s %9s\n", "USER", "UID", "STATE", "SESSIONS",
		    "MEMORY", "TASKS", "SECONDS");
	if (!listing->json)
		print_row(record, &usage);
	listing->count++;
	return CTL_OK;
}

int
command_list(int argc, char **argv)
{
	struct listing listing = { .json = ctl_flag(&argc, argv, "--json") };

	if (argc != 1)
		return -1;
	if (listing.json)
		(void)puts("[");
	int rc = ctl_each_record(each, &listing);
	if (listing.json)
		(void)puts(listing.count ? "\n]" : "]");
	return rc;
}
