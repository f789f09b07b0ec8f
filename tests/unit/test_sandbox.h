/*
 * A place where only this test's process works: mount namespaces of its own, and on /mnt an
 * empty tmpfs that is root's alone, as trusted walks want it.  Everything in it goes with the
 * process.  Needs root; a test that asks for it is skipped without.
 */
#ifndef TEST_SANDBOX_H
#define TEST_SANDBOX_H

#include "lib/own.h"
#include "lib/sys.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SANDBOX_MS_RDONLY 1UL
#define SANDBOX_MS_BIND (1UL << 12)
#define SANDBOX_MS_REC (1UL << 14)
#define SANDBOX_MS_PRIVATE (1UL << 18)
#define SANDBOX_MS_SHARED (1UL << 20)
#define SANDBOX_USER 65534

static inline void
sandbox_tmpfs(const char *directory)
{
	cr_assert_eq(sys_mount("sandbox", directory, "tmpfs", 0, "mode=0755"), 0, "tmpfs on %s: %m",
	    directory);
}

static inline void
sandbox_enter(void)
{
	if (geteuid() != 0)
		cr_skip_test("needs root");
	cr_assert_eq(unshare(CLONE_NEWNS), 0, "%m");
	cr_assert_eq(sys_mount(NULL, "/", NULL, SANDBOX_MS_PRIVATE | SANDBOX_MS_REC, NULL), 0, "%m");
	sandbox_tmpfs("/mnt");
	(void)umask(022);
	cr_assert_eq(chdir("/mnt"), 0);
}

static inline void
sandbox_directory(const char *path, mode_t mode, uid_t uid)
{
	cr_assert_eq(mkdir(path, 0700), 0, "mkdir %s: %m", path);
	cr_assert_eq(chown(path, uid, uid), 0, "%m");
	cr_assert_eq(chmod(path, mode), 0, "%m");
}

static inline void
sandbox_file(const char *path, const char *text, mode_t mode, uid_t uid)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	cr_assert(fd >= 0, "create %s: %m", path);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text), "%m");
	cr_assert_eq(fchown(fd, uid, uid), 0, "%m");
	cr_assert_eq(fchmod(fd, mode), 0, "%m");
	own_close(&fd);
}

static inline void
sandbox_link(const char *target, const char *path, uid_t uid)
{
	cr_assert_eq(symlink(target, path), 0, "symlink %s: %m", path);
	cr_assert_eq(lchown(path, uid, uid), 0, "%m");
}

/* How many descriptors this process has open. */
static inline int
sandbox_count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	cr_assert(dir != NULL, "%m");
	while (readdir(dir))
		count++;
	(void)closedir(dir);
	return count;
}

#endif
