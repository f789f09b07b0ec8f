/*
 * container/inside.c, device.c, home.c, idmap.c, user.c: small plans by hand, run in new
 * namespaces over a host of the test's own on /mnt, and looked at from inside and outside.
 * Needs root.
 */
#include "container/idmap.h"
#include "container/inside.h"

#include "lib/mark.h"
#include "lib/places.h"
#include "test_namespace.h"
#include "tests/unit/test_sandbox.h"

#include <grp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#define USER SANDBOX_USER
#define HOME "/mnt/home/alice"
#define UPPER "/mnt/lib/1000/home"
#define NAMESPACES (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS)
#define MIB (UINT64_C(1) << 20)

struct result {
	int rc;
	struct error err;
	int line;          /* of the check that failed inside; 0: all is well */
	char notices[512]; /* joined by newlines */
};

/* To tell parent and child what the other has done. */
static int turn[2] = { -1, -1 };

static char *
text(const char *constant)
{
	return (char *)(uintptr_t)constant;
}

static struct step
at(enum step_kind kind, const char *target)
{
	return (struct step) { .phase = PHASE_INSIDE, .kind = kind, .target = text(target),
		.mode = 0755, .size = MIB, .because = "" };
}

static struct step
if_there(struct step step)
{
	step.flags |= STEP_F_OPTIONAL;
	return step;
}

static struct step
bind_of(const char *source, const char *target, unsigned flags)
{
	struct step step = at(STEP_BIND, target);

	step.source = text(source);
	step.flags = flags;
	return step;
}

static struct step
home_of(enum home_kind kind, const char *source, const char *upper)
{
	struct step step = at(STEP_HOME, HOME);

	step.home = kind;
	step.source = text(source);
	step.value = text(upper);
	step.uid = step.gid = USER;
	/* What is kept is limited by quotas, which a tmpfs has none of. */
	if (upper)
		step.size = 0;
	return step;
}

static struct step
passthrough_of(const char *name, const char *target)
{
	struct step step = at(STEP_PASSTHROUGH, target);

	step.source = text(name);
	step.uid = step.gid = USER;
	return step;
}

static void
note(const char *notice, void *context)
{
	struct result *result = context;
	size_t length = strlen(result->notices);

	(void)snprintf(result->notices + length, sizeof(result->notices) - length, "%s\n", notice);
}

/* What the supervisor makes before there is a first process. */
static int
template_userns(const struct plan *plan)
{
	struct error err = ERROR_INIT;

	for (size_t i = 0; i < plan->count; i++)
		if (plan->step[i].kind == STEP_HOME && plan->step[i].home == HOME_TEMPLATE)
			return idmap_root_to(plan->step[i].uid, plan->step[i].gid, &err);
	return -1;
}

static void
run_inside(const struct plan *plan, int userns, inside_function *check, struct result *result)
{
	struct inside inside = INSIDE_INIT;
	int before = sandbox_count_fds();

	inside.plan = plan;
	inside.template_userns = userns;
	inside.notice = note;
	inside.context = result;
	result->rc = inside_run(&inside, &result->err);
	inside_free(&inside);
	inside_free(&inside);
	/* Where /proc is the host's still, there is no own directory in it. */
	if (access("/proc/self/fd", F_OK) == 0 && sandbox_count_fds() != before)
		result->line = __LINE__;
	else if (result->rc == 0 && check)
		result->line = check();
}

static char *
mounts_of_host(void)
{
	char *all = calloc(1, MIB);
	FILE *file = fopen("/proc/self/mountinfo", "re");

	cr_assert(all && file);
	cr_assert_gt(fread(all, 1, MIB - 1, file), 0);
	(void)fclose(file);
	return all;
}

static pid_t
start(const struct plan *plan, inside_function *check, int *answer)
{
	struct clone_args args = { .flags = NAMESPACES, .exit_signal = SIGCHLD };
	struct result result = { .rc = -1, .err = ERROR_INIT };
	int pair[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	autofd int userns = template_userns(plan);
	pid_t pid = sys_clone3(&args);
	cr_assert_geq(pid, 0, "%m");
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		run_inside(plan, userns, check, &result);
		(void)!write(pair[1], &result, sizeof(result));
		_exit(0);
	}
	own_close(&pair[1]);
	*answer = pair[0];
	return pid;
}

static struct result
finish(pid_t pid, int answer)
{
	struct result result;

	cr_assert_eq(read(answer, &result, sizeof(result)), sizeof(result), "it died: %m");
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	own_close(&answer);
	return result;
}

/* Whatever the plan is: the host's mounts are afterwards as they were. */
static struct result
contain(struct step *steps, size_t count, inside_function *check)
{
	struct plan plan = { .step = steps, .count = count };
	autofree char *before = mounts_of_host();
	int answer;
	pid_t pid = start(&plan, check, &answer);
	struct result result = finish(pid, answer);
	autofree char *after = mounts_of_host();

	cr_expect_str_eq(before, after, "a mount went out");
	return result;
}

#define EXPECT_GOOD(steps, check)                                                             \
	do {                                                                                  \
		struct result _r = contain(steps, sizeof(steps) / sizeof((steps)[0]), check); \
		cr_expect_eq(_r.rc, 0, "%s: %s", _r.err.text, strerror(_r.err.errnum));       \
		cr_expect_eq(_r.line, 0, "inside, line %d", _r.line);                         \
		cr_expect_str_eq(_r.notices, "");                                             \
	} while (0)

#define EXPECT_REFUSED(steps, number, why)                                                    \
	do {                                                                                  \
		struct result _r = contain(steps, sizeof(steps) / sizeof((steps)[0]), NULL);  \
		cr_expect_eq(_r.rc, -1, "it went well: %s", why);                             \
		cr_expect((number) < 0 || _r.err.errnum == (number), "%d: %s",                \
		    _r.err.errnum, _r.err.text);                                              \
		cr_expect(strstr(_r.err.text, why), "%s", _r.err.text);                       \
	} while (0)

/* A host whose mounts are shared, as systemd makes them. */
static void
make_host(void)
{
	sandbox_enter();
	sandbox_tmpfs("/run");
	cr_assert_eq(sys_mount(NULL, "/", NULL, SANDBOX_MS_SHARED | SANDBOX_MS_REC, NULL), 0, "%m");
	cr_assert_eq(pipe2(turn, O_CLOEXEC), 0);
	sandbox_directory("/mnt/home", 0755, 0);
	sandbox_directory(HOME, 0750, USER);
	sandbox_file(HOME "/file", "real", 0644, USER);
	sandbox_directory(HOME "/.ssh", 0700, USER);
	sandbox_file(HOME "/.ssh/config", "of the host", 0600, USER);
	sandbox_directory("/mnt/home/bob", 0755, 0);
	sandbox_directory("/mnt/lib", 0700, 0);
	sandbox_directory("/mnt/lib/1000", 0700, 0);
	sandbox_directory("/mnt/a", 0755, 0);
	sandbox_directory("/mnt/b", 0755, 0);
	sandbox_file("/mnt/file", "text", 0644, 0);
	sandbox_directory("/mnt/user", 0755, USER);
	sandbox_directory("/mnt/user/sub", 0755, USER);
	sandbox_link("/mnt/a", "/mnt/user/link", USER);
}

TestSuite(inside, .init = make_host, .timeout = 60);

/* --- looked at from inside ------------------------------------------------------------- */

static bool
reads(const char *path, const char *wanted)
{
	char got[256] = "";
	autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return fd >= 0 && read(fd, got, sizeof(got) - 1) >= 0 && !strcmp(got, wanted);
}

static bool
writes(const char *path, const char *what)
{
	autofd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	return fd >= 0 && write(fd, what, strlen(what)) == (ssize_t)strlen(what);
}

static bool
is_missing(const char *path)
{
	return access(path, F_OK) < 0 && errno == ENOENT;
}

static bool
is_read_only(const char *path)
{
	return !writes(path, "x") && errno == EROFS;
}

static bool
is_owned(const char *path, uid_t uid, mode_t mode)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_uid == uid && st.st_gid == uid && (st.st_mode & 07777) == mode;
}

static bool
is_device(const char *path, unsigned major, unsigned minor)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(major, minor);
}

static int
become_user(void)
{
	MUST(setgroups(0, NULL) == 0 && setresgid(USER, USER, USER) == 0);
	MUST(setresuid(USER, USER, USER) == 0);
	return 0;
}

/* --- what a bind, a cover and a change of attributes do ---------------------------------- */

static int
check_binds(void)
{
	MUST(is_missing("/mnt/a/x"));
	MUST(reads("/mnt/b/file", "x") && is_read_only("/mnt/b/file") && is_read_only("/mnt/b/new"));
	MUST(reads("/mnt/b/sub/file", "mounted below") && is_read_only("/mnt/b/sub/file"));
	MUST(reads("/mnt/dst", "text") && writes("/mnt/dst", "TEXT") && reads("/mnt/file", "TEXT"));
	MUST(is_missing("/mnt/none"));
	MUST(is_device("/mnt/hidden", 1, 3) && reads("/mnt/hidden", ""));
	return 0;
}

Test(inside, binds_and_hides)
{
	sandbox_directory("/mnt/a/x", 0755, 0);
	sandbox_file("/mnt/a/x/file", "x", 0644, 0);
	sandbox_directory("/mnt/a/x/sub", 0755, 0);
	sandbox_tmpfs("/mnt/a/x/sub");
	sandbox_file("/mnt/a/x/sub/file", "mounted below", 0644, 0);
	sandbox_file("/mnt/dst", "", 0644, 0);
	sandbox_file("/mnt/hidden", "secret", 0644, 0);
	/* The bind's source is covered before its turn: it was opened before that. */
	struct step steps[] = { at(STEP_SLAVE, "/"), at(STEP_HIDE, "/mnt/a"), at(STEP_HIDE, "/mnt/hidden"),
		bind_of("/mnt/a/x", "/mnt/b", STEP_F_READ_ONLY), bind_of("/mnt/file", "/mnt/dst", 0),
		bind_of("/mnt/none", "/mnt/b", STEP_F_OPTIONAL), if_there(at(STEP_HIDE, "/mnt/none")),
		if_there(at(STEP_MASK, "/mnt/none/none")), if_there(at(STEP_READ_ONLY, "/mnt/none")) };
	EXPECT_GOOD(steps, check_binds);
}

static int
check_read_only(void)
{
	MUST(is_read_only("/mnt/a/new") && is_read_only("/mnt/a/mounted/new"));
	MUST(writes("/mnt/a/writable/new", "x"));
	MUST(is_read_only("/mnt/a/mounted/deep/new"));
	MUST(is_read_only("/mnt/file"));
	MUST(writes("/mnt/b/new", "x"));
	return 0;
}

Test(inside, read_only_and_writable)
{
	sandbox_directory("/mnt/a/mounted", 0755, 0);
	sandbox_tmpfs("/mnt/a/mounted");
	sandbox_directory("/mnt/a/mounted/deep", 0755, 0);
	sandbox_tmpfs("/mnt/a/mounted/deep");
	sandbox_directory("/mnt/a/writable", 0755, 0);
	struct step steps[] = { at(STEP_SLAVE, "/"), at(STEP_READ_ONLY, "/mnt/a"),
		at(STEP_READ_ONLY, "/mnt/file"), at(STEP_WRITABLE, "/mnt/a/writable") };
	EXPECT_GOOD(steps, check_read_only);
	cr_expect(writes("/mnt/a/new", "x"), "the host's became read-only, too");
}

static int
check_tmpfs(void)
{
	static char block[4096];
	struct statvfs fs;
	int files = 0;

	MUST(statvfs("/mnt/a", &fs) == 0);
	MUST(fs.f_blocks * fs.f_frsize == 256 * 1024);
	MUST((fs.f_flag & (ST_NOSUID | ST_NODEV)) == (ST_NOSUID | ST_NODEV));
	MUST(is_owned("/mnt/a", USER, 01770));
	MUST(is_owned("/mnt/a/sub", USER, 0700));
	autofd int fd = open("/mnt/a/large", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (write(fd, block, sizeof(block)) == (ssize_t)sizeof(block))
		MUST(files++ < 64);
	MUST(errno == ENOSPC);
	/* Empty files cost memory, too. */
	for (files = 0; files < 10000; files++) {
		char name[64];
		(void)snprintf(name, sizeof(name), "/mnt/a/%d", files);
		autofd int empty = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (empty < 0)
			break;
	}
	MUST(files < 10000 && errno == ENOSPC);
	return 0;
}

Test(inside, tmpfs_is_bounded)
{
	struct step tmpfs = at(STEP_TMPFS, "/mnt/a"), directory = at(STEP_DIRECTORY, "/mnt/a/sub");

	tmpfs.size = 256 * 1024;
	tmpfs.mode = 01770;
	directory.mode = 0700;
	tmpfs.uid = tmpfs.gid = directory.uid = directory.gid = USER;
	struct step steps[] = { at(STEP_SLAVE, "/"), tmpfs, directory };
	EXPECT_GOOD(steps, check_tmpfs);
	cr_expect(is_missing("/mnt/a/sub"));
}

/* A plan is made of a policy, and a policy of an admin's paths, some of which a user owns. */
Test(inside, hostile_targets_are_refused)
{
	static const struct {
		enum step_kind kind;
		const char *target;
		int errnum; /* -1: kernels differ */
		const char *why;
	} rows[] = {
		{ STEP_TMPFS, "/mnt/user/sub", EPERM, "not root's alone" },
		{ STEP_TMPFS, "/mnt/user/link", EPERM, "not root's alone" },
		{ STEP_HIDE, "/mnt/user/link", EPERM, "not root's alone" },
		{ STEP_READ_ONLY, "/mnt/user/sub", EPERM, "not root's alone" },
		{ STEP_DIRECTORY, "/mnt/a/new", EPERM, "outside the container's own mounts" },
		{ STEP_DIRECTORY, "/mnt/user/new", EPERM, "outside the container's own mounts" },
		{ STEP_MARK, "/mnt/a/mark", EPERM, "outside the container's own mounts" },
		{ STEP_TMPFS, "/mnt/none", ENOENT, "tmpfs: open /mnt/none" },
		{ STEP_HIDE, "/mnt/none", ENOENT, "hide: open /mnt/none" },
		{ STEP_WRITABLE, "/mnt/none", ENOENT, "writable: open /mnt/none" },
		{ STEP_TMPFS, "/mnt/file", -1, "tmpfs: /mnt/file" },
		{ STEP_TMPFS, "relative", EINVAL, "not absolute" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct step steps[] = { at(STEP_SLAVE, "/"), at(rows[i].kind, rows[i].target) };
		EXPECT_REFUSED(steps, rows[i].errnum, rows[i].why);
	}
	struct step missing[] = { at(STEP_SLAVE, "/"), bind_of("/mnt/none", "/mnt/b", 0) };
	EXPECT_REFUSED(missing, ENOENT, "bind: open /mnt/none");
	struct step users[] = { at(STEP_SLAVE, "/"), bind_of("/mnt/user/sub", "/mnt/b", 0) };
	EXPECT_REFUSED(users, EPERM, "not root's alone");
}

Test(inside, steps_of_others_are_refused)
{
	static const enum step_kind kinds[] = { STEP_SHARE, STEP_NAMESPACES, STEP_BOUNDING,
		STEP_ENVIRONMENT, STEP_CGROUP_MAKE, STEP_CGROUP_SET, STEP_CGROUP_DELEGATE,
		STEP_CGROUP_VACATE };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct step steps[] = { at(STEP_SLAVE, "/"), at(kinds[i], "/mnt/a") };
		EXPECT_REFUSED(steps, ENOSYS, step_kind_name(kinds[i]));
	}
}

Test(inside, as_many_tmpfs_as_can_be_remembered)
{
	struct step steps[INSIDE_DEVICES_MAX + 2];

	steps[0] = at(STEP_SLAVE, "/");
	for (size_t i = 1; i < INSIDE_DEVICES_MAX + 2; i++)
		steps[i] = at(STEP_TMPFS, "/mnt/a");
	EXPECT_REFUSED(steps, 0, "more than 64 file systems");
	struct result result = contain(steps, INSIDE_DEVICES_MAX + 1, NULL);
	cr_expect_eq(result.rc, 0, "%s", result.err.text);
}

/* --- propagation ------------------------------------------------------------------------- */

static int
check_propagation(void)
{
	MUST(sys_mount("in", "/mnt/b", "tmpfs", 0, NULL) == 0);
	MUST(write(turn[1], "", 1) == 1);
	/* The host's turn is over when its mount is here. */
	MUST(namespace_wait(reads("/mnt/a/later/file", "later")));
	return 0;
}

Test(inside, later_mounts_come_in_and_none_goes_out)
{
	struct step steps[] = { at(STEP_SLAVE, "/"), at(STEP_TMPFS, "/mnt/user") };
	struct plan plan = { .step = steps, .count = 2 };
	struct stat before, after;
	char byte;
	int answer;

	sandbox_directory("/mnt/a/later", 0755, 0);
	cr_assert_eq(stat("/mnt/b", &before), 0);
	pid_t pid = start(&plan, check_propagation, &answer);
	cr_assert_eq(read(turn[0], &byte, 1), 1);
	cr_assert_eq(stat("/mnt/b", &after), 0);
	cr_expect_eq(before.st_dev, after.st_dev, "a mount made inside went out");
	sandbox_tmpfs("/mnt/a/later");
	sandbox_file("/mnt/a/later/file", "later", 0644, 0);
	struct result result = finish(pid, answer);
	cr_expect_eq(result.rc, 0, "%s", result.err.text);
	cr_expect_eq(result.line, 0, "inside, line %d", result.line);
}

/* --- /proc, /dev, names ------------------------------------------------------------------ */

static int
count_processes(void)
{
	DIR *proc = opendir("/proc");
	int count = 0;

	if (!proc)
		return -1;
	for (struct dirent *entry; (entry = readdir(proc));)
		count += atoi(entry->d_name) > 0;
	(void)closedir(proc);
	return count;
}

static int
check_proc(void)
{
	struct statvfs fs;

	MUST(getpid() == 1 && count_processes() == 1);
	MUST(statvfs("/proc", &fs) == 0);
	MUST((fs.f_flag & (ST_NOSUID | ST_NODEV | ST_NOEXEC)) == (ST_NOSUID | ST_NODEV | ST_NOEXEC));
	MUST(is_missing("/mnt/a/self") && is_missing("/mnt/odd name/self"));
	MUST(is_read_only("/proc/sys/kernel/hostname"));
	MUST(is_missing("/proc/kcore") || is_device("/proc/kcore", 1, 3));
	MUST(is_missing("/proc/fs/x") && is_missing("/proc/scsi/scsi"));
	char name[65];
	MUST(gethostname(name, sizeof(name)) == 0 && !strcmp(name, "inside"));
	return 0;
}

Test(inside, proc_shows_the_container_only)
{
	struct step hostname = at(STEP_HOSTNAME, NULL);
	char before[65], after[65];

	sandbox_directory("/mnt/odd name", 0755, 0);
	cr_assert_eq(sys_mount("proc", "/mnt/a", "proc", 0, NULL), 0, "%m");
	cr_assert_eq(sys_mount("proc", "/mnt/odd name", "proc", 0, NULL), 0, "%m");
	cr_assert_eq(gethostname(before, sizeof(before)), 0);
	hostname.value = text("inside");
	struct step steps[] = { hostname, at(STEP_SLAVE, "/"), at(STEP_PROC, "/proc"),
		at(STEP_READ_ONLY, "/proc/sys"), if_there(at(STEP_MASK, "/proc/kcore")),
		if_there(at(STEP_MASK, "/proc/fs")), if_there(at(STEP_MASK, "/proc/scsi")) };
	EXPECT_GOOD(steps, check_proc);
	cr_assert_eq(gethostname(after, sizeof(after)), 0);
	cr_expect_str_eq(before, after);
	cr_expect_eq(access("/mnt/a/self", F_OK), 0, "the host's own is gone");
}

static int
check_dev(void)
{
	static const struct {
		const char *path;
		unsigned major, minor;
	} nodes[] = { { "/dev/null", 1, 3 }, { "/dev/zero", 1, 5 }, { "/dev/full", 1, 7 },
		{ "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 } };
	char slave[64];
	int entries = 0;

	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		MUST(is_device(nodes[i].path, nodes[i].major, nodes[i].minor));
	DIR *dev = opendir("/dev");
	MUST(dev != NULL);
	while (readdir(dev))
		entries++;
	(void)closedir(dev);
	MUST(entries == 2 + 6 + 5 + 2); /* nodes, links, pts and shm */
	MUST(writes("/dev/null", "x"));
	autofd int first = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	MUST(first >= 0 && ptsname_r(first, slave, sizeof(slave)) == 0 && !strcmp(slave, "/dev/pts/0"));
	autofd int second = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	MUST(second >= 0);
	autofd int third = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	MUST(third < 0 && errno == ENOSPC);
	MUST(become_user() == 0);
	MUST(!writes("/dev/new", "x") && errno == EACCES);
	MUST(mknod("/dev/shm/mem", S_IFCHR | 0666, makedev(1, 1)) < 0);
	own_close(&second);
	autofd int users = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	MUST(users >= 0);
	return 0;
}

Test(inside, dev_has_the_harmless_nodes)
{
	struct step devpts = at(STEP_DEVPTS, "/dev/pts");

	devpts.size = 2;
	devpts.mode = 0620;
	struct step steps[] = { at(STEP_SLAVE, "/"), at(STEP_PROC, "/proc"), at(STEP_DEV, "/dev"), devpts,
		at(STEP_TMPFS, "/dev/shm") };
	EXPECT_GOOD(steps, check_dev);
}

static int
check_mark(void)
{
	struct error err = ERROR_INIT;

	MUST(is_missing(PLACE_RUN "/1000"));
	MUST(mark_check(&err) == 1);
	MUST(is_read_only(PLACE_MARK));
	MUST(unlink(PLACE_MARK) < 0 && rename(PLACE_MARK, "/mnt/b/mark") < 0);
	MUST(become_user() == 0);
	MUST(mark_check(&err) == 1);
	return 0;
}

Test(inside, the_mark_is_proof_and_stays)
{
	struct error err = ERROR_INIT;

	sandbox_directory(PLACE_RUN, 0700, 0);
	sandbox_directory(PLACE_RUN "/1000", 0700, 0);
	struct step steps[] = { at(STEP_SLAVE, "/"), at(STEP_PROC, "/proc"), at(STEP_HIDE, PLACE_RUN),
		at(STEP_MARK, PLACE_MARK) };
	EXPECT_GOOD(steps, check_mark);
	cr_expect_eq(mark_check(&err), 0, "the host is marked: %s", err.text);
}

/* --- the home ---------------------------------------------------------------------------- */

static int
check_home(void)
{
	MUST(is_missing("/mnt/home/bob"));
	MUST(is_owned(HOME, USER, 0750));
	MUST(become_user() == 0);
	MUST(reads(HOME "/file", "real") && writes(HOME "/file", "changed"));
	MUST(mkdir(HOME "/new", 0755) == 0 && writes(HOME "/new/file", "new"));
	MUST(rename(HOME "/new", HOME "/renamed") == 0);
	MUST(reads(HOME "/.ssh/config", "of the host"));
	MUST(writes(HOME "/.ssh/authorized_keys", "key"));
	MUST(mkdir("/mnt/home/carol", 0755) < 0);
	return 0;
}

static int
check_home_again(void)
{
	MUST(become_user() == 0);
	MUST(reads(HOME "/file", "changed") && reads(HOME "/renamed/file", "new"));
	MUST(reads(HOME "/.ssh/authorized_keys", "key"));
	return 0;
}

Test(inside, overlay_home_below_a_hidden_one)
{
	struct step steps[] = { at(STEP_SLAVE, "/"), at(STEP_PROC, "/proc"), at(STEP_HIDE, "/mnt/home"),
		home_of(HOME_OVERLAY, HOME, UPPER), at(STEP_HIDE, "/mnt/lib"),
		passthrough_of(".ssh", HOME "/.ssh") };

	EXPECT_GOOD(steps, check_home);
	cr_expect(reads(HOME "/file", "real"), "the real file was changed");
	cr_expect(is_missing(HOME "/renamed"));
	cr_expect(reads(UPPER "/upper/file", "changed"), "what is kept");
	cr_expect(is_owned(UPPER, 0, 0700), "a user on the host must not come near it");
	cr_expect(reads(HOME "/.ssh/authorized_keys", "key"), "sshd outside would not see it");
	cr_expect(is_owned(HOME "/.ssh/authorized_keys", USER, 0644));
	EXPECT_GOOD(steps, check_home_again);
}

static int
check_ephemeral(void)
{
	static char block[65536];
	int blocks = 0;

	MUST(become_user() == 0);
	MUST(reads(HOME "/file", "real"));
	autofd int fd = open(HOME "/large", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (write(fd, block, sizeof(block)) == (ssize_t)sizeof(block))
		MUST(blocks++ <= 16);
	MUST(errno == ENOSPC && blocks >= 10);
	return 0;
}

Test(inside, ephemeral_home_is_bounded_and_goes)
{
	struct step steps[] = { at(STEP_SLAVE, "/"), at(STEP_PROC, "/proc"),
		home_of(HOME_EPHEMERAL, HOME, NULL) };

	EXPECT_GOOD(steps, check_ephemeral);
	cr_expect(is_missing(HOME "/large"));
	EXPECT_GOOD(steps, check_ephemeral);
}

static int
check_template(void)
{
	MUST(is_owned(HOME, USER, 0750) && is_owned(HOME "/skel", USER, 0644));
	MUST(is_missing(HOME "/file"));
	MUST(become_user() == 0);
	MUST(reads(HOME "/skel", "template") && writes(HOME "/skel", "mine"));
	MUST(writes(HOME "/new", "x") && unlink(HOME "/sub/deep") == 0);
	return 0;
}

Test(inside, template_home_is_the_users_own)
{
	struct step steps[] = { at(STEP_SLAVE, "/"), at(STEP_PROC, "/proc"),
		home_of(HOME_TEMPLATE, "/mnt/a/template", UPPER) };

	sandbox_directory("/mnt/a/template", 0755, 0);
	sandbox_file("/mnt/a/template/skel", "template", 0644, 0);
	sandbox_directory("/mnt/a/template/sub", 0755, 0);
	sandbox_file("/mnt/a/template/sub/deep", "", 0644, 0);
	struct result result = contain(steps, 3, check_template);
	if (result.rc < 0 && strstr(result.err.text, "no id-mapped mounts"))
		cr_skip_test("this kernel's tmpfs has no id-mapped mounts");
	cr_expect_eq(result.rc, 0, "%s: %s", result.err.text, strerror(result.err.errnum));
	cr_expect_eq(result.line, 0, "inside, line %d", result.line);
	cr_expect(reads("/mnt/a/template/skel", "template"), "the template was changed");
	cr_expect(is_owned("/mnt/a/template/skel", 0, 0644));
	cr_expect_eq(access("/mnt/a/template/sub/deep", F_OK), 0);
	sandbox_directory("/mnt/a/users", 0755, USER);
	steps[2] = home_of(HOME_TEMPLATE, "/mnt/a/users", UPPER);
	EXPECT_REFUSED(steps, 0, "must be a directory of root's");
}

static int
check_no_passthrough(void)
{
	MUST(become_user() == 0);
	MUST(writes(HOME "/file", "changed"));
	return 0;
}

/* A user's choice, and a line in the log: no reason to refuse the login. */
Test(inside, odd_passthroughs_are_noticed)
{
	static const struct {
		const char *name, *target, *notice;
	} rows[] = {
		{ "link", HOME "/link", "link stays in the overlay" },
		{ "file", HOME "/file", "file stays in the overlay" },
		{ "none/deep", HOME "/none/deep", "none/deep stays in the overlay" },
		{ "roots", HOME "/roots", "" },
		{ "link/x", HOME "/link/x", "link/x stays in the overlay" },
		{ "..", HOME "/..", ".. stays in the overlay" },
	};

	sandbox_link("/mnt/a", HOME "/link", USER);
	sandbox_directory(HOME "/roots", 0755, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct step steps[] = { at(STEP_SLAVE, "/"), at(STEP_PROC, "/proc"),
			home_of(HOME_OVERLAY, HOME, UPPER), passthrough_of(rows[i].name, rows[i].target) };
		struct result result = contain(steps, 4, check_no_passthrough);
		cr_expect_eq(result.rc, 0, "%s: %s", rows[i].name, result.err.text);
		cr_expect_eq(result.line, 0, "%s: line %d", rows[i].name, result.line);
		cr_expect(strstr(result.notices, rows[i].notice), "%s: %s", rows[i].name, result.notices);
		cr_expect_eq(result.notices[0] == '\0', rows[i].notice[0] == '\0', "%s", result.notices);
	}
	cr_expect(is_missing("/mnt/a/x"), "root made a directory through a user's link");
}

static int
check_made(void)
{
	MUST(is_owned(HOME "/made", USER, 0700));
	MUST(become_user() == 0);
	MUST(writes(HOME "/made/file", "x"));
	return 0;
}

Test(inside, a_missing_passthrough_is_made_as_the_user)
{
	struct step steps[] = { at(STEP_SLAVE, "/"), at(STEP_PROC, "/proc"),
		home_of(HOME_OVERLAY, HOME, UPPER), passthrough_of("made", HOME "/made") };

	EXPECT_GOOD(steps, check_made);
	cr_expect(is_owned(HOME "/made", USER, 0700));
	cr_expect(reads(HOME "/made/file", "x"));
}

Test(inside, homes_that_cannot_be)
{
	static const struct {
		const char *home, *upper;
		int errnum;
		const char *why;
	} rows[] = {
		{ HOME, "/mnt/b/upper", 0, "is on an overlay, which cannot carry what an overlay home keeps" },
		{ "/mnt/home/none", UPPER, 0, "is missing: make it" },
		{ "/mnt/a/others", UPPER, 0, "belongs to uid 1, not to uid 65534" },
		{ "/mnt/file", UPPER, ENOTDIR, "open the home /mnt/file" },
		{ "/mnt/user/link", UPPER, EPERM, "not root's alone" },
		{ HOME, "/mnt/user/home", EPERM, "written by others than root" },
		{ HOME, "/mnt/none/home", ENOENT, "open /mnt/none" },
	};

	sandbox_directory("/mnt/a/others", 0755, 1);
	sandbox_directory("/mnt/lib/up", 0700, 0);
	sandbox_directory("/mnt/lib/work", 0700, 0);
	sandbox_directory("/mnt/user/home", 0700, USER);
	cr_assert_eq(sys_mount("o", "/mnt/b", "overlay", 0,
	    "lowerdir=/mnt/a,upperdir=/mnt/lib/up,workdir=/mnt/lib/work"), 0, "%m");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct step home = home_of(HOME_OVERLAY, rows[i].home, rows[i].upper);
		home.target = text(rows[i].home);
		struct step steps[] = { at(STEP_SLAVE, "/"), at(STEP_PROC, "/proc"), home };
		EXPECT_REFUSED(steps, rows[i].errnum, rows[i].why);
	}
}

/* root's home for a user (a kiosk): shown, and the user can't write to it. */
static int
check_roots_home(void)
{
	MUST(become_user() == 0);
	MUST(!writes(HOME "/new", "x") && errno == EACCES);
	return 0;
}

Test(inside, a_home_of_roots_is_as_good)
{
	struct step steps[] = { at(STEP_SLAVE, "/"), at(STEP_PROC, "/proc"),
		home_of(HOME_OVERLAY, HOME, UPPER) };

	cr_assert_eq(chown(HOME, 0, 0) + chmod(HOME, 0755), 0);
	EXPECT_GOOD(steps, check_roots_home);
}
