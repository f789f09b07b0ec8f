/*
 * ctrctl show: everything that is known of one container.
 */
#include "ctl/ctl.h"
#include "lib/own.h"
#include "lib/text.h"
#include "lib/usage.h"

#include <time.h>

struct showing {
	uid_t uid;
	bool json;
	bool found;
};

/* The numbers of struct usage, once for both forms. */
static const struct {
	const char *name;
	size_t offset;
	bool bytes;
} numbers[] = {
#define NUMBER(field, bytes) { #field, offsetof(struct usage, field), bytes }
	NUMBER(memory, true),      NUMBER(memory_max, true), NUMBER(memory_high, true),
	NUMBER(memory_peak, true), NUMBER(swap, true),       NUMBER(swap_max, true),
	NUMBER(oom_kills, false),  NUMBER(cpu_usec, false),  NUMBER(cpu_max, false),
	NUMBER(cpu_weight, false), NUMBER(pids, false),      NUMBER(pids_max, false),
	NUMBER(pids_refused, false), NUMBER(io_read, true),  NUMBER(io_written, true),
#undef NUMBER
};

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static uint64_t
number_of(const struct usage *usage, size_t index)
{
	return *(const uint64_t *)(const void *)((const char *)usage + numbers[index].offset);
}

static bool
is_alive(const struct process_id *process)
{
	autofd int fd = process_open(process);

	return fd >= 0;
}

static void
print_sessions_json(const struct record *record)
{
	(void)printf("  \"sessions\": [");
	for (size_t i = 0; i < record->sessions; i++) {
		const struct record_session *session = &record->session[i];
		(void)printf("%s\n    { ", i ? "," : "");
		ctl_json_text("id", session->id, ", ");
		ctl_json_text("service", session->service, ", ");
		ctl_json_text("tty", session->tty, ", ");
		ctl_json_text("rhost", session->rhost, ", ");
		ctl_json_number("pid", (uint64_t)session->caller.pid, ", ");
		ctl_json_number("since", (uint64_t)session->since, ", ");
		(void)printf("\"alive\": %s }", is_alive(&session->caller) ? "true" : "false");
	}
	(void)printf("%s],\n", record->sessions ? "\n  " : "");
}

static void
print_json(const struct record *record, const struct usage *usage)
{
	(void)printf("{\n  ");
	ctl_json_text("user", record->user, ",\n  ");
	ctl_json_number("uid", record->uid, ",\n  ");
	ctl_json_text("state", ctl_liveness_name(ctl_liveness(record)), ",\n  ");
	ctl_json_text("home", record->home, ",\n  ");
	ctl_json_text("logout", record->kill_at_logout ? "kill" : "keep", ",\n  ");
	ctl_json_number("grace", record->grace, ",\n  ");
	ctl_json_number("init", (uint64_t)record->init.pid, ",\n  ");
	ctl_json_number("supervisor", (uint64_t)record->supervisor.pid, ",\n  ");
	ctl_json_number("since", (uint64_t)record->since, ",\n");
	print_sessions_json(record);
	(void)printf("  \"namespaces\": { ");
	for (int i = 0; i < RECORD_NAMESPACES; i++)
		ctl_json_number(record_namespace[i], record->namespaces[i], i + 1 < RECORD_NAMESPACES ? ", " : " },\n");
	(void)printf("  \"cgroups\": [");
	for (size_t i = 0; i < 8 && record->cgroup[i][0]; i++)
		(void)printf("%s\"%s\"", i ? ", " : " ", record->cgroup[i]);
	(void)printf(" ],\n  \"usage\": { ");
	for (size_t i = 0; i < NUMBERS; i++)
		ctl_json_number(numbers[i].name, number_of(usage, i), i + 1 < NUMBERS ? ", " : " }\n}\n");
}

static void
print_sessions(const struct record *record)
{
	char service[128], tty[128], rhost[256];

	for (size_t i = 0; i < record->sessions; i++) {
		const struct record_session *session = &record->session[i];
		(void)printf("session     %s: %s tty=%s rhost=%s pid=%d %s, %lld s\n", session->id,
		    text_escape(session->service, service, sizeof(service)),
		    text_escape(session->tty, tty, sizeof(tty)),
		    text_escape(session->rhost, rhost, sizeof(rhost)), (int)session->caller.pid,
		    is_alive(&session->caller) ? "alive" : "gone", (long long)(time(NULL) - session->since));
	}
}

static void
print_text(const struct record *record, const struct usage *usage)
{
	char number[32];

	(void)printf("user        %s (uid %u)\nstate       %s, %lld s\nhome        %s\nlogout      %s, grace %u s\n",
	    record->user, (unsigned)record->uid, ctl_liveness_name(ctl_liveness(record)),
	    (long long)(time(NULL) - record->since), record->home,
	    record->kill_at_logout ? "kill" : "keep", record->grace);
	(void)printf("init        %d\nsupervisor  %d\nnamespaces ", (int)record->init.pid,
	    (int)record->supervisor.pid);
	for (int i = 0; i < RECORD_NAMESPACES; i++)
		(void)printf(" %s:%llu", record_namespace[i], (unsigned long long)record->namespaces[i]);
	(void)putchar('\n');
	for (size_t i = 0; i < 8 && record->cgroup[i][0]; i++)
		(void)printf("cgroup      %s\n", record->cgroup[i]);
	print_sessions(record);
	for (size_t i = 0; i < NUMBERS; i++)
		(void)printf("%-12s%s\n", numbers[i].name, numbers[i].bytes ?
		    ctl_bytes(number_of(usage, i), number, sizeof(number)) :
		    ctl_count(number_of(usage, i), number, sizeof(number)));
}

static int
each(const struct record *record, void *context)
{
	struct showing *showing = context;
	struct usage usage;

	if (record->uid != showing->uid)
		return CTL_OK;
	showing->found = true;
	usage_read(record->cgroup, 8, &usage);
	if (showing->json)
		print_json(record, &usage);
	else
		print_text(record, &usage);
	return CTL_OK;
}

int
command_show(int argc, char **argv)
{
	struct showing showing = { .json = ctl_flag(&argc, argv, "--json") };

	if (argc != 2)
		return -1;
	if (ctl_uid(argv[1], &showing.uid) < 0)
		return CTL_NO;
	int rc = ctl_each_record(each, &showing);
	if (rc == CTL_OK && !showing.found)
		return ctl_complain(CTL_NO, "user %s has no container", argv[1]);
	return rc;
}
