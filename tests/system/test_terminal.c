/*
 * container/terminal.c: a login's terminal, of a /dev of the test's own, shown in a container
 * whose own devpts hides it.  Needs root.
 */
#include "container/terminal.h"

#include "test_container.h"

#include <stdlib.h>

#define TERMINALS 4

static struct {
	struct build build;
	int master[TERMINALS]; /* of the host's /dev/pts/0 and up */
	int terminal[TERMINALS];
	int reserved;
} world = { .build = BUILD_INIT, .reserved = -1 };

static void
bind_file(const char *source, const char *target)
{
	sandbox_file(target, "", 0600, 0);
	cr_assert_eq(sys_mount(source, target, NULL, SANDBOX_MS_BIND, NULL), 0, "%s: %m", target);
}

static void
make_dev(void)
{
	sandbox_tmpfs("/dev");
	cr_assert_eq(mkdir("/dev/pts", 0755) + mkdir("/dev/sub", 0755), 0);
	cr_assert_eq(mknod("/dev/null", S_IFCHR | 0666, makedev(1, 3)), 0);
	cr_assert_eq(sys_mount("pts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=0620"), 0,
	    "%m");
	for (int i = 0; i < TERMINALS; i++) {
		char name[32];
		world.master[i] = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
		cr_assert(world.master[i] >= 0 && unlockpt(world.master[i]) == 0, "%m");
		(void)snprintf(name, sizeof(name), "/dev/pts/%d", i);
		world.terminal[i] = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
		cr_assert_geq(world.terminal[i], 0, "%s: %m", name);
	}
}

static void
set_up(void)
{
	struct step devpts = container_step(STEP_DEVPTS, "/dev/pts");
	struct error err;

	container_host();
	make_dev();
	devpts.size = 16;
	devpts.mode = 0620;
	struct step steps[] = { container_step(STEP_NAMESPACES, NULL), container_step(STEP_SLAVE, "/"),
		container_step(STEP_PROC, "/proc"), container_step(STEP_DEV, "/dev"), devpts };
	container_start(&world.build, steps, 5);
	cr_assert_eq(container_news(&world.build, &err), BUILD_READY, "%s", err.text);
}

static void
tear_down(void)
{
	if (world.build.pidfd >= 0)
		container_stop(&world.build);
}

TestSuite(terminal, .init = set_up, .fini = tear_down, .timeout = 60);

static int
show(int terminal, bool needs_name, struct error *err)
{
	*err = (struct error)ERROR_INIT;
	return terminal_show(terminal, world.build.pidfd, needs_name, &world.reserved, err);
}

/* The name under which the host's terminal is found inside, "" for none. */
static const char *
name_inside(int terminal)
{
	static char name[64];
	int pair[2];

	cr_assert_eq(pipe2(pair, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		int rc = setns(world.build.pidfd, CONTAINER_NAMESPACES);
		/* A new process: this one's /proc/self is not in that PID namespace. */
		if (rc < 0 || fork() != 0)
			_exit(rc < 0);
		if (ttyname_r(terminal, name, sizeof(name)) != 0)
			name[0] = '\0';
		_exit(write(pair[1], name, sizeof(name)) != sizeof(name));
	}
	own_close(&pair[1]);
	cr_assert_eq(read(pair[0], name, sizeof(name)), sizeof(name), "%m");
	own_close(&pair[0]);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	return name;
}

static int
numbers_given_out(void)
{
	char name[64];

	/* 2 is kept for the host's. */
	for (int i = 0; i < 5; i++) {
		static const char *const names[] = { "/dev/pts/0", "/dev/pts/1", "/dev/pts/3", "/dev/pts/4",
			"/dev/pts/5" };
		int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
		MUST(fd >= 0 && ptsname_r(fd, name, sizeof(name)) == 0 && !strcmp(name, names[i]));
	}
	return 0;
}

Test(terminal, is_shown_under_its_own_name)
{
	struct error err;
	int fds = sandbox_count_fds();

	cr_expect_str_eq(name_inside(world.terminal[2]), "");
	cr_assert_eq(show(world.terminal[2], true, &err), 0, "%s", err.text);
	cr_expect_geq(world.reserved, 0);
	cr_expect_eq(fcntl(world.reserved, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	cr_expect_str_eq(name_inside(world.terminal[2]), "/dev/pts/2");
	cr_expect_eq(namespace_run(world.build.pidfd, CONTAINER_NAMESPACES, numbers_given_out), 0);
	/* A second login on it finds it there; when the first one's is given back, it is gone. */
	autofd int first = take_fd(&world.reserved);
	cr_expect_eq(show(world.terminal[2], true, &err), 0, "%s", err.text);
	cr_expect_lt(world.reserved, 0);
	own_close(&first);
	cr_expect_str_eq(name_inside(world.terminal[2]), "");
	cr_expect_eq(show(world.terminal[2], true, &err), 0, "%s", err.text);
	cr_expect_str_eq(name_inside(world.terminal[2]), "/dev/pts/2");
	own_close(&world.reserved);
	cr_expect_eq(sandbox_count_fds(), fds);
}

static int
take_numbers(void)
{
	for (int i = 0; i < 3; i++)
		MUST(open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC) >= 0);
	while (pause() < 0)
		continue;
	return 0;
}

static int
name_is_there(void)
{
	return access("/dev/pts/2", F_OK) == 0 ? 0 : __LINE__;
}

Test(terminal, gets_another_name_where_its_own_is_taken)
{
	struct error err;
	pid_t user = namespace_start(world.build.pidfd, CONTAINER_NAMESPACES, take_numbers);

	cr_assert(namespace_wait(namespace_run(world.build.pidfd, CONTAINER_NAMESPACES, name_is_there) == 0));
	/* login(1) would open the user's terminal by that name. */
	cr_expect_eq(show(world.terminal[1], true, &err), -1);
	cr_expect_eq(err.errnum, EBUSY, "%s", err.text);
	cr_expect(strstr(err.text, "pts/1") && strstr(err.text, "log in on another one"), "%s", err.text);
	cr_expect_str_eq(name_inside(world.terminal[1]), "");
	cr_expect_eq(show(world.terminal[1], false, &err), 0, "%s", err.text);
	cr_expect_lt(world.reserved, 0);
	cr_expect_str_eq(name_inside(world.terminal[1]), "/dev/hostpts1");
	cr_expect_eq(show(world.terminal[1], false, &err), 0, "%s", err.text);
	/* The number above what the user took is free. */
	cr_expect_eq(show(world.terminal[3], true, &err), 0, "%s", err.text);
	cr_expect_str_eq(name_inside(world.terminal[3]), "/dev/pts/3");
	own_close(&world.reserved);
	cr_expect_eq(kill(user, SIGKILL), 0);
	(void)namespace_finish(user);
}

Test(terminal, a_consoles_name_is_made)
{
	struct error err;

	bind_file("/dev/pts/1", "/dev/tty7");
	autofd int console = open("/dev/tty7", O_RDWR | O_NOCTTY | O_CLOEXEC);
	cr_assert_eq(show(console, true, &err), 0, "%s", err.text);
	cr_expect_str_eq(name_inside(console), "/dev/tty7");
	cr_expect_eq(show(console, true, &err), 0, "%s", err.text);
	cr_expect_lt(world.reserved, 0);
}

Test(terminal, what_is_none_is_refused)
{
	struct {
		const char *name;
		int fd;
		int errnum;
	} rows[] = {
		{ "no descriptor", -1, ENOTTY },
		{ "/dev/null", open("/dev/null", O_RDWR | O_CLOEXEC), ENOTTY },
		{ "a file", open(PLACE_INIT, O_RDONLY | O_CLOEXEC), ENOTTY },
		{ "a master", world.master[0], EINVAL },
		{ "elsewhere", -2, EINVAL },
		{ "deeper in /dev", -3, EINVAL },
	};
	struct error err;

	bind_file("/dev/pts/1", "/mnt/tty");
	bind_file("/dev/pts/1", "/dev/sub/tty");
	rows[4].fd = open("/mnt/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	rows[5].fd = open("/dev/sub/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_eq(show(rows[i].fd, false, &err), -1, "%s", rows[i].name);
		cr_expect_eq(err.errnum, rows[i].errnum, "%s: %d %s", rows[i].name, err.errnum, err.text);
		cr_expect_lt(world.reserved, 0, "%s", rows[i].name);
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].fd >= 0 && rows[i].fd != world.master[0])
			own_close(&rows[i].fd);
}

Test(terminal, a_dead_container_is_an_error)
{
	struct error err;

	cr_assert_eq(sys_pidfd_send_signal(world.build.pidfd, SIGKILL), 0);
	cr_assert_eq(waitpid(world.build.pid, NULL, 0), world.build.pid);
	cr_expect_eq(show(world.terminal[1], true, &err), -1);
	cr_expect(strstr(err.text, "enter the container's mounts"), "%s", err.text);
	cr_expect_eq(waitpid(-1, NULL, 0), -1, "the helper is left");
	build_free(&world.build);
}
