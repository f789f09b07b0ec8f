/*
 * lib/id_map.c's text, written to the uid_map and gid_map of a real user namespace: the kernel
 * takes it, and then translates ids as id_map_outside() says.  Needs root; skips without.
 */
#include "lib/id_map.h"
#include "tests/system/test_namespace.h"

#include <sys/stat.h>

#define BASE 3000000000u

static uint32_t
many_ids(uint32_t *self, size_t size)
{
	uint32_t count = 0;

	/* Lone ids, neighbours, the edges of the range, ids above it; as many as are said to fit. */
	for (uint32_t id = 1000; count + 4 < size; id += 2)
		self[count++] = id;
	self[count++] = 1;
	self[count++] = 65535;
	self[count++] = 65536;
	self[count++] = UINT32_MAX - 1;
	return count;
}

static pid_t
start_in_new_userns(void)
{
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	pid_t pid = sys_clone3(&args);

	cr_assert_geq(pid, 0, "%m");
	if (pid > 0)
		return pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		(void)pause();
}

static void
expect_written(pid_t pid, const char *file, const char *text)
{
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	cr_assert_geq(fd, 0, "%m");
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text), "%s: %m\n%s", path, text);
	(void)close(fd);
}

/* In a child inside: every id of the row, taken by a file, is the same from inside. */
static int
chown_inside(pid_t pid, const char *directory, const uint32_t *id, size_t count)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	autofd int namespace = open(path, O_RDONLY | O_CLOEXEC);
	autofd int at = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(namespace >= 0 && at >= 0 && setns(namespace, CLONE_NEWUSER) == 0);
	MUST(setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0);
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(path, sizeof(path), "%u", (unsigned)id[i]);
		autofd int fd = openat(at, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		MUST(fd >= 0 && fchown(fd, id[i], id[i]) == 0);
	}
	return 0;
}

Test(id_map_kernel, takes_the_largest_map_and_translates_by_it, .timeout = 30)
{
	static const uint32_t probe[] = { 0, 1, 2, 999, 1000, 1001, 1002, 65534, 65535, 65536,
		UINT32_MAX - 1 };
	struct error err = ERROR_INIT;
	struct id_map map;
	char text[ID_MAP_TEXT], directory[] = "/tmp/test_id_map.XXXXXX";
	uint32_t self[400], count;
	size_t size = 400;

	if (geteuid() != 0)
		cr_skip_test("needs root");
	do
		count = many_ids(self, size);
	while (id_map_build(&map, self, count, BASE, &err) < 0 && --size > 100);
	cr_assert_eq(id_map_format(&map, text, sizeof(text), &err), 0, "%s", err.text);
	cr_assert_gt(strlen(text), ID_MAP_TEXT - 60, "not near the limit: %zu bytes", strlen(text));

	pid_t pid = start_in_new_userns();
	expect_written(pid, "uid_map", text);
	expect_written(pid, "gid_map", text);
	cr_assert_neq(mkdtemp(directory), NULL, "%m");
	/* The container's root may make files there. */
	cr_assert_eq(chown(directory, BASE, BASE), 0);
	pid_t child = fork();
	if (child == 0) {
		int line = chown_inside(pid, directory, probe, sizeof(probe) / sizeof(probe[0]));
		if (line)
			(void)fprintf(stderr, "inside, line %d: %m\n", line);
		_exit(line != 0);
	}
	int failed = namespace_finish(child);
	for (size_t i = 0; i < sizeof(probe) / sizeof(probe[0]); i++) {
		char path[128];
		struct stat st;
		uint32_t outside = id_map_outside(&map, probe[i]);

		(void)snprintf(path, sizeof(path), "%s/%u", directory, (unsigned)probe[i]);
		cr_expect(stat(path, &st) == 0 && st.st_uid == outside && st.st_gid == outside,
		    "id %u", (unsigned)probe[i]);
		(void)unlink(path);
	}
	(void)rmdir(directory);
	(void)kill(pid, SIGKILL);
	(void)namespace_finish(pid);
	cr_expect_eq(failed, 0);
}
