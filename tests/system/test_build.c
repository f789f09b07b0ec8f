/*
 * container/build.c: from a plan to a running init, or to the reason why not.  Needs root.
 */
#include "test_container.h"

#include <sys/resource.h>

TestSuite(build, .init = container_host, .timeout = 60);

#define HOME "/mnt/alice"

static void
read_proc(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);
	cr_assert_geq(n, 0, "%s: %m", path);
	text[n] = '\0';
}

static int
look_around(void)
{
	char cwd[64];

	MUST(getppid() == 0); /* the caller is outside */
	MUST(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/"));
	MUST(access("/proc/1/status", F_OK) == 0);
	MUST(access("/mnt/hidden/x", F_OK) < 0);
	return 0;
}

Test(build, ends_in_an_init_of_its_own)
{
	struct build build = BUILD_INIT;
	struct error err;
	char status[4096], cmdline[64];
	struct rlimit core;
	int fds = sandbox_count_fds();

	sandbox_directory("/mnt/hidden", 0755, 0);
	sandbox_file("/mnt/hidden/x", "", 0644, 0);
	struct step steps[] = { container_step(STEP_NAMESPACES, NULL), container_step(STEP_SLAVE, "/"),
		container_step(STEP_PROC, "/proc"), container_step(STEP_HIDE, "/mnt/hidden") };
	container_start(&build, steps, 4);
	cr_assert_eq(container_news(&build, &err), BUILD_READY, "%s", err.text);
	read_proc(build.pid, "status", status, sizeof(status));
	cr_expect(strstr(status, "\nUid:\t0\t0\t0\t0\n"), "%s", status);
	char *groups = strstr(status, "\nGroups:");
	cr_assert(groups != NULL);
	groups += strlen("\nGroups:");
	cr_expect_eq(groups[strspn(groups, " \t")], '\n', "groups:%.20s", groups);
	cr_expect(strstr(status, "\nUmask:\t0077\n"), "%s", status);
	read_proc(build.pid, "cmdline", cmdline, sizeof(cmdline));
	cr_expect_str_eq(cmdline, "pam_ctr-init");
	cr_expect_eq(getsid(build.pid), build.pid);
	cr_assert_eq(prlimit(build.pid, RLIMIT_CORE, NULL, &core), 0);
	cr_expect(core.rlim_cur == 0 && core.rlim_max == 0);
	cr_expect_eq(fcntl(build.pidfd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	cr_expect_eq(fcntl(build.status, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	cr_expect_eq(namespace_run(build.pidfd, CONTAINER_NAMESPACES, look_around), 0);
	container_stop(&build);
	build_free(&build);
	cr_expect_eq(sandbox_count_fds(), fds);
	cr_expect_eq(access("/mnt/hidden/x", F_OK), 0);
}

/* What runs in the place of init, and what is heard of it; NULL: nothing is there. */
Test(build, says_what_is_wrong_with_init)
{
	static const struct {
		const char *program;
		mode_t mode;
		const char *why;
	} rows[] = {
		{ NULL, 0, "is pam_ctr installed whole?" },
		{ "/bin/true", 0644, "run " PLACE_INIT },
		{ "/bin/true", 0755, "ended without a word" },
		{ "/bin/false", 0755, "ended without a word" },
		{ "/etc/passwd", 0755, "run " PLACE_INIT },
	};
	struct step steps[] = { container_step(STEP_NAMESPACES, NULL), container_step(STEP_SLAVE, "/") };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct build build = BUILD_INIT;
		struct error err;
		(void)unlink(PLACE_INIT);
		if (rows[i].program) {
			container_install(rows[i].program);
			cr_assert_eq(chmod(PLACE_INIT, rows[i].mode), 0);
		}
		container_start(&build, steps, 2);
		cr_expect_eq(container_news(&build, &err), BUILD_FAILED, "row %zu", i);
		cr_expect(strstr(err.text, rows[i].why), "row %zu: %s", i, err.text);
		cr_expect_eq(waitpid(build.pid, NULL, 0), build.pid);
		build_free(&build);
	}
}

Test(build, says_which_step_failed)
{
	struct step step = container_step(STEP_TMPFS, "/mnt/none");
	const struct {
		struct step steps[3];
		const char *why;
		int errnum;
	} rows[] = {
		{ { container_step(STEP_NAMESPACES, NULL), container_step(STEP_SLAVE, "/"), step },
		    "tmpfs: open /mnt/none", ENOENT },
		{ { container_step(STEP_SLAVE, "/"), step, step }, "not its PID 1", 0 },
		{ { container_step(STEP_NAMESPACES, NULL), container_step(STEP_SHARE, "/"), step },
		    "run step share-mounts", ENOSYS },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct build build = BUILD_INIT;
		struct error err;
		struct step steps[3];
		memcpy(steps, rows[i].steps, sizeof(steps));
		container_start(&build, steps, 3);
		cr_expect_eq(container_news(&build, &err), BUILD_FAILED, "row %zu", i);
		cr_expect(strstr(err.text, rows[i].why), "row %zu: %s", i, err.text);
		cr_expect_eq(err.errnum, rows[i].errnum, "row %zu: %s", i, err.text);
		cr_expect_eq(waitpid(build.pid, NULL, 0), build.pid);
		build_free(&build);
	}
}

Test(build, passes_notices_on)
{
	struct build build = BUILD_INIT;
	struct error err;
	struct step home = container_step(STEP_HOME, HOME), link = container_step(STEP_PASSTHROUGH, HOME);

	sandbox_directory(HOME, 0755, SANDBOX_USER);
	sandbox_link("/etc", HOME "/.ssh", SANDBOX_USER);
	home.home = HOME_EPHEMERAL;
	home.source = home.target;
	link.source = (char *)(uintptr_t)".ssh";
	home.uid = home.gid = link.uid = link.gid = SANDBOX_USER;
	struct step steps[] = { container_step(STEP_NAMESPACES, NULL), container_step(STEP_SLAVE, "/"),
		container_step(STEP_PROC, "/proc"), home, link };
	container_start(&build, steps, 5);
	cr_expect_eq(container_news(&build, &err), BUILD_NOTICE, "%s", err.text);
	cr_expect(strstr(err.text, ".ssh stays in the overlay"), "%s", err.text);
	cr_expect_eq(container_news(&build, &err), BUILD_READY, "%s", err.text);
	container_stop(&build);
}

/* Killed at any moment of the building: it is heard of, and nothing of it is left. */
Test(build, a_killed_one_is_noticed)
{
	struct step steps[24] = { container_step(STEP_NAMESPACES, NULL), container_step(STEP_SLAVE, "/") };

	for (size_t i = 2; i < 24; i++)
		steps[i] = container_step(STEP_TMPFS, "/mnt");
	for (long us = 0; us < 3000; us += 100) {
		struct build build = BUILD_INIT;
		struct error err;
		container_start(&build, steps, 24);
		(void)nanosleep(&(struct timespec) { .tv_nsec = us * 1000 }, NULL);
		cr_assert_eq(sys_pidfd_send_signal(build.pidfd, SIGKILL), 0, "%m");
		enum build_news news = container_news(&build, &err);
		cr_expect(news == BUILD_FAILED || news == BUILD_READY, "after %ld us: %s", us, err.text);
		if (news == BUILD_READY)
			cr_expect_eq(container_news(&build, &err), BUILD_FAILED);
		cr_expect(strstr(err.text, "without a word"), "after %ld us: %s", us, err.text);
		cr_expect_eq(waitpid(build.pid, NULL, 0), build.pid);
		build_free(&build);
	}
}
