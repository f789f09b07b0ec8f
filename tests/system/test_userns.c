/*
 * container/userns.c, idmap.c: namespaces made from outside, and what can be done in them.
 * Needs root.
 */
#include "container/idmap.h"
#include "container/userns.h"
#include "lib/own.h"
#include "lib/sys.h"

#include <criterion/criterion.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define MAP "0 700000 1000\n1000 1000 1\n1001 701001 64535\n"

static struct userns
make(unsigned flags, bool nesting)
{
	struct userns_request request = { .uid_map = MAP, .gid_map = MAP, .flags = flags,
		.nesting = nesting };
	struct userns made = USERNS_INIT;
	struct error err = ERROR_INIT;

	cr_assert_eq(userns_make(&request, &made, &err), 0, "%s: %s", err.text, strerror(err.errnum));
	return made;
}

/* The exit status of a child that runs body in the namespaces; 100: it could not enter them. */
static int
run_in(const struct userns *made, int (*body)(void))
{
	struct error err = ERROR_INIT;
	int status;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		if (userns_enter_parts(made, &err) < 0 || setns(made->fd[USERNS_USER], CLONE_NEWUSER) < 0 ||
		    setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
			_exit(100);
		_exit(body());
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 101;
}

static int
nest(void)
{
	return unshare(CLONE_NEWUSER) == 0 ? 0 : errno;
}

static int
set_host_name(void)
{
	return sethostname("inside", 6) == 0 ? 0 : errno;
}

static int
be_the_user(void)
{
	return setresuid(1000, 1000, 1000) == 0 ? 0 : errno;
}

static int
be_nobody_mapped(void)
{
	return setresuid(65536, 65536, 65536) == 0 ? 0 : errno;
}

static int
mount_something(void)
{
	return sys_mount("none", "/mnt", "tmpfs", 0, NULL) == 0 ? 0 : errno;
}

Test(userns, its_root_owns_what_came_with_it_and_nothing_else)
{
	struct userns made = make(CLONE_NEWUTS | CLONE_NEWIPC, false);
	char before[65] = "", after[65] = "";

	cr_assert_eq(gethostname(before, sizeof(before)), 0);
	cr_expect_eq(made.fd[USERNS_NET], -1);
	cr_expect_eq(run_in(&made, set_host_name), 0);
	cr_assert_eq(gethostname(after, sizeof(after)), 0);
	cr_expect_str_eq(before, after, "the host's name was changed");
	cr_expect_eq(run_in(&made, mount_something), EPERM, "the mount namespace is the host's");
	userns_free(&made);
	cr_expect_eq(made.fd[USERNS_USER], -1);
}

Test(userns, ids_are_as_the_map_says)
{
	struct userns made = make(CLONE_NEWUTS, false);
	int status;

	cr_expect_eq(run_in(&made, be_the_user), 0);
	cr_expect_eq(run_in(&made, be_nobody_mapped), EINVAL);
	pid_t pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0) {
		char path[64];
		struct stat st;
		(void)snprintf(path, sizeof(path), "/tmp/test_userns.%d", (int)getppid());
		if (setns(made.fd[USERNS_USER], CLONE_NEWUSER) < 0 || setresgid(0, 0, 0) < 0 ||
		    setresuid(0, 0, 0) < 0)
			_exit(1);
		int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
		if (fd < 0 || fstat(fd, &st) < 0 || unlink(path) < 0 || st.st_uid != 0)
			_exit(2);
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0, "status %x", status);
	userns_free(&made);
}

/* Else what the kernel counts in all of them would be one sum, and the host's root's. */
Test(userns, its_owner_is_nobody_and_nobody_elses)
{
	const uid_t owner = userns_owner(700000);
	struct userns_request request = { .uid_map = MAP, .gid_map = MAP, .owner = owner };
	struct userns made = USERNS_INIT;
	struct error err = ERROR_INIT;
	uid_t found = 0, real, effective, saved;

	cr_expect_neq(owner, userns_owner(765536), "each user's is another one");
	cr_expect_geq(owner, UINT32_C(1) << 31, "%u is somebody's", (unsigned)owner);
	cr_expect_eq(userns_owner(UINT32_C(1) << 31), 0, "the namespace's root is not its owner");
	cr_assert_eq(userns_make(&request, &made, &err), 0, "%s: %s", err.text, strerror(err.errnum));
	cr_assert_eq(ioctl(made.fd[USERNS_USER], NS_GET_OWNER_UID, &found), 0, "%m");
	cr_expect_eq(found, owner, "%u", (unsigned)found);
	cr_expect_eq(made.owner_errnum, 0);
	/* We are what we were. */
	cr_expect(getresuid(&real, &effective, &saved) == 0 && real + effective + saved == 0);
	cr_expect_eq(prctl(PR_GET_DUMPABLE), 1);
	cr_expect_eq(prctl(PR_GET_SECUREBITS), 0);
	cr_expect_eq(unshare(CLONE_NEWNS), 0, "its capabilities count: %m");
	userns_free(&made);
}

static bool
write_own_map(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close(fd);
	return done;
}

/* A host that is in a user namespace of few ids; 0, or the number of what is not as it should be. */
static int
make_where_ids_are_few(void)
{
	struct userns_request request = { .uid_map = "0 0 1", .gid_map = "0 0 1", .owner = userns_owner(700000) };
	struct userns made = USERNS_INIT;
	struct error err = ERROR_INIT;
	uid_t found = 1;

	if (unshare(CLONE_NEWUSER) < 0 || !write_own_map("/proc/self/uid_map", "0 0 1") ||
	    !write_own_map("/proc/self/setgroups", "deny") || !write_own_map("/proc/self/gid_map", "0 0 1"))
		return 1;
	if (userns_make(&request, &made, &err) < 0)
		return 2;
	if (ioctl(made.fd[USERNS_USER], NS_GET_OWNER_UID, &found) < 0 || found != 0)
		return 3;
	if (made.owner_errnum != EINVAL)
		return 4;
	return prctl(PR_GET_SECUREBITS) == 0 ? 0 : 5;
}

Test(userns, says_where_it_can_have_no_owner_of_its_own)
{
	int status = 0;
	pid_t pid = fork(); /* the test's own process has threads */

	if (pid == 0)
		_exit(make_where_ids_are_few());
	cr_assert_eq(waitpid(pid, &status, 0), pid, "%m");
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x", (unsigned)status);
}

Test(userns, none_can_be_nested_but_by_policy)
{
	struct userns closed = make(CLONE_NEWUTS, false);
	struct userns open = make(CLONE_NEWUTS, true);

	cr_expect_eq(run_in(&closed, nest), ENOSPC);
	cr_expect_eq(run_in(&open, nest), 0);
	userns_free(&closed);
	userns_free(&open);
}

Test(userns, is_found_again_by_what_it_owns)
{
	struct userns made = make(CLONE_NEWUTS, false);
	struct error err = ERROR_INIT;
	struct stat wanted, found;
	int ready[2];
	char byte;

	cr_assert_eq(pipe2(ready, O_CLOEXEC), 0);
	pid_t pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0) {
		/* As the container's init: in the UTS namespace, not in the user namespace. */
		if (userns_enter_parts(&made, &err) == 0)
			(void)!write(ready[1], "", 1);
		for (;;)
			(void)pause();
	}
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	autofd int again = userns_of(pid, &err);
	cr_assert_geq(again, 0, "%s", err.text);
	cr_assert(fstat(again, &found) == 0 && fstat(made.fd[USERNS_USER], &wanted) == 0);
	cr_expect_eq(found.st_ino, wanted.st_ino);
	(void)kill(pid, SIGKILL);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	cr_expect_eq(userns_of(getpid(), &err), -1, "the host's was taken for a container's");
	cr_expect_eq(err.errnum, 0);
	cr_expect_eq(userns_of(pid, &err), -1);
	cr_expect_neq(err.errnum, 0, "a process that is gone was taken for the host's");
	userns_free(&made);
}

Test(userns, a_bad_map_is_an_error_and_leaves_nothing)
{
	static const char *const bad[] = { "", "0 1\n", "0 700000 0\n", "0 700000 10\n5 800000 10\n", "x" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct userns_request request = { .uid_map = bad[i], .gid_map = MAP };
		struct userns made = USERNS_INIT;
		struct error err = ERROR_INIT;
		cr_expect_eq(userns_make(&request, &made, &err), -1, "\"%s\" was taken", bad[i]);
		cr_expect(err.text[0] != '\0');
		cr_expect_eq(made.fd[USERNS_USER], -1);
		cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1, "a child is left");
	}
}
