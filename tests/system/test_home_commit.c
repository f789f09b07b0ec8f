/*
 * home/commit.c: an upper merged into the home below it, file by file as a login saw it; killed
 * at every system call; hostile and broken trees; a full disk.
 */
#include "home/commit.h"

#include "lib/path.h"
#include "lib/upper_store.h"
#include "test_home_kill.h"
#include "test_home_tree.h"

#include <sys/sysmacros.h>

TestSuite(home_commit, .init = sandbox_enter, .timeout = 1200);

/* Whole, or of one path. */
static int
commit(const char *path, struct commit *result, struct error *err)
{
	autofd int store = open("/mnt/s", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autofd int upper = open("/mnt/s/upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autofd int lower = open("/mnt/l", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct commit work = { .store = store, .upper = upper, .lower = lower, .user = home_user };

	if (upper < 0)
		return 1; /* done before */
	int rc = path ? commit_path(&work, path, err) : commit_all(&work, err);
	if (result)
		*result = work;
	return rc;
}

static void
expect_commit(const char *path, int wanted)
{
	struct error err = ERROR_INIT;
	int before = sandbox_count_fds();

	cr_expect_eq(commit(path, NULL, &err), wanted, "%s: %s: %s", path ? path : "all", err.text,
	    strerror(err.errnum));
	cr_expect_eq(sandbox_count_fds(), before, "it leaks");
	cr_expect_eq(geteuid(), 0);
	cr_expect_eq(access("/proc/1/environ", R_OK), 0, "root's rights are back");
}

static void
expect_same(const char *what, const char *got, const char *wanted)
{
	char line[4096];
	const char *difference = tree_difference(got, wanted, line, sizeof(line));

	cr_expect(!difference, "%s:%s", what, difference);
}

/* What a login saw is in the home, in each respect, and nothing is kept any more. */
Test(home_commit, all)
{
	home_make();
	autofree char *wanted = home_text(false);
	expect_commit(NULL, 0);
	autofree char *got = tree_text("/mnt/l", false);
	expect_same("the home", got, wanted);
	cr_expect_eq(access("/mnt/s/upper", F_OK), -1);
	cr_expect_eq(access("/mnt/s/scratch", F_OK), -1);
	cr_expect_eq(access("/mnt/l/" APPLY_STAGING, F_OK), -1);
}

static void
run_commit(void)
{
	struct error err = ERROR_INIT;

	if (commit(NULL, NULL, &err) < 0) {
		(void)fprintf(stderr, "%s: %s\n", err.text, strerror(err.errnum));
		_exit(1);
	}
}

/* Made by a kill in the middle: only the times of directories may differ. */
static void
check_after_kill(const char *wanted, long at, const char *what)
{
	char line[4096];
	bool is_kept = access("/mnt/s/upper", F_OK) == 0;
	autofree char *got = is_kept ? home_text(true) : tree_text("/mnt/l", true);
	const char *difference = tree_difference(got, wanted, line, sizeof(line));

	cr_assert(!difference, "killed at system call %ld, %s:%s", at, what, difference);
}

/* Nothing is lost by a kill at any system call, and the next call ends the work. */
Test(home_commit, killed_anywhere)
{
	long at = kill_begin(), killed = 0;

	for (;; at += kill_step(), killed++) {
		home_make();
		autofree char *wanted = home_text(true);
		if (!kill_at(run_commit, at))
			break;
		check_after_kill(wanted, at, "what a login sees");
		run_commit();
		check_after_kill(wanted, at, "after the second run");
		cr_assert_eq(access("/mnt/s/upper", F_OK), -1);
		cr_assert_eq(access("/mnt/l/" APPLY_STAGING, F_OK), -1);
		home_remove();
	}
	(void)fprintf(stderr, "# commit: killed at %ld of its %ld system calls\n", killed, at - 1);
	cr_expect_gt(at, 500);
}

/* Each path alone: it is as it was seen, and the rest is still to be seen. */
Test(home_commit, path_by_path)
{
	static const char *const paths[] = {
		"text", "gone", "moved", "swap-a", "swap-b", "old", "anew", "merged/deep", "closed/d", "kept/link2",
		"deep/deep", "locked", "symlink", "no-such-name", "text/below", "merged/no",
	};
	static const int wanted_rc[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, 0, 0, 1, 1, 1 };

	home_make();
	autofree char *wanted = home_text(true);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		expect_commit(paths[i], wanted_rc[i]);
		autofree char *got = home_text(true);
		/* Of three names of one file one is in the home now, as a file of its own. */
		if (!strstr(paths[i], "link"))
			expect_same(paths[i], got, wanted);
		free(wanted);
		wanted = take_ptr(&got);
	}
	cr_expect_eq(access("/mnt/l/gone", F_OK), -1);
	cr_expect_eq(access("/mnt/l/anew/found", F_OK), 0);
	cr_expect_eq(access("/mnt/l/anew/lost", F_OK), -1);
	cr_expect_eq(access("/mnt/s/upper/text", F_OK), -1);
	cr_expect_eq(access("/mnt/l/mode", F_OK), 0);
	expect_commit(NULL, 0);
	autofree char *got = tree_text("/mnt/l", true);
	expect_same("the rest", got, wanted);
}

static void
make_both(void)
{
	DO(mkdir("both", 0755));
}

static void
make_mine(void)
{
	put("mine", "x");
	put("foreign", "x");
	put("suid", "x");
	DO(mkdir("foreign-dir", 0755));
	put("foreign-dir/in", "x");
	put("both/in", "x");
}

/* Root inside made them: in the home they are the user's, without their power. */
Test(home_commit, foreign_owners)
{
	static const char *const foreign[] = { "foreign", "suid", "foreign-dir", "foreign-dir/in" };
	struct commit result = { .foreign = 0 };
	struct error err = ERROR_INIT;
	char path[64];
	struct stat st;

	home_make_empty();
	as_user("/mnt/l", make_both);
	cr_assert_eq(chown("/mnt/l/both", 0, 0), 0);
	cr_assert_eq(chmod("/mnt/l/both", 0777), 0);
	home_change(make_mine);
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(path, sizeof(path), "/mnt/s/upper/%s", foreign[i]);
		cr_assert_eq(chown(path, 300000, 300000), 0);
	}
	cr_assert_eq(chmod("/mnt/s/upper/suid", 06755), 0);
	cr_assert_eq(commit(NULL, &result, &err), 0, "%s: %s", err.text, strerror(err.errnum));
	cr_expect_eq(result.foreign, 4);
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(path, sizeof(path), "/mnt/l/%s", foreign[i]);
		cr_assert_eq(lstat(path, &st), 0, "%s: %m", path);
		cr_expect(st.st_uid == HOME_USER && st.st_gid == HOME_GROUP, "%s", path);
	}
	cr_assert_eq(lstat("/mnt/l/suid", &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0755);
	/* root's own directory in the home, which everybody may write to, stays root's. */
	cr_assert_eq(lstat("/mnt/l/both", &st), 0);
	cr_expect(st.st_uid == 0 && (st.st_mode & 07777) == 0777);
	cr_expect_eq(access("/mnt/l/both/in", F_OK), 0);
}

static void
make_few(void)
{
	put("a", "a");
	put("z", "z");
}

/* Refused before anything is done: there is no place for them in a home. */
Test(home_commit, what_can_not_be)
{
	struct error err = ERROR_INIT;

	home_make_empty();
	home_change(make_few);
	cr_assert_eq(mknod("/mnt/s/upper/disk", S_IFBLK | 0666, makedev(7, 0)), 0);
	cr_expect_eq(commit(NULL, NULL, &err), -1);
	cr_expect(strstr(err.text, "disk: is a device"), "%s", err.text);
	cr_expect_eq(access("/mnt/l/a", F_OK), -1);
	cr_expect_eq(access("/mnt/s/upper/a", F_OK), 0);
	cr_assert_eq(unlink("/mnt/s/upper/disk"), 0);
	cr_assert_eq(setxattr("/mnt/s/upper/z", "trusted.overlay.metacopy", "", 0, 0), 0);
	cr_expect_eq(commit(NULL, NULL, &err), -1);
	cr_expect(strstr(err.text, "z: has its content below"), "%s", err.text);
	cr_expect_eq(commit("a", NULL, &err), 0, "%s", err.text);
	cr_expect_eq(access("/mnt/l/a", F_OK), 0);
}

/* Without the user's leave nothing is written: root's directories in the home are closed. */
Test(home_commit, with_no_more_than_the_users_rights)
{
	struct error err = ERROR_INIT;

	home_make_empty();
	sandbox_directory("/mnt/l/roots", 0755, 0);
	sandbox_file("/mnt/l/roots/keep", "root's", 0644, 0);
	sandbox_directory("/mnt/s/upper/roots", 0755, 0);
	sandbox_file("/mnt/s/upper/roots/keep", "forged", 0644, HOME_USER);
	cr_expect_eq(commit(NULL, NULL, &err), -1);
	cr_expect_eq(err.errnum, EACCES, "%s", err.text);
	cr_expect(strstr(err.text, "roots: keep: "), "%s", err.text);
	autofree char *text = tree_text("/mnt/l", true);
	cr_expect(strstr(text, "/roots/keep 100644 0:0"), "%s", text);
	cr_expect_eq(access("/mnt/s/upper/roots/keep", F_OK), 0);
	cr_expect_eq(access("/mnt/l/" APPLY_STAGING, F_OK), -1);
}

/* Links that the user put in the way lead nowhere. */
Test(home_commit, links_below_are_not_followed)
{
	home_make_empty();
	sandbox_directory("/mnt/away", 0755, HOME_USER);
	sandbox_file("/mnt/away/file", "safe", 0644, HOME_USER);
	sandbox_link("/mnt/away", "/mnt/l/dir", HOME_USER);
	sandbox_link("/mnt/away/file", "/mnt/l/file", HOME_USER);
	sandbox_link("/mnt/away", "/mnt/l/" APPLY_STAGING, HOME_USER);
	sandbox_directory("/mnt/s/upper/dir", 0755, HOME_USER);
	sandbox_file("/mnt/s/upper/dir/file", "new", 0644, HOME_USER);
	sandbox_file("/mnt/s/upper/file", "new", 0644, HOME_USER);
	autofree char *wanted = tree_text("/mnt/away", false);
	expect_commit(NULL, 0);
	autofree char *got = tree_text("/mnt/away", false);
	expect_same("what the links led to", got, wanted);
	autofree char *home = tree_text("/mnt/l", false);
	cr_expect(strstr(home, "/dir 040755"), "%s", home);
	cr_expect(strstr(home, "/file 100644"), "%s", home);
}

#define DEEP 3000

static void
go_deep(void)
{
	for (int i = 0; i < DEEP; i++) {
		DO(mkdir("d", 0755));
		DO(chdir("d"));
	}
	put("bottom", "x");
}

/* Deeper than any path can say, above and below, and with few descriptors. */
Test(home_commit, deeper_than_paths_go)
{
	struct rlimit few = { .rlim_cur = 64, .rlim_max = 64 };

	home_make_empty();
	as_user("/mnt/s/upper", go_deep);
	cr_assert_eq(sys_prlimit(0, RLIMIT_NOFILE, &few, NULL), 0);
	expect_commit(NULL, 0);
	cr_assert_eq(chdir("/mnt/l"), 0);
	for (int i = 0; i < DEEP; i++)
		cr_assert_eq(chdir("d"), 0, "level %d: %m", i);
	cr_expect_eq(access("bottom", F_OK), 0);
	cr_assert_eq(chdir("/mnt"), 0);
}

static void
make_many(void)
{
	char name[64];

	for (int i = 0; i < 20000; i++) {
		(void)snprintf(name, sizeof(name), "file-%d", i);
		put(name, "");
	}
}

Test(home_commit, many_files)
{
	home_make_empty();
	as_user("/mnt/s/upper", make_many);
	autofree char *wanted = tree_text("/mnt/s/upper", false);
	expect_commit(NULL, 0);
	autofree char *got = tree_text("/mnt/l", false);
	expect_same("the home", got, wanted);
}

static void
make_big(void)
{
	static char text[1 << 20];
	int fd = open("big", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	DO(fd);
	memset(text, 'x', sizeof(text));
	for (int i = 0; i < 3; i++)
		DO(write(fd, text, sizeof(text)));
	put("zz", "new");
}

static void
make_old(void)
{
	put("zz", "old");
	put("big", "old");
}

/* No room: told, nothing is lost, and with room the next call ends it. */
Test(home_commit, full_disk)
{
	struct error err = ERROR_INIT;

	home_make_empty();
	cr_assert_eq(sys_mount("home", "/mnt/l", "tmpfs", 0, "size=2m,mode=0750,uid=1234,gid=1234"), 0, "%m");
	as_user("/mnt/l", make_old);
	home_change(make_big);
	autofree char *wanted = home_text(true);
	cr_expect_eq(commit(NULL, NULL, &err), -1);
	cr_expect_eq(err.errnum, ENOSPC, "%s", err.text);
	cr_expect(strstr(err.text, "big: "), "%s", err.text);
	autofree char *between = home_text(true);
	expect_same("what a login sees", between, wanted);
	cr_expect_eq(access("/mnt/l/" APPLY_STAGING, F_OK), -1);
	cr_assert_eq(sys_mount("home", "/mnt/l", "tmpfs", 1UL << 5, "size=9m"), 0, "%m");
	expect_commit(NULL, 0);
	autofree char *got = tree_text("/mnt/l", true);
	expect_same("the home", got, wanted);
}

static void
drop(const char *path, int wanted)
{
	struct error err = ERROR_INIT;
	autofd int store = open("/mnt/s", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autofd int upper = open("/mnt/s/upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autofd int lower = open("/mnt/l", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_expect_eq(commit_drop_path(store, upper, lower, path, &err), wanted, "%s: %s", path, err.text);
}

/* The lower shows again, and nothing else changes. */
Test(home_commit, dropped_paths)
{
	static const char *const paths[] = { "text", "gone", "moved/changed", "to-file", "attributes", "link1" };

	home_make();
	autofree char *lower = tree_text("/mnt/l", false);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		drop(paths[i], 0);
	drop("text", 1);
	drop("no/such", 1);
	drop("anew/found", -1);
	drop("..", -1);
	drop("moved/../text", -1);
	drop("", -1);
	autofree char *after = tree_text("/mnt/l", false);
	expect_same("the real home", after, lower);
	autofree char *got = home_text(true);
	cr_expect(strstr(got, "/text 100644") && strstr(got, "/gone 100644"), "%s", got);
	cr_expect(strstr(got, "/to-file 040755") && strstr(got, "/attributes 040755"), "%s", got);
	cr_expect(!strstr(got, "/link1 ") && strstr(got, "/link3 "), "%s", got);
	cr_expect_eq(access("/mnt/s/reset", F_OK), -1);
}
