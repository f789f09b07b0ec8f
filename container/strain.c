/*
 * Reads three files at a look, while there is room; the processes only when half of it is used.
 */
#include "container/strain.h"

#include "container/cgroup_file.h"
#include "container/log.h"
#include "container/server.h"
#include "lib/amount.h"
#include "lib/own.h"
#include "lib/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

/* More than an sshd and a shell are. */
#define LOGIN_BYTES (UINT64_C(32) << 20)
/* How fast memory may be taken: a page fault is half a microsecond, and is cleared first. */
#define BYTES_PER_MS (UINT64_C(256) << 10)
#define PAUSE_LEAST_MS 200
#define PAUSE_MOST_MS 10000
#define SOON_MS 200
/* A look at thousands of processes takes a while; then this many times that is left to others. */
#define LOOK_SHARE 50
#define WARN_QUIET_MS 60000
#define NOTE_QUIET_MS 150
#define NO_LIMIT (UINT64_C(1) << 62)
/* Stalled for a tenth of a second within one: Documentation/accounting/psi.rst. */
#define PRESSURE_TRIGGER "some 100000 1000000"

int
strain_weight(uint64_t limit)
{
	if (limit == 0 || limit >= NO_LIMIT)
		return 0;
	uint64_t weight = (LOGIN_BYTES * 1000 + limit - 1) / limit;
	return weight > 1000 ? 1000 : (int)weight;
}

int64_t
strain_pause(uint64_t use, uint64_t limit)
{
	uint64_t left = limit >= NO_LIMIT ? NO_LIMIT : use < limit ? limit - use : 0;
	uint64_t pause = left / BYTES_PER_MS;

	return pause < PAUSE_LEAST_MS ? PAUSE_LEAST_MS : pause > PAUSE_MOST_MS ? PAUSE_MOST_MS : (int64_t)pause;
}

/* "max" and v1's greatest number of pages are no limit. */
static uint64_t
number(int fd, uint64_t otherwise)
{
	char text[64];
	uint64_t value;

	if (fd < 0 || cgroup_file_reread(fd, text, sizeof(text)) <= 0)
		return otherwise;
	text[strcspn(text, "\n")] = '\0';
	return text_to_number(text, UINT64_MAX, &value) ? value : otherwise;
}

static int
open_file(const struct cgroup_place *place, const char *v2, const char *v1)
{
	const char *file = place->unified ? v2 : v1;

	return file ? openat(place->fd, file, O_RDONLY | O_CLOEXEC) : -1;
}

static int
open_pressure(const struct cgroup_place *place)
{
	autofd int fd = place->unified ? openat(place->fd, "memory.pressure", O_RDWR | O_NONBLOCK | O_CLOEXEC) : -1;

	if (fd < 0 || write(fd, PRESSURE_TRIGGER, sizeof(PRESSURE_TRIGGER)) < 0)
		return -1;
	return take_fd(&fd);
}

void
strain_begin(struct server *server)
{
	struct strain *strain = &server->strain;

	strain_end(server);
	for (size_t i = 0; i < server->cgroups.count && strain->use < 0; i++) {
		const struct cgroup_place *place = &server->cgroups.place[i];
		strain->use = open_file(place, "memory.current", "memory.usage_in_bytes");
		if (strain->use < 0)
			continue;
		strain->unified = place->unified;
		strain->max = open_file(place, "memory.max", "memory.limit_in_bytes");
		strain->high = open_file(place, "memory.high", NULL);
		strain->stat = open_file(place, "memory.stat", "memory.stat");
		strain->pressure = open_pressure(place);
	}
	strain_soon(server);
}

void
strain_end(struct server *server)
{
	struct strain *strain = &server->strain;

	own_close(&strain->use);
	own_close(&strain->max);
	own_close(&strain->high);
	own_close(&strain->stat);
	own_close(&strain->pressure);
	census_free(&strain->census);
	*strain = (struct strain)STRAIN_INIT;
}

void
strain_soon(struct server *server)
{
	int64_t soon = server_now() + SOON_MS;

	if (soon < server->strain.again)
		server->strain.again = soon;
}

void
strain_note(struct server *server)
{
	struct census *census = &server->strain.census;
	struct error ignored = ERROR_INIT;

	if (census->count > 0 && server_now() < server->strain.noted + NOTE_QUIET_MS)
		return;
	server->strain.noted = server_now();
	census_free(census);
	if (census_take(&server->cgroups, census, &ignored) < 0)
		return;
	for (size_t i = 0; i < census->count; i++)
		census->member[i].inside = member_inside(census->member[i].pid);
}

/* --- the weights ---------------------------------------------------------------------- */

static bool
is_caller(const struct server *server, pid_t pid)
{
	for (size_t i = 0; i < server->record.sessions; i++)
		if (server->record.session[i].caller.pid == pid)
			return true;
	return false;
}

/* The caller, its child (sshd's own, or the shell) and what that starts as a session's leader. */
static bool
is_login(const struct server *server, const struct census *census, const struct member *member)
{
	const struct member *parent = census_find(census, member->parent);

	return is_caller(server, member->pid) || is_caller(server, member->parent) ||
	    (parent && member->session == member->pid && is_caller(server, parent->parent));
}

/*
 * Raises only: a program may have made itself more likely to be killed.  The file is opened
 * before the look that it is the member's still, which began at the same time.
 */
static void
weigh(const struct member *member, int weight)
{
	char path[48], text[16];
	struct member again;
	int now;

	(void)text_format(path, sizeof(path), "/proc/%d/oom_score_adj", (int)member->pid);
	autofd int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || cgroup_file_reread(fd, text, sizeof(text)) <= 0 || sscanf(text, "%d", &now) != 1 ||
	    now >= weight || !member_read(member->pid, &again) || again.start != member->start)
		return;
	(void)text_format(text, sizeof(text), "%d", weight);
	/* Gone meanwhile, or the kernel says no: it weighs what it weighed. */
	if (pwrite(fd, text, strlen(text), 0) < 0)
		return;
}

static void
weigh_all(struct server *server, int weight)
{
	const struct census *census = &server->strain.census;

	for (size_t i = 0; i < census->count; i++) {
		const struct member *member = &census->member[i];
		if (member->pid != server->record.init.pid && census_find(census, member->parent) &&
		    !is_login(server, census, member))
			weigh(member, weight);
	}
}

/* --- the warning ---------------------------------------------------------------------- */

struct memory {
	uint64_t use, max, high;
};

/* What could be dropped at once is not what a user lacks. */
static uint64_t
needed(const struct strain *strain, uint64_t use)
{
	char text[8192];

	if (strain->stat < 0 || cgroup_file_reread(strain->stat, text, sizeof(text)) <= 0)
		return use;
	uint64_t cache = cgroup_file_count(text, strain->unified ? "inactive_file" : "total_inactive_file");
	return cache < use ? use - cache : 0;
}

static void
warn(struct server *server, const struct memory *memory, const char *sign)
{
	char use[AMOUNT_MAX], max[AMOUNT_MAX], high[AMOUNT_MAX];
	struct notice_target target = notice_to_all(server);
	bool is_high = memory->high <= memory->max && memory->high < NO_LIMIT;

	log_line(LOG_NOTICE, "memory strained: user=%s uid=%u sign=%s use=%llu high=%s max=%s",
	    server->record.user, (unsigned)server->uid, sign, (unsigned long long)memory->use,
	    limit_text(memory->high, high, sizeof(high)), limit_text(memory->max, max, sizeof(max)));
	(void)amount_bytes(memory->use, use, sizeof(use));
	(void)amount_bytes(memory->max, max, sizeof(max));
	(void)amount_bytes(memory->high, high, sizeof(high));
	if (is_high)
		notice_tell(server, &target, NOTICE_NEWS, "%s of memory are in use: above %s your programs are "
		    "slowed down%s%s%s", use, high, memory->max < NO_LIMIT ? ", and above " : "",
		    memory->max < NO_LIMIT ? max : "", memory->max < NO_LIMIT ? " one is killed" : "");
	else
		notice_tell(server, &target, NOTICE_NEWS, "%s of your %s of memory are in use: when it is all used "
		    "up, a program of yours is killed; see ctrctl show", use, max);
}

/* Nine tenths, or eight where programs stall already. */
static void
consider(struct server *server, const struct memory *memory, bool is_pressed)
{
	struct strain *strain = &server->strain;
	uint64_t bound = memory->high < memory->max ? memory->high : memory->max;

	uint64_t use = bound < NO_LIMIT && memory->use >= bound / 10 * 7 ? needed(strain, memory->use) : 0;

	if (use < bound / 10 * 7)
		strain->warned = false;
	if (strain->warned || server_now() < strain->quiet_until || use < bound / 10 * (is_pressed ? 8 : 9))
		return;
	strain->warned = true;
	strain->quiet_until = server_now() + WARN_QUIET_MS;
	warn(server, memory, is_pressed ? "pressure" : "use");
}

static void
look(struct server *server, bool is_pressed)
{
	struct strain *strain = &server->strain;
	int64_t began = server_now();
	const struct memory memory = {
		.use = number(strain->use, 0),
		.max = number(strain->max, UINT64_MAX),
		.high = number(strain->high, UINT64_MAX),
	};

	limit_look_at_forks(server);
	if (memory.max < NO_LIMIT && memory.use > memory.max / 2) {
		strain_note(server);
		weigh_all(server, strain_weight(memory.max));
	}
	consider(server, &memory, is_pressed);
	int64_t pause = strain_pause(memory.use, memory.max);
	int64_t took = server_now() - began;
	strain->again = server_now() + (took * LOOK_SHARE > pause ? took * LOOK_SHARE : pause);
}

void
strain_pressed(struct server *server)
{
	look(server, true);
}

void
strain_step(struct server *server)
{
	if (server->state == STATE_ALIVE && server_now() >= server->strain.again)
		look(server, false);
}
