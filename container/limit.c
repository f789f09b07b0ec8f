/*
 * Limits that were hit, told once: a fork bomb hits its limit thousands of times a second,
 * so after a line the watch keeps quiet for a while, and the next line has the sum.
 */
#include "container/log.h"
#include "container/server.h"

#include <syslog.h>

#define QUIET_MS 10000
#define LOOK_AGAIN_MS 100

static const char *const event_text[] = {
	[CGROUP_OOM_KILL] = "limit=memory.max killed=",
	[CGROUP_PIDS_MAX] = "limit=pids.max refused_forks=",
};

void
limit_open(struct limit_watch *limit, size_t *count, const struct cgroups *cgroups,
    const char *session)
{
	struct cgroup_watch watch[CGROUP_WATCHES_MAX];

	*count = cgroups_watch(cgroups, session, watch);
	for (size_t i = 0; i < *count; i++)
		limit[i] = (struct limit_watch) { .watch = watch[i], .look_at = NEVER };
}

static bool
report(const struct server *server, struct limit_watch *limit, const char *session)
{
	uint64_t more = cgroup_watch_read(&limit->watch);

	if (more == 0)
		return false;
	log_line(LOG_WARNING, "limit hit: user=%s uid=%u%s%s %s%llu", server->record.user,
	    (unsigned)server->uid, session ? " session=" : "", session ? session : "",
	    event_text[limit->watch.event], (unsigned long long)more);
	limit->quiet_until = server_now() + QUIET_MS;
	return true;
}

void
limit_ready(const struct server *server, struct limit_watch *limit, const char *session)
{
	limit->look_at = report(server, limit, session) ? NEVER : server_now() + LOOK_AGAIN_MS;
}

void
limit_look(const struct server *server, struct limit_watch *limit, size_t count,
    const char *session)
{
	for (size_t i = 0; i < count; i++) {
		if (server_now() < limit[i].look_at)
			continue;
		limit[i].look_at = NEVER;
		(void)report(server, &limit[i], session);
	}
}

void
limit_close(const struct server *server, struct limit_watch *limit, size_t *count,
    const char *session)
{
	for (size_t i = 0; i < *count; i++) {
		(void)report(server, &limit[i], session);
		cgroup_watch_free(&limit[i].watch);
	}
	*count = 0;
}
