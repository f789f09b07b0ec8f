/*
 * Runs as root on the host; what is on the terminals' other side is the user's.
 */
#include "container/notice.h"

#include "container/device_nodes.h"
#include "container/server.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/sys.h"
#include "lib/text.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <sys/wait.h>

/* A terminal that takes longer is not one that is read; nor is one that hangs, whatever we told it. */
#define LATE_MS 900
#define PATIENCE_MS 2000

/* Documentation/admin-guide/devices.txt: consoles and serial lines, and where pseudo terminals begin and end. */
#define MAJOR_TTY 4
#define MAJOR_SERIAL 204
#define MAJOR_HVC 229
#define MAJOR_PTS_FIRST 136
#define MAJOR_PTS_LAST 143

static bool
is_pts(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && major(st->st_rdev) >= MAJOR_PTS_FIRST &&
	    major(st->st_rdev) <= MAJOR_PTS_LAST;
}

static bool
is_terminal(const struct stat *st)
{
	unsigned number = major(st->st_rdev);

	return is_pts(st) || (S_ISCHR(st->st_mode) &&
	    (number == MAJOR_TTY || number == MAJOR_SERIAL || number == MAJOR_HVC));
}

int
notice_open_pts(const struct server *server)
{
	struct error ignored = ERROR_INIT;
	struct statfs fs;
	autofd int dev = device_nodes_open(server->record.init.pid, server->init, &ignored);
	autofd int pts = dev < 0 ? -1 : openat(dev, "pts", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (pts < 0 || fstatfs(pts, &fs) < 0 || fs.f_type != DEVPTS_SUPER_MAGIC)
		return -1;
	return take_fd(&pts);
}

/* The caller is root's and lives: what it has open is what it was given, sshd's is /dev/null. */
int
notice_open_of_caller(pid_t caller, int flags)
{
	char path[64];
	struct stat st;

	for (int fd = 0; fd <= 2; fd++) {
		(void)text_format(path, sizeof(path), "/proc/%d/fd/%d", (int)caller, fd);
		if (stat(path, &st) == 0 && is_terminal(&st))
			return open(path, flags | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	}
	return -1;
}

struct notice_target
notice_to_all(const struct server *server)
{
	struct notice_target target = { .all = true };

	for (size_t i = 0; i < server->record.sessions && target.callers < NOTICE_TERMINALS_MAX; i++)
		target.caller[target.callers++] = server->record.session[i].caller.pid;
	return target;
}

/* --- the child's ---------------------------------------------------------------------- */

struct told {
	char text[NOTICE_TEXT_SIZE];
	size_t length;
	enum notice_urgency urgency;
	dev_t number[NOTICE_TERMINALS_MAX]; /* those of callers, of which two may have the same */
	size_t numbers;
	int late[2 * NOTICE_TERMINALS_MAX]; /* owned; of terminals that did not take all of it at once */
	size_t lates;
};

static void
write_to(struct told *told, int *fd)
{
	struct stat st;

	if (fstat(*fd, &st) < 0 || !is_terminal(&st))
		return;
	if (told->urgency == NOTICE_NEWS && !(st.st_mode & S_IWGRP))
		return;
	ssize_t n = write(*fd, told->text, told->length);
	bool is_late = n < 0 ? errno == EAGAIN : (size_t)n < told->length;
	if (is_late && told->lates < sizeof(told->late) / sizeof(*told->late))
		told->late[told->lates++] = take_fd(fd);
}

static void
ignore_alarm(int number)
{
	(void)number;
}

/*
 * Who writes to a terminal keeps others from it, tty_write_lock() of tty_io.c: a program that writes without
 * a pause would for ever, but that who waits for the lock has his turn.  It may be stopped as well, or not
 * be read: each has its share of a moment, which the alarm ends, and is not written to then.  What a
 * full buffer cut short is told once more, whole: others may have written meanwhile.
 */
static void
write_late(struct told *told)
{
	struct timeval share = { .tv_usec = told->lates > 0 ? LATE_MS * 1000 / (suseconds_t)told->lates : 0 };
	struct itimerval timer = { .it_interval = share, .it_value = share };
	struct sigaction action = { .sa_handler = ignore_alarm }; /* no SA_RESTART: it ends the call */
	sigset_t alarm;

	(void)sigemptyset(&alarm);
	(void)sigaddset(&alarm, SIGALRM);
	if (told->lates == 0 || sigaction(SIGALRM, &action, NULL) < 0 ||
	    sigprocmask(SIG_UNBLOCK, &alarm, NULL) < 0 || setitimer(ITIMER_REAL, &timer, NULL) < 0)
		return;
	for (size_t i = 0; i < told->lates; i++)
		if (fcntl(told->late[i], F_SETFL, 0) < 0 || write(told->late[i], told->text, told->length) < 0)
			continue;
}

static void
tell_caller(struct told *told, pid_t caller)
{
	struct stat st;
	autofd int fd = notice_open_of_caller(caller, O_WRONLY);

	if (fd < 0 || fstat(fd, &st) < 0)
		return;
	for (size_t i = 0; i < told->numbers; i++)
		if (told->number[i] == st.st_rdev)
			return;
	told->number[told->numbers++] = st.st_rdev;
	write_to(told, &fd);
}

/* What is bound over a number from the host is a caller's, and was told as such. */
static void
tell_number(struct told *told, int pts, const char *name)
{
	struct open_how how = {
		.flags = O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	autofd int fd = sys_openat2(pts, name, &how);

	if (fd >= 0)
		write_to(told, &fd);
}

static void
tell_all(struct told *told, int pts)
{
	DIR *entries = fdopendir(pts);
	const struct dirent *entry;
	uint64_t number;

	for (int i = 0; entries && i < NOTICE_TERMINALS_MAX && (entry = path_next_entry(entries));)
		if (text_to_number(entry->d_name, INT32_MAX, &number)) {
			tell_number(told, pts, entry->d_name);
			i++;
		}
}

/* One that hangs must not keep our socket, or a lock, when we are gone. */
static int
keep_only(int fd)
{
	if (fd > 3 && dup2(fd, 3) == 3)
		fd = 3;
	(void)sys_close_range(fd == 3 ? 4 : 3, ~0U, 0);
	return fd == 3 ? fd : -1;
}

static _Noreturn void
child(const struct notice_target *target, struct told *told, int pts)
{
	char name[16];

	pts = keep_only(pts);
	for (size_t i = 0; i < target->callers; i++)
		tell_caller(told, target->caller[i]);
	for (size_t i = 0; pts >= 0 && i < target->numbers; i++) {
		(void)text_format(name, sizeof(name), "%u", target->number[i]);
		tell_number(told, pts, name);
	}
	if (pts >= 0 && target->all)
		tell_all(told, pts);
	write_late(told);
	_exit(0);
}

/* --- the supervisor's ----------------------------------------------------------------- */

void
notice_ended(int *child)
{
	siginfo_t info;

	(void)waitid(P_PIDFD, (id_t)*child, &info, WEXITED | WNOHANG);
	own_close(child);
}

/* Where a child can be kept; NULL: all are at it still.  Who takes long is told to end. */
static int *
free_slot(struct notice *notice)
{
	int *slot = NULL;

	for (int i = 0; i < NOTICE_CHILDREN_MAX; i++) {
		struct pollfd dead = { .fd = notice->child[i], .events = POLLIN };
		if (dead.fd >= 0 && poll(&dead, 1, 0) == 1)
			notice_ended(&notice->child[i]);
		else if (dead.fd >= 0 && server_now() > notice->since[i] + PATIENCE_MS)
			(void)sys_pidfd_send_signal(dead.fd, SIGKILL);
		if (notice->child[i] >= 0)
			continue;
		notice->since[i] = server_now();
		slot = &notice->child[i];
	}
	return slot;
}

void
notice_tell(struct server *server, const struct notice_target *target,
    enum notice_urgency urgency, const char *format, ...)
{
	struct told told = { .urgency = urgency };
	char text[NOTICE_TEXT_SIZE - 32];
	int *slot = server->init < 0 ? NULL : free_slot(&server->notice);
	va_list list;

	if (!slot)
		return;
	va_start(list, format);
	(void)vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	/* The terminal may be raw: no carriage return comes by itself. */
	int length = snprintf(told.text, sizeof(told.text), "\r\npam_ctr: %s\r\n", text);
	told.length = (size_t)length;
	autofd int pts = notice_open_pts(server);
	pid_t pid = fork();
	if (pid == 0)
		child(target, &told, pts);
	*slot = pid < 0 ? -1 : sys_pidfd_open(pid);
}
