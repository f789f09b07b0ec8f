/*
 * How long sessions may stay: looks at their terminals when it is time, warns, and ends them as
 * a hang-up does.  What a login consists of is the caller and who descends from it: a program that
 * has left its login (tmux, nohup) has another parent, and lives on.
 *
 * All times are of CLOCK_BOOTTIME.  Only a terminal's time of input is of the clock that people
 * set; it counts as far back as our last look at the most, and never into the future.
 */
#include "container/census.h"
#include "container/log.h"
#include "container/notice.h"
#include "container/server.h"
#include "lib/amount.h"
#include "lib/own.h"
#include "lib/sys.h"
#include "lib/text.h"
#include "policy/door.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>

/* For the last words to get to the terminal. */
#define WORDS_MS 200
#define HANGUP_MS 2000
#define PTS_MAJOR 136

static bool
has_limits(const struct record_session *facts)
{
	return facts->session_time > 0 || facts->idle_timeout > 0;
}

static bool
is_of(const struct census *census, const struct member *member, const struct record_session *facts)
{
	return census_descends(census, member, facts->caller.pid);
}

/* proc(5), tty_nr; false: no pseudo terminal. */
static bool
pts_number(unsigned tty, unsigned *number)
{
	unsigned major = tty >> 8 & 0xfff, minor = (tty & 0xff) | (tty >> 12 & 0xfff00);

	*number = (major - PTS_MAJOR) * 256 + minor;
	return major >= PTS_MAJOR && major < PTS_MAJOR + 8;
}

static void
add_number(struct notice_target *target, unsigned number)
{
	for (size_t i = 0; i < target->numbers; i++)
		if (target->number[i] == number)
			return;
	if (target->numbers < NOTICE_TERMINALS_MAX)
		target->number[target->numbers++] = number;
}

/* The terminals of one session. */
static struct notice_target
terminals_of(const struct server *server, const struct census *census, size_t index)
{
	const struct record_session *facts = &server->record.session[index];
	struct notice_target target = { .caller = { facts->caller.pid }, .callers = 1 };
	unsigned number;

	for (size_t i = 0; i < census->count; i++)
		if (pts_number(census->member[i].tty, &number) && is_of(census, &census->member[i], facts))
			add_number(&target, number);
	return target;
}

/* The latest, in ms since the epoch; -1: there is no terminal. */
static int64_t
input_time(const struct server *server, const struct notice_target *terminals)
{
	autofd int pts = notice_open_pts(server);
	autofd int own = notice_open_of_caller(terminals->caller[0], O_RDONLY);
	int64_t latest = -1;
	struct stat st;
	char name[16];

	if (own >= 0 && fstat(own, &st) == 0)
		latest = (int64_t)st.st_atime * 1000;
	for (size_t i = 0; i < terminals->numbers && pts >= 0; i++) {
		(void)text_format(name, sizeof(name), "%u", terminals->number[i]);
		if (fstatat(pts, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(st.st_mode) &&
		    (int64_t)st.st_atime * 1000 > latest)
			latest = (int64_t)st.st_atime * 1000;
	}
	return latest;
}

/* A stamp that is the same is no input, once its eight seconds are over. */
static void
note_input(const struct server *server, size_t index, const struct notice_target *terminals,
    int64_t now)
{
	struct session *session = &server->session[index];
	int64_t stamp = input_time(server, terminals);
	struct timespec clock;

	(void)clock_gettime(CLOCK_REALTIME, &clock);
	if (stamp != session->stamp)
		session->latest = door_latest_input(now, session->looked,
		    (int64_t)clock.tv_sec * 1000 + clock.tv_nsec / 1000000, stamp);
	session->input = stamp < 0 ? -1 : session->latest < now ? session->latest : now;
	session->stamp = stamp;
	session->looked = now;
}

/* --- the end ------------------------------------------------------------------------ */

/* The pidfd first, then the look: who began at the same time is the same. */
static void
signal_member(const struct member *member, int number)
{
	autofd int pidfd = sys_pidfd_open(member->pid);
	struct member again;

	if (pidfd < 0 || !member_read(member->pid, &again) || again.start != member->start)
		return;
	(void)sys_pidfd_send_signal(pidfd, number);
	/* Who is stopped could not die. */
	if (number != SIGKILL)
		(void)sys_pidfd_send_signal(pidfd, SIGCONT);
}

static void
signal_login(const struct server *server, const struct census *census, size_t index, int number)
{
	const struct record_session *facts = &server->record.session[index];

	for (size_t i = 0; i < census->count; i++)
		if (census->member[i].pid != facts->caller.pid && is_of(census, &census->member[i], facts))
			signal_member(&census->member[i], number);
	/* A hang-up is for the user's side; the caller sees that, and closes its session. */
	if (number != SIGHUP)
		(void)sys_pidfd_send_signal(server->session[index].pidfd, number);
}

/* SIGHUP, SIGTERM, SIGKILL, and once more: a child that was born meanwhile has not got it. */
static void
hang_up(const struct server *server, const struct census *census, size_t index, int64_t now)
{
	static const int signals[] = { SIGHUP, SIGTERM, SIGKILL };
	struct session *session = &server->session[index];
	const int64_t pause[] = { HANGUP_MS, (int64_t)server->record.grace * 1000, HANGUP_MS };

	signal_login(server, census, index, signals[session->stage]);
	session->again = now + pause[session->stage];
	if (session->stage < 2)
		session->stage++;
}

static void
begin_end(struct server *server, size_t index, const struct notice_target *terminals,
    const struct door_answer *answer, int64_t now)
{
	struct session *session = &server->session[index];
	bool is_idle = !strcmp(answer->key, "idle_timeout");
	char time[AMOUNT_MAX];

	session->ending = answer->key;
	session->stage = 0;
	session->again = now + WORDS_MS;
	log_line(LOG_NOTICE, "session ending: user=%s uid=%u session=%s limit=%s seconds=%llu",
	    server->record.user, (unsigned)server->uid, server->record.session[index].id, answer->key,
	    (unsigned long long)answer->limit);
	notice_tell(server, terminals, NOTICE_URGENT, is_idle ? "this session ends: no input for %s" :
	    "this session ends: it may last %s", amount_seconds(answer->limit, time, sizeof(time)));
}

static void
warn(struct server *server, const struct notice_target *terminals,
    const struct door_answer *answer)
{
	char left[AMOUNT_MAX], limit[AMOUNT_MAX];

	(void)amount_seconds(answer->left, left, sizeof(left));
	(void)amount_seconds(answer->limit, limit, sizeof(limit));
	if (!strcmp(answer->key, "idle_timeout"))
		notice_tell(server, terminals, NOTICE_URGENT, "this session ends in %s, unless you type "
		    "something: %s without input is all it may be", left, limit);
	else
		notice_tell(server, terminals, NOTICE_URGENT, "this session ends in %s: it may last %s; save "
		    "your work", left, limit);
}

static void
look(struct server *server, const struct census *census, size_t index, int64_t now)
{
	const struct record_session *facts = &server->record.session[index];
	struct session *session = &server->session[index];

	if (session->ending) {
		hang_up(server, census, index, now);
		return;
	}
	const struct door_stay stay = { facts->session_time, facts->idle_timeout };
	struct notice_target terminals = terminals_of(server, census, index);
	if (stay.idle_timeout > 0)
		note_input(server, index, &terminals, now);
	struct door_answer answer = door_ask(&stay, now, facts->opened, session->input);
	session->again = answer.again;
	/* A terminal may come yet: another shell over the same connection. */
	if (stay.idle_timeout > 0 && session->input < 0 &&
	    now + (int64_t)stay.idle_timeout * 500 < session->again)
		session->again = now + (int64_t)stay.idle_timeout * 500;
	if (answer.advice == DOOR_LEAVE)
		begin_end(server, index, &terminals, &answer, now);
	else if (answer.advice == DOOR_WARN && session->warned != answer.key)
		warn(server, &terminals, &answer);
	session->warned = answer.advice == DOOR_WARN ? answer.key : NULL;
}

void
stay_begin(struct server *server, size_t index)
{
	struct record_session *facts = &server->record.session[index];
	struct session *session = &server->session[index];
	int64_t now = server_uptime();

	if (facts->opened <= 0 || facts->opened > now)
		facts->opened = now;
	session->looked = facts->opened;
	session->input = session->stamp = -1;
	session->again = has_limits(facts) ? now : NEVER;
}

int64_t
stay_until(const struct server *server)
{
	int64_t first = NEVER;

	for (size_t i = 0; i < server->record.sessions; i++)
		if (server->session[i].joined && server->session[i].again < first)
			first = server->session[i].again;
	return first == NEVER ? NEVER : server_now() + (first - server_uptime());
}

void
stay_step(struct server *server)
{
	struct census census = CENSUS_INIT;
	struct error err = ERROR_INIT;
	int64_t now = server_uptime();

	if (server->state != STATE_ALIVE || stay_until(server) > server_now())
		return;
	if (census_take(&server->cgroups, &census, &err) < 0)
		log_error(&err, "supervisor failed: user=%s uid=%u what=\"look at sessions\"", server->record.user, (unsigned)server->uid);
	for (size_t i = 0; i < server->record.sessions; i++)
		if (server->session[i].joined && server->session[i].again <= now)
			look(server, &census, i, now);
	census_free(&census);
}
