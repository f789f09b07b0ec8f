/*
 * container/cgroup_mount.c and lib/cgroup_host.c on this machine's kernel, in mount namespaces of
 * their own; and in cgroup namespaces of their own, where the kernel takes options and sets none, so
 * that the machine's hierarchy stays as it is.  What options do is shown in a guest (tests/vm/init).
 * Needs root; says so and skips without.
 */
#include "container/cgroup_mount.h"
#include "lib/cgroup_host.h"
#include "lib/kernel_file.h"
#include "lib/mount_line.h"
#include "lib/text.h"
#include "test_namespace.h"

#define SYS_MS_PRIVATE_REC (1UL << 18 | 1UL << 14)

static struct step mount_step = {
	.kind = STEP_CGROUP_MOUNT,
	.target = (char *)(uintptr_t)CGROUP_HOST_MOUNT,
	.source = (char *)(uintptr_t)"cgroup2",
	.value = (char *)(uintptr_t)"",
};

/* How often cgroup2 is mounted in the usual place. */
static int
count_mounts(const char *type)
{
	struct error err = ERROR_INIT;
	autofree char *text = kernel_file_read("/proc/self/mountinfo", &err);
	char *cursor = text, *line;
	int count = 0;

	cr_assert_not_null(text, "%s", err.text);
	while ((line = text_next_line(&cursor))) {
		struct mount_line mount;

		if (mount_line_parse(line, &mount) && !strcmp(mount.point, CGROUP_HOST_MOUNT) &&
		    !strcmp(mount.type, type))
			count++;
	}
	return count;
}

/* A host where nobody mounted any cgroups, in the place where they belong. */
static void
set_up(void)
{
	if (geteuid() != 0)
		cr_skip_test("needs root");
	cr_assert_eq(unshare(CLONE_NEWNS | CLONE_NEWCGROUP), 0, "%m");
	cr_assert_eq(sys_mount(NULL, "/", NULL, SYS_MS_PRIVATE_REC, NULL), 0, "%m");
	while (sys_umount2(CGROUP_HOST_MOUNT, SYS_MNT_DETACH) == 0)
		continue;
	cr_assert_eq(count_mounts("cgroup2"), 0);
}

TestSuite(cgroup_mount, .init = set_up, .timeout = 60);

Test(cgroup_mount, mounts_once)
{
	struct error err = ERROR_INIT;

	for (int i = 0; i < 2; i++) {
		cr_assert_eq(cgroup_mount_make(&mount_step, &err), 0, "%s", err.text);
		cr_expect_eq(count_mounts("cgroup2"), 1);
	}
	cr_expect_eq(access(CGROUP_HOST_MOUNT "/cgroup.procs", F_OK), 0, "%m");
}

/* Fifty first logins of fifty users on a host where nothing was set up. */
Test(cgroup_mount, many_at_once_mount_once)
{
	int gate[2], status;

	cr_assert_eq(pipe(gate), 0, "%m");
	for (int i = 0; i < 50; i++) {
		pid_t pid = fork();

		cr_assert_geq(pid, 0, "%m");
		if (pid == 0) {
			struct error err = ERROR_INIT;
			char byte;

			own_close(&gate[1]);
			_exit(read(gate[0], &byte, 1) != 0 || cgroup_mount_make(&mount_step, &err) < 0);
		}
	}
	own_close(&gate[1]);
	while (wait(&status) > 0)
		cr_expect_eq(status, 0);
	cr_expect_eq(count_mounts("cgroup2"), 1);
	own_close(&gate[0]);
}

/* Said so, with what to do, and nothing is mounted. */
Test(cgroup_mount, says_what_is_missing)
{
	struct error err = ERROR_INIT;
	struct step step = mount_step;

	step.target = (char *)(uintptr_t)"/sys/fs/no-cgroup";
	cr_expect_eq(cgroup_mount_make(&step, &err), -1);
	cr_expect_eq(err.errnum, ENOENT);
	cr_expect(strstr(err.text, "sysfs must be mounted on /sys"), "%s", err.text);

	step = mount_step;
	step.value = (char *)(uintptr_t)"no_such_option";
	cr_expect_eq(cgroup_mount_make(&step, &err), -1);
	cr_expect_eq(err.errnum, EINVAL, "%s", err.text);
	cr_expect_eq(count_mounts("cgroup2"), 0);
}

static int
mounts_without_rights(void)
{
	struct error err = ERROR_INIT;

	MUST(setresuid(1, 1, 1) == 0);
	MUST(cgroup_mount_make(&mount_step, &err) < 0);
	MUST(err.errnum == EPERM);
	MUST(strstr(err.text, "not allowed in here"));
	return 0;
}

/* As in a container whose root may not mount. */
Test(cgroup_mount, says_who_may)
{
	pid_t pid = fork();

	cr_assert_geq(pid, 0, "%m");
	if (pid == 0)
		_exit(mounts_without_rights());
	cr_expect_eq(namespace_finish(pid), 0, "line");
}

/* In here the kernel sets no option: that it does not is seen. */
Test(cgroup_mount, reads_options_back)
{
	struct error err = ERROR_INIT;
	struct cgroup_host host;
	struct step step = { .kind = STEP_CGROUP_OPTIONS, .target = mount_step.target,
		.value = (char *)(uintptr_t)"nsdelegate,favordynmods" };

	cr_assert_eq(cgroup_mount_make(&mount_step, &err), 0, "%s", err.text);
	cr_assert_eq(cgroup_host_read(&host, &err), 0, "%s", err.text);
	if (!mount_line_list_has(host.features, "\n", "favordynmods"))
		cr_skip_test("this kernel has no favordynmods");
	if (mount_line_list_has(host.options, ",", "favordynmods"))
		cr_skip_test("it is set on this machine");
	cr_expect_eq(cgroup_mount_set_options(&step, &err), -1);
	cr_expect(strstr(err.text, "was set, but the kernel has"), "%s", err.text);

	step.value = (char *)(uintptr_t)"no_such_option";
	cr_expect_eq(cgroup_mount_set_options(&step, &err), -1);
	cr_expect_eq(err.errnum, EINVAL, "%s", err.text);
}

/*
 * A controller that is in a v1 hierarchy of this machine is in use, whether it is mounted in this
 * namespace or not; where there is none, cgroup2 is expected.
 */
Test(cgroup_mount, judges_a_host_without_mounts)
{
	struct error err = ERROR_INIT;
	struct machine machine;
	struct cgroup_host host;

	cr_assert_eq(cgroup_host_read(&host, &err), 0, "%s", err.text);
	cr_assert_eq(machine_read(&machine, &err), 0, "%s", err.text);
	cr_expect_eq(machine.mounts_cgroup2, host.kind == CGROUP_HOST_MISSING);
	cr_expect_str_eq(machine.unified, host.kind == CGROUP_HOST_MISSING ? CGROUP_HOST_MOUNT : "");
	if (host.kind == CGROUP_HOST_MISSING)
		cr_expect_eq(machine.place[CONTROLLER_PIDS].version, CGROUP_V2);
	else
		cr_expect(strstr(host.why, "v1 hierarchies are in use") || strstr(host.why, "systemd") ||
		    strstr(host.why, "PID 1"), "%s", host.why);
}

/* A cgroup namespace's root has a type: it is another system's tree that is seen. */
Test(cgroup_mount, knows_a_part_of_a_tree)
{
	struct error err = ERROR_INIT;
	struct cgroup_host host;

	cr_assert_eq(cgroup_mount_make(&mount_step, &err), 0, "%s", err.text);
	cr_assert_eq(cgroup_host_read(&host, &err), 0, "%s", err.text);
	bool is_part = access(CGROUP_HOST_MOUNT "/cgroup.type", F_OK) == 0;
	if (is_part)
		cr_expect_eq(host.kind, CGROUP_HOST_FOREIGN);
	else if (host.kind == CGROUP_HOST_OWN)
		cr_expect_gt(strlen(host.controllers), 0);
	cr_expect_str_eq(host.mount, CGROUP_HOST_MOUNT);
}
