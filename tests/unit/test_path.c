/*
 * lib/path.c: names become descriptors only where nobody but root could have put something
 * in the way, and what is removed stays below its name.  In a sandbox, as root.
 */
#include "lib/path.h"

#include "lib/own.h"
#include "test_sandbox.h"

#include <limits.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>

/* Root's things, and beside them what a user, a group or everybody may write to. */
static void
make_tree(void)
{
	sandbox_directory("d", 0755, 0);
	sandbox_directory("d/e", 0755, 0);
	sandbox_file("d/f", "of root\n", 0644, 0);
	sandbox_directory("user", 0755, SANDBOX_USER);
	sandbox_file("user/f", "of the user\n", 0644, SANDBOX_USER);
	sandbox_directory("user/sub", 0755, 0);
	sandbox_file("user/sub/f", "below the user\n", 0644, 0);
	sandbox_link("/mnt/d/f", "user/link", SANDBOX_USER);
	sandbox_link("/mnt/d/f", "user/roots-link", 0);
	sandbox_directory("group", 0775, 0);
	sandbox_file("group/f", "", 0644, 0);
	sandbox_directory("sticky", 01777, 0);
	sandbox_file("sticky/f", "", 0644, 0);
	sandbox_link("d", "to-d", 0);
	sandbox_link("/mnt/d", "to-d-absolute", 0);
	sandbox_link("../to-d/f", "d/up-and-down", 0);
	sandbox_link("user", "to-user", 0);
	sandbox_link("user/link", "to-users-link", 0);
	sandbox_link("nothing", "to-nothing", 0);
	sandbox_link("loop-b", "loop-a", 0);
	sandbox_link("loop-a", "loop-b", 0);
}

TestSuite(path_walk, .init = sandbox_enter, .timeout = 60);
TestSuite(path_remove, .init = sandbox_enter, .timeout = 60);

Test(path_walk, what_only_root_can_make_is_followed)
{
	static const struct {
		const char *path;
		const char *same_as; /* NULL: refused */
		int errnum;
	} rows[] = {
		{ "/", "/", 0 },
		{ "///", "/", 0 },
		{ "/mnt", "/mnt", 0 },
		{ "//mnt///d//f", "/mnt/d/f", 0 },
		{ "/mnt/d/.", "/mnt/d", 0 },
		{ "/mnt/d/e/../f", "/mnt/d/f", 0 },
		{ "/../../mnt/d", "/mnt/d", 0 },
		{ "/mnt/to-d/f", "/mnt/d/f", 0 },
		{ "/mnt/to-d", "/mnt/d", 0 },
		{ "/mnt/to-d-absolute/f", "/mnt/d/f", 0 },
		{ "/mnt/to-d-absolute/../to-d/f", "/mnt/d/f", 0 },
		{ "/mnt/d/up-and-down", "/mnt/d/f", 0 },
		/* The last component may be anybody's. */
		{ "/mnt/user", "/mnt/user", 0 },
		{ "/mnt/user/", "/mnt/user", 0 },
		{ "/mnt/to-user", "/mnt/user", 0 },
		{ "/mnt/group", "/mnt/group", 0 },
		{ "/mnt/sticky", "/mnt/sticky", 0 },
		/* What lies below it may have been put there by its owner. */
		{ "/mnt/user/f", NULL, EPERM },
		{ "/mnt/user/link", NULL, EPERM },
		{ "/mnt/user/roots-link", NULL, EPERM },
		{ "/mnt/user/sub", NULL, EPERM },
		{ "/mnt/user/sub/f", NULL, EPERM },
		{ "/mnt/user/../d/f", NULL, EPERM },
		{ "/mnt/user/.", NULL, EPERM },
		{ "/mnt/to-user/f", NULL, EPERM },
		{ "/mnt/to-users-link", NULL, EPERM },
		{ "/mnt/group/f", NULL, EPERM },
		{ "/mnt/sticky/f", NULL, EPERM },
		{ "/mnt/none", NULL, ENOENT },
		{ "/mnt/to-nothing", NULL, ENOENT },
		{ "/mnt/d/f/x", NULL, ENOTDIR },
		{ "/mnt/loop-a", NULL, ELOOP },
		{ "", NULL, EINVAL },
		{ "mnt", NULL, EINVAL },
		{ "./d", NULL, EINVAL },
	};
	int before = sandbox_count_fds();

	make_tree();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = ERROR_INIT;
		struct stat got, wanted;
		autofd int fd = path_open_trusted(rows[i].path, &err);
		if (!rows[i].same_as) {
			cr_expect_lt(fd, 0, "%s", rows[i].path);
			cr_expect_eq(err.errnum, rows[i].errnum, "%s: %d %s", rows[i].path, err.errnum, err.text);
			continue;
		}
		cr_assert_geq(fd, 0, "%s: %s: %s", rows[i].path, err.text, strerror(err.errnum));
		cr_assert_eq(fstat(fd, &got) + stat(rows[i].same_as, &wanted), 0);
		cr_expect(got.st_dev == wanted.st_dev && got.st_ino == wanted.st_ino, "%s", rows[i].path);
		cr_expect_eq(fcntl(fd, F_GETFL) & O_PATH, O_PATH);
		cr_expect_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	}
	cr_expect_eq(sandbox_count_fds(), before);
}

Test(path_walk, as_many_links_as_the_kernel_follows)
{
	struct error err = ERROR_INIT;
	char name[32], before[32] = "d";

	sandbox_directory("d", 0755, 0);
	for (int i = 1; i <= 41; i++) {
		(void)snprintf(name, sizeof(name), "link%d", i);
		sandbox_link(before, name, 0);
		memcpy(before, name, sizeof(before));
	}
	for (int i = 39; i <= 41; i++) {
		(void)snprintf(name, sizeof(name), "/mnt/link%d", i);
		autofd int fd = path_open_trusted(name, &err);
		cr_expect_eq(fd >= 0, i <= 40, "%d links: %s", i, err.text);
	}
	cr_expect_eq(err.errnum, ELOOP);
}

Test(path_walk, long_names_are_refused_not_cut)
{
	static char path[PATH_MAX + 16];
	static char target[PATH_MAX];
	struct error err = ERROR_INIT;
	const struct {
		size_t name;
		int errnum;
	} rows[] = { { 255, ENOENT }, { 256, ENAMETOOLONG }, { 3000, ENAMETOOLONG } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int n = snprintf(path, sizeof(path), "/mnt/");
		memset(path + n, 'n', rows[i].name);
		path[(size_t)n + rows[i].name] = '\0';
		cr_expect_lt(path_open_trusted(path, &err), 0);
		cr_expect_eq(err.errnum, rows[i].errnum, "%zu bytes: %d", rows[i].name, err.errnum);
	}
	for (size_t length = PATH_MAX - 1; length <= PATH_MAX + 1; length++) {
		memset(path, '/', length);
		path[length] = '\0';
		autofd int fd = path_open_trusted(path, &err);
		cr_expect_eq(fd >= 0, length < PATH_MAX, "%zu slashes", length);
	}
	/* A link's target and what comes behind it are together longer than a path. */
	memset(target, '/', sizeof(target) - 2);
	cr_assert_eq(symlink(target, "long"), 0, "%m");
	cr_expect_lt(path_open_trusted("/mnt/long/mnt", &err), 0);
	cr_expect_eq(err.errnum, ENAMETOOLONG, "%s", err.text);
}

#define LIMIT 64

static const char sixty_four[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static void
make_files(void)
{
	cr_assert_eq(sizeof(sixty_four), LIMIT + 1);
	sandbox_file("good", "text\nof two lines", 0644, 0);
	sandbox_file("empty", "", 0400, 0);
	sandbox_file("full", sixty_four, 0644, 0);
	sandbox_file("larger", sixty_four, 0644, 0);
	cr_assert_eq(truncate("larger", LIMIT + 1), 0);
	sandbox_file("users", "x", 0644, SANDBOX_USER);
	sandbox_file("groups", "x", 0664, 0);
	sandbox_file("everybodys", "x", 0646, 0);
	sandbox_directory("directory", 0755, 0);
	cr_assert_eq(mkfifo("fifo", 0644), 0);
	cr_assert_eq(mknod("device", S_IFCHR | 0644, 1 << 8 | 5), 0); /* /dev/zero: has no end */
	sandbox_link("good", "link", 0);
	sandbox_directory("home", 0755, SANDBOX_USER);
	sandbox_file("home/roots", "x", 0644, 0);
}

Test(path_walk, reads_files_of_roots_only)
{
	static const struct {
		const char *path;
		const char *text; /* NULL: refused */
		const char *why;
	} rows[] = {
		{ "/mnt/good", "text\nof two lines", NULL },
		{ "/mnt/link", "text\nof two lines", NULL },
		{ "/mnt/empty", "", NULL },
		{ "/mnt/full", sixty_four, NULL },
		{ "/mnt/larger", NULL, "larger than 64 bytes" },
		{ "/proc/self/mountinfo", NULL, "larger than 64 bytes" }, /* its size says 0 */
		{ "/mnt/users", NULL, "not root's: chown root /mnt/users" },
		{ "/mnt/groups", NULL, "written by others: chmod go-w /mnt/groups" },
		{ "/mnt/everybodys", NULL, "written by others" },
		{ "/mnt/directory", NULL, "not a regular file" },
		{ "/mnt/fifo", NULL, "not a regular file" },
		{ "/mnt/device", NULL, "not a regular file" },
		{ "/mnt/home/roots", NULL, "not root's alone" },
		{ "/mnt/none", NULL, "open /mnt/none" },
	};
	int before = sandbox_count_fds();

	make_files();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = ERROR_INIT;
		size_t length = 99;
		autofree char *text = path_read_trusted(rows[i].path, LIMIT, &length, &err);
		cr_expect_eq(text != NULL, rows[i].text != NULL, "%s: %s", rows[i].path, err.text);
		if (text && rows[i].text) {
			cr_expect_str_eq(text, rows[i].text);
			cr_expect_eq(length, strlen(rows[i].text));
		} else if (rows[i].why) {
			cr_expect(strstr(err.text, rows[i].why), "%s: %s", rows[i].path, err.text);
		}
	}
	cr_expect_eq(sandbox_count_fds(), before);
}

/* It is longer than its size says, as one that grows meanwhile. */
Test(path, reads_on_to_the_end)
{
	struct error err = ERROR_INIT;
	char expected[4096] = "";
	size_t length;
	autofree char *text = path_read_trusted("/proc/version", sizeof(expected), &length, &err);
	FILE *file = fopen("/proc/version", "r");

	cr_assert(text && file, "%s", err.text);
	cr_expect_eq(fread(expected, 1, sizeof(expected) - 1, file), length);
	cr_expect_str_eq(text, expected);
	(void)fclose(file);
	cr_expect_null(path_read_trusted("/proc/version", 20, &length, &err));
	cr_expect_str_eq(err.text, "/proc/version is larger than 20 bytes");
}

Test(path_walk, reopening_a_fifo_does_not_block)
{
	struct error err = ERROR_INIT;

	cr_assert_eq(mkfifo("fifo", 0600), 0);
	autofd int name = open("fifo", O_PATH | O_CLOEXEC);
	autofd int fd = path_reopen(name, O_RDONLY, &err);
	cr_expect_geq(fd, 0, "%s", err.text);
	cr_expect_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	cr_expect_eq(path_reopen(-1, O_RDONLY, &err), -1);
}

Test(path_walk, a_private_directory_is_roots)
{
	static const struct {
		const char *name;
		mode_t before; /* 0: not there */
		uid_t owner;
		bool taken;
	} rows[] = {
		{ "new", 0, 0, true }, { "same", 0700, 0, true }, { "wider", 0755, 0, true },
		{ "setgid", 02755, 0, true }, { "narrower", 0500, 0, true }, { "users", 0700, SANDBOX_USER, false },
		{ "groups", 0770, 0, false }, { "everybodys", 0777, 0, false }, { "sticky", 01777, 0, false },
	};
	autofd int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = ERROR_INIT;
		struct stat st;
		if (rows[i].before)
			sandbox_directory(rows[i].name, rows[i].before, rows[i].owner);
		autofd int fd = path_make_private(here, rows[i].name, 0700, &err);
		cr_expect_eq(fd >= 0, rows[i].taken, "%s: %s", rows[i].name, err.text);
		cr_assert_eq(stat(rows[i].name, &st), 0);
		cr_expect_eq(st.st_mode & 07777, rows[i].taken ? (rows[i].before ? rows[i].before & 0700 : 0700)
		    : rows[i].before, "%s: mode %o", rows[i].name, st.st_mode);
		cr_expect_eq(st.st_uid, rows[i].owner, "%s", rows[i].name);
	}
}

Test(path_walk, a_private_directory_is_no_link_or_file)
{
	autofd int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	static const char *const names[] = { "link", "file", "to-nothing", "fifo", "" };

	sandbox_directory("d", 0700, 0);
	sandbox_link("d", "link", 0);
	sandbox_link("nothing", "to-nothing", 0);
	sandbox_file("file", "", 0600, 0);
	cr_assert_eq(mkfifo("fifo", 0600), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct error err = ERROR_INIT;
		cr_expect_lt(path_make_private(here, names[i], 0700, &err), 0, "%s", names[i]);
		cr_expect_neq(err.errnum, 0, "%s", names[i]);
	}
	cr_expect_eq(access("nothing", F_OK), -1, "the link was followed");
}

Test(path_walk, beneath_means_beneath)
{
	static const struct {
		const char *path;
		int errnum;
	} rows[] = {
		{ "f", 0 }, { "e", 0 }, { "e/f", ENOENT }, { ".", 0 }, { "..", EXDEV }, { "../d/f", EXDEV },
		{ "e/../../d", EXDEV }, { "e/../f", EXDEV }, { "e/..", EXDEV }, { "e//../f", EXDEV },
		{ "..f", ENOENT }, { "e/...", ENOENT }, { "/mnt/d/f", EXDEV }, { "/", EXDEV }, { "up-and-down", ELOOP },
		{ "link/x", ELOOP }, { "none", ENOENT }, { "", ENOENT }, { "f/x", ENOTDIR },
	};

	make_tree();
	sandbox_link("e", "d/link", 0);
	autofd int d = open("d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = ERROR_INIT;
		autofd int fd = path_open_beneath(d, rows[i].path, O_PATH, &err);
		cr_expect_eq(fd >= 0, rows[i].errnum == 0, "\"%s\": %s", rows[i].path, err.text);
		cr_expect_eq(err.errnum, rows[i].errnum, "\"%s\": %d", rows[i].path, err.errnum);
		if (fd >= 0)
			cr_expect_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	}
}

static int
remove_here(const char *name, struct error *err)
{
	autofd int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int before = sandbox_count_fds();

	*err = (struct error)ERROR_INIT;
	int rc = path_remove_tree(here, name, err);
	cr_expect_eq(sandbox_count_fds(), before, "removing %s leaks", name);
	return rc;
}

static void
expect_removed(const char *name)
{
	struct error err;
	struct stat st;

	cr_expect_eq(remove_here(name, &err), 0, "%s: %s: %s", name, err.text, strerror(err.errnum));
	cr_expect_eq(lstat(name, &st), -1, "%s is still there", name);
}

Test(path_remove, files_links_and_nothing)
{
	sandbox_directory("keep", 0755, 0);
	sandbox_file("keep/file", "x", 0644, 0);
	sandbox_file("file", "x", 0644, 0);
	sandbox_link("keep", "link", 0);
	sandbox_directory("empty", 0755, 0);
	sandbox_directory("tree", 0, SANDBOX_USER);
	sandbox_link("../keep", "tree/link", SANDBOX_USER);
	sandbox_link("/mnt/keep", "tree/absolute", SANDBOX_USER);
	sandbox_directory("tree/sub", 0, SANDBOX_USER);
	sandbox_file("tree/sub/file", "x", 0, SANDBOX_USER);
	sandbox_link("..", "tree/sub/up", SANDBOX_USER);
	cr_assert_eq(mkfifo("tree/sub/fifo", 0), 0);
	expect_removed("none");
	expect_removed("file");
	expect_removed("link");
	expect_removed("empty");
	expect_removed("tree");
	cr_expect_eq(access("keep/file", F_OK), 0, "a link was followed");
}

/* Names that readdir(3) and unlinkat(2) take and a careless program does not. */
Test(path_remove, odd_names)
{
	char name[NAME_MAX + 1];
	static const char *const names[] = { " ", "\n", "-rf", "*", "...", ". ", "\xff\xfe", "a\\b" };

	sandbox_directory("tree", 0755, 0);
	cr_assert_eq(chdir("tree"), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		sandbox_directory(names[i], 0755, 0);
		cr_assert_eq(chdir(names[i]), 0);
		sandbox_file(names[i], "", 0644, 0);
		cr_assert_eq(chdir(".."), 0);
	}
	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	sandbox_directory(name, 0755, 0);
	cr_assert_eq(chdir(name), 0);
	sandbox_file(name, "", 0644, 0);
	cr_assert_eq(chdir("/mnt"), 0);
	expect_removed("tree");
}

static void
make_deep(const char *name, int depth)
{
	autofd int at = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < depth; i++) {
		const char *next = i == 0 ? name : "x";
		cr_assert_eq(mkdirat(at, next, 0755), 0, "%m");
		int below = openat(at, next, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		cr_assert_geq(below, 0, "%m");
		own_close(&at);
		at = below;
	}
	autofd int file = openat(at, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	cr_assert_geq(file, 0);
}

/*
 * 3000 levels are longer than any path, and a recursion's stack is not limited by them; what is
 * below the 4096th is moved up, also where the name that it gets is taken.
 */
Test(path_remove, deep_trees)
{
	static const int depths[] = { 3000, 4096, 4097, 4098, 20000 };

	for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
		make_deep("deep", depths[i]);
		sandbox_file("deep/deep-0", "", 0644, 0);
		sandbox_directory("deep/deep-1", 0755, 0);
		sandbox_file("deep/deep-1/x", "", 0644, 0);
		expect_removed("deep");
	}
}

/* More entries than one getdents(2) returns, removed while they are read. */
Test(path_remove, wide_trees)
{
	char name[64];

	sandbox_directory("wide", 0755, 0);
	for (int i = 0; i < 100000; i++) {
		(void)snprintf(name, sizeof(name), "wide/%s-%d", i % 50 ? "file" : "directory", i);
		if (i % 50)
			sandbox_file(name, "", 0644, 0);
		else
			sandbox_directory(name, 0755, 0);
		if (i % 100 == 0) {
			(void)strncat(name, "/x", sizeof(name) - strlen(name) - 1);
			sandbox_file(name, "", 0644, 0);
		}
	}
	expect_removed("wide");
}

/* Others' files in others' directories, which nobody but their owner or root may remove; nor are links followed. */
Test(path_remove, sticky_trees_of_many_owners)
{
	const uid_t owners[] = { 0, 1, 54321, 65534 };
	char name[64];

	sandbox_file("outside", "x", 0600, 0);
	sandbox_directory("sticky", 01777, 54321);
	for (unsigned i = 0; i < 4; i++)
		for (unsigned j = 0; j < 4; j++) {
			(void)snprintf(name, sizeof(name), "sticky/d-%u-%u", i, j);
			sandbox_directory(name, j % 2 ? 0 : 01777, owners[i]);
			(void)strncat(name, "/f", sizeof(name) - strlen(name) - 1);
			sandbox_file(name, "", 0, owners[j]);
			(void)snprintf(name, sizeof(name), "sticky/l-%u-%u", i, j);
			cr_assert_eq(link("outside", name), 0, "%m");
		}
	expect_removed("sticky");
	cr_expect_eq(access("outside", F_OK), 0, "its other names went, it did not");
}

static int
set_immutable(const char *name, int flags)
{
	autofd int fd = open(name, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

/* Not even root's to remove: told, and the rest of the tree is what can be taken away. */
Test(path_remove, says_what_is_immutable)
{
	struct error err;

	sandbox_directory("tree", 0755, 0);
	sandbox_directory("tree/d", 0755, 0);
	sandbox_file("tree/d/kept", "x", 0644, 0);
	if (set_immutable("tree/d/kept", FS_IMMUTABLE_FL) < 0)
		cr_skip_test("this file system or kernel makes nothing immutable");
	cr_expect_eq(remove_here("tree", &err), -1);
	cr_expect_eq(err.errnum, EPERM, "%d %s", err.errnum, err.text);
	cr_expect_eq(access("tree/d/kept", F_OK), 0, "it stays");
	cr_assert_eq(set_immutable("tree/d/kept", 0), 0, "%m");
	expect_removed("tree");
}

Test(path_remove, stops_at_a_mount)
{
	struct error err;

	sandbox_directory("tree", 0755, 0);
	sandbox_directory("tree/on", 0755, 0);
	sandbox_tmpfs("/mnt/tree/on");
	sandbox_file("tree/on/keep", "x", 0644, 0);
	cr_expect_eq(remove_here("tree", &err), -1);
	cr_expect(err.errnum == EBUSY || err.errnum == EXDEV, "%d %s", err.errnum, err.text);
	cr_expect_eq(access("tree/on/keep", F_OK), 0, "it went into another file system");
	/* The same file system, mounted once more, is a mount, too. */
	sandbox_directory("keep", 0755, 0);
	sandbox_file("keep/file", "x", 0644, 0);
	sandbox_directory("again", 0755, 0);
	sandbox_directory("again/on", 0755, 0);
	cr_assert_eq(sys_mount("/mnt/keep", "/mnt/again/on", NULL, SANDBOX_MS_BIND, NULL), 0, "%m");
	cr_expect_eq(remove_here("again", &err), -1);
	cr_expect_eq(access("keep/file", F_OK), 0, "it went through a bind mount");
}

Test(path_remove, says_what_is_read_only)
{
	struct error err;

	cr_assert_eq(mkdir("ro", 0755), 0);
	sandbox_tmpfs("/mnt/ro");
	sandbox_directory("ro/d", 0755, 0);
	sandbox_file("ro/d/f", "x", 0644, 0);
	sandbox_file("ro/f", "x", 0644, 0);
	cr_assert_eq(sys_mount(NULL, "/mnt/ro", NULL, 32 | SANDBOX_MS_RDONLY, NULL), 0, "%m");
	cr_assert_eq(chdir("ro"), 0);
	cr_expect_eq(remove_here("d", &err), -1);
	cr_expect_eq(err.errnum, EROFS, "%d %s", err.errnum, err.text);
	cr_expect_eq(remove_here("f", &err), -1);
	cr_expect_eq(err.errnum, EROFS, "%d %s", err.errnum, err.text);
	cr_assert_eq(chdir("/mnt"), 0);
}

/* Moves a directory of the tree out of it and in again, as fast as it can, until it is killed. */
static _Noreturn void
move_about(void)
{
	for (;;) {
		(void)rename("/mnt/tree/a/b", "/mnt/outside/b");
		(void)rename("/mnt/outside/b", "/mnt/tree/a/b");
	}
}

static int64_t
now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A user who moves a directory away under the walker must not lead it out of the tree. */
Test(path_remove, a_moved_directory_leads_nowhere)
{
	int ended = 0, removed = 0;

	sandbox_directory("outside", 0755, 0);
	sandbox_file("outside/keep", "x", 0644, 0);
	sandbox_directory("outside/kept", 0755, 0);
	pid_t pid = fork();
	cr_assert(pid >= 0);
	if (pid == 0)
		move_about();
	for (int64_t end = now_ms() + 1500; now_ms() < end;) {
		struct error err;
		(void)mkdir("tree", 0755);
		(void)mkdir("tree/a", 0755);
		(void)mkdir("tree/a/b", 0755);
		(void)mkdir("tree/a/b/c", 0755);
		(void)mkdir("tree/a/b/c/d", 0755);
		*(remove_here("tree", &err) < 0 ? &ended : &removed) += 1;
		cr_assert_eq(access("outside/keep", F_OK), 0, "it removed outside: %s", err.text);
		cr_assert_eq(access("outside/kept", F_OK), 0, "it removed outside: %s", err.text);
	}
	cr_assert_eq(kill(pid, SIGKILL) + (waitpid(pid, NULL, 0) != pid), 0);
	cr_expect_gt(removed, 0, "%d ended, %d removed", ended, removed);
}
