/*
 * What becomes of logins, counted for monitoring (lib/stats.h): each event has one line here.
 * The page is opened when something is first counted, which is when the login in question has
 * its answer: nobody waits for it.
 */
#include "container/log.h"
#include "container/server.h"

#include <syslog.h>

static struct stats_page *
open_page(struct server *server, const char *user)
{
	struct error err = ERROR_INIT;

	if (server->stats || server->stats_failed || !user[0])
		return server->stats;
	server->stats = stats_open(server->uid, user, &err);
	server->stats_failed = !server->stats;
	if (server->stats_failed)
		log_error(&err, "supervisor failed: uid=%u what=\"count this user's logins\"", (unsigned)server->uid);
	return server->stats;
}

static struct stats_page *
page_of(struct server *server, const struct request *request)
{
	return open_page(server, request->subject ? request->subject->user : "");
}

void
count_refused(struct server *server, const struct request *request)
{
	/* ctrctl enter, which finds no container: that is no login. */
	if (!request->existing_only)
		stats_refused(page_of(server, request), request->at);
}

void
count_exempt(struct server *server, const struct request *request)
{
	stats_exempt(page_of(server, request));
}

void
count_joined(struct server *server, const struct request *request, uint64_t module_usec)
{
	struct stats_page *page = page_of(server, request);
	enum stats_kind kind = request->builds ? STATS_BUILT : STATS_JOINED;

	stats_login(page, kind);
	stats_took(page, STATS_SUPERVISOR, kind, stats_now() - request->accepted);
	if (module_usec > 0)
		stats_took(page, STATS_MODULE, kind, module_usec);
}

void
count_ended(struct server *server, const struct usage *usage)
{
	stats_container_ended(open_page(server, server->record.user), &server->record.init, usage);
}
