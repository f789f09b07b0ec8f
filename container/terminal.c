/*
 * The supervisor copies the terminal's mount, then a child enters the container's mount
 * namespace and puts it there.  The child is root and touches nothing but /dev, which is
 * a mount of ours that no user can write to.
 */
#include "container/terminal.h"

#include "container/mount.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/places.h"
#include "lib/sys.h"
#include "lib/text.h"
#include "lib/wire.h"

#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#define HELPER_MS 2000
/* A host may have thousands of terminals; to reach such a number would take as many opens. */
#define NUMBER_MAX 4096

struct task {
	int tree;          /* the terminal's mount, detached */
	struct stat st;    /* of the terminal */
	int number;        /* of a pts, else -1 */
	char name[64];     /* on the host: "/dev/tty1", "/dev/pts/3" */
	bool needs_name;
	int root;          /* the helper's; the container's root directory */
	uid_t root_uid;    /* the helper's; what root inside is outside */
};

struct result {
	struct error error;
	int failed;
};

static int
describe(int terminal, struct task *task, struct error *err)
{
	char link[64];
	ssize_t length;
	uint64_t number;

	if (fstat(terminal, &task->st) < 0 || !S_ISCHR(task->st.st_mode) || !isatty(terminal))
		return error_set(err, ENOTTY, "look at the login's terminal");
	(void)text_format(link, sizeof(link), "/proc/self/fd/%d", terminal);
	length = readlink(link, task->name, sizeof(task->name) - 1);
	if (length < 0)
		return error_set(err, errno, "name the login's terminal");
	task->name[length] = '\0';
	if (strncmp(task->name, "/dev/", 5) != 0 || strstr(task->name, ".."))
		return error_set(err, EINVAL, "the login's terminal is not below /dev");
	task->number = -1;
	if (!strncmp(task->name, "/dev/pts/", 9)) {
		if (!text_to_number(task->name + 9, NUMBER_MAX, &number))
			return error_set(err, EINVAL, "the login's terminal has an odd name");
		task->number = (int)number;
	} else if (strchr(task->name + 5, '/')) {
		return error_set(err, EINVAL, "the login's terminal has an odd name");
	}
	return 0;
}

static bool
is_shown(const struct task *task, const char *name)
{
	struct stat st;

	return stat(name, &st) == 0 && S_ISCHR(st.st_mode) && st.st_dev == task->st.st_dev &&
	    st.st_ino == task->st.st_ino && st.st_rdev == task->st.st_rdev;
}

/*
 * A name in devpts exists only as long as a terminal of that number does.  The kernel gives
 * the lowest free number, so terminals are opened until the wanted one comes; it is kept, so
 * that no user's program gets it, and never unlocked, so that nobody can use it.
 */
static int
reserve_number(int wanted)
{
	int opened[NUMBER_MAX + 1];
	int count = 0, kept = -1;

	while (kept < 0 && count <= wanted) {
		int number;
		int fd = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
		if (fd < 0 || ioctl(fd, TIOCGPTN, &number) < 0 || number > wanted) {
			own_close(&fd);
			break;
		}
		if (number == wanted)
			kept = fd;
		else
			opened[count++] = fd;
	}
	while (count > 0)
		own_close(&opened[--count]);
	return kept;
}

static int
put_on(const struct task *task, const char *name, struct error *err)
{
	autofd int target = path_open_trusted_below(task->root, task->root_uid, name, err);

	if (target < 0)
		return -1;
	return mount_attach(task->tree, target, err) < 0 ? error_prefix(err, "%s", name) : 0;
}

static int
make_and_put_on(const struct task *task, const char *name, struct error *err)
{
	if (is_shown(task, name))
		return 0;
	if (mknod(name, S_IFREG | 0444, 0) < 0 && errno != EEXIST)
		return error_set(err, errno, "make %s", name);
	return put_on(task, name, err);
}

static int
show(const struct task *task, int *reserved, struct error *err)
{
	char other[64];

	if (task->number < 0)
		return make_and_put_on(task, task->name, err);
	if (is_shown(task, task->name))
		return 0;
	*reserved = reserve_number(task->number);
	if (*reserved >= 0)
		return put_on(task, task->name, err);
	if (task->needs_name)
		return error_set(err, EBUSY, "the container has a terminal %s of its own already: log in on "
		    "another one", task->name + 5);
	(void)text_format(other, sizeof(other), "/dev/hostpts%d", task->number);
	return make_and_put_on(task, other, err);
}

/* The mark is on a mount that is read-only for good, and root's in there. */
static int
enter(struct task *task, int init, struct error *err)
{
	struct stat mark;

	if (setns(init, CLONE_NEWNS) < 0)
		return error_set(err, errno, "enter the container's mounts");
	task->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (task->root < 0)
		return error_set(err, errno, "open the container's root");
	task->root_uid = lstat(PLACE_MARK, &mark) < 0 ? 0 : mark.st_uid;
	return 0;
}

static _Noreturn void
helper(struct task *task, int init, int socket)
{
	struct result result = { .failed = 0 };
	autofd int reserved = -1;

	result.failed = enter(task, init, &result.error);
	if (result.failed == 0)
		result.failed = show(task, &reserved, &result.error);
	(void)wire_send(socket, &result, sizeof(result), &reserved, reserved >= 0 ? 1 : 0, NULL);
	_exit(0);
}

static int
finish(pid_t pid, int socket, int *reserved, struct error *err)
{
	struct result result = { .failed = -1 };
	unsigned count = 1;
	int left = HELPER_MS;
	long length = wire_await(socket, &result, sizeof(result), reserved, &count, &left, err);

	if (length < 0)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	if (count == 0 || length < 0)
		*reserved = -1;
	if (length == (long)sizeof(result) && result.failed)
		*err = result.error;
	else if (length == 0)
		(void)error_set(err, 0, "the helper for the login's terminal ended without a word");
	return length == (long)sizeof(result) && !result.failed ? 0 : -1;
}

int
terminal_show(int terminal, int init, bool needs_name, int *reserved, struct error *err)
{
	struct task task = { .needs_name = needs_name };
	int pair[2];

	*reserved = -1;
	if (describe(terminal, &task, err) < 0)
		return -1;
	autofd int tree = mount_clone(terminal, err);
	if (tree < 0)
		return error_prefix(err, "%s", task.name);
	task.tree = tree;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_set(err, errno, "make a socket");
	autofd int ours = pair[0];
	autofd int theirs = pair[1];
	pid_t pid = fork();
	if (pid < 0)
		return error_set(err, errno, "start a helper for the login's terminal");
	if (pid == 0)
		helper(&task, init, theirs);
	own_close(&theirs);
	return finish(pid, ours, reserved, err);
}

/* Documentation/admin-guide/devices.txt: the majors of Unix98 terminals. */
#define PTS_FIRST 136
#define PTS_LAST 143

static dev_t
number_of(const struct stat *st)
{
	bool is_pts = major(st->st_rdev) >= PTS_FIRST && major(st->st_rdev) <= PTS_LAST;

	return S_ISCHR(st->st_mode) && !is_pts ? st->st_rdev : 0;
}

dev_t
terminal_number(int terminal)
{
	struct stat st;

	return fstat(terminal, &st) == 0 ? number_of(&st) : 0;
}

dev_t
terminal_number_of(const char *name)
{
	char path[80];
	struct stat st;

	if (!name[0] || strchr(name, '/') || text_format(path, sizeof(path), "/dev/%s", name) < 0)
		return 0;
	return lstat(path, &st) == 0 ? number_of(&st) : 0;
}

static int
give(int fd, const struct stat *st, struct error *err)
{
	char name[64];

	/* fchmod(2) takes no O_PATH descriptor; one that is open would keep the terminal busy. */
	(void)text_format(name, sizeof(name), "/proc/self/fd/%d", fd);
	if (fchownat(fd, "", st->st_uid, st->st_gid, AT_EMPTY_PATH) < 0 ||
	    chmod(name, st->st_mode & 07777) < 0)
		return error_set(err, errno, "chown the login's terminal");
	return 0;
}

int
terminal_lend(int terminal, uid_t uid, gid_t gid, struct terminal_loan *loan, struct error *err)
{
	char name[64];

	(void)text_format(name, sizeof(name), "/proc/self/fd/%d", terminal);
	autofd int fd = open(name, O_PATH | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &loan->before) < 0)
		return error_set(err, errno, "look at the login's terminal");
	struct stat lent = loan->before;
	lent.st_uid = uid;
	lent.st_gid = gid;
	lent.st_mode = 0620;
	if (give(fd, &lent, err) < 0)
		return -1;
	loan->fd = take_fd(&fd);
	return 0;
}

int
terminal_return(struct terminal_loan *loan, struct error *err)
{
	int rc = loan->fd < 0 ? 0 : give(loan->fd, &loan->before, err);

	own_close(&loan->fd);
	return rc;
}
