/*
 * container/device_access.c and device_program.c: what the kernel lets a process open, by v1's
 * devices controller and by a BPF program on cgroup2, whichever of them this machine has.  A
 * cgroup of the test's own, gone afterwards.  Needs root; skips without.
 */
#include "container/device_access.h"
#include "lib/machine.h"
#include "lib/own.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

/* What the process in the cgroup tried, a bit each. */
enum tried {
	NULL_READ = 1 << 0,
	NULL_WRITE = 1 << 1,
	ZERO_READ = 1 << 2,
	ZERO_WRITE = 1 << 3,
	NULL_MKNOD = 1 << 4,
	LOOP_MKNOD = 1 << 5 /* a block device */
};

struct place {
	struct cgroups cgroups;
	char directory[512];
	pid_t child;
	int ask, answer; /* owned */
	char scratch[32];
};

static bool
opens(const char *path, int flags)
{
	autofd int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK);

	return fd >= 0;
}

static bool
makes(const char *directory, mode_t type, dev_t number)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/node", directory);
	bool made = mknod(path, type | 0600, number) == 0;
	(void)unlink(path);
	return made;
}

static unsigned char
try_all(const char *scratch)
{
	return (unsigned char)((opens("/dev/null", O_RDONLY) ? NULL_READ : 0) |
	    (opens("/dev/null", O_WRONLY) ? NULL_WRITE : 0) |
	    (opens("/dev/zero", O_RDONLY) ? ZERO_READ : 0) |
	    (opens("/dev/zero", O_WRONLY) ? ZERO_WRITE : 0) |
	    (makes(scratch, S_IFCHR, makedev(1, 3)) ? NULL_MKNOD : 0) |
	    (makes(scratch, S_IFBLK, makedev(7, 4000)) ? LOOP_MKNOD : 0));
}

/* A byte in, an answer out, until the test is gone. */
static _Noreturn void
child_run(const struct place *place, int ask, int answer)
{
	char path[600], byte;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", place->directory);
	int procs = open(path, O_WRONLY | O_CLOEXEC);
	if (procs < 0 || write(procs, "0", 1) != 1)
		_exit(1);
	while (read(ask, &byte, 1) == 1) {
		unsigned char result = try_all(place->scratch);
		if (write(answer, &result, 1) != 1)
			break;
	}
	_exit(0);
}

static unsigned
what_opens(const struct place *place)
{
	unsigned char result = 0;

	cr_assert_eq(write(place->ask, "?", 1), 1);
	cr_assert_eq(read(place->answer, &result, 1), 1, "the process in the cgroup is gone");
	return result;
}

/* False: this machine has no such hierarchy. */
static bool
place_open(struct place *place, bool unified)
{
	struct machine machine;
	struct error err = ERROR_INIT;
	int ask[2], answer[2];

	cr_assert_eq(machine_read(&machine, &err), 0, "%s", err.text);
	const struct controller_place *v1 = &machine.place[CONTROLLER_DEVICES];
	const char *root = unified ? machine.unified : v1->version == CGROUP_V1 ? v1->root : "";
	if (!root[0])
		return false;
	(void)snprintf(place->directory, sizeof(place->directory), "%s/ctr-devices-%d", root, getpid());
	(void)snprintf(place->scratch, sizeof(place->scratch), "/tmp/ctr-devices.XXXXXX");
	cr_assert(mkdtemp(place->scratch) != NULL);
	cr_assert_eq(mkdir(place->directory, 0755), 0, "%s: %s", place->directory, strerror(errno));
	place->cgroups = (struct cgroups) { .count = 1,
		.place[0] = { .unified = unified, .fd = open(place->directory, O_PATH | O_CLOEXEC) } };
	cr_assert(pipe2(ask, O_CLOEXEC) == 0 && pipe2(answer, O_CLOEXEC) == 0);
	place->child = fork();
	if (place->child == 0) {
		own_close(&ask[1]);
		child_run(place, ask[0], answer[1]);
	}
	place->ask = ask[1];
	place->answer = answer[0];
	own_close(&ask[0]);
	own_close(&answer[1]);
	return true;
}

static void
place_close(struct place *place)
{
	own_close(&place->ask);
	own_close(&place->answer);
	(void)waitpid(place->child, NULL, 0);
	own_close(&place->cgroups.place[0].fd);
	cr_expect_eq(rmdir(place->directory), 0, "%s: %s", place->directory, strerror(errno));
	cr_expect_eq(rmdir(place->scratch), 0);
}

static void
set(struct place *place, const char *lines)
{
	struct device_numbers numbers = { .count = 0 };
	struct error err = ERROR_INIT;

	cr_assert_eq(device_numbers_parse(&numbers, lines, &err), 0, "%s", err.text);
	cr_assert_eq(device_access_set(&place->cgroups, &numbers, &err), 0, "%s: %s", lines, err.text);
}

static void
expect_all(bool unified)
{
	static const struct {
		const char *lines;
		unsigned opens;
	} row[] = {
		{ "c 1:3 rwm\nc 1:5 rwm\n", NULL_READ | NULL_WRITE | ZERO_READ | ZERO_WRITE | NULL_MKNOD },
		{ "c 1:3 r\n", NULL_READ },
		{ "c 1:3 w\n", NULL_WRITE },
		{ "c 1:3 m\n", NULL_MKNOD },
		{ "c 1:3 rw\nc 1:5 r\n", NULL_READ | NULL_WRITE | ZERO_READ },
		{ "c 1:* rw\n", NULL_READ | NULL_WRITE | ZERO_READ | ZERO_WRITE },
		/* The type counts, and both numbers do. */
		{ "b 1:3 rwm\nc 3:1 rwm\nc 1:30 rwm\nc 7:4000 rwm\n", 0 },
		{ "b 7:4000 m\n", LOOP_MKNOD },
		{ "", 0 },
		{ "c 1:5 rw\n", ZERO_READ | ZERO_WRITE },
	};
	struct place place = { .child = -1 };

	if (geteuid() != 0)
		cr_skip_test("needs root");
	if (!place_open(&place, unified))
		cr_skip_test("%s", unified ? "no cgroup2 here" : "no devices controller of v1 here");
	unsigned before = what_opens(&place);
	cr_expect_eq(before & (NULL_READ | NULL_WRITE), NULL_READ | NULL_WRITE);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		set(&place, row[i].lines);
		/* Before, the machine may have refused more: a cgroup's parents count, too. */
		cr_expect_eq(what_opens(&place), row[i].opens & before, "\"%s\": %#x, not %#x",
		    row[i].lines, what_opens(&place), row[i].opens & before);
	}
	place_close(&place);
}

TestSuite(device_access, .timeout = 60);

Test(device_access, v1)
{
	expect_all(false);
}

Test(device_access, program_on_cgroup2)
{
	expect_all(true);
}

/* What stays allowed is never refused for a moment, while the list changes around it. */
static void
expect_steady(bool unified)
{
	struct place place = { .child = -1 };

	if (geteuid() != 0 || !place_open(&place, unified))
		cr_skip_test("no such cgroups here, or not root");
	set(&place, "c 1:3 rwm\n");
	pid_t opener = fork();
	if (opener == 0) {
		char path[600];
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)snprintf(path, sizeof(path), "%s/cgroup.procs", place.directory);
		int procs = open(path, O_WRONLY | O_CLOEXEC);
		if (procs < 0 || write(procs, "0", 1) != 1)
			_exit(2);
		for (int i = 0; i < 200000; i++)
			if (!opens("/dev/null", O_RDWR))
				_exit(1);
		_exit(0);
	}
	int status = -1, changes = 0;
	while (waitpid(opener, &status, WNOHANG) == 0)
		set(&place, changes++ % 2 ? "c 1:3 rwm\n" : "c 1:5 rw\nc 1:3 rwm\nc 10:229 rw\n");
	cr_expect_eq(status, 0, "status %d after %d changes", status, changes);
	cr_expect_gt(changes, 2);
	place_close(&place);
}

Test(device_access, v1_is_steady)
{
	expect_steady(false);
}

Test(device_access, program_is_steady)
{
	expect_steady(true);
}
