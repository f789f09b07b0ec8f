/*
 * escape [--as USER] attempts|ids DIRECTORY|groups|run COMMAND...: tries to get out of a
 * container, and prints what came of each way.  As who calls it; with --as (host's root
 * calls) as a PAM application that opened USER's session and stays what the session made of
 * it, all capabilities included: what an attacker has who took over sshd's monitor.
 *
 *	attempts    one line each: name, and "done" or the errno's name; none may be done
 *	ids DIR     makes files in DIR under ids that are the host's, gives some away
 *	groups      takes every group, says "ready" and stays until standard input ends
 *	run         COMMAND, as the root that the session has
 *
 * As root of the host's user namespace it does nothing at all: what it tries would succeed.
 */
#include "tests/support/error_name.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

/* <sys/mount.h> has them, but can't be included beside <linux/mount.h> in Debian 12. */
#define FLAG_REMOUNT 32UL
#define FLAG_BIND 4096UL
#define FLAG_DETACH 2

/* A row of the table; each is run in a process of its own. */
struct attempt {
	const char *name;
	long (*run)(const struct attempt *attempt);
	const char *path;
	long number;
	unsigned first; /* namespaces that are unshared before: what is refused then is the answer */
};

static long
open_to_read(const struct attempt *attempt)
{
	char byte;
	struct stat st;
	int fd = open(attempt->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	/* What must not be read is covered by the null device. */
	if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)) {
		errno = ENODATA;
		return -1;
	}
	/* An empty file, too, is one that could be opened. */
	return read(fd, &byte, 1) < 0 ? -1 : 0;
}

static long
open_to_write(const struct attempt *attempt)
{
	return open(attempt->path, O_WRONLY | O_CLOEXEC);
}

static long
write_number(const struct attempt *attempt)
{
	char text[24];
	int fd = open(attempt->path, O_WRONLY | O_CLOEXEC);
	int length = snprintf(text, sizeof(text), "%ld", attempt->number);

	return fd < 0 ? -1 : write(fd, text, (size_t)length);
}

static long
make_file(const struct attempt *attempt)
{
	return open(attempt->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

static long
make_node(const struct attempt *attempt)
{
	return mknod(attempt->path, (mode_t)attempt->number, makedev(1, 1));
}

static long
enter_namespace(const struct attempt *attempt)
{
	int fd = open(attempt->path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : setns(fd, 0);
}

static long
enter_process(const struct attempt *attempt)
{
	int fd = (int)syscall(SYS_pidfd_open, 1, 0);

	return fd < 0 ? -1 : setns(fd, (int)attempt->number);
}

/* The namespace that owns ours, or is above it. */
static long
enter_owner(const struct attempt *attempt)
{
	int fd = open(attempt->path, O_RDONLY | O_CLOEXEC);
	int owner = fd < 0 ? -1 : ioctl(fd, (unsigned long)attempt->number);

	return owner < 0 ? -1 : setns(owner, 0);
}

static long
mount_new(const struct attempt *attempt)
{
	return syscall(SYS_mount, "none", "/mnt", attempt->path, 0UL, NULL);
}

static long
mount_bind(const struct attempt *attempt)
{
	return syscall(SYS_mount, attempt->path, "/mnt", NULL, FLAG_BIND, NULL);
}

static long
mount_writable(const struct attempt *attempt)
{
	return syscall(SYS_mount, NULL, attempt->path, NULL, FLAG_BIND | FLAG_REMOUNT, NULL);
}

static long
superblock_writable(const struct attempt *attempt)
{
	return syscall(SYS_mount, NULL, attempt->path, NULL, FLAG_REMOUNT, NULL);
}

static long
attribute_clear(const struct attempt *attempt)
{
	struct mount_attr attr = { .attr_clr = (uint64_t)attempt->number };

	return syscall(SYS_mount_setattr, AT_FDCWD, attempt->path, 0, &attr, sizeof(attr));
}

static long
tree_copy(const struct attempt *attempt)
{
	return syscall(SYS_open_tree, AT_FDCWD, attempt->path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

static long
tree_map(const struct attempt *attempt)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP };
	long tree = tree_copy(attempt);
	int own = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);

	if (tree < 0 || own < 0)
		return -1;
	attr.userns_fd = (uint64_t)own;
	return syscall(SYS_mount_setattr, (int)tree, "", AT_EMPTY_PATH, &attr, sizeof(attr));
}

static long
unmount(const struct attempt *attempt)
{
	return syscall(SYS_umount2, attempt->path, FLAG_DETACH);
}

static long
change_root(const struct attempt *attempt)
{
	return chdir(attempt->path) < 0 ? -1 : syscall(SYS_pivot_root, ".", ".");
}

/* A file system that shows the kernel's view, without what covers parts of it here. */
static long
mount_view(const struct attempt *attempt)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(syscall(SYS_mount, "none", "/mnt", attempt->path, 0UL, NULL) < 0 ? errno : 0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	errno = WEXITSTATUS(status);
	return errno == 0 ? 0 : -1;
}

/* Mounting its own cgroup tree is harmless: to change a limit in it is not. */
static long
cgroup_change(const struct attempt *attempt)
{
	const char *data = strcmp(attempt->path, "cgroup2") == 0 ? NULL : "pids";

	if (syscall(SYS_mount, "none", "/mnt", attempt->path, 0UL, data) < 0)
		return -1;
	if (mkdir("/mnt/escaped", 0700) == 0)
		return 0;
	return open("/mnt/cgroup.procs", O_WRONLY | O_CLOEXEC);
}

static long
unshare_it(const struct attempt *attempt)
{
	return unshare((int)attempt->number);
}

static long
signal_init(const struct attempt *attempt)
{
	return kill(1, (int)attempt->number);
}

static long
trace_init(const struct attempt *attempt)
{
	return syscall(SYS_ptrace, attempt->number, 1, NULL, NULL);
}

static long
limit_init(const struct attempt *attempt)
{
	struct rlimit limit = { 1, 1 };

	(void)attempt;
	return prlimit(1, RLIMIT_CPU, &limit, NULL);
}

static long
read_init(const struct attempt *attempt)
{
	char byte;
	struct iovec local = { &byte, 1 }, remote = { (void *)0x400000UL, 1 };

	(void)attempt;
	return process_vm_readv(1, &local, 1, &remote, 1, 0);
}

static long
take_descriptor(const struct attempt *attempt)
{
	int fd = (int)syscall(SYS_pidfd_open, 1, 0);

	return fd < 0 ? -1 : syscall(SYS_pidfd_getfd, fd, (int)attempt->number, 0);
}

static long
renice(const struct attempt *attempt)
{
	return setpriority(PRIO_PROCESS, (id_t)attempt->number, -5);
}

static long
be_real_time(const struct attempt *attempt)
{
	struct sched_param param = { .sched_priority = 1 };

	return sched_setscheduler((pid_t)attempt->number, SCHED_FIFO, &param);
}

static long
raise_limit(const struct attempt *attempt)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -1;
	limit.rlim_max += (rlim_t)attempt->number;
	return setrlimit(RLIMIT_NOFILE, &limit);
}

/* By its number a file is found on the whole file system, whatever is mounted of it. */
static long
open_by_number(const struct attempt *attempt)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} file = { .handle = { .handle_bytes = MAX_HANDLE_SZ } };
	int id, fd = open(attempt->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || name_to_handle_at(fd, "", &file.handle, &id, AT_EMPTY_PATH) < 0)
		return -1;
	return open_by_handle_at(fd, &file.handle, O_RDONLY | O_CLOEXEC);
}

static long
open_socket(const struct attempt *attempt)
{
	return socket((int)attempt->number, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
}

static long
bind_port(const struct attempt *attempt)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)attempt->number) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? -1 : bind(fd, (struct sockaddr *)&address, sizeof(address));
}

static long
set_interface(const struct attempt *attempt)
{
	struct ifreq request = { .ifr_mtu = (int)attempt->number };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)strncpy(request.ifr_name, "lo", sizeof(request.ifr_name) - 1);
	return fd < 0 ? -1 : ioctl(fd, SIOCSIFMTU, &request);
}

static long
connect_to(const struct attempt *attempt)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	(void)strncpy(address.sun_path, attempt->path, sizeof(address.sun_path) - 1);
	return fd < 0 ? -1 : connect(fd, (struct sockaddr *)&address, sizeof(address));
}

/* Nothing of the kernel's is changed where these are let through. */
static long
call_reboot(const struct attempt *attempt)
{
	return reboot((int)attempt->number);
}

static long
set_clock(const struct attempt *attempt)
{
	struct timespec now;

	(void)attempt;
	return clock_gettime(CLOCK_REALTIME, &now) < 0 ? -1 : clock_settime(CLOCK_REALTIME, &now);
}

static long
call_plain(const struct attempt *attempt)
{
	return syscall(attempt->number, 0L, 0L, 0L, 0L);
}

static long
call_bpf(const struct attempt *attempt)
{
	char attr[128] = "";

	return syscall(SYS_bpf, attempt->number, attr, sizeof(attr));
}

static long
set_flags(const struct attempt *attempt)
{
	long flags = attempt->number;
	int fd = open(attempt->path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

static long
set_attribute(const struct attempt *attempt)
{
	return setxattr(attempt->path, "trusted.escape", "1", 1, 0);
}

#define OWN_FILE "/home/alice/.ssh/authorized_keys"
#define OF_INIT "/proc/1/ns/"
#define OF_SELF "/proc/self/ns/"

static const struct attempt attempts[] = {
	{ "write /etc/passwd", open_to_write, "/etc/passwd", 0, 0 },
	{ "make a file in /etc", make_file, "/etc/escaped", 0, 0 },
	{ "make a file in /root", make_file, "/root/escaped", 0, 0 },
	{ "make a file in /home", make_file, "/home/escaped", 0, 0 },
	{ "make a file in bob's home", make_file, "/home/bob/escaped", 0, 0 },
	{ "make a file in /usr", make_file, "/usr/sbin/escaped", 0, 0 },
	{ "make a file among supervisors'", make_file, "/run/pam_ctr/escaped", 0, 0 },
	{ "write core_pattern", open_to_write, "/proc/sys/kernel/core_pattern", 0, 0 },
	{ "write max_user_namespaces", open_to_write, "/proc/sys/user/max_user_namespaces", 0, 0 },
	{ "write sysrq-trigger", open_to_write, "/proc/sysrq-trigger", 0, 0 },
	{ "write /sys", open_to_write, "/sys/kernel/profiling", 0, 0 },
	{ "write /sys's uevent_helper", open_to_write, "/sys/kernel/uevent_helper", 0, 0 },
	{ "raise pids.max, v1", write_number, "/sys/fs/cgroup/pids/pids.max", 9999, 0 },
	{ "raise pids.max, v2", write_number, "/sys/fs/cgroup/pids.max", 9999, 0 },
	{ "raise memory.max, v1", write_number, "/sys/fs/cgroup/memory/memory.limit_in_bytes", -1, 0 },
	{ "lower oom_score_adj", write_number, "/proc/self/oom_score_adj", -500, 0 },
	{ "read kcore", open_to_read, "/proc/kcore", 0, 0 },
	{ "read kmsg", open_to_read, "/dev/kmsg", 0, 0 },
	{ "read mem", open_to_read, "/dev/mem", 0, 0 },
	{ "read init's environ", open_to_read, "/proc/1/environ", 0, 0 },
	{ "read init's mem", open_to_read, "/proc/1/mem", 0, 0 },
	{ "read through init's root", open_to_read, "/proc/1/root/etc/passwd", 0, 0 },
	{ "read through init's descriptors", open_to_read, "/proc/1/fd/0", 0, 0 },
	{ "make a character device in /tmp", make_node, "/tmp/escaped", S_IFCHR | 0600, 0 },
	{ "make a block device in /tmp", make_node, "/tmp/escaped", S_IFBLK | 0600, 0 },
	{ "make a device in the home", make_node, "/home/alice/escaped", S_IFCHR | 0600, 0 },
	{ "make a device on the host's disk", make_node, "/home/alice/.ssh/escaped", S_IFBLK | 0600, 0 },
	{ "make a device in /dev", make_node, "/dev/escaped", S_IFCHR | 0600, 0 },

	{ "enter init's user namespace", enter_namespace, OF_INIT "user", 0, 0 },
	{ "enter init's mount namespace", enter_namespace, OF_INIT "mnt", 0, 0 },
	{ "enter init's PID namespace", enter_namespace, OF_INIT "pid", 0, 0 },
	{ "enter init's network namespace", enter_namespace, OF_INIT "net", 0, 0 },
	{ "enter the own mount namespace", enter_namespace, OF_SELF "mnt", 0, 0 },
	{ "enter the own PID namespace", enter_namespace, OF_SELF "pid", 0, 0 },
	{ "enter the own network namespace", enter_namespace, OF_SELF "net", 0, 0 },
	{ "enter the own user namespace", enter_namespace, OF_SELF "user", 0, 0 },
	{ "enter init", enter_process, NULL, CLONE_NEWUSER, 0 },
	{ "enter init's mounts", enter_process, NULL, CLONE_NEWNS, 0 },
	{ "enter the user namespace above", enter_owner, OF_SELF "user", NS_GET_PARENT, 0 },
	{ "enter the PID namespace above", enter_owner, OF_SELF "pid", NS_GET_PARENT, 0 },
	{ "enter who owns the mount namespace", enter_owner, OF_SELF "mnt", NS_GET_USERNS, 0 },
	{ "make a user namespace", unshare_it, NULL, CLONE_NEWUSER, 0 },

	{ "mount a tmpfs", mount_new, "tmpfs", 0, 0 },
	{ "mount a procfs", mount_new, "proc", 0, 0 },
	{ "mount a sysfs", mount_new, "sysfs", 0, 0 },
	{ "mount the disk", mount_new, "ext4", 0, 0 },
	{ "bind", mount_bind, "/tmp", 0, 0 },
	{ "make / writable", mount_writable, "/", 0, 0 },
	{ "make /etc writable", mount_writable, "/etc", 0, 0 },
	{ "make /etc writable, as an attribute", attribute_clear, "/etc", MOUNT_ATTR_RDONLY, 0 },
	{ "make /proc/sys writable", mount_writable, "/proc/sys", 0, 0 },
	{ "remount the root file system", superblock_writable, "/", 0, 0 },
	{ "copy /", tree_copy, "/", 0, 0 },
	{ "unmount /proc/sys", unmount, "/proc/sys", 0, 0 },
	{ "unmount what hides the supervisors", unmount, "/run/pam_ctr", 0, 0 },
	{ "unmount what hides the homes' uppers", unmount, "/var/lib/pam_ctr", 0, 0 },
	{ "unmount /", unmount, "/", 0, 0 },
	{ "change the root", change_root, "/", 0, 0 },

	/* The same in a mount namespace of one's own, if that can be had. */
	{ "own mounts: make / writable", mount_writable, "/", 0, CLONE_NEWNS },
	{ "own mounts: make /etc writable", mount_writable, "/etc", 0, CLONE_NEWNS },
	{ "own mounts: make /etc writable, as an attribute", attribute_clear, "/etc", MOUNT_ATTR_RDONLY, CLONE_NEWNS },
	{ "own mounts: let setuid programs count", attribute_clear, "/home/alice/.ssh", MOUNT_ATTR_NOSUID, CLONE_NEWNS },
	{ "own mounts: let devices count", attribute_clear, "/", MOUNT_ATTR_NODEV, CLONE_NEWNS },
	{ "own mounts: make /proc/sys writable", mount_writable, "/proc/sys", 0, CLONE_NEWNS },
	{ "own mounts: make /sys writable", mount_writable, "/sys", 0, CLONE_NEWNS },
	{ "own mounts: remount the root file system", superblock_writable, "/", 0, CLONE_NEWNS },
	{ "own mounts: unmount /etc", unmount, "/etc", 0, CLONE_NEWNS },
	{ "own mounts: unmount /proc/sys", unmount, "/proc/sys", 0, CLONE_NEWNS },
	{ "own mounts: unmount /run/pam_ctr", unmount, "/run/pam_ctr", 0, CLONE_NEWNS },
	{ "own mounts: unmount /var/lib/pam_ctr", unmount, "/var/lib/pam_ctr", 0, CLONE_NEWNS },
	{ "own mounts: unmount the home", unmount, "/home/alice", 0, CLONE_NEWNS },
	{ "own mounts: unmount /", unmount, "/", 0, CLONE_NEWNS },
	{ "own mounts: copy /home without the home on it", tree_copy, "/home", 0, CLONE_NEWNS },
	{ "own mounts: map the ids of .ssh", tree_map, "/home/alice/.ssh", 0, CLONE_NEWNS },
	{ "own mounts: bind /run without what is below", mount_bind, "/run", 0, CLONE_NEWNS },
	{ "own mounts: a new procfs", mount_view, "proc", 0, CLONE_NEWNS | CLONE_NEWPID },
	{ "own mounts: the procfs", mount_view, "proc", 0, CLONE_NEWNS },
	{ "own mounts: a new sysfs", mount_view, "sysfs", 0, CLONE_NEWNS | CLONE_NEWNET },
	{ "own mounts: the disk", mount_new, "ext4", 0, CLONE_NEWNS },
	{ "own mounts: change cgroup2", cgroup_change, "cgroup2", 0, CLONE_NEWNS | CLONE_NEWCGROUP },
	{ "own mounts: change cgroup v1", cgroup_change, "cgroup", 0, CLONE_NEWNS | CLONE_NEWCGROUP },

	{ "kill init", signal_init, NULL, SIGKILL, 0 },
	{ "stop init", signal_init, NULL, SIGSTOP, 0 },
	{ "seize init", trace_init, NULL, PTRACE_SEIZE, 0 },
	{ "attach to init", trace_init, NULL, PTRACE_ATTACH, 0 },
	{ "limit init", limit_init, NULL, 0, 0 },
	{ "read init's memory", read_init, NULL, 0, 0 },
	{ "take init's descriptor", take_descriptor, NULL, 0, 0 },
	{ "renice init", renice, NULL, 1, 0 },
	{ "make init real-time", be_real_time, NULL, 1, 0 },
	{ "gain priority", renice, NULL, 0, 0 },
	{ "be real-time", be_real_time, NULL, 0, 0 },
	{ "raise a limit", raise_limit, NULL, 1, 0 },

	{ "open / by number", open_by_number, "/", 0, 0 },
	{ "open .ssh by number", open_by_number, "/home/alice/.ssh", 0, 0 },
	{ "own mounts: open .ssh by number", open_by_number, "/home/alice/.ssh", 0, CLONE_NEWNS },
	{ "make a file immutable", set_flags, OWN_FILE, FS_IMMUTABLE_FL, 0 },
	{ "set a trusted attribute", set_attribute, OWN_FILE, 0, 0 },
	{ "open a raw socket", open_socket, NULL, AF_INET, 0 },
	{ "open a packet socket", open_socket, NULL, AF_PACKET, 0 },
	{ "bind port 80", bind_port, NULL, 80, 0 },
	{ "set an interface", set_interface, NULL, 65535, 0 },
	{ "connect to the supervisor", connect_to, "/run/pam_ctr/2001/socket", 0, 0 },
	{ "connect to bob's supervisor", connect_to, "/run/pam_ctr/2002/socket", 0, 0 },

	{ "reboot", call_reboot, NULL, RB_DISABLE_CAD, 0 },
	{ "set the clock", set_clock, NULL, 0, 0 },
	{ "load a module", call_plain, NULL, SYS_init_module, 0 },
	{ "load a kernel", call_plain, NULL, SYS_kexec_load, 0 },
	{ "end swapping", call_plain, NULL, SYS_swapoff, 0 },
	{ "end accounting", call_plain, NULL, SYS_acct, 0 },
	{ "hang a terminal up", call_plain, NULL, SYS_vhangup, 0 },
	{ "look at BPF programs", call_bpf, NULL, 11, 0 }, /* BPF_PROG_GET_NEXT_ID */
#ifdef SYS_ioperm
	{ "reach I/O ports", call_plain, NULL, SYS_ioperm, 0 },
#endif
};

static int
attempt_in_child(const struct attempt *attempt)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		bool failed = (attempt->first && unshare((int)attempt->first) < 0) ||
		    attempt->run(attempt) < 0;
		_exit(failed ? errno : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static int
run_attempts(char **arguments)
{
	const size_t count = sizeof(attempts) / sizeof(attempts[0]);

	(void)arguments;
	for (size_t i = 0; i < count; i++) {
		int got = attempt_in_child(&attempts[i]);
		printf("%s: %s\n", attempts[i].name, got < 0 ? "killed" : got == 0 ? "done" : error_name(got));
	}
	printf("tried %zu\n", count);
	return 0;
}

/* Whose file it is then, is looked at from outside. */
static int
make_as(const char *directory, unsigned id)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/by-%u", directory, id);
	if (setgroups(0, NULL) < 0 || setfsgid(id) < 0 || setfsuid(id) < 0)
		return errno;
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return errno;
	return fchmod(fd, 06777) < 0 ? errno : 0;
}

static int
give_to(const char *directory, unsigned id)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/to-%u", directory, id);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	return fd < 0 || fchown(fd, id, id) < 0 || fchmod(fd, 06777) < 0 ? errno : 0;
}

static int
run_ids(char **arguments)
{
	static const unsigned ids[] = { 0, 8, 2002, 65534, 65536, 200100000 };
	static int (*const ways[])(const char *directory, unsigned id) = { make_as, give_to };

	for (size_t i = 0; arguments[0] && i < 2 * sizeof(ids) / sizeof(ids[0]); i++) {
		int status = 0;
		pid_t pid = fork();
		if (pid == 0)
			_exit(ways[i % 2](arguments[0], ids[i / 2]));
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			return 1;
		printf("%s %u: %s\n", i % 2 ? "to" : "by", ids[i / 2],
		    WEXITSTATUS(status) ? error_name(WEXITSTATUS(status)) : "made");
	}
	return 0;
}

static int
run_groups(char **arguments)
{
	static gid_t every[65536];
	char byte;

	(void)arguments;
	for (gid_t gid = 0; gid < 65536; gid++)
		every[gid] = gid;
	if (setgroups(65536, every) < 0 || setresgid(5, 5, 5) < 0 || setresuid(2002, 2002, 2002) < 0)
		perror("setgroups");
	printf("ready\n");
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
	return 0;
}

static int
run_command(char **arguments)
{
	if (arguments[0])
		(void)execvp(arguments[0], arguments);
	perror("exec");
	return 127;
}

static const struct {
	const char *name;
	int (*run)(char **arguments);
} modes[] = {
	{ "attempts", run_attempts },
	{ "ids", run_ids },
	{ "groups", run_groups },
	{ "run", run_command },
};

/* procfs is the host's root's everywhere: who sees it as root's, as root, would do real harm. */
static bool
is_hosts_root(void)
{
	struct stat st;

	return geteuid() == 0 && (stat("/proc", &st) < 0 || st.st_uid == 0);
}

static int
run_mode(char **arguments)
{
	if (is_hosts_root()) {
		(void)fprintf(stderr, "escape: this is the host's root: nothing is tried\n");
		return 3;
	}
	for (size_t i = 0; arguments[0] && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(arguments[0], modes[i].name) == 0)
			return modes[i].run(arguments + 1);
	(void)fprintf(stderr, "usage: escape [--as USER] attempts|ids DIRECTORY|groups|run COMMAND...\n");
	return 2;
}

static int
converse(int count, const struct pam_message **message, struct pam_response **response, void *data)
{
	(void)message, (void)data;
	*response = calloc((size_t)count, sizeof(**response));
	return *response ? PAM_SUCCESS : PAM_BUF_ERR;
}

/* In a child, since only children are in the container's PID namespace; never exec'ed. */
static int
run_as(const char *user, char **arguments)
{
	static const struct pam_conv conversation = { converse, NULL };
	pam_handle_t *pamh;
	int status = 0;
	int code = pam_start("test", user, &conversation, &pamh);

	if (code == PAM_SUCCESS)
		code = pam_open_session(pamh, 0);
	if (code != PAM_SUCCESS) {
		(void)fprintf(stderr, "escape: no session of %s's: %d\n", user, code);
		return 2;
	}
	pid_t pid = fork();
	if (pid == 0) {
		int result = run_mode(arguments);
		(void)fflush(stdout);
		_exit(result);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		status = 2 << 8;
	(void)pam_end(pamh, PAM_SUCCESS);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int
main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 3 && strcmp(argv[1], "--as") == 0)
		return run_as(argv[2], argv + 3);
	return run_mode(argv + 1);
}
