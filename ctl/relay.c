/*
 * One loop: bytes of the admin's terminal to the container's and back, signals to the
 * command's session.  As root, in the container's mount namespace but in the host's PID
 * namespace, not dumpable: nothing in the container can reach it but by those bytes.
 */
#include "ctl/relay.h"

#include "lib/own.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* What a command can have written before its end and is still to be shown. */
#define DRAIN_MAX (1 << 20)
#define ESCAPE_SECONDS 1

struct flow {
	char bytes[4096];
	size_t length;
};

/* What is passed on to the command; CHLD, WINCH and TSTP are ours. */
static const int passed_on[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };

/*
 * Also a terminal in one of the three only is not for the inside: a process left there could
 * read from it what is typed after this command's end.
 */
static int
look_at_streams(struct relay *relay, struct error *err)
{
	struct stat st;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
			return error_set(err, EISDIR, "descriptor %d: not for the inside", fd);
	for (int fd = STDERR_FILENO; fd > STDIN_FILENO; fd--)
		if (isatty(fd))
			relay->out = fd;
	/* "enter ... | less": the keys are for less. */
	if (isatty(STDIN_FILENO) && relay->out == STDOUT_FILENO)
		relay->in = STDIN_FILENO;
	if (relay->in >= 0 && tcgetattr(relay->in, &relay->before) < 0)
		return error_set(err, errno, "look at the terminal");
	/* Before the join: inside, who knows what is called so. */
	relay->nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return relay->nothing < 0 ? error_set(err, errno, "open /dev/null") : 0;
}

int
relay_prepare(struct relay *relay, struct error *err)
{
	sigset_t ours, blocked;

	(void)sigemptyset(&ours);
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
		(void)sigaddset(&ours, passed_on[i]);
	(void)sigaddset(&ours, SIGCHLD);
	(void)sigaddset(&ours, SIGWINCH);
	(void)sigaddset(&ours, SIGTSTP);
	blocked = ours;
	(void)sigaddset(&blocked, SIGPIPE);
	if (look_at_streams(relay, err) < 0)
		return -1;
	if (sigprocmask(SIG_BLOCK, &blocked, &relay->mask) < 0)
		return error_set(err, errno, "block signals");
	/* One that was ignored (nohup) is not kept for us, and stays ignored. */
	(void)signal(SIGCHLD, SIG_DFL);
	relay->signals = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
	return relay->signals < 0 ? error_set(err, errno, "wait for signals") : 0;
}

static void
pass_size(const struct relay *relay)
{
	struct winsize size;

	if (relay->in >= 0 && ioctl(relay->in, TIOCGWINSZ, &size) == 0)
		(void)ioctl(relay->ours, TIOCSWINSZ, &size);
}

/*
 * /dev is the container's, where no user can write; the other side is opened through this
 * one (TIOCGPTPEER), not by name.  The command finds a terminal set as the admin's is.
 */
static int
open_terminal(struct relay *relay, struct error *err)
{
	int unlock = 0;

	relay->ours = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (relay->ours < 0)
		return error_set(err, errno, "open a terminal in the container%s",
		    errno == ENOSPC ? " (are all of them in use?)" : "");
	if (ioctl(relay->ours, TIOCSPTLCK, &unlock) < 0)
		return error_set(err, errno, "unlock the terminal");
	relay->command = ioctl(relay->ours, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (relay->command < 0)
		return error_set(err, errno, "open the terminal's other side");
	if (tcsetattr(relay->command, TCSANOW, &relay->before) < 0)
		return error_set(err, errno, "set the terminal up");
	pass_size(relay);
	return 0;
}

static int
open_pipe(struct relay *relay, struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, errno, "make a pipe");
	relay->ours = ends[0];
	relay->command = ends[1];
	if (fcntl(relay->ours, F_SETFL, O_NONBLOCK) < 0)
		return error_set(err, errno, "set the pipe up");
	return 0;
}

int
relay_open(struct relay *relay, uid_t uid, struct error *err)
{
	if (relay->out < 0)
		return 0;
	if ((relay->in >= 0 ? open_terminal : open_pipe)(relay, err) < 0)
		return -1;
	/* The user's, so that /dev/tty, or /dev/stderr of a pipe, can be opened. */
	if (fchown(relay->command, uid, (gid_t)-1) < 0)
		return error_set(err, errno, "give the command's output to uid %u", (unsigned)uid);
	return 0;
}

/*
 * A session of its own in any case: a process that has the admin's terminal as its
 * controlling one could open it as /dev/tty, and type there (TIOCSTI).
 */
int
relay_take(const struct relay *relay, struct error *err)
{
	bool has_terminal = relay->in >= 0;

	if (setsid() < 0)
		return error_set(err, errno, "begin a session");
	if (has_terminal && ioctl(relay->command, TIOCSCTTY, 0) < 0)
		return error_set(err, errno, "take the terminal");
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		bool is_input = fd == STDIN_FILENO && !has_terminal;
		if (isatty(fd) && dup2(is_input ? relay->nothing : relay->command, fd) < 0)
			return error_set(err, errno, "replace descriptor %d", fd);
	}
	return 0;
}

/* In the background this stops us (SIGTTOU) until we are in the foreground. */
static void
set_raw(struct relay *relay)
{
	struct termios raw = relay->before;

	if (relay->in < 0)
		return;
	cfmakeraw(&raw);
	relay->is_raw = tcsetattr(relay->in, TCSADRAIN, &raw) == 0;
}

static void
set_back(struct relay *relay)
{
	if (relay->is_raw)
		(void)tcsetattr(relay->in, TCSADRAIN, &relay->before);
	relay->is_raw = false;
}

/* To the command's process group; the child itself, if it has not begun one yet. */
static void
tell(pid_t child, int signal)
{
	if (kill(-child, signal) < 0)
		(void)kill(child, signal);
}

/*
 * The command's session is another one, where a stop by the terminal would have no one to
 * undo it: it is stopped for good, and goes on when this process does.
 */
static void
suspend(struct relay *relay, pid_t child)
{
	tell(child, SIGSTOP);
	set_back(relay);
	(void)raise(SIGSTOP);
	set_raw(relay);
	pass_size(relay);
	tell(child, SIGCONT);
}

static void
hear_signals(struct relay *relay, pid_t child)
{
	struct signalfd_siginfo info;

	while (read(relay->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP && relay->in >= 0)
			relay->is_left = true;
		else if (info.ssi_signo == SIGWINCH)
			pass_size(relay);
		else if (info.ssi_signo == SIGTSTP)
			suspend(relay, child);
		else if (info.ssi_signo != SIGCHLD)
			tell(child, (int)info.ssi_signo);
	}
}

static int
write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		struct pollfd room = { .fd = fd, .events = POLLOUT };
		ssize_t n = write(fd, bytes, length);
		if (n < 0 && errno == EAGAIN)
			n = poll(&room, 1, -1) < 0 && errno != EINTR ? -1 : 0;
		if (n < 0 && errno != EINTR)
			return -1;
		bytes += n > 0 ? n : 0;
		length -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* From the container to the admin; false: nothing is there, or nobody to see it. */
static bool
show_output(struct relay *relay)
{
	char bytes[4096];
	ssize_t n = read(relay->ours, bytes, sizeof(bytes));

	if (n <= 0)
		return false;
	if (write_all(relay->out, bytes, (size_t)n) == 0)
		return true;
	relay->is_left = relay->in >= 0;
	own_close(&relay->ours);
	return false;
}

/* Is this the last of the escapes? */
static bool
is_escape(struct relay *relay, char byte)
{
	struct timespec now;

	if (byte != RELAY_ESCAPE) {
		relay->escapes = 0;
		return false;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if (relay->escapes == 0 || now.tv_sec - relay->escaped.tv_sec > ESCAPE_SECONDS) {
		relay->escapes = 0;
		relay->escaped = now;
	}
	return ++relay->escapes == RELAY_ESCAPES;
}

static void
take_input(struct relay *relay, struct flow *in)
{
	ssize_t n = read(relay->in, in->bytes, sizeof(in->bytes));

	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		relay->is_left = true;
	if (n > 0)
		in->length = (size_t)n;
	for (ssize_t i = 0; i < n && !relay->is_left; i++)
		relay->is_left = is_escape(relay, in->bytes[i]);
}

static void
give_input(struct relay *relay, struct flow *in)
{
	ssize_t n = write(relay->ours, in->bytes, in->length);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0)
		n = (ssize_t)in->length; /* nobody is there to read it */
	in->length -= (size_t)n;
	memmove(in->bytes, in->bytes + n, in->length);
}

static int
turn(struct relay *relay, struct flow *in, pid_t child)
{
	struct pollfd set[] = {
		{ .fd = relay->signals, .events = POLLIN },
		{ .fd = in->length == 0 ? relay->in : -1, .events = POLLIN },
		{ .fd = relay->ours, .events = (short)(POLLIN | (in->length ? POLLOUT : 0)) },
	};

	if (poll(set, 3, -1) < 0)
		return errno == EINTR ? 0 : -1;
	if (set[0].revents)
		hear_signals(relay, child);
	if (set[2].revents & POLLIN)
		(void)show_output(relay);
	else if (set[2].revents & (POLLHUP | POLLERR))
		own_close(&relay->ours); /* a pipe that the command closed */
	if (set[2].revents & POLLOUT && relay->ours >= 0)
		give_input(relay, in);
	if (set[1].revents)
		take_input(relay, in);
	return 0;
}

int
relay_run(struct relay *relay, pid_t child, int *status, struct error *err)
{
	struct flow in = { .length = 0 };
	pid_t ended;

	/*
	 * A terminal's other side is kept: without, it would hang up whenever the command closes
	 * it, and others could open it again.  A pipe's end is to be seen.
	 */
	if (relay->in < 0)
		own_close(&relay->command);
	set_raw(relay);
	while ((ended = waitpid(child, status, WNOHANG)) == 0 && !relay->is_left)
		if (turn(relay, &in, child) < 0)
			break;
	int failed = errno;
	if (ended == 0 && relay->is_left) {
		tell(child, SIGHUP);
		tell(child, SIGCONT);
		*status = SIGHUP;
		ended = child;
	}
	for (size_t drained = 0; relay->ours >= 0 && drained < DRAIN_MAX; drained += 4096)
		if (relay->is_left || !show_output(relay))
			break;
	set_back(relay);
	return ended == child ? 0 : error_set(err, failed, "wait for the command");
}

void
relay_free(struct relay *relay)
{
	set_back(relay);
	own_close(&relay->signals);
	own_close(&relay->nothing);
	own_close(&relay->ours);
	own_close(&relay->command);
	(void)sigprocmask(SIG_SETMASK, &relay->mask, NULL);
}
