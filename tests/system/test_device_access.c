/*
 * container/device_access.c and device_program.c on this machine's kernel: a process in a cgroup
 * of the test's own tries nodes that the test made on a tmpfs, whatever /dev says.  Each test is run
 * with v1's controller and with cgroup2's program.  Needs root; what is not there is skipped.
 */
#include "container/device_access.h"
#include "lib/machine.h"
#include "test_namespace.h"
#include "tests/unit/test_sandbox.h"

#include <sys/socket.h>
#include <sys/sysmacros.h>

/* What could be done with a node. */
enum { READ = 1, WRITE = 2, BOTH = 4, MAKE = 8, ODD = 128 };

struct question {
	mode_t type;
	unsigned major, minor;
};

static struct {
	struct cgroups cgroups;
	pid_t resident; /* in the cgroup */
	int fd;         /* to it */
	char above[512];  /* a directory between, if the test made it */
} world = { .resident = -1, .fd = -1 };

static int
try_open(const char *path, int flags, int bit)
{
	autofd int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC);

	/* The cgroup let it through, to a driver or a terminal that is not there. */
	if (fd >= 0 || errno == ENXIO || errno == ENODEV || errno == EIO)
		return bit;
	return errno == EPERM ? 0 : ODD;
}

static int
try_all(const struct question *question)
{
	char path[64];
	const dev_t number = makedev(question->major, question->minor);
	int may;

	(void)snprintf(path, sizeof(path), "%o-%u-%u", question->type, question->major, question->minor);
	may = try_open(path, O_RDONLY, READ) | try_open(path, O_WRONLY, WRITE) |
	    try_open(path, O_RDWR, BOTH);
	if (mknod("made", question->type | 0600, number) == 0)
		may |= MAKE;
	else if (errno != EPERM)
		may |= ODD;
	(void)unlink("made");
	return may;
}

static _Noreturn void
reside(int fd)
{
	struct question question;
	autofd int procs = openat(world.cgroups.place[0].fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	char ready = procs >= 0 && write(procs, "0", 1) == 1;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)!write(fd, &ready, 1);
	while (ready && recv(fd, &question, sizeof(question), 0) == (ssize_t)sizeof(question)) {
		char may = (char)try_all(&question);
		(void)!write(fd, &may, 1);
	}
	_exit(0);
}

static void
start_resident(void)
{
	int pair[2];
	char ready = 0;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0, "%m");
	world.resident = fork();
	if (world.resident == 0) {
		own_close(&pair[0]);
		reside(pair[1]);
	}
	own_close(&pair[1]);
	world.fd = pair[0];
	cr_assert_eq(read(world.fd, &ready, 1), 1, "%m");
	cr_assert(ready, "the cgroup takes no process");
}

static void
end_resident(void)
{
	own_close(&world.fd);
	if (world.resident > 0)
		(void)waitpid(world.resident, NULL, 0);
	world.resident = -1;
}

static void
make_directory(const char *directory, bool unified)
{
	struct cgroup_place *place = &world.cgroups.place[0];

	cr_assert_eq(mkdir(directory, 0755), 0, "%s: %m", directory);
	*place = (struct cgroup_place) { .unified = unified };
	cr_assert_lt(snprintf(place->directory, sizeof(place->directory), "%s", directory), 512);
	place->fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(place->fd, 0, "%m");
	world.cgroups.count = 1;
}

static void
set_up(bool unified)
{
	struct machine machine;
	struct error err = ERROR_INIT;
	char directory[512];

	sandbox_enter();
	cr_assert_eq(machine_read(&machine, &err), 0, "%s", err.text);
	const struct controller_place *v1 = &machine.place[CONTROLLER_DEVICES];
	if (unified ? !machine.unified[0] : v1->version != CGROUP_V1)
		cr_skip_test("no %s on this machine", unified ? "cgroup2" : "v1 hierarchy of devices");
	(void)snprintf(directory, sizeof(directory), "%s/ctr-test-devices-%d",
	    unified ? machine.unified : v1->root, (int)getpid());
	make_directory(directory, unified);
}

static void
tear_down(void)
{
	end_resident();
	if (world.cgroups.count > 0)
		cr_expect_eq(rmdir(world.cgroups.place[0].directory), 0, "%m");
	if (world.above[0])
		cr_expect_eq(rmdir(world.above), 0, "%s: %m", world.above);
}

TestSuite(device_access, .fini = tear_down, .timeout = 60);

static void
set(const char *list)
{
	static struct device_numbers numbers;
	struct error err = ERROR_INIT;

	numbers.count = 0;
	cr_assert_eq(device_numbers_parse(&numbers, list, &err), 0, "%s", err.text);
	cr_assert_eq(device_access_set(&world.cgroups, &numbers, &err), 0, "%s", err.text);
}

static void
expect(const char *list, mode_t type, unsigned major, unsigned minor, int may)
{
	struct question question = { .type = type, .major = major, .minor = minor };
	char path[64];
	unsigned char got = ODD;

	(void)snprintf(path, sizeof(path), "%o-%u-%u", type, major, minor);
	cr_assert(mknod(path, type | 0666, makedev(major, minor)) == 0 || errno == EEXIST, "%m");
	cr_assert_eq(send(world.fd, &question, sizeof(question), 0), (ssize_t)sizeof(question), "%m");
	cr_assert_eq(read(world.fd, &got, 1), 1, "the resident ended");
	cr_expect_eq(got, may, "\"%s\": %s: %#x, not %#x", list, path, (unsigned)got, (unsigned)may);
}

/* With v1's controller, and with cgroup2's program. */
#define BOTH_TEST(name)                       \
	static void name(void);               \
	Test(device_access, name##_v1)        \
	{                                     \
		set_up(false);                \
		name();                       \
	}                                     \
	Test(device_access, name##_v2)        \
	{                                     \
		set_up(true);                 \
		name();                       \
	}                                     \
	static void name(void)

BOTH_TEST(lets_what_the_list_says)
{
	static const char list[] = "c 1:3 rwm\nc 1:5 r\nc 1:7 w\nc 1:8 m\nc 136:* rw\nb 7:0 rw\nb 8:* r";
	static const struct {
		mode_t type;
		unsigned major, minor;
		int may;
	} row[] = {
		{ S_IFCHR, 1, 3, READ | WRITE | BOTH | MAKE },
		{ S_IFCHR, 1, 5, READ },
		{ S_IFCHR, 1, 7, WRITE },
		{ S_IFCHR, 1, 8, MAKE },
		{ S_IFCHR, 1, 9, 0 },
		{ S_IFCHR, 2, 3, 0 },
		{ S_IFCHR, 5, 0, 0 },
		{ S_IFCHR, 136, 99999, READ | WRITE | BOTH },
		{ S_IFCHR, 137, 99999, 0 },
		/* The same numbers of the other type. */
		{ S_IFBLK, 1, 3, 0 },
		{ S_IFBLK, 136, 99999, 0 },
		{ S_IFCHR, 7, 0, 0 },
		{ S_IFBLK, 7, 1048575, 0 },
		{ S_IFBLK, 8, 99999, READ },
	};

	set(list);
	start_resident();
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		expect(list, row[i].type, row[i].major, row[i].minor, row[i].may);
}

/* One process sees all of it: each list is the whole truth, whatever was there before. */
BOTH_TEST(changes_while_it_lives)
{
	static const struct {
		const char *list;
		int null, zero;
	} row[] = {
		{ "c 1:3 rw", READ | WRITE | BOTH, 0 },
		{ "c 1:3 rw\nc 1:5 r", READ | WRITE | BOTH, READ },
		{ "c 1:3 r\nc 1:5 rw", READ, READ | WRITE | BOTH },
		{ "c 1:5 w", 0, WRITE },
		{ "c 1:* w", WRITE, WRITE },
		{ "", 0, 0 },
		{ "c 1:5 rwm\nc 1:3 m", MAKE, READ | WRITE | BOTH | MAKE },
	};

	set(row[0].list);
	start_resident();
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		set(row[i].list);
		expect(row[i].list, S_IFCHR, 1, 3, row[i].null);
		expect(row[i].list, S_IFCHR, 1, 5, row[i].zero);
	}
}

BOTH_TEST(holds_as_many_as_there_can_be)
{
	static struct device_numbers numbers;
	struct error err = ERROR_INIT;
	struct device_number number = { .type = 'c', .major = 4095, .may = DEVICE_MAY_READ };

	for (int i = 0; i < DEVICE_NUMBERS_MAX; i++) {
		number.minor = 1048575 - i;
		cr_assert(device_numbers_add(&numbers, number), "%d", i);
	}
	number.may = DEVICE_MAY_WRITE;
	cr_expect(device_numbers_add(&numbers, number), "one that is there is not another");
	number.minor = 1;
	cr_expect(!device_numbers_add(&numbers, number), "one too many");
	cr_assert_eq(device_access_set(&world.cgroups, &numbers, &err), 0, "%s", err.text);
	start_resident();
	expect("many", S_IFCHR, 4095, 1048575, READ);
	expect("many", S_IFCHR, 4095, 1048576 - DEVICE_NUMBERS_MAX, READ | WRITE | BOTH);
	expect("many", S_IFCHR, 4095, 1, 0);
	set("");
	expect("none", S_IFCHR, 4095, 1048575, 0);
}

/*
 * A cgroup below one that is limited.  v1: the kernel refuses the one number, and takes the
 * rest; cgroup2: both programs must agree.
 */
BOTH_TEST(gives_no_more_than_the_cgroup_above_has)
{
	static struct device_numbers numbers;
	const bool unified = world.cgroups.place[0].unified;
	struct error err = ERROR_INIT;
	char below[600];

	set("c 1:3 r\nc 1:9 rw");
	(void)snprintf(world.above, sizeof(world.above), "%s", world.cgroups.place[0].directory);
	(void)snprintf(below, sizeof(below), "%s/below", world.above);
	own_close(&world.cgroups.place[0].fd);
	make_directory(below, unified);
	set("c 1:3 r");
	cr_assert_eq(device_numbers_parse(&numbers, "c 1:5 rw\nc 1:9 r", &err), 0, "%s", err.text);
	int rc = device_access_set(&world.cgroups, &numbers, &err);
	cr_expect_eq(rc, unified ? 0 : -1);
	cr_expect(unified || strstr(err.text, "the cgroup above does not have it"), "%s", err.text);
	start_resident();
	expect("below", S_IFCHR, 1, 3, 0);
	expect("below", S_IFCHR, 1, 5, 0);
	expect("below", S_IFCHR, 1, 9, READ);
}

Test(device_numbers, reads_the_kernels_lines)
{
	static const struct {
		const char *line;
		bool good;
	} row[] = {
		{ "c 1:3 rwm", true }, { "b 8:* r", true }, { "c 136:* rw", true }, { "c 4095:1048575 m", true },
		{ "a *:* rwm", false }, { "c *:* rwm", false }, { "c *:3 r", false }, { "c 1:3", false },
		{ "c 1:3 ", false }, { "c 1:3 x", false }, { "c 1:3 rw x", false }, { "c 1 r", false },
		{ "c  1:3 r", false }, { "", false }, { "c", false }, { "p 1:3 r", false }, { "c -1:3 r", false },
		{ "c 1:99999999999 r", false },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct device_number number;
		cr_expect_eq(device_number_parse(row[i].line, &number), row[i].good, "%s", row[i].line);
	}
}
