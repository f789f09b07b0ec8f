/*
 * lib/filter_cache.c with the built compiler, on a host of the test's own, and lib/filter_load.c in
 * processes that are lost to it afterwards.  Needs root; skips without.
 */
#include "filter/compile.h"
#include "lib/filter_cache.h"
#include "lib/filter_load.h"
#include "lib/places.h"
#include "tests/system/test_namespace.h"
#include "tests/unit/test_sandbox.h"

#include <libgen.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

static void
install_file(const char *from, const char *path, const char *mode)
{
	char command[3 * PATH_MAX];

	(void)snprintf(command, sizeof(command), "install -D -m %s %s %s", mode, from, path);
	cr_assert_eq(system(command), 0, "%s", command);
}

static void
private_host(void)
{
	char above[] = PLACE_FILTER, built[PATH_MAX], cwd[PATH_MAX], text[2 * PATH_MAX];

	cr_assert(getcwd(cwd, sizeof(cwd)) != NULL);
	sandbox_enter();
	namespace_program(built, sizeof(built), "filter");
	sandbox_tmpfs(dirname(dirname(above)));
	install_file(built, PLACE_FILTER, "755");
	(void)snprintf(text, sizeof(text), "%s/etc/seccomp/default", cwd);
	install_file(text, PLACE_FILTERS "/default", "644");
	sandbox_directory("/mnt/etc", 0755, 0);
	cr_assert_eq(sys_mount("/mnt/etc", "/etc", NULL, SANDBOX_MS_BIND, NULL), 0, "%m");
	sandbox_tmpfs("/var/lib");
	cr_assert_eq(mkdir(PLACE_OWN_FILTERS, 0755), 0);
}

TestSuite(filter_load, .init = private_host, .timeout = 120);

static void
text_write(const char *name, const char *text, mode_t mode)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), PLACE_OWN_FILTERS "/%s", name);
	(void)unlink(path);
	sandbox_file(path, text, mode, 0);
}

static int
cache_open(const char *name, struct error *err)
{
	struct filter_entry_head head;

	*err = (struct error)ERROR_INIT;
	return filter_cache_open(name, false, 0, &head, err);
}

static ino_t
entry_of(const char *name)
{
	struct error err;
	struct stat st;
	autofd int fd = cache_open(name, &err);

	cr_assert_geq(fd, 0, "%s: %s", name, err.text);
	cr_assert_eq(fstat(fd, &st), 0);
	return st.st_ino;
}

Test(filter_load, made_once)
{
	ino_t first = entry_of("default");

	cr_expect_eq(entry_of("default"), first);
	text_write("mine", "include default\ndeny mkdir\n", 0644);
	first = entry_of("mine");
	cr_expect_eq(entry_of("mine"), first);
	text_write("mine", "include default\ndeny rmdir\n", 0644);
	ino_t second = entry_of("mine");
	cr_expect_neq(second, first, "another text");
	text_write("default", "default errno EPERM\nallow @process @io @files @memory\n", 0644);
	ino_t third = entry_of("mine");
	cr_expect_neq(third, second, "what it includes is another");
	cr_expect_eq(unlink(PLACE_OWN_FILTERS "/default"), 0);
	cr_expect_neq(entry_of("mine"), third, "the shipped one counts again");
}

Test(filter_load, another_compiler_another_entry)
{
	ino_t first = entry_of("default");
	const struct timespec then[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };

	cr_assert_eq(utimensat(AT_FDCWD, PLACE_FILTER, then, 0), 0, "%m");
	cr_expect_neq(entry_of("default"), first);
}

static void
spoil(const char *with, off_t at)
{
	autofd int fd = open(PLACE_FILTER_CACHE "/default", O_WRONLY | O_CLOEXEC);

	cr_assert_geq(fd, 0, "%m");
	cr_assert_eq(pwrite(fd, with, strlen(with), at), (ssize_t)strlen(with));
}

Test(filter_load, what_is_damaged_is_made_anew)
{
	ino_t first = entry_of("default");

	spoil("x", 5000);
	ino_t second = entry_of("default");
	cr_expect_neq(second, first);
	spoil("no entry", 0);
	ino_t third = entry_of("default");
	cr_expect_neq(third, second);
	cr_assert_eq(truncate(PLACE_FILTER_CACHE "/default", 0), 0);
	cr_expect_neq(entry_of("default"), third);
	cr_assert_eq(unlink(PLACE_FILTER_CACHE "/default") + symlink("/etc/passwd", PLACE_FILTER_CACHE "/default"), 0);
	struct stat st;
	(void)entry_of("default");
	cr_expect(lstat(PLACE_FILTER_CACHE "/default", &st) == 0 && S_ISREG(st.st_mode), "a link was followed");
	cr_assert_eq(unlink(PLACE_FILTER_CACHE "/default") + mkfifo(PLACE_FILTER_CACHE "/default", 0600), 0);
	(void)entry_of("default");
	cr_expect(lstat(PLACE_FILTER_CACHE "/default", &st) == 0 && S_ISREG(st.st_mode), "a fifo was waited for");
}

static void
expect_refused(const char *name, const char *why)
{
	struct error err;
	char text[640];
	autofd int fd = cache_open(name, &err);

	cr_expect_eq(fd, -1, "%s", name);
	cr_expect(strstr(error_render(&err, text, sizeof(text)), why) != NULL, "%s: %s", name, text);
}

Test(filter_load, refused)
{
	text_write("broken", "include default\n\nallow frobnicate\n", 0644);
	expect_refused("broken", PLACE_OWN_FILTERS "/broken:3: there is no system call \"frobnicate\"");
	text_write("open", "include default\n", 0666);
	expect_refused("open", PLACE_OWN_FILTERS "/open");
	expect_refused("missing", "there is no filter \"missing\"");
	expect_refused("../etc/passwd", "is no name of a filter");
	expect_refused("none", "is no name of a filter");
	cr_expect_neq(access(PLACE_FILTER_CACHE "/broken", F_OK), 0);
	cr_assert_eq(unlink(PLACE_FILTER), 0);
	text_write("fine", "include default\n", 0644);
	expect_refused("fine", PLACE_FILTER);
}

Test(filter_load, many_at_once)
{
	pid_t child[6];
	struct error err;

	for (size_t i = 0; i < 6; i++) {
		child[i] = fork();
		if (child[i] == 0) {
			struct filter_entry_head head;
			int fd = filter_cache_open("default", false, (uid_t)(1000 + i), &head, &err);
			_exit(fd < 0 || head.programs != 3);
		}
	}
	for (size_t i = 0; i < 6; i++)
		cr_expect_eq(namespace_finish(child[i]), 0);
	cr_expect_eq(system("ls " PLACE_FILTER_CACHE " | grep -q new"), 256, "something is left");
}

/* --- loading ------------------------------------------------------------------------------- */

static int
load_and_look(int fd)
{
	struct error err = ERROR_INIT;
	autofree void *entry = filter_read(fd, &err);

	MUST(entry != NULL);
	MUST(syscall(SYS_prctl, FILTER_PROBE, 0, 0, 0, 0) == -1 && errno == EINVAL);
	MUST(filter_load(entry, &err) == 0);
	MUST(prctl(PR_GET_SECCOMP) == SECCOMP_MODE_FILTER);
	MUST(syscall(SYS_prctl, FILTER_PROBE, 0, 0, 0, 0) == -1 && errno == FILTER_PROBE_ERRNO);
	MUST(mkdir("/mnt/x", 0700) == -1 && errno == EOWNERDEAD);
	MUST(rmdir("/mnt/no") == -1 && errno == ENOENT);
	return 0;
}

static int
in_child(int fd, int (*function)(int fd))
{
	pid_t child = fork();

	if (child == 0) {
		int line = function(fd);
		if (line)
			(void)fprintf(stderr, "line %d: %m\n", line);
		_exit(line != 0);
	}
	return namespace_finish(child);
}

static int
load_as_a_user(int fd)
{
	MUST(setresuid(SANDBOX_USER, SANDBOX_USER, SANDBOX_USER) == 0);
	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	return load_and_look(fd);
}

static int
load_without_right(int fd)
{
	struct error err = ERROR_INIT;
	autofree void *entry = filter_read(fd, &err);

	MUST(entry && setresuid(SANDBOX_USER, SANDBOX_USER, SANDBOX_USER) == 0);
	MUST(filter_load(entry, &err) == -1 && err.errnum == EACCES);
	MUST(prctl(PR_GET_SECCOMP) == 0);
	return 0;
}

Test(filter_load, loaded_and_proven)
{
	struct error err;

	text_write("mine", "include default\ndeny mkdir mkdirat EOWNERDEAD\n", 0644);
	autofd int fd = cache_open("mine", &err);
	cr_assert_geq(fd, 0, "%s", err.text);
	cr_expect_eq(in_child(fd, load_and_look), 0);
	cr_expect_eq(in_child(fd, load_as_a_user), 0);
	cr_expect_eq(in_child(fd, load_without_right), 0);
}

/* An entry whose programs let all pass, as a faulty compiler would make: right in itself. */
static int
load_toothless(int fd)
{
	struct error err = ERROR_INIT;
	autofree char *entry = filter_read(fd, &err);
	struct filter_entry_head *head = (void *)entry;

	MUST(entry != NULL);
	for (uint32_t i = 0; i < head->programs; i++) {
		struct sock_filter *code = (void *)(entry + head->program[i].offset);
		code[0] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
		head->program[i].count = 1;
	}
	MUST(filter_load(entry, &err) == -1 && strstr(err.text, "not answered by it"));
	return 0;
}

static int
read_damaged(int fd)
{
	struct error err = ERROR_INIT;

	MUST(filter_read(fd, &err) == NULL && strstr(err.text, "is damaged"));
	MUST(prctl(PR_GET_SECCOMP) == 0);
	return 0;
}

Test(filter_load, not_proven_not_loaded)
{
	struct error err;
	autofd int fd = cache_open("default", &err);

	cr_assert_geq(fd, 0, "%s", err.text);
	cr_expect_eq(in_child(fd, load_toothless), 0);
	spoil("x", 5000);
	cr_expect_eq(in_child(fd, read_damaged), 0);
}
