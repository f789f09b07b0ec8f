/*
 * lib/mark.c: nobody but root of this very container may make a caller believe that it is
 * inside.  In a sandbox with a /run of its own, as root.
 */
#include "lib/mark.h"

#include "lib/own.h"
#include "lib/places.h"
#include "test_sandbox.h"

#include <signal.h>
#include <sys/wait.h>

static void
set_up(void)
{
	sandbox_enter();
	sandbox_tmpfs("/run");
}

TestSuite(mark, .init = set_up, .timeout = 20);

static void
write_mark(void)
{
	struct error err = ERROR_INIT;

	sandbox_directory(PLACE_RUN, 0755, 0);
	autofd int directory = open(PLACE_RUN, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_eq(mark_write(directory, &err), 0, "%s", err.text);
}

/*
 * In a child in other namespaces; its answer is the exit status: 0, 1, or 2 for -1.  The one
 * between is for CLONE_NEWPID, after which a process's own leak check can't start its thread.
 */
static _Noreturn void
check_between(int namespaces)
{
	struct error err = ERROR_INIT;
	int status;

	if (unshare(namespaces) < 0)
		_exit(99);
	pid_t pid = fork();
	if (pid == 0) {
		int rc = mark_check(&err);
		_exit(rc < 0 ? 2 : rc);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		_exit(98);
	_exit(WEXITSTATUS(status));
}

static int
check_in_child(int namespaces)
{
	int status;
	pid_t pid = fork();

	cr_assert(pid >= 0, "%m");
	if (pid == 0)
		check_between(namespaces);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status), "status %d", status);
	return WEXITSTATUS(status);
}

Test(mark, without_one_is_outside)
{
	struct error err = ERROR_INIT;

	cr_expect_eq(mark_check(&err), 0, "%s", err.text);
	sandbox_directory(PLACE_RUN, 0700, 0);
	cr_expect_eq(mark_check(&err), 0, "%s", err.text);
	cr_expect_str_eq(err.text, "");
}

Test(mark, ones_own_is_inside)
{
	struct error err = ERROR_INIT;

	write_mark();
	cr_expect_eq(mark_check(&err), 1, "%s", err.text);
	cr_expect_eq(check_in_child(0), 1);
	cr_expect_eq(check_in_child(CLONE_NEWUTS | CLONE_NEWIPC), 1);
	autofd int directory = open(PLACE_RUN, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_expect_eq(mark_write(directory, &err), -1, "written twice");
	cr_expect_eq(err.errnum, EEXIST);
}

/* A container in the container, and what entered only half: neither inside nor outside. */
Test(mark, anothers_is_no_proof)
{
	write_mark();
	cr_expect_eq(check_in_child(CLONE_NEWNS), 2);
	cr_expect_eq(check_in_child(CLONE_NEWPID), 2);
}

static void
forge(const char *text, mode_t mode, uid_t owner)
{
	(void)unlink(PLACE_MARK);
	sandbox_file(PLACE_MARK, text, mode, owner);
}

Test(mark, forged_content_is_no_proof)
{
	static const char *const texts[] = { "", "mnt 1 pid 1\n", "mnt pid\n", "garbage" };
	struct error err = ERROR_INIT;
	char mark[128] = "", longer[160], path[] = PLACE_MARK;

	write_mark();
	autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
	cr_assert_gt(read(fd, mark, sizeof(mark) - 1), 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		forge(texts[i], 0444, 0);
		cr_expect_eq(mark_check(&err), -1, "\"%s\"", texts[i]);
	}
	(void)snprintf(longer, sizeof(longer), "%s ", mark);
	forge(longer, 0444, 0);
	cr_expect_eq(mark_check(&err), -1, "a byte more");
	mark[strlen(mark) - 1] = '\0';
	forge(mark, 0444, 0);
	cr_expect_eq(mark_check(&err), -1, "a byte less");
	cr_expect_neq(err.text[0], '\0');
}

Test(mark, what_a_user_could_make_is_no_proof)
{
	static const struct {
		const char *name;
		mode_t directory_mode;
		uid_t directory_owner;
		mode_t mode;
		uid_t owner;
	} rows[] = {
		{ "a user's file", 0755, 0, 0444, SANDBOX_USER },
		{ "a file that the group writes", 0755, 0, 0464, 0 },
		{ "a file that all write", 0755, 0, 0446, 0 },
		{ "in a user's directory", 0755, SANDBOX_USER, 0444, 0 },
		{ "in a directory of the group's", 0775, 0, 0444, 0 },
		{ "in a sticky directory", 01777, 0, 0444, 0 },
	};
	struct error err = ERROR_INIT;

	write_mark();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert_eq(chown(PLACE_RUN, rows[i].directory_owner, 0), 0);
		cr_assert_eq(chmod(PLACE_RUN, rows[i].directory_mode), 0);
		cr_assert_eq(chown(PLACE_MARK, rows[i].owner, 0), 0);
		cr_assert_eq(chmod(PLACE_MARK, rows[i].mode), 0);
		cr_expect_eq(mark_check(&err), -1, "%s", rows[i].name);
	}
	cr_assert_eq(chown(PLACE_RUN, 0, 0) + chmod(PLACE_RUN, 0755), 0);
	cr_assert_eq(chown(PLACE_MARK, 0, 0) + chmod(PLACE_MARK, 0444), 0);
	cr_expect_eq(mark_check(&err), 1, "%s", err.text);
}

Test(mark, what_is_no_file_is_no_proof)
{
	struct error err = ERROR_INIT;

	sandbox_directory(PLACE_RUN, 0755, 0);
	cr_assert_eq(mkfifo(PLACE_MARK, 0444), 0);
	cr_expect_eq(mark_check(&err), -1, "fifo");
	cr_assert_eq(unlink(PLACE_MARK), 0);
	sandbox_directory(PLACE_MARK, 0755, 0);
	cr_expect_eq(mark_check(&err), -1, "directory");
	cr_assert_eq(rmdir(PLACE_MARK), 0);
	sandbox_link("inside", PLACE_MARK, 0);
	cr_expect_eq(mark_check(&err), -1, "a link to itself");
}
