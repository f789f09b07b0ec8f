/*
 * Runs as root in the supervisor, before the container's first process is there: the maps
 * name the child by its pid on the host, which only a /proc of the host's knows.
 */
#include "container/userns.h"

#include "lib/own.h"
#include "lib/sys.h"
#include "lib/text.h"

#include <linux/nsfs.h>
#include <linux/securebits.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* The limit of the user namespace whose root asks, namespaces(7): none within this one. */
#define NESTED_LIMIT "/proc/sys/user/max_user_namespaces"

static const struct {
	unsigned flag;
	const char *name;
} parts[USERNS_PARTS] = {
	[USERNS_USER] = { CLONE_NEWUSER, "user" },
	[USERNS_UTS] = { CLONE_NEWUTS, "uts" },
	[USERNS_IPC] = { CLONE_NEWIPC, "ipc" },
	[USERNS_NET] = { CLONE_NEWNET, "net" },
};

static int
write_file(const char *path, const char *text, struct error *err)
{
	autofd int fd = open(path, O_WRONLY | O_CLOEXEC);
	size_t length = strlen(text);

	if (fd < 0)
		return error_set(err, errno, "open %s", path);
	/* In one go: the kernel takes a map by the first write(2) alone. */
	return write(fd, text, length) == (ssize_t)length ? 0 : error_set(err, errno, "write %s", path);
}

static int
write_map(pid_t pid, const char *name, const char *map, struct error *err)
{
	char path[64];

	if (text_format(path, sizeof(path), "/proc/%d/%s", (int)pid, name) < 0)
		return error_set(err, errno, "name %s", name);
	return write_file(path, map, err);
}

static int
open_part(pid_t pid, const char *name, struct error *err)
{
	char path[64];

	if (text_format(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, name) < 0)
		return error_set(err, errno, "name a namespace");
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? error_set(err, errno, "open %s", path) : fd;
}

static int
open_parts(pid_t pid, unsigned flags, struct userns *made, struct error *err)
{
	for (int i = 0; i < USERNS_PARTS; i++) {
		if (!(parts[i].flag & flags))
			continue;
		made->fd[i] = open_part(pid, parts[i].name, err);
		if (made->fd[i] < 0)
			return -1;
	}
	return 0;
}

/* In the new user namespace; ends when told, or when the supervisor is gone. */
static _Noreturn void
child(bool nesting, int go)
{
	struct error err = ERROR_INIT;
	char byte;

	if (read(go, &byte, 1) != 1)
		_exit(EINTR);
	if (!nesting && write_file(NESTED_LIMIT, "0", &err) < 0)
		_exit(err.errnum);
	_exit(0);
}

static int
explain_clone(int errnum, struct error *err)
{
	switch (errnum) {
	case ENOSPC:
		return error_set(err, errnum, "make a user namespace: the host has as many as it allows "
		    "(sysctl user.max_user_namespaces), or none may be nested here");
	case EINVAL:
		return error_set(err, errnum, "make a user namespace: this kernel has none (CONFIG_USER_NS); "
		    "profile = shared needs none");
	default:
		return error_set(err, errnum, "make a user namespace");
	}
}

uid_t
userns_owner(uid_t root_uid)
{
	const uid_t upper_half = UINT32_C(1) << 31;

	return root_uid & upper_half ? 0 : root_uid | upper_half;
}

/*
 * The kernel would take the effective capabilities from who is root no more; this is for one clone3(2), and a
 * process without threads.  0, or why not: EINVAL where the host's own user namespace has no such id.
 */
static int
become_owner(uid_t owner)
{
	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) < 0)
		return errno;
	if (setresuid((uid_t)-1, owner, (uid_t)-1) == 0)
		return 0;
	int errnum = errno;
	(void)prctl(PR_SET_SECUREBITS, 0);
	return errnum;
}

static void
become_root_again(void)
{
	if (setresuid((uid_t)-1, 0, (uid_t)-1) < 0 || geteuid() != 0)
		_exit(1); /* it was root a moment ago; who is no more must not go on as if */
	/* A change of ids has closed /proc/self to whoever has no CAP_SYS_PTRACE, ourselves included. */
	(void)prctl(PR_SET_DUMPABLE, 1);
	(void)prctl(PR_SET_SECUREBITS, 0);
}

static pid_t
clone_owned(struct clone_args *args, uid_t owner, int *owner_errnum)
{
	*owner_errnum = owner == 0 ? 0 : become_owner(owner);
	pid_t pid = sys_clone3(args);
	int saved = errno;

	if (owner != 0 && *owner_errnum == 0 && pid != 0)
		become_root_again();
	errno = saved;
	return pid;
}

static int
prepare_child(pid_t pid, const struct userns_request *request, struct userns *made,
    struct error *err)
{
	if (write_map(pid, "uid_map", request->uid_map, err) < 0 ||
	    write_map(pid, "gid_map", request->gid_map, err) < 0)
		return -1;
	return open_parts(pid, CLONE_NEWUSER | request->flags, made, err);
}

int
userns_make(const struct userns_request *request, struct userns *made, struct error *err)
{
	struct clone_args args = { .flags = CLONE_NEWUSER | request->flags, .exit_signal = SIGCHLD };
	int go[2], status = 0;

	if (pipe2(go, O_CLOEXEC) < 0)
		return error_set(err, errno, "make a pipe for a user namespace");
	autofd int theirs = go[0];
	autofd int ours = go[1];
	pid_t pid = clone_owned(&args, request->owner, &made->owner_errnum);
	if (pid < 0)
		return explain_clone(errno, err);
	if (pid == 0) {
		own_close(&ours); /* so that the pipe ends with the supervisor */
		child(request->nesting, theirs);
	}
	int rc = prepare_child(pid, request, made, err);
	/* Without the byte it ends, too. */
	if (rc == 0 && write(ours, "", 1) != 1)
		rc = error_set(err, errno, "start the user namespace");
	own_close(&ours);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (rc == 0 && status != 0)
		rc = error_set(err, WIFEXITED(status) ? WEXITSTATUS(status) : 0, "write 0 to " NESTED_LIMIT
		    ": user namespaces inside could not be forbidden");
	if (rc < 0)
		userns_free(made);
	return rc;
}

int
userns_enter_parts(const struct userns *made, struct error *err)
{
	for (int i = 0; i < USERNS_PARTS; i++)
		if (i != USERNS_USER && made->fd[i] >= 0 && setns(made->fd[i], (int)parts[i].flag) < 0)
			return error_set(err, errno, "enter the container's %s namespace", parts[i].name);
	return 0;
}

int
userns_of(pid_t pid, struct error *err)
{
	struct stat owner, own;
	autofd int uts = open_part(pid, "uts", err);

	if (uts < 0)
		return -1;
	autofd int fd = ioctl(uts, NS_GET_USERNS);
	if (fd < 0 || fstat(fd, &owner) < 0 || stat("/proc/self/ns/user", &own) < 0)
		return error_set(err, errno, "find the container's user namespace");
	if (owner.st_dev == own.st_dev && owner.st_ino == own.st_ino) {
		err->errnum = 0;
		return -1;
	}
	return take_fd(&fd);
}

void
userns_free(struct userns *made)
{
	for (int i = 0; i < USERNS_PARTS; i++)
		own_close(&made->fd[i]);
}
