/*
 * ctrctl show: everything about one container.
 */
#include "ctl/account.h"
#include "ctl/command.h"
#include "ctl/human.h"
#include "ctl/own.h"
#include "ctl/view.h"
#include "lib/text.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

/* Where the kernel's word is not enough: what an admin should do. */
static const char *const advice[] = {
	[VIEW_ALIVE] = "",
	[VIEW_ORPHANED] = " (the next login adopts it, or: ctrctl gc)",
	[VIEW_DEAD] = " (ctrctl gc removes what is left)",
	[VIEW_NO_RECORD] = " (being built; if it stays so: ctrctl gc)",
	[VIEW_BROKEN] = " (ctrctl gc removes what is left)",
};

static const char *
time_text(int64_t seconds, char *buffer, size_t size)
{
	time_t when = (time_t)seconds;
	struct tm tm;

	if (seconds <= 0 || !localtime_r(&when, &tm) ||
	    strftime(buffer, size, "%Y-%m-%d %H:%M:%S %z", &tm) == 0)
		(void)text_format(buffer, size, "?");
	return buffer;
}

static void
print_head(const struct view *view)
{
	const struct record *record = &view->record;
	char text[1024];

	(void)printf("%-12s %s (uid %u, gid %u)\n", "user",
	    text_escape(record->user, text, sizeof(text)), (unsigned)record->uid,
	    (unsigned)record->gid);
	enum attention attention = view_attention(view);

	(void)printf("%-12s %s%s%s%s%s\n", "state", attention_begin(attention, stdout),
	    view_state_name(view->state), attention_end(attention, stdout), advice[view->state],
	    view->frozen ? ", frozen (ctrctl thaw lets it go on)" : "");
	if (view->problem[0])
		(void)printf("%-12s %s\n", "problem", text_escape(view->problem, text, sizeof(text)));
}

static void
print_process(const char *name, const struct process_id *process, bool alive)
{
	(void)printf("%-12s pid %d%s\n", name, (int)process->pid, alive ? "" : " (dead)");
}

/* What ctrctl set has changed of this container: a line each. */
static void
print_set(const struct record *record)
{
	char copy[sizeof(record->set)], text[2 * sizeof(record->set)];
	char *cursor = copy;
	const char *line;
	bool first = true;

	memcpy(copy, record->set, sizeof(copy));
	while ((line = text_next_line(&cursor))) {
		if (line[0])
			(void)printf("%-12s %s\n", first ? "set" : "", text_escape(line, text, sizeof(text)));
		first = false;
	}
}

static void
print_facts(const struct view *view)
{
	const struct record *record = &view->record;
	char text[4096];

	(void)printf("%-12s %s\n", "since", time_text(record->since, text, sizeof(text)));
	(void)printf("%-12s %s\n", "home", text_escape(record->home, text, sizeof(text)));
	(void)printf("%-12s %s\n", "policy", text_escape(record->policy_path, text, sizeof(text)));
	(void)printf("%-12s %s, grace %us\n", "logout", record->kill_at_logout ? "kill" : "keep",
	    record->grace);
	print_set(record);
	print_process("init", &record->init, view->init_alive);
	print_process("supervisor", &record->supervisor, view->supervisor_alive);
	(void)printf("%-12s", "namespaces");
	for (int i = 0; i < RECORD_NAMESPACES; i++)
		(void)printf(" %s:%" PRIu64, record_namespace[i], record->namespaces[i]);
	(void)putchar('\n');
	for (size_t i = 0; i < 8 && record->cgroup[i][0]; i++)
		(void)printf("%-12s %s\n", i ? "" : "cgroups",
		    text_escape(record->cgroup[i], text, sizeof(text)));
}

void
view_print_usage(const struct usage *usage)
{
	char a[HUMAN_MAX], b[HUMAN_MAX], c[HUMAN_MAX], d[HUMAN_MAX];

	(void)printf("%-12s %s of %s, high %s, peak %s", "memory",
	    human_bytes(usage->memory, a, sizeof(a)), human_bytes(usage->memory_max, b, sizeof(b)),
	    human_bytes(usage->memory_high, c, sizeof(c)),
	    human_bytes(usage->memory_peak, d, sizeof(d)));
	(void)printf(", %s killed for it\n", human_number(usage->oom_kills, a, sizeof(a)));
	(void)printf("%-12s %s of %s\n", "swap", human_bytes(usage->swap, a, sizeof(a)),
	    human_bytes(usage->swap_max, b, sizeof(b)));
	(void)printf("%-12s %s used, max %s, weight %s, CPUs %s\n", "cpu",
	    human_usec(usage->cpu_usec, a, sizeof(a)), human_cpus(usage->cpu_max, b, sizeof(b)),
	    human_number(usage->cpu_weight, c, sizeof(c)), usage->cpuset[0] ? usage->cpuset : "?");
	(void)printf("%-12s %s of %s, %s forks refused\n", "tasks",
	    human_number(usage->pids, a, sizeof(a)), human_number(usage->pids_max, b, sizeof(b)),
	    human_number(usage->pids_refused, c, sizeof(c)));
	if (usage->home != USAGE_UNKNOWN)
		(void)printf("%-12s %s of %s kept\n", "home use", human_bytes(usage->home, a, sizeof(a)),
		    human_bytes(usage->home_max, b, sizeof(b)));
	(void)printf("%-12s %s read, %s written\n", "io", human_bytes(usage->io_read, a, sizeof(a)),
	    human_bytes(usage->io_written, b, sizeof(b)));
}

static void
print_sessions(const struct view *view)
{
	char service[128], tty[128], rhost[512], since[64];

	(void)printf("%-12s %zu\n", "sessions", view->record.sessions);
	for (size_t i = 0; i < view->record.sessions; i++) {
		const struct record_session *session = &view->record.session[i];
		(void)printf("  %-10s service=%s tty=%s rhost=%s pid=%d%s since %s\n", session->id,
		    text_escape(session->service, service, sizeof(service)),
		    text_escape(session->tty, tty, sizeof(tty)),
		    text_escape(session->rhost, rhost, sizeof(rhost)), (int)session->caller.pid,
		    view->session_alive[i] ? "" : " (dead)",
		    time_text(session->since, since, sizeof(since)));
	}
}

static void
print_view(const struct view *view, bool as_json)
{
	struct json json = { .out = stdout };

	if (as_json) {
		view_json(view, &json);
		return;
	}
	print_head(view);
	if (view->state == VIEW_NO_RECORD || view->state == VIEW_BROKEN)
		return;
	print_facts(view);
	view_print_usage(&view->usage);
	print_sessions(view);
}

int
command_show(const struct options *options)
{
	struct error err = ERROR_INIT;
	struct view view = VIEW_INIT;
	uid_t uid;

	if (own_is_all())
		return own_show(options);
	if (!options->operand[0])
		return complain(CTL_USAGE, "show: whose container? ctrctl list lists them");
	int code = caller_check("show");
	if (code != CTL_OK)
		return code;
	if (account_uid(options->operand[0], &uid, &err) < 0)
		return complain(CTL_NO, "show: %s", err.text);
	int rc = view_read(uid, &view, &err);
	if (rc < 0)
		return complain_error("show", &err);
	if (rc > 0)
		return complain(CTL_NO, "show: %s has no container: it is built at the first login "
		    "(ctrctl plan %s tells how)", options->operand[0], options->operand[0]);
	print_view(&view, options->json);
	view_free(&view);
	return output_end(CTL_OK);
}
