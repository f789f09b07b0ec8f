/*
 * The container's life: built when the first login waits for it, alive, asked to end, gone.
 */
#include "container/cgroup_freeze.h"
#include "container/host.h"
#include "container/log.h"
#include "container/server.h"
#include "container/userns.h"
#include "lib/own.h"
#include "lib/places.h"
#include "lib/sys.h"
#include "lib/text.h"
#include "lib/usage.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>

#define BUILD_MS 15000
#define KILL_STEP_MS 20
/* A killed init that is still there: once more, since nothing else would end the container. */
#define KILL_AGAIN_MS 1000

int
container_save(struct server *server, struct error *err)
{
	return record_write(server->directory, &server->record, err);
}

void
container_note_place(struct server *server, size_t index, const char *directory)
{
	if (index < 8)
		(void)text_format(server->record.cgroup[index], sizeof(server->record.cgroup[index]), "%s", directory);
}

/* What the container came into since it was built is there for a successor to find. */
void
container_note_places(struct server *server, size_t known)
{
	for (size_t i = 0; i < 8; i++)
		container_note_place(server, i, i < server->cgroups.count ? server->cgroups.place[i].directory : "");
	if (server->cgroups.count > known)
		server->place_added = request_is_any(server, REQUEST_JOINING);
}

void
container_set_state(struct server *server, enum state state, int64_t deadline)
{
	server->state = state;
	server->deadline = deadline;
	server->killed = false;
	own_close(&server->rest);
}

void
container_forget(struct server *server)
{
	limit_close(server, server->limit, &server->limits, NULL);
	kernel_log_close(&server->kernel_log);
	strain_end(server);
	accounting_close(server);
	devices_free(&server->devices);
	build_free(&server->build);
	cgroups_free(&server->cgroups);
	own_close(&server->init);
	own_close(&server->userns);
	record_free(&server->record);
	/* Left ones keep the directory. */
	(void)unlinkat(server->directory, RECORD_POLICY, 0);
	(void)unlinkat(server->directory, RECORD_CHANGE, 0);
	if (unlinkat(server->directory, RECORD_NAME, 0) < 0 && errno != ENOENT) {
		struct error err = ERROR_INIT;
		(void)error_set(&err, errno, "remove the record");
		log_error(&err, "supervisor failed: uid=%u what=\"forget the container\"", (unsigned)server->uid);
	}
	container_set_state(server, STATE_NONE, NEVER);
}

/* --- building ----------------------------------------------------------------------- */

static void
fail_build(struct server *server, const struct error *err)
{
	request_refuse_waiting(server, err);
	server->reason = "not built";
	if (server->build.pid > 0) {
		/* Whatever it is at, it and its namespaces are gone with it. */
		(void)sys_pidfd_send_signal(server->build.pidfd, SIGKILL);
		server->init = take_fd(&server->build.pidfd);
		container_set_state(server, STATE_ENDING, server_now() + KILL_AGAIN_MS);
		server->killed = true;
	} else {
		container_set_state(server, STATE_CLEARING, server_now() + CALLERS_MS);
	}
}

static void
describe(struct server *server, const struct request *request)
{
	struct record *record = &server->record;

	/* It is empty; made so once more it would be eight pages that nobody reads. */
	record->uid = server->uid;
	record->gid = request->subject->gid;
	record->since = (int64_t)time(NULL);
	record->next_session = 1;
	record->kill_at_logout = request->logout == LOGOUT_KILL;
	record->grace = request->grace;
	record->supervisor = (struct process_id) { .pid = getpid(), .start = process_start(getpid()) };
	(void)text_format(record->user, sizeof(record->user), "%s", request->subject->user);
	(void)text_format(record->home, sizeof(record->home), "%s", request->subject->home);
	(void)text_format(record->service, sizeof(record->service), "%s", request->subject->service);
	(void)text_format(record->policy_path, sizeof(record->policy_path), "%s", request->policy_path);
	for (size_t i = 0; i < server->cgroups.count && i < 8; i++)
		(void)text_format(record->cgroup[i], sizeof(record->cgroup[i]), "%s",
		    server->cgroups.place[i].directory);
}

/* What ctrctl set and reload begin with, also under a successor. */
static int
keep_policy(const struct server *server, const struct request *request, struct error *err)
{
	autofree char *text = live_text(&request->policy);

	if (!text)
		return error_set(err, ENOMEM, "keep the policy");
	return record_write_text(server->directory, RECORD_POLICY, text, strlen(text), err);
}

static void
note_cgroup(const char *directory, enum controller controller, void *context)
{
	struct record *record = context;

	(void)controller;
	for (size_t i = 0; i < 8; i++)
		if (!record->cgroup[i][0]) {
			(void)text_format(record->cgroup[i], sizeof(record->cgroup[i]), "%s", directory);
			return;
		}
}

/*
 * Processes in cgroups that no record tells of: a container whose record was lost.  They
 * can't be joined, since nothing proves whose they are, so they end before a new one begins.
 */
static bool
clear_unknown(struct server *server, const struct plan *plan)
{
	struct error err = ERROR_INIT;

	plan_each_cgroup(plan, note_cgroup, &server->record);
	if (cgroups_adopt(&server->cgroups, (const char (*)[512])server->record.cgroup, 8, &err) < 0)
		return false;
	log_line(LOG_WARNING, "container unknown: uid=%u text=\"processes in %s and no record: ending them\"",
	    (unsigned)server->uid, server->record.cgroup[0]);
	container_set_state(server, STATE_CLEARING, server_now());
	return true;
}

/* What can be done while the container's first process is at work; the login waits for that one alone. */
static int
prepare_meanwhile(struct server *server, const struct request *request, struct error *err)
{
	limit_open(server->limit, &server->limits, &server->cgroups, NULL);
	kernel_log_open(&server->kernel_log);
	strain_begin(server);
	return keep_policy(server, request, err);
}

/*
 * The waiting request keeps its plan: its kit is made from it, and if the building has to
 * begin anew, so is the container.
 */
void
container_build(struct server *server, struct request *request)
{
	struct error err = ERROR_INIT;
	char directory[64];

	server->started = server_now();
	request->builds = true;
	if (host_prepare(&request->plan, &err) < 0) {
		admission_end(server);
		fail_build(server, &err);
		return;
	}
	int made = cgroups_make(&server->cgroups, &request->plan, &err);
	admission_end(server);
	if (made < 0) {
		if (err.errnum != EBUSY || !clear_unknown(server, &request->plan))
			fail_build(server, &err);
		return;
	}
	describe(server, request);
	if (devices_build(server, &request->plan, &err) < 0) {
		fail_build(server, &err);
		return;
	}
	accounting_prepare(server, &request->plan);
	(void)text_format(directory, sizeof(directory), PLACE_RUN "/%u", (unsigned)server->uid);
	const struct inside_cover cover = { .mount = server->accounting.mount, .directory = directory };
	/* The child has its own copy of the plan: clone3 without CLONE_VM. */
	int rc = build_start(&server->build, &request->plan, &server->cgroups, &cover, &err);
	own_close(&server->accounting.mount);
	if (rc == 0) {
		container_set_state(server, STATE_BUILDING, server_now() + BUILD_MS);
		rc = prepare_meanwhile(server, request, &err);
	}
	if (rc < 0)
		fail_build(server, &err);
}

static int
become_alive(struct server *server, struct error *err)
{
	struct record *record = &server->record;

	record->init = (struct process_id) {
		.pid = server->build.pid,
		.start = process_start(server->build.pid),
	};
	for (int i = 0; i < RECORD_NAMESPACES; i++)
		record->namespaces[i] = process_namespace(server->build.pid, record_namespace[i]);
	if (container_save(server, err) < 0)
		return -1;
	server->init = take_fd(&server->build.pidfd);
	server->userns = take_fd(&server->build.userns);
	build_free(&server->build);
	devices_alive(server);
	container_set_state(server, STATE_ALIVE, NEVER);
	log_line(LOG_INFO, "container built: user=%s uid=%u init=%d ms=%lld", record->user,
	    (unsigned)server->uid, (int)record->init.pid, (long long)(server_now() - server->started));
	return 0;
}

void
container_build_news(struct server *server)
{
	struct error err = ERROR_INIT;

	switch (build_news(&server->build, &err)) {
	case BUILD_NOTICE:
		log_line(LOG_NOTICE, "container notice: user=%s uid=%u text=\"%s\"", server->record.user,
		    (unsigned)server->uid, err.text);
		break;
	case BUILD_READY:
		if (become_alive(server, &err) < 0)
			fail_build(server, &err);
		else
			request_serve_waiting(server);
		break;
	case BUILD_FAILED:
		fail_build(server, &err);
		break;
	}
}

/* --- ending ------------------------------------------------------------------------- */

void
container_init_died(struct server *server)
{
	/* Not our child if we adopted it; then there is nothing to reap. */
	siginfo_t info;
	(void)waitid(P_PIDFD, (id_t)server->init, &info, WEXITED | WNOHANG);
	own_close(&server->init);
	if (server->state == STATE_ALIVE)
		server->reason = "its init died";
	container_set_state(server, STATE_CLEARING, server_now() + CALLERS_MS);
}

/*
 * Who is frozen hears no SIGTERM, and must not run again to hear it: all get SIGKILL, which v1's
 * freezer holds back until the thaw, and die before they come to anything else.
 */
static bool
end_frozen(struct server *server)
{
	struct error err = ERROR_INIT;

	if (cgroups_frozen(&server->cgroups) == FREEZE_THAWED)
		return false;
	if (cgroups_kill(&server->cgroups, &err) < 0 || cgroups_thaw(&server->cgroups, &err) < 0)
		log_error(&err, "supervisor failed: user=%s uid=%u what=\"end a frozen container\"", server->record.user,
		    (unsigned)server->uid);
	(void)sys_pidfd_send_signal(server->init, SIGKILL);
	container_set_state(server, STATE_ENDING, server_now() + KILL_AGAIN_MS);
	server->killed = true;
	return true;
}

void
container_end(struct server *server, const char *reason, bool at_once)
{
	if (server->state == STATE_BUILDING) {
		struct error err = ERROR_INIT;
		(void)error_set(&err, 0, "the container was ended while it was built: %s", reason);
		fail_build(server, &err);
		return;
	}
	if (server->state != STATE_ALIVE)
		return;
	server->reason = reason;
	if (end_frozen(server))
		return;
	int signal = at_once || server->record.grace == 0 ? SIGKILL : SIGTERM;
	(void)sys_pidfd_send_signal(server->init, signal);
	container_set_state(server, STATE_ENDING, server_now() + (signal == SIGKILL ? KILL_AGAIN_MS :
	    (int64_t)server->record.grace * 1000));
	server->killed = signal == SIGKILL;
}

/* A process that is dead but not reaped yet is no one to wait for: -1. */
static int
open_living(pid_t pid)
{
	int pidfd = sys_pidfd_open(pid);
	struct pollfd dead = { .fd = pidfd, .events = POLLIN };

	if (pidfd >= 0 && poll(&dead, 1, 0) == 1)
		own_close(&pidfd);
	return pidfd;
}

/*
 * A pidfd of one process of the container that is neither init nor a caller; its end is the
 * moment to look again.  server->rest stays -1 if there is none.
 */
static void
watch_rest(struct server *server)
{
	struct error err = ERROR_INIT;
	size_t count = 0;

	own_close(&server->rest);
	if (server->cgroups.count == 0)
		return;
	autofree pid_t *pids = NULL;
	if (cgroups_pids(&server->cgroups, &pids, &count, &err) < 0) {
		log_error(&err, "supervisor failed: user=%s uid=%u what=\"look for what is left\"", server->record.user, (unsigned)server->uid);
		return;
	}
	for (size_t i = 0; i < count && server->rest < 0; i++)
		if (pids[i] != server->record.init.pid)
			server->rest = open_living(pids[i]);
}

static const char *
number_text(uint64_t number, char *buffer, size_t size)
{
	if (number == USAGE_UNKNOWN || text_format(buffer, size, "%llu", (unsigned long long)number) < 0)
		return "unknown";
	return buffer;
}

static void
log_ended(struct server *server)
{
	struct usage usage;
	char cpu[24], memory[24], kills[24];

	if (server->record.init.pid == 0)
		return;
	usage_read(server->record.cgroup, 8, &usage);
	if (usage.pids_refused != USAGE_UNKNOWN)
		usage.pids_refused += server->record.refused_forks;
	count_ended(server, &usage);
	if (usage.cpu_usec != USAGE_UNKNOWN)
		usage.cpu_usec /= 1000;
	log_line(LOG_INFO, "container ended: user=%s uid=%u seconds=%lld reason=\"%s\" cpu_ms=%s "
	    "memory_peak=%s oom_kills=%s", server->record.user, (unsigned)server->uid,
	    (long long)(time(NULL) - server->record.since), server->reason ? server->reason : "",
	    number_text(usage.cpu_usec, cpu, sizeof(cpu)),
	    number_text(usage.memory_peak, memory, sizeof(memory)),
	    number_text(usage.oom_kills, kills, sizeof(kills)));
}

/* Init is gone, and with it everybody in its PID namespace; callers may still be about. */
static void
clear(struct server *server)
{
	struct error err = ERROR_INIT;

	watch_rest(server);
	if (server->rest >= 0) {
		if (server_now() < server->deadline)
			return;
		if (cgroups_kill(&server->cgroups, &err) < 0)
			log_error(&err, "supervisor failed: user=%s uid=%u what=\"look for what is left\"", server->record.user, (unsigned)server->uid);
		server->deadline = server_now() + KILL_STEP_MS;
		return;
	}
	session_close_all(server, "container ended");
	limit_close(server, server->limit, &server->limits, NULL);
	log_ended(server);
	int rc = server->cgroups.count > 0 ? cgroups_remove(&server->cgroups, &err) : 0;
	if (rc > 0)
		(void)error_set(&err, EBUSY, "remove %s", server->cgroups.place[0].directory);
	if (rc != 0)
		log_error(&err, "supervisor failed: user=%s uid=%u what=\"remove the cgroups\"", server->record.user,
		    (unsigned)server->uid);
	container_forget(server);
	request_tell_ended(server);
}

/* Alive without sessions: the policy's logout says what now. */
static void
consider_logout(struct server *server)
{
	if (server->record.kill_at_logout) {
		container_end(server, "last session closed", false);
		return;
	}
	if (server->rest >= 0)
		return;
	watch_rest(server);
	if (server->rest < 0)
		container_end(server, "nobody left in it", true);
}

static void
step_ending(struct server *server)
{
	bool is_over = server_now() >= server->deadline;

	if (server->rest < 0 && !server->killed) {
		watch_rest(server);
		is_over = is_over || server->rest < 0;
	}
	if (!is_over)
		return;
	(void)sys_pidfd_send_signal(server->init, SIGKILL);
	container_set_state(server, STATE_ENDING, server_now() + KILL_AGAIN_MS);
	server->killed = true;
}

static struct request *
first_waiting(struct server *server)
{
	for (size_t i = 0; i < server->requests; i++)
		if (server->request[i]->state == REQUEST_WAITING)
			return server->request[i];
	return NULL;
}

void
container_step(struct server *server)
{
	struct error err = ERROR_INIT;
	struct request *waiting = first_waiting(server);

	switch (server->state) {
	case STATE_NONE:
		request_tell_ended(server);
		if (waiting && admission_pass(server, waiting))
			container_build(server, waiting);
		break;
	case STATE_BUILDING:
		if (server_now() >= server->deadline) {
			(void)error_set(&err, ETIMEDOUT, "build the container (a home that does not answer?)");
			fail_build(server, &err);
		}
		break;
	case STATE_ALIVE:
		request_serve_waiting(server);
		/* A login may wait for its devices: it is about to be a session. */
		if (server->record.sessions == 0 && !first_waiting(server))
			consider_logout(server);
		else
			own_close(&server->rest);
		break;
	case STATE_ENDING:
		step_ending(server);
		break;
	case STATE_CLEARING:
		clear(server);
		break;
	}
}
