/*
 * The built helper, through subid_find() and subid_allot(), in a private /etc: real libsubid,
 * real locks, real usermod(8).  Needs root; skips without.
 */
#include "lib/places.h"
#include "lib/subid.h"
#include "tests/system/test_namespace.h"
#include "tests/unit/test_sandbox.h"

#include <libgen.h>
#include <poll.h>
#include <sys/wait.h>

#define PASSWD "root:x:0:0::/root:/bin/sh\n" \
	"alice:x:2001:2001::/:/bin/sh\nbob:x:2002:2002::/:/bin/sh\n"
#define GROUP "root:x:0:\nalice:x:2001:\nbob:x:2002:\n"
#define DEFS "SUB_UID_MIN 100000\nSUB_UID_MAX 600100000\n" \
	"SUB_GID_MIN 200000\nSUB_GID_MAX 600100000\n"

static void
install_file(const char *built, const char *path)
{
	char from[PATH_MAX], command[3 * PATH_MAX];

	namespace_program(from, sizeof(from), built);
	(void)snprintf(command, sizeof(command), "install -D -m 755 %s %s", from, path);
	cr_assert_eq(system(command), 0, "%s", command);
}

/* /etc and the directory above the helper's are this process's own. */
static void
private_host(void)
{
	char libexec[] = PLACE_SUBID;

	sandbox_enter();
	sandbox_directory("etc", 0755, 0);
	cr_assert_eq(sys_mount("/mnt/etc", "/etc", NULL, SANDBOX_MS_BIND, NULL), 0, "%m");
	char helper[] = PLACE_SUBID;
	sandbox_tmpfs(dirname(dirname(libexec)));
	install_file("subid", helper);
	cr_assert_eq(chdir("/etc"), 0);
	sandbox_file("passwd", PASSWD, 0644, 0);
	sandbox_file("group", GROUP, 0644, 0);
	sandbox_file("login.defs", DEFS, 0644, 0);
}

TestSuite(subid_helper, .init = private_host, .timeout = 120);

static void
write_file(const char *path, const char *text)
{
	(void)unlink(path);
	sandbox_file(path, text, 0644, 0);
}

static void
expect_file(const char *path, const char *expected)
{
	char text[1024];
	autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = read(fd, text, sizeof(text) - 1);

	cr_assert_geq(length, 0, "%s: %m", path);
	text[length] = '\0';
	cr_expect_str_eq(text, expected, "%s: %s", path, text);
}

static void
expect_allotted(const char *user, uid_t uid, uint32_t first_uid, uint32_t first_gid)
{
	struct error err = ERROR_INIT;
	struct subid_range range;

	cr_assert_eq(subid_allot(user, uid, &range, &err), 0, "%s: %s", user, err.text);
	cr_expect(range.uid == first_uid && range.gid == first_gid && range.count >= SUBID_COUNT,
	    "%s: %u %u %u", user, (unsigned)range.uid, (unsigned)range.gid, (unsigned)range.count);
}

static void
expect_refused(const char *user, uid_t uid, const char *reason)
{
	struct error err = ERROR_INIT;
	struct subid_range range;

	cr_expect_eq(subid_allot(user, uid, &range, &err), -1, "%s", user);
	cr_expect(strstr(err.text, reason), "%s: %s", user, err.text);
}

Test(subid_helper, allots_for_good_and_once)
{
	struct error err = ERROR_INIT;
	struct subid_range range;
	struct stat st;

	expect_allotted("alice", 2001, 100000, 200000);
	expect_allotted("alice", 2001, 100000, 200000);
	expect_allotted("bob", 2002, 165536, 265536);
	/* Not in passwd: NSS has such users. */
	expect_allotted("DOM\\carol", 2003, 231072, 331072);
	expect_file("subuid", "alice:100000:65536\nbob:165536:65536\nDOM\\carol:231072:65536\n");
	expect_file("subgid", "alice:200000:65536\nbob:265536:65536\nDOM\\carol:331072:65536\n");
	cr_assert_eq(stat("subuid", &st), 0);
	cr_expect(st.st_uid == 0 && st.st_gid == 0 && (st.st_mode & 07777) == 0644);
	cr_assert_eq(subid_find("bob", 2002, &range, &err), 0, "%s", err.text);
	cr_expect_eq(access("subuid.lock", F_OK), -1);
}

Test(subid_helper, allots_what_is_missing_alone)
{
	write_file("subuid", "2001:300000:65536\n");
	expect_allotted("alice", 2001, 300000, 200000);
	expect_file("subuid", "2001:300000:65536\n");
	/* In subgid a number is a uid, not the gid of the group of the user's name. */
	write_file("group", "alice:x:2002:\n");
	write_file("subgid", "2002:500000:65536\n");
	expect_allotted("alice", 2001, 300000, 565536);
	expect_allotted("bob", 2002, 365536, 500000);
}

Test(subid_helper, follows_login_defs)
{
	write_file("login.defs", "SUB_UID_MIN 400000\nSUB_UID_COUNT 70000\nSUB_GID_MIN 500000\n"
	    "SUB_GID_COUNT 10\n");
	expect_allotted("alice", 2001, 400000, 500000);
	expect_file("subuid", "alice:400000:70000\n");
	expect_file("subgid", "alice:500000:65536\n");
	write_file("login.defs", "SUB_UID_MIN none\n");
	expect_refused("bob", 2002, "SUB_UID_MIN: none is not");
}

Test(subid_helper, keeps_clear_of_accounts)
{
	write_file("passwd", PASSWD "eve:x:120000:5::/:/bin/sh\nmal:x:150000:5::/:/bin/sh\n"
	    "dan:x:215536:5::/:/bin/sh\n");
	write_file("group", GROUP "g:x:265535:\n");
	/* 150001-215536 would hold dan's uid. */
	expect_allotted("alice", 2001, 215537, 265536);
	expect_file("subuid", "alice:215537:65536\n");
	/* A user whose uid is among the subordinate ones comes from a directory with more of them. */
	expect_refused("frank", 300000, "between SUB_UID_MIN and SUB_UID_MAX");
	expect_file("subuid", "alice:215537:65536\n");
}

Test(subid_helper, gives_uids_back_where_gids_fail)
{
	write_file("subuid", "bob:165536:65536\n");
	write_file("subgid", "bob:600050000:65536\n");
	expect_refused("alice", 2001, "usermod --add-subgids FIRST-LAST alice");
	expect_file("subuid", "bob:165536:65536\n");
	expect_file("subgid", "bob:600050000:65536\n");
	/* What was there before stays. */
	write_file("subuid", "alice:100000:65536\n");
	expect_refused("alice", 2001, "usermod --add-subgids");
	expect_file("subuid", "alice:100000:65536\n");
}

Test(subid_helper, refuses_on_top_of_what_is_wrong)
{
	write_file("subuid", "alice:100000:65536\nbob:100000:65536\n");
	expect_refused("alice", 2001, "overlaps 100000-165535 of bob");
	expect_file("subuid", "alice:100000:65536\nbob:100000:65536\n");
	cr_assert_eq(rename("subuid", "real"), 0);
	cr_assert_eq(symlink("real", "subuid"), 0);
	expect_refused("carol", 2003, "which the account tools do not follow");
	cr_assert_eq(unlink("subuid"), 0);
	cr_assert_eq(mkdir("subuid+", 0755), 0); /* libsubid's new file cannot be written */
	expect_refused("carol", 2003, "not written");
}

static pid_t
start_allotting(const char *user, uid_t uid)
{
	pid_t pid = fork();
	struct subid_range range;

	cr_assert_geq(pid, 0, "%m");
	if (pid == 0)
		_exit(subid_allot(user, uid, &range, NULL) < 0);
	return pid;
}

Test(subid_helper, many_at_once)
{
	enum { USERS = 6, EACH = 2 };
	struct error err = ERROR_INIT;
	struct subid_range range[USERS];
	pid_t pid[USERS * EACH];
	char user[16];

	for (unsigned i = 0; i < USERS * EACH; i++) {
		(void)snprintf(user, sizeof(user), "user%u", i % USERS);
		pid[i] = start_allotting(user, 3000 + i % USERS);
	}
	for (unsigned i = 0; i < USERS * EACH; i++)
		cr_expect_eq(namespace_finish(pid[i]), 0, "%u", i);
	for (unsigned i = 0; i < USERS; i++) {
		(void)snprintf(user, sizeof(user), "user%u", i);
		/* Finding it proves that it overlaps nobody's. */
		cr_assert_eq(subid_find(user, 3000 + i, &range[i], &err), 0, "%s", err.text);
		cr_expect_lt(range[i].uid, 100000 + USERS * SUBID_COUNT, "%s has two", user);
		cr_expect_lt(range[i].gid, 200000 + USERS * SUBID_COUNT, "%s has two", user);
	}
}

/* A program that holds a lock of the account tools', until it is killed. */
static pid_t
hold_lock(const char *file, bool posix)
{
	int ready[2];
	char byte;

	cr_assert_eq(pipe2(ready, O_CLOEXEC), 0);
	pid_t pid = fork();
	cr_assert_geq(pid, 0, "%m");
	if (pid == 0) {
		struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
		int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (posix ? fcntl(fd, F_SETLK, &lock) < 0 : dprintf(fd, "%d", getpid()) < 0)
			_exit(1);
		(void)!write(ready[1], "", 1);
		for (;;)
			(void)pause();
	}
	(void)close(ready[1]);
	cr_assert_eq(read(ready[0], &byte, 1), 1, "the lock is not to be had");
	(void)close(ready[0]);
	return pid;
}

Test(subid_helper, a_held_lock_is_waited_for_in_bounds)
{
	static const struct {
		const char *file;
		bool posix;
		const char *reason;
	} row[] = {
		{ ".pwd.lock", true, "/etc/.pwd.lock" },
		{ "subuid.lock", false, "/etc/subuid.lock is held by process" },
	};

	for (size_t i = 0; i < 2; i++) {
		pid_t pid = hold_lock(row[i].file, row[i].posix);

		expect_refused("alice", 2001, row[i].reason);
		cr_expect_eq(kill(pid, SIGKILL), 0);
		(void)namespace_finish(pid);
	}
	/* The lock file of a process that is no more is still there, and no hindrance. */
	cr_expect_eq(access("subuid.lock", F_OK), 0);
	expect_allotted("alice", 2001, 100000, 200000);
}

/* How many processes have an inotify watch: the helper waits for a lock by one. */
static bool
waits_by_inotify(void)
{
	return system("for f in /proc/[0-9]*/fd/*; do case $f in */fd/*) "
	    "[ \"$(readlink $f)\" = anon_inode:inotify ] && "
	    "[ \"$(readlink ${f%/fd/*}/exe)\" = " PLACE_SUBID " ] && exit 0;; esac; done; exit 1") == 0;
}

Test(subid_helper, goes_on_when_the_holder_ends)
{
	pid_t holder = hold_lock("subgid.lock", false);
	pid_t pid = start_allotting("alice", 2001);

	cr_expect(namespace_wait(waits_by_inotify()));
	cr_expect_eq(kill(holder, SIGKILL), 0);
	(void)namespace_finish(holder);
	cr_expect_eq(namespace_finish(pid), 0);
	expect_file("subuid", "alice:100000:65536\n");
	expect_file("subgid", "alice:200000:65536\n");
}

Test(subid_helper, sees_what_usermod_did)
{
	expect_allotted("alice", 2001, 100000, 200000);
	if (access("/usr/sbin/usermod", X_OK) < 0) {
		cr_assert(getenv("TEST_SETUP") == NULL, "no usermod here, and tests/setup is to install it");
		cr_skip_test("no usermod: tests/setup installs it");
	}
	cr_assert_eq(system("usermod --add-subuids 1000000-1065535 --add-subgids 1000000-1065535 bob"), 0);
	expect_allotted("bob", 2002, 1000000, 1000000);
	/* Allotted after the highest; the tools sort, and a second range below becomes the one. */
	expect_allotted("carol", 2003, 1065536, 1065536);
}

Test(subid_helper, an_nss_module_is_the_only_source)
{
	static const struct {
		const char *user, *reason;
	} row[] = {
		{ "bob", "no range of 65536 subordinate gids for bob" },
		{ "nobody-known", "no range of 65536 subordinate uids" },
		{ "low", "below 65536" }, { "huge", "reaches the end" }, { "far", "reaches the end" },
		{ "wide", "reaches the end" }, { "shared", "id 3000000 is uid 7's, too" },
		{ "down", "cannot tell the subordinate uids of down" },
		{ "hangs", "did not end in 5000 ms" },
	};
	struct error err = ERROR_INIT;
	struct subid_range range;

	write_file("nsswitch.conf", "subid: test files\n");
	write_file("subuid", "alice:100000:65536\nbob:165536:65536\n");
	write_file("subgid", "alice:100000:65536\nbob:165536:65536\n");
	expect_refused("alice", 2001, "libsubid_test.so cannot be loaded");
	cr_expect_eq(subid_find("alice", 2001, &range, &err), -1);
	cr_expect_neq(err.errnum, ENOENT, "%s", err.text);

	install_file("nss/libsubid_test.so", "/mnt/lib/libsubid_test.so");
	write_file("ld.so.conf", "/mnt/lib\n");
	sandbox_tmpfs("/var/cache");
	cr_assert_eq(system("ldconfig"), 0);
	expect_allotted("alice", 2001, 800000, 500000);
	expect_allotted("noisy", 2005, 400000, 400000);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		expect_refused(row[i].user, 2002, row[i].reason);
	cr_expect_eq(subid_find("bob", 2002, &range, &err), -1);
	cr_expect_eq(err.errnum, ENOENT, "%s", err.text);
	expect_file("subuid", "alice:100000:65536\nbob:165536:65536\n");
}

Test(subid_helper, a_helper_that_is_missing_or_strange)
{
	static const struct {
		const char *script, *reason;
	} row[] = {
		{ "echo 100000 65536 100000", "odd answer" }, { "echo a b c d", "odd answer" },
		{ "echo 100000 65535 100000 65536", "too few" },
		{ "echo 1000 65536 100000 65536", "below 65536" },
		{ "exit 9", "ended with 9 and without a word" }, { "kill -9 $$", "ended with 137" },
		{ "printf 'bad \\033[1m\\n' >&2; exit 1", "bad \\x1b[1m" },
	};
	char text[256];

	write_file("nsswitch.conf", "subid: test\n");
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		(void)snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", row[i].script);
		cr_assert_eq(unlink(PLACE_SUBID), 0);
		sandbox_file(PLACE_SUBID, text, 0755, 0);
		expect_refused("alice", 2001, row[i].reason);
	}
	/* In the files, only what they say counts. */
	write_file("nsswitch.conf", "");
	cr_assert_eq(unlink(PLACE_SUBID), 0);
	sandbox_file(PLACE_SUBID, "#!/bin/sh\necho 100000 65536 100000 65536\n", 0755, 0);
	expect_refused("alice", 2001, "no range in /etc/subuid");
	cr_assert_eq(unlink(PLACE_SUBID), 0);
	expect_refused("alice", 2001, "is pam_ctr installed whole?");
}
