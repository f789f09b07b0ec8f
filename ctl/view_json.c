/*
 * A container as JSON.  The shape is in ctrctl(8) and stable: members are added, never
 * renamed or taken away.  Pure.
 */
#include "ctl/view.h"

#include "lib/text.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *name;
	size_t field;
} numbers[] = {
#define FIELD(name) { #name, offsetof(struct usage, name) }
	FIELD(memory), FIELD(memory_peak), FIELD(memory_max), FIELD(memory_high), FIELD(swap),
	FIELD(swap_max), FIELD(oom_kills), FIELD(cpu_usec), FIELD(cpu_weight), FIELD(pids),
	FIELD(pids_max), FIELD(pids_refused), FIELD(io_read), FIELD(io_written),
	FIELD(home), FIELD(home_max),
	{ "cpu_max_permille", offsetof(struct usage, cpu_max) },
#undef FIELD
};

void
view_usage_json(const struct usage *usage, struct json *json)
{
	json_object(json, "usage");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		uint64_t number =
		    *(const uint64_t *)(const void *)((const char *)usage + numbers[i].field);
		if (number == USAGE_UNKNOWN)
			json_null(json, numbers[i].name);
		else if (number == USAGE_UNLIMITED)
			json_text(json, numbers[i].name, "max");
		else
			json_number(json, numbers[i].name, number);
	}
	json_text(json, "cpuset", usage->cpuset);
	json_object_end(json);
}

static void
put_process(const struct process_id *process, bool alive, const char *name, struct json *json)
{
	json_object(json, name);
	json_number(json, "pid", (uint64_t)process->pid);
	json_yes_no(json, "alive", alive);
	json_object_end(json);
}

static void
put_session(const struct record_session *session, bool alive, struct json *json)
{
	json_object(json, NULL);
	json_text(json, "id", session->id);
	json_text(json, "service", session->service);
	json_text(json, "tty", session->tty);
	json_text(json, "rhost", session->rhost);
	json_number(json, "since", (uint64_t)session->since);
	json_number(json, "pid", (uint64_t)session->caller.pid);
	json_yes_no(json, "alive", alive);
	json_object_end(json);
}

/* "KEY=VALUE" as ctrctl set took it. */
static void
put_set(const struct record *record, struct json *json)
{
	char copy[sizeof(record->set)];
	char *cursor = copy;
	const char *line;

	memcpy(copy, record->set, sizeof(copy));
	while ((line = text_next_line(&cursor)))
		if (line[0])
			json_text(json, NULL, line);
}

static void
put_lists(const struct view *view, struct json *json)
{
	const struct record *record = &view->record;

	json_object(json, "namespaces");
	for (int i = 0; i < RECORD_NAMESPACES; i++)
		json_number(json, record_namespace[i], record->namespaces[i]);
	json_object_end(json);
	json_list(json, "set");
	put_set(record, json);
	json_list_end(json);
	json_list(json, "sessions");
	for (size_t i = 0; i < record->sessions; i++)
		put_session(&record->session[i], view->session_alive[i], json);
	json_list_end(json);
	json_list(json, "cgroups");
	for (size_t i = 0; i < 8 && record->cgroup[i][0]; i++)
		json_text(json, NULL, record->cgroup[i]);
	json_list_end(json);
}

void
view_json(const struct view *view, struct json *json)
{
	const struct record *record = &view->record;

	json_object(json, NULL);
	json_text(json, "user", record->user);
	json_number(json, "uid", record->uid);
	json_number(json, "gid", record->gid);
	json_text(json, "state", view_state_name(view->state));
	json_yes_no(json, "frozen", view->frozen);
	json_text(json, "problem", view->problem);
	json_text(json, "home", record->home);
	json_number(json, "since", (uint64_t)record->since);
	json_text(json, "policy", record->policy_path);
	json_text(json, "logout", record->kill_at_logout ? "kill" : "keep");
	json_number(json, "grace", record->grace);
	put_process(&record->init, view->init_alive, "init", json);
	put_process(&record->supervisor, view->supervisor_alive, "supervisor", json);
	put_lists(view, json);
	view_usage_json(&view->usage, json);
	json_object_end(json);
}
