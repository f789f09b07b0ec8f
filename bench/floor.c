/*
 * floor serve|once INIT UID HOME UPPER FILTER CGROUP...: the same container as pam_ctr's profile shared
 * gives, by the fewest system calls that were found, without policy, supervisor, record, log,
 * checks or distrust of a path: what the kernel alone takes.  For bench/run to compare with.
 *
 *	serve   cycles, as bench/cycle.h has them
 *	once    one container, /bin/true in it, and its end
 *	UPPER   an empty directory of root's, for the home's upper and work directories
 *	FILTER  a compiled system call filter of pam_ctr's, lib/filter_entry.h; "": none
 *	CGROUP  the directory for all containers in one hierarchy (v1's memory, pids, cpu, devices; cgroup2)
 *
 * Root's, inside a throw-away host.  The logins' process builds and joins, the parent ends.
 * On cgroup2 it has no program for devices.
 */
#include "bench/cycle.h"
#include "bench/floor_cgroup.h"
#include "bench/floor_file.h"
#include "lib/filter_entry.h"
#include "lib/own.h"
#include "lib/places.h"
#include "lib/sys.h"

#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define HIERARCHIES_MAX 4
#define STATUS_FD 3 /* init writes one byte there */
#define NAMESPACES (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS)

/* mount(2)'s flags; <sys/mount.h> excludes lib/sys.h. */
#define NOSUID 2UL
#define NODEV 4UL
#define NOEXEC 8UL
#define RDONLY 1UL
#define REMOUNT 32UL
#define BIND 4096UL
#define REC 16384UL
#define SLAVE (1UL << 19)
#define READ_ONLY (REMOUNT | BIND | RDONLY | NOSUID | NODEV | NOEXEC)

struct floor {
	const char *init;
	const char *home;
	const char *upper;
	const void *filter; /* NULL: none */
	unsigned uid;
	struct hierarchy hierarchy[HIERARCHIES_MAX];
	size_t count;
	pid_t *first; /* shared with the logins: the container's PID 1 */
};

struct mount {
	const char *source;
	const char *target;
	const char *type; /* NULL: a bind */
	unsigned long flags;
	const char *data;
};

/* policy/plan.c's, in the order in which they are run; the ones around cgroups and home apart. */
static const struct mount mounts_dev[] = {
	{ NULL, "/", NULL, SLAVE | REC, NULL },
	{ "floor", "/proc", "proc", NOSUID | NODEV | NOEXEC, NULL },
	{ NULL, "/sys", NULL, READ_ONLY, NULL },
	{ "floor", "/dev", "tmpfs", NOSUID | NOEXEC, "size=256k,mode=0755" },
};

static const struct mount mounts_rest[] = {
	{ "floor", "/tmp", "tmpfs", NOSUID | NODEV, "size=2g,mode=1777" },
	{ "floor", "/dev/pts", "devpts", NOSUID | NOEXEC, "mode=0620,gid=5,ptmxmode=0666,max=256" },
	{ "floor", "/dev/shm", "tmpfs", NOSUID | NODEV, "size=8g,mode=1777" },
	{ "floor", "/var/tmp", "tmpfs", NOSUID | NODEV, "size=2g,mode=1777" },
	{ "floor", "/run/user", "tmpfs", NOSUID | NODEV, "size=2g,mode=0755" },
	{ "floor", PLACE_RUN, "tmpfs", NOSUID | NODEV | NOEXEC, "size=64k,mode=0755" },
	{ "/proc/bus", "/proc/bus", NULL, BIND, NULL },
	{ NULL, "/proc/bus", NULL, READ_ONLY, NULL },
	{ "/proc/fs", "/proc/fs", NULL, BIND, NULL },
	{ NULL, "/proc/fs", NULL, READ_ONLY, NULL },
	{ "/proc/irq", "/proc/irq", NULL, BIND, NULL },
	{ NULL, "/proc/irq", NULL, READ_ONLY, NULL },
	{ "/proc/sys", "/proc/sys", NULL, BIND, NULL },
	{ NULL, "/proc/sys", NULL, READ_ONLY, NULL },
	{ "/proc/sysrq-trigger", "/proc/sysrq-trigger", NULL, BIND, NULL },
	{ NULL, "/proc/sysrq-trigger", NULL, READ_ONLY, NULL },
	{ "floor", "/proc/acpi", "tmpfs", RDONLY, "size=64k" },
	{ "/dev/null", "/proc/kcore", NULL, BIND, NULL },
	{ "/dev/null", "/proc/keys", NULL, BIND, NULL },
	{ "/dev/null", "/proc/latency_stats", NULL, BIND, NULL },
	{ "/dev/null", "/proc/sched_debug", NULL, BIND, NULL },
	{ "floor", "/proc/scsi", "tmpfs", RDONLY, "size=64k" },
	{ "/dev/null", "/proc/timer_list", NULL, BIND, NULL },
	{ "floor", "/sys/firmware", "tmpfs", RDONLY, "size=64k" },
	{ "floor", PLACE_LIB, "tmpfs", NOSUID | NODEV | NOEXEC, "size=64k,mode=0755" },
};

/* --- inside --------------------------------------------------------------------------- */

/* A kernel without one of the files to be masked has nothing to mask. */
static int
mount_all(const struct mount *mounts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct mount *mount = &mounts[i];
		if (sys_mount(mount->source, mount->target, mount->type, mount->flags, mount->data) < 0 &&
		    errno != ENOENT)
			return fail(mount->target);
	}
	return 0;
}

static int
fill_dev(void)
{
	static const struct {
		const char *path;
		unsigned major, minor;
	} nodes[] = {
		{ "/dev/null", 1, 3 }, { "/dev/zero", 1, 5 }, { "/dev/full", 1, 7 },
		{ "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 },
	};
	static const char *const links[][2] = {
		{ "pts/ptmx", "/dev/ptmx" }, { "/proc/self/fd", "/dev/fd" },
		{ "/proc/self/fd/0", "/dev/stdin" }, { "/proc/self/fd/1", "/dev/stdout" },
		{ "/proc/self/fd/2", "/dev/stderr" },
	};

	for (size_t i = 0; i < COUNT(nodes); i++)
		if (mknod(nodes[i].path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)) < 0)
			return fail(nodes[i].path);
	for (size_t i = 0; i < COUNT(links); i++)
		if (symlink(links[i][0], links[i][1]) < 0)
			return fail(links[i][1]);
	if (mkdir("/dev/pts", 0755) < 0 || mkdir("/dev/shm", 0755) < 0 || chown("/dev/tty", 0, 5) < 0)
		return fail("/dev");
	return 0;
}

static int
clone_tree(const char *path)
{
	return sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

static int
attach_tree(int tree, const char *target)
{
	return sys_move_mount(tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) < 0 ? fail(target) : 0;
}

/* Its sources are cloned before anything covers them. */
static int
mount_system(void)
{
	if (mount_all(mounts_dev, 1) < 0)
		return -1;
	autofd int log = clone_tree("/dev/log");
	if (mount_all(mounts_dev + 1, COUNT(mounts_dev) - 1) < 0 || fill_dev() < 0)
		return -1;
	if (log >= 0 && (mknod("/dev/log", S_IFREG | 0444, 0) < 0 || attach_tree(log, "/dev/log") < 0))
		return -1;
	return mount_all(mounts_rest, COUNT(mounts_rest));
}

static int
mount_home(const struct floor *box)
{
	char options[1024], path[512];

	(void)snprintf(path, sizeof(path), "%s/.ssh", box->home);
	autofd int ssh = clone_tree(path);
	(void)snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s/upper,workdir=%s/work,"
	    "index=off,metacopy=off,redirect_dir=on", box->home, box->upper, box->upper);
	if (sys_mount("floor", box->home, "overlay", NOSUID | NODEV, options) < 0)
		return fail(box->home);
	return ssh < 0 ? fail(path) : attach_tree(ssh, path);
}

static int
mount_run(const struct floor *box)
{
	char path[64];

	autofd int mark = open(PLACE_MARK, O_WRONLY | O_CREAT | O_CLOEXEC, 0444);
	if (mark < 0 || write(mark, "inside\n", 7) != 7)
		return fail(PLACE_MARK);
	(void)snprintf(path, sizeof(path), "/run/user/%u", box->uid);
	return mkdir(path, 0700) < 0 || chown(path, box->uid, box->uid) < 0 ? fail(path) : 0;
}

/* The container's own utmp and wtmp, which are on the host, too. */
static int
mount_accounting(const struct floor *box)
{
	static const struct {
		const char *name, *target;
	} files[] = { { "utmp", "/run/utmp" }, { "wtmp", "/var/log/wtmp" } };
	char path[512];

	for (size_t i = 0; i < COUNT(files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", box->upper, files[i].name);
		if (sys_mount(path, files[i].target, NULL, BIND, NULL) < 0)
			return fail(files[i].target);
	}
	return 0;
}

static int
make_accounting(const struct floor *box)
{
	autofd int fd = open(box->upper, O_PATH | O_DIRECTORY | O_CLOEXEC);
	autofd int utmp = openat(fd, "utmp", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0664);
	autofd int wtmp = openat(fd, "wtmp", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0664);

	return utmp < 0 || wtmp < 0 ? fail("utmp") : 0;
}

static int
mount_cgroups(struct floor *box)
{
	static const struct mount cover = { "floor", "/sys/fs/cgroup", "tmpfs", NOSUID | NODEV | NOEXEC,
		"size=64k,mode=0755" };
	static const struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };
	char path[128];

	for (size_t i = 0; i < box->count; i++)
		box->hierarchy[i].view = clone_tree(box->hierarchy[i].directory);
	if (!hierarchy_is_unified(&box->hierarchy[0]) && mount_all(&cover, 1) < 0)
		return -1;
	for (size_t i = 0; i < box->count; i++) {
		struct hierarchy *hierarchy = &box->hierarchy[i];
		struct mount_attr attr = read_only;
		(void)snprintf(path, sizeof(path), "/sys/fs/cgroup/%s", hierarchy_name(hierarchy));
		if (!hierarchy_is_unified(hierarchy) && mkdir(path, 0755) < 0)
			return fail(path);
		if (sys_mount_setattr(hierarchy->view, "", AT_EMPTY_PATH, &attr) < 0 ||
		    attach_tree(hierarchy->view, path) < 0)
			return fail(path);
	}
	return 0;
}

static int
first_process(struct floor *box, int status)
{
	static char *const argv[] = { (char *)(uintptr_t)"init", NULL };
	static char *const envp[] = { NULL };

	for (size_t i = 0; i < box->count; i++)
		if (!hierarchy_is_unified(&box->hierarchy[i]) && hierarchy_enter(&box->hierarchy[i], NULL) < 0)
			return -1;
	(void)umask(0);
	if (unshare(CLONE_NEWCGROUP) < 0 || sethostname("floor", 5) < 0)
		return fail("unshare");
	if (mount_system() < 0 || mount_accounting(box) < 0 || mount_home(box) < 0 || mount_run(box) < 0 ||
	    mount_cgroups(box) < 0)
		return -1;
	/* dup2 onto itself would leave O_CLOEXEC on; whatever is 3 by now is not needed. */
	if (status != STATUS_FD ? dup2(status, STATUS_FD) < 0 : fcntl(STATUS_FD, F_SETFD, 0) < 0)
		return fail("dup2");
	if (sys_close_range(STATUS_FD + 1, ~0U, 0) < 0)
		return fail("close_range");
	(void)execve(box->init, argv, envp);
	return fail(box->init);
}

/* --- a login -------------------------------------------------------------------------- */

/* Returns the pidfd of init, which is the parent's child. */
static int
box_build(struct floor *box)
{
	int pair[2], pidfd = -1;
	char byte;
	struct clone_args args = {
		.flags = NAMESPACES | CLONE_PIDFD | CLONE_PARENT,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
	};

	for (size_t i = 0; i < box->count; i++)
		if (hierarchy_make(&box->hierarchy[i]) < 0)
			return -1;
	if (make_accounting(box) < 0)
		return -1;
	if (hierarchy_is_unified(&box->hierarchy[0])) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)box->hierarchy[0].fd;
	}
	if (pipe2(pair, O_CLOEXEC) < 0)
		return fail("pipe");
	autofd int ours = pair[0];
	autofd int theirs = pair[1];
	pid_t pid = sys_clone3(&args);
	if (pid < 0)
		return fail("clone3");
	if (pid == 0) {
		(void)first_process(box, theirs);
		_exit(1);
	}
	*box->first = pid;
	own_close(&theirs);
	return read(ours, &byte, 1) == 1 ? pidfd : fail("wait for init");
}

/* As pam_ctr's profile shared: CAP_SYS_ADMIN and twenty others go. */
static int
drop_bounding(void)
{
	static const uint64_t keep = UINT64_C(0xfffffe00b584edfb);

	for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
		if (!(keep & UINT64_C(1) << capability) && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
			return fail("drop a capability");
	return 0;
}

static int
load_filter(const struct filter_entry_head *head)
{
	for (uint32_t i = 0; i < head->programs; i++) {
		const struct filter_entry_program *program = &head->program[i];
		struct sock_fprog code = {
			.len = (unsigned short)program->count,
			.filter = (struct sock_filter *)((uintptr_t)head + program->offset),
		};
		if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, program->logs ? SECCOMP_FILTER_FLAG_LOG : 0, &code) != 0)
			return fail("load the filter");
	}
	return 0;
}

static int
box_join(const struct floor *box, int pidfd, const char *leaf)
{
	for (size_t i = 0; i < box->count; i++)
		if (hierarchy_enter(&box->hierarchy[i], leaf) < 0)
			return -1;
	if (write_file(AT_FDCWD, "/proc/self/oom_score_adj", "0") < 0)
		return -1;
	if (setns(pidfd, NAMESPACES | CLONE_NEWCGROUP) < 0)
		return fail("setns");
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
		return fail("join a keyring");
	if (drop_bounding() < 0)
		return -1;
	return box->filter ? load_filter(box->filter) : 0;
}

static int
box_open_existing(struct floor *box)
{
	for (size_t i = 0; i < box->count; i++) {
		box->hierarchy[i].fd = open(box->hierarchy[i].directory, O_PATH | O_CLOEXEC);
		if (box->hierarchy[i].fd < 0)
			return fail(box->hierarchy[i].directory);
	}
	int pidfd = sys_pidfd_open(*box->first);
	return pidfd < 0 ? fail("pidfd_open") : pidfd;
}

/* --- the cycle ------------------------------------------------------------------------ */

/* A start needs nothing, and a close is the end of its process. */
static int
floor_nothing(void *context)
{
	(void)context;
	return 0;
}

static int
floor_open(void *context, bool first)
{
	struct floor *box = context;
	autofd int pidfd = first ? box_build(box) : box_open_existing(box);

	return pidfd < 0 ? -1 : box_join(box, pidfd, first ? "s1" : "s2");
}

static int
floor_await_gone(void *context)
{
	struct floor *box = context;
	pid_t first = *box->first;
	int rc = 0;

	*box->first = 0;
	if (first > 0 && (kill(first, SIGKILL) < 0 || waitpid(first, NULL, 0) != first))
		return fail("end the container");
	for (size_t i = 0; i < box->count; i++)
		if (hierarchy_remove(&box->hierarchy[i]) < 0)
			rc = -1;
	return rc;
}

static int
make_layers(const struct floor *box)
{
	autofd int fd = open(box->upper, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return fail(box->upper);
	if (make_directory(fd, "upper", 0700) < 0 || make_directory(fd, "work", 0700) < 0)
		return -1;
	return fchownat(fd, "upper", box->uid, box->uid, AT_SYMLINK_NOFOLLOW) < 0 ? fail(box->upper) : 0;
}

static const void *
read_filter(const char *path)
{
	struct error err = ERROR_INIT;
	struct stat st;
	autofd int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0) {
		(void)fail(path);
		return NULL;
	}
	const size_t size = (size_t)st.st_size;
	autofree void *bytes = malloc(size);
	if (!bytes || read(fd, bytes, size) != (ssize_t)size || filter_entry_check(bytes, size, &err) < 0) {
		(void)fail(path);
		return NULL;
	}
	return take_ptr(&bytes);
}

/* A login that runs one program, and the end of all. */
static int
floor_once(struct floor *box)
{
	int status;
	pid_t login = fork();

	if (login == 0) {
		if (floor_open(box, true) < 0)
			_exit(1);
		pid_t program = vfork();
		if (program == 0) {
			(void)execl("/bin/true", "true", NULL);
			_exit(1);
		}
		_exit(program < 0 || waitpid(program, &status, 0) != program || status != 0);
	}
	int rc = login < 0 || waitpid(login, &status, 0) != login || status != 0 ? -1 : 0;
	return floor_await_gone(box) < 0 ? -1 : rc;
}

static int
take_arguments(struct floor *box, char **argv, int count)
{
	box->init = argv[0];
	box->uid = (unsigned)strtoul(argv[1], NULL, 10);
	box->home = argv[2];
	box->upper = argv[3];
	for (int i = 5; i < count; i++)
		if (hierarchy_find(&box->hierarchy[box->count++], argv[i]) < 0)
			return -1;
	if (argv[4][0] && !(box->filter = read_filter(argv[4])))
		return -1;
	box->first = mmap(NULL, sizeof(*box->first), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return box->first == MAP_FAILED ? fail("share a page") : make_layers(box);
}

int
main(int argc, char **argv)
{
	struct floor box = { .count = 0 };
	struct cycle cycle = {
		.start = floor_nothing,
		.open = floor_open,
		.before_close = floor_nothing,
		.close = floor_nothing,
		.await_gone = floor_await_gone,
		.context = &box,
	};

	if (argc < 8 || argc - 7 > HIERARCHIES_MAX ||
	    (strcmp(argv[1], "serve") != 0 && strcmp(argv[1], "once") != 0)) {
		fprintf(stderr, "usage: floor serve|once INIT UID HOME UPPER FILTER CGROUP...\n");
		return 2;
	}
	if (take_arguments(&box, argv + 2, argc - 2) < 0)
		return 1;
	return strcmp(argv[1], "once") == 0 ? floor_once(&box) < 0 : cycle_serve(&cycle);
}
