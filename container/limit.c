/*
 * Limits that were hit, told once, in the log and on the user's terminals: a fork bomb hits its
 * limit thousands of times a second, so after a line the watch keeps quiet for a while, and the
 * next line has the sum.  The kernel's counters tell how often, its log tells whom.
 */
#include "container/log.h"
#include "container/server.h"
#include "lib/amount.h"
#include "lib/own.h"
#include "lib/text.h"
#include "lib/usage.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#define QUIET_MS 10000
#define LOOK_AGAIN_MS 100
#define LOG_QUIET_MS 100
#define ANCESTORS_MAX 64
#define NAME_SHOWN 80

void
limit_open(struct limit_watch *limit, size_t *count, const struct cgroups *cgroups,
    const char *session)
{
	struct cgroup_watch watch[CGROUP_WATCHES_MAX];

	*count = cgroups_watch(cgroups, session, watch);
	for (size_t i = 0; i < *count; i++)
		limit[i] = (struct limit_watch) { .watch = watch[i], .look_at = NEVER };
}

const char *
limit_text(uint64_t limit, char *buffer, size_t size)
{
	(void)text_format(buffer, size, limit < USAGE_UNLIMITED >> 2 ? "%llu" : "none",
	    (unsigned long long)limit);
	return buffer;
}

/* --- whom the kernel killed ----------------------------------------------------------- */

/* The id of the session that a living process descends from, or "". */
static const char *
session_of(const struct server *server, pid_t pid)
{
	struct member member = { .parent = pid };

	for (int i = 0; i < ANCESTORS_MAX && member.parent > 0; i++) {
		for (size_t k = 0; k < server->record.sessions; k++)
			if (server->record.session[k].caller.pid == member.parent)
				return server->record.session[k].id;
		if (!member_read(member.parent, &member))
			break;
	}
	return "";
}

/* Of those that were there a moment ago the only one of that name that is gone; NULL: not told. */
static const struct member *
missing(const struct census *census, const char *program)
{
	const struct member *found = NULL;
	struct member now;

	for (size_t i = 0; i < census->count; i++) {
		const struct member *member = &census->member[i];
		if (strcmp(member->name, program) != 0 ||
		    (member_read(member->pid, &now) && now.start == member->start && !now.dead))
			continue;
		if (found)
			return NULL;
		found = member;
	}
	return found;
}

static void
take_victim(struct server *server, const struct kernel_event *event)
{
	const struct census *census = &server->strain.census;
	struct victim *victim = &server->victim;
	/* What the kernel numbers from outside of our PID namespace is nobody that we know. */
	const struct member *member = server->kernel_log.is_ours ? census_find(census, event->pid) :
	    missing(census, event->program);

	if (!event->has_cgroup && (victim->is_known || !member || strcmp(member->name, event->program) != 0))
		return;
	*victim = (struct victim){ .is_known = true, .cause = event->cause };
	(void)text_format(victim->program, sizeof(victim->program), "%s", event->program);
	victim->pid = server->kernel_log.is_ours ? event->pid : member ? member->pid : 0;
	victim->inside = victim->pid > 0 ? member_inside(victim->pid) : 0;
	if (victim->inside == 0 && member)
		victim->inside = member->inside;
	(void)text_format(victim->session, sizeof(victim->session), "%s", session_of(server, victim->pid));
}

/* --- the lines ------------------------------------------------------------------------ */

static const char *
number_text(uint64_t value, char *buffer, size_t size)
{
	(void)text_format(buffer, size, value == 0 || value == USAGE_UNKNOWN ? "unknown" : "%llu",
	    (unsigned long long)value);
	return buffer;
}

static void
tell_killed(struct server *server, const struct usage *usage, uint64_t killed)
{
	const struct victim *victim = &server->victim;
	static const char *const whose[] = {
		[OOM_OWN] = "your memory is used up; see ctrctl show",
		[OOM_SHARED] = "the memory that you share with others is used up",
		[OOM_HOST] = "the machine's memory is used up",
		[OOM_UNKNOWN] = "memory is used up; see ctrctl show",
	};
	/* What is nearly reached is what was hit. */
	bool is_own = victim->cause == OOM_OWN || (victim->cause == OOM_UNKNOWN &&
	    usage->memory_peak < USAGE_UNLIMITED && usage->memory_peak >= usage->memory_max / 100 * 99);
	char name[NAME_SHOWN], who[NAME_SHOWN + 64], why[128], amount[AMOUNT_MAX];
	struct notice_target target = notice_to_all(server);

	(void)text_format(who, sizeof(who), "%s", victim->program[0] ?
	    text_escape(victim->program, name, sizeof(name)) : "a program of yours");
	if (victim->inside > 0)
		(void)snprintf(who, sizeof(who), "%s (pid %d)", name, (int)victim->inside);
	if (!is_own || usage->memory_max >= USAGE_UNLIMITED)
		(void)snprintf(why, sizeof(why), "%s", whose[victim->cause]);
	else
		(void)snprintf(why, sizeof(why), "your %s of memory are used up; see ctrctl show",
		    amount_bytes(usage->memory_max, amount, sizeof(amount)));
	if (killed > 1)
		notice_tell(server, &target, NOTICE_NEWS, "%s and %llu more were killed: %s", who,
		    (unsigned long long)killed - 1, why);
	else
		notice_tell(server, &target, NOTICE_NEWS, "%s was killed: %s", who, why);
}

static void
report_killed(struct server *server, uint64_t killed)
{
	static const char *const cause[] = {
		[OOM_OWN] = "own", [OOM_SHARED] = "shared", [OOM_HOST] = "host", [OOM_UNKNOWN] = "unknown",
	};
	const struct victim *victim = &server->victim;
	char program[NAME_SHOWN], pid[24], inside[24], max[24], peak[24];
	struct usage usage;

	/* The kernel counts first and tells whom it was later; by now it has. */
	limit_hear(server);
	usage_read(server->record.cgroup, 8, &usage);
	log_line(LOG_WARNING, "limit hit: user=%s uid=%u session=%s limit=memory.max killed=%llu cause=%s "
	    "program=\"%s\" pid=%s pid_inside=%s max=%s peak=%s", server->record.user, (unsigned)server->uid,
	    victim->session[0] ? victim->session : "unknown", (unsigned long long)killed,
	    cause[victim->cause],
	    text_escape(victim->program, program, sizeof(program)),
	    number_text((uint64_t)victim->pid, pid, sizeof(pid)),
	    number_text((uint64_t)victim->inside, inside, sizeof(inside)),
	    limit_text(usage.memory_max, max, sizeof(max)),
	    number_text(usage.memory_peak, peak, sizeof(peak)));
	tell_killed(server, &usage, killed);
	server->victim = (struct victim)VICTIM_INIT;
}

static void
report_refused(struct server *server, const char *session, uint64_t refused)
{
	struct notice_target target = notice_to_all(server);
	uint64_t most = 0;

	(void)text_to_number(server->cgroups.leaf_pids, UINT64_MAX, &most);
	log_line(LOG_WARNING, "limit hit: user=%s uid=%u session=%s limit=pids.max refused_forks=%llu max=%s",
	    server->record.user, (unsigned)server->uid, session ? session : "all",
	    (unsigned long long)refused, server->cgroups.leaf_pids[0] ? server->cgroups.leaf_pids : "unknown");
	if (most > 0)
		notice_tell(server, &target, NOTICE_NEWS, "your %llu tasks are used up: no new program or thread "
		    "can start; see ctrctl show", (unsigned long long)most);
	else
		notice_tell(server, &target, NOTICE_NEWS, "your tasks are used up: no new program or thread can "
		    "start; see ctrctl show");
}

static bool
report(struct server *server, struct limit_watch *limit, const char *session)
{
	uint64_t more = cgroup_watch_read(&limit->watch);

	if (more == 0)
		return false;
	switch (limit->watch.event) {
	case CGROUP_OOM_KILL:
		report_killed(server, more);
		break;
	case CGROUP_PIDS_MAX:
		report_refused(server, session, more);
		break;
	}
	limit->quiet_until = server_now() + QUIET_MS;
	return true;
}

/* --- when ----------------------------------------------------------------------------- */

int64_t
limit_until(const struct limit_watch *limit)
{
	return limit->look_at > limit->quiet_until ? limit->look_at : limit->quiet_until;
}

/* A kill is told before it is made, and a moment before the log says of whom. */
void
limit_ready(struct server *server, struct limit_watch *limit, const char *session)
{
	if (limit->watch.event == CGROUP_OOM_KILL) {
		if (limit->look_at == NEVER)
			strain_note(server);
		/* v1's eventfd is read empty, cgroup2's file is armed anew, when it is looked at. */
		limit->look_at = server_now() + LOOK_AGAIN_MS;
		limit->quiet_until = limit->look_at;
		return;
	}
	limit->look_at = report(server, limit, session) ? NEVER : server_now() + LOOK_AGAIN_MS;
}

void
limit_look(struct server *server, struct limit_watch *limit, size_t count, const char *session)
{
	for (size_t i = 0; i < count; i++) {
		if (limit[i].look_at == NEVER || server_now() < limit_until(&limit[i]))
			continue;
		limit[i].look_at = NEVER;
		(void)report(server, &limit[i], session);
	}
}

static void
look_soon(struct limit_watch *limit, size_t count, enum cgroup_event event, int64_t at)
{
	for (size_t i = 0; i < count; i++)
		if (limit[i].watch.event == event && at < limit[i].look_at)
			limit[i].look_at = at;
}

static void
look_at_all(struct server *server, enum cgroup_event event, int64_t at)
{
	look_soon(server->limit, server->limits, event, at);
	for (size_t i = 0; i < server->record.sessions; i++)
		look_soon(server->session[i].limit, server->session[i].limits, event, at);
}

/* No kernel tells of v1's counter. */
void
limit_look_at_forks(struct server *server)
{
	look_at_all(server, CGROUP_PIDS_MAX, server_now());
}

/* The name of the container from the root of its hierarchy on: what the kernel's name ends with. */
static void
relative_paths(const struct server *server, char (*path)[512])
{
	for (size_t i = 0; i < server->cgroups.count && i < CGROUP_PLACES_MAX; i++) {
		const char *directory = server->cgroups.place[i].directory;
		size_t longest = 0;
		for (int c = 0; c <= CONTROLLER_COUNT; c++) {
			const char *root = c == CONTROLLER_COUNT ? server->machine.unified : server->machine.place[c].root;
			size_t length = strlen(root);
			if (length > longest && !strncmp(directory, root, length) && directory[length] == '/')
				longest = length;
		}
		(void)text_format(path[i], sizeof(path[i]), "%s", directory + longest);
	}
}

void
limit_hear(struct server *server)
{
	char path[CGROUP_PLACES_MAX][512] = { "" };
	struct kernel_event event;

	relative_paths(server, path);
	while (kernel_log_next(&server->kernel_log, (const char (*)[512])path, CGROUP_PLACES_MAX, &event)) {
		if (event.kind == KERNEL_OOM_KILL)
			take_victim(server, &event);
		look_at_all(server, event.kind == KERNEL_OOM_KILL ? CGROUP_OOM_KILL : CGROUP_PIDS_MAX,
		    server_now());
	}
	server->kernel_log.quiet_until = server_now() + LOG_QUIET_MS;
}

void
limit_close(struct server *server, struct limit_watch *limit, size_t *count, const char *session)
{
	for (size_t i = 0; i < *count; i++) {
		(void)report(server, &limit[i], session);
		cgroup_watch_free(&limit[i].watch);
	}
	*count = 0;
}
