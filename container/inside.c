/*
 * The container from within: host root in fresh namespaces, with every capability, working
 * on the host's tree as it will be seen.  All names are walked by lib/path.h, so what a user
 * could have put in the way is refused, and every source is opened before anything covers it.
 */
#include "container/inside.h"

#include "container/cgroup_file.h"
#include "container/cgroup_step.h"
#include "container/mount.h"
#include "container/mountinfo.h"
#include "lib/mark.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/sys.h"
#include "lib/text.h"

#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* Where a hidden directory's own mount points, such as one's home, are made. */
#define HIDE_SIZE 65536

typedef int step_function(struct inside *inside, const struct step *step, size_t index,
    struct error *err);

uid_t
inside_uid(const struct inside *inside, uid_t uid)
{
	return uid == 0 ? inside->root_uid : uid;
}

gid_t
inside_gid(const struct inside *inside, gid_t gid)
{
	return gid == 0 ? inside->root_gid : gid;
}

int
inside_open(const struct inside *inside, const char *path, struct error *err)
{
	struct error why = ERROR_INIT;

	if (inside->root < 0)
		return path_open_trusted(path, err);
	/* Mostly there is no link to be followed, and nothing then to lead out of the own root. */
	int fd = path_open_beneath(inside->root, path[1] ? path + 1 : ".", O_PATH, &why);
	if (fd >= 0 || why.errnum != ELOOP) {
		*err = why;
		return fd;
	}
	return path_open_trusted_below(inside->root, inside->root_uid, path, err);
}

static int
open_parent(const struct inside *inside, const char *target, const char **name, struct error *err)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(target, '/');

	*name = NULL;
	if (!slash || slash[1] == '\0' || (size_t)(slash - target) >= sizeof(parent))
		return error_set(err, EINVAL, "name the directory of %s", target);
	memcpy(parent, target, (size_t)(slash - target));
	parent[slash - target] = '\0';
	*name = slash + 1;
	return inside_open(inside, parent[0] ? parent : "/", err);
}

/* -1 with err: that can't be told. */
static int
is_ours(const struct inside *inside, int fd, struct error *err)
{
	dev_t device = mount_device(fd);

	if (device == 0)
		return error_set(err, errno, "look at a directory of the container's");
	for (size_t i = 0; i < inside->devices; i++)
		if (inside->device[i] == device)
			return 1;
	return 0;
}

static int
make_target(const struct inside *inside, const char *target, mode_t type, struct error *err)
{
	struct error why = ERROR_INIT;
	const char *name;
	autofd int parent = open_parent(inside, target, &name, &why);

	/* hidden = /home and a home two levels below: make the level between, too. */
	if (parent < 0 && why.errnum == ENOENT && name && name > target + 1) {
		autofree char *above = strndup(target, (size_t)(name - target - 1));
		autofd int made = above ? make_target(inside, above, S_IFDIR, err) : -1;
		if (made < 0)
			return -1;
		parent = open_parent(inside, target, &name, &why);
	}
	/* What is merely not there may be optional; what could not be looked at is not. */
	if (parent < 0 && why.errnum != ENOENT && why.errnum != ENOTDIR) {
		*err = why;
		return -1;
	}
	int ours = parent < 0 ? 0 : is_ours(inside, parent, err);
	if (ours < 0)
		return -1;
	if (!name || !ours)
		return error_set(err, ENOENT, "open %s", target);
	int rc = type == S_IFDIR ? mkdirat(parent, name, 0755) : mknodat(parent, name, S_IFREG | 0444, 0);
	if (rc < 0)
		return error_set(err, errno, "make %s", target);
	if (fchownat(parent, name, inside->root_uid, inside->root_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set(err, errno, "chown %s", target);
	return inside_open(inside, target, err);
}

int
inside_target(const struct inside *inside, const char *target, mode_t type, struct error *err)
{
	struct error why = ERROR_INIT;
	int fd = inside_open(inside, target, &why);

	if (fd >= 0)
		return fd;
	if (why.errnum == ENOENT)
		return make_target(inside, target, type, err);
	*err = why;
	return -1;
}

int
inside_attach(struct inside *inside, int mount, const char *target, struct error *err)
{
	struct stat st;

	if (fstat(mount, &st) < 0)
		return error_set(err, errno, "look at what goes on %s", target);
	autofd int fd = inside_target(inside, target, S_ISDIR(st.st_mode) ? S_IFDIR : S_IFREG, err);
	if (fd < 0)
		return -1;
	return mount_attach(mount, fd, err) < 0 ? error_prefix(err, "%s", target) : 0;
}

int
inside_take_device(struct inside *inside, int mount, struct error *err)
{
	if (inside->devices == INSIDE_DEVICES_MAX)
		return error_set(err, 0, "more than %d file systems of the container's own",
		    INSIDE_DEVICES_MAX);
	inside->device[inside->devices] = mount_device(mount);
	if (inside->device[inside->devices] == 0)
		return error_set(err, errno, "look at a mount of the container's");
	inside->devices++;
	return 0;
}

int
inside_attach_tmpfs(struct inside *inside, int mount, const char *target, struct error *err)
{
	if (inside_attach(inside, mount, target, err) < 0)
		return -1;
	return inside_take_device(inside, mount, err) < 0 ? error_prefix(err, "mount on %s", target) : 0;
}

static int
unshare_cgroups(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	(void)inside, (void)step, (void)index;
	if (unshare(CLONE_NEWCGROUP) == 0)
		return 0;
	if (errno == ENOSPC)
		return error_set(err, errno, "make a cgroup namespace: the host has as many as it allows "
		    "(sysctl user.max_cgroup_namespaces)");
	return error_set(err, errno, "make a cgroup namespace");
}

/*
 * container/build.c has entered all cgroups at once, before anything else: what is built
 * here is already charged to the user.  What is left is the move within cgroup2 that has to
 * wait for the namespace.
 */
static int
enter_cgroup(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	(void)inside, (void)index;
	if (step->controller != CONTROLLER_COUNT || cgroup_file_write(AT_FDCWD, step->target, "0") == 0)
		return 0;
	return error_set(err, errno, "write \"0\" to %s", step->target);
}

static int
enable_controllers(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	(void)inside, (void)index;
	return cgroup_step_run(step, err);
}

/* container/root_overlay.c has taken it into the root's seed. */
static int
is_planted(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	(void)inside, (void)step, (void)index, (void)err;
	return 0;
}

static int
set_hostname(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	(void)inside, (void)index;
	if (sethostname(step->value, strlen(step->value)) < 0)
		return error_set(err, errno, "set the host name %s", step->value);
	return 0;
}

static int
loopback_up(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	struct ifreq request = { .ifr_name = "lo" };
	autofd int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)inside, (void)step, (void)index;
	if (any < 0 || ioctl(any, SIOCGIFFLAGS, &request) < 0)
		return error_set(err, errno, "look at the loopback interface");
	request.ifr_flags |= IFF_UP;
	if (ioctl(any, SIOCSIFFLAGS, &request) < 0)
		return error_set(err, errno, "set the loopback interface up");
	return 0;
}

#define SYS_MS_SLAVE (1UL << 19)
#define SYS_MS_REC (1UL << 14)

static int
make_slave(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	(void)inside, (void)index;
	if (sys_mount(NULL, step->target, NULL, SYS_MS_SLAVE | SYS_MS_REC, NULL) < 0)
		return error_set(err, errno, "make the mounts slaves of the host's");
	return 0;
}

/*
 * One procfs of the host's left anywhere would show its processes, and void the masks for
 * who can make a user namespace.  What lies below our own is covered by it, and unreachable.
 */
static int
detach_other_procs(const char *ours, struct error *err)
{
	autofree char *text = mountinfo_read(err);
	struct mountinfo mount;

	if (!text)
		return -1;
	for (char *cursor = text; mountinfo_next(&cursor, &mount);) {
		if (strcmp(mount.type, "proc") != 0 || !strcmp(mount.point, ours) ||
		    !strncmp(mount.point, "/proc/", 6))
			continue;
		if (sys_umount2(mount.point, SYS_MNT_DETACH | SYS_UMOUNT_NOFOLLOW) < 0 && errno != EINVAL)
			return error_set(err, errno, "detach the procfs on %s", mount.point);
	}
	return 0;
}

static int
mount_proc(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	static const struct mount_option none[] = { { NULL, NULL } };
	autofd int proc = mount_new("proc", none,
	    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, err);

	(void)index;
	if (proc < 0 || inside_attach(inside, proc, step->target, err) < 0)
		return -1;
	return detach_other_procs(step->target, err);
}

static int
mount_tmpfs(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	autofd int tmpfs = mount_new_tmpfs(step->size, step->mode, inside_uid(inside, step->uid),
	    inside_gid(inside, step->gid),
	    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, err);

	(void)index;
	return tmpfs < 0 ? -1 : inside_attach_tmpfs(inside, tmpfs, step->target, err);
}

static int
make_directory(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	const char *name;
	autofd int parent = open_parent(inside, step->target, &name, err);

	(void)index;
	if (parent < 0)
		return -1;
	if (is_ours(inside, parent, err) <= 0)
		return error_set(err, EPERM, "mkdir %s outside the container's own mounts", step->target);
	if (mkdirat(parent, name, step->mode) < 0)
		return error_set(err, errno, "mkdir %s", step->target);
	if (fchownat(parent, name, inside_uid(inside, step->uid), inside_gid(inside, step->gid),
	        AT_SYMLINK_NOFOLLOW) < 0)
		return error_set(err, errno, "chown %s", step->target);
	return 0;
}

/* In place where target is a mount of its own, else on a copy laid over it. */
static int
change_mount(struct inside *inside, const char *target, uint64_t set, uint64_t clear,
    struct error *err)
{
	struct error why = ERROR_INIT;
	autofd int fd = inside_open(inside, target, err);

	if (fd < 0)
		return -1;
	if (mount_set(fd, set, clear, &why) == 0)
		return 0;
	if (why.errnum != EINVAL) {
		*err = why;
		return error_prefix(err, "%s", target);
	}
	autofd int copy = mount_clone(fd, err);
	if (copy < 0 || mount_set(copy, set, clear, err) < 0)
		return error_prefix(err, "%s", target);
	return inside_attach(inside, copy, target, err);
}

static int
make_read_only(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	(void)index;
	return change_mount(inside, step->target, MOUNT_ATTR_RDONLY, 0, err);
}

static int
make_writable(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	(void)index;
	return change_mount(inside, step->target, 0, MOUNT_ATTR_RDONLY, err);
}

static int
prepare_bind(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	autofd int source = path_open_mounted(step->source, err);

	if (source < 0)
		return -1;
	inside->prepared[index] = mount_clone(source, err);
	return inside->prepared[index] < 0 ? error_prefix(err, "%s", step->source) : 0;
}

static int
attach_bind(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	int mount = inside->prepared[index];

	if (mount < 0)
		return 0; /* optional, and not there */
	uint64_t attributes = (step->flags & STEP_F_READ_ONLY ? MOUNT_ATTR_RDONLY : 0) |
	    (step->flags & STEP_F_NOSUID ? MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV : 0);
	if (attributes && mount_set(mount, attributes, 0, err) < 0)
		return error_prefix(err, "%s", step->source);
	return inside_attach(inside, mount, step->target, err);
}

/* A directory is covered by an empty tmpfs, anything else by the container's /dev/null. */
static int
cover(struct inside *inside, const struct step *step, uint64_t attributes, struct error *err)
{
	struct stat st;
	autofd int fd = inside_open(inside, step->target, err);

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "stat %s", step->target);
	if (S_ISDIR(st.st_mode)) {
		autofd int empty = mount_new_tmpfs(HIDE_SIZE, 0755, inside->root_uid, inside->root_gid,
		    (unsigned)(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | attributes), err);
		return empty < 0 ? -1 : inside_attach_tmpfs(inside, empty, step->target, err);
	}
	autofd int null = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (null < 0 || fstat(null, &st) < 0 || !S_ISCHR(st.st_mode))
		return error_set(err, null < 0 ? errno : EINVAL, "open /dev/null");
	autofd int copy = mount_clone(null, err);
	return copy < 0 ? -1 : inside_attach(inside, copy, step->target, err);
}

/* What is mounted here no longer has a server: it can't be looked at, but taken away. */
static bool
is_dead(int errnum)
{
	return errnum == ENOTCONN || errnum == ECONNABORTED;
}

static int
hide(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	struct error why = ERROR_INIT;

	(void)index;
	if (cover(inside, step, 0, &why) == 0)
		return 0;
	if (is_dead(why.errnum) && inside->root < 0 &&
	    sys_umount2(step->target, SYS_MNT_DETACH | SYS_UMOUNT_NOFOLLOW) == 0)
		return cover(inside, step, 0, err);
	*err = why;
	return -1;
}

static int
mask(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	(void)index;
	return cover(inside, step, MOUNT_ATTR_RDONLY, err);
}

static int
write_mark(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	const char *name;
	autofd int parent = open_parent(inside, step->target, &name, err);

	(void)index;
	if (parent < 0 || !name)
		return -1;
	if (is_ours(inside, parent, err) <= 0)
		return error_set(err, EPERM, "write %s outside the container's own mounts", step->target);
	/* Then for good: not even root in there can take it away or write another. */
	if (mark_write(parent, err) < 0)
		return -1;
	/* Root's in there, as on any machine; who looks at it inside wants to see that. */
	if (fchownat(parent, name, inside->root_uid, inside->root_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set(err, errno, "chown %s", step->target);
	return mount_set(parent, MOUNT_ATTR_RDONLY, 0, err);
}

/*
 * prepare runs for all steps as soon as the mounts are slaves (a copy taken earlier would be
 * the host's peer) and before any of them is covered; run then goes down the list.
 */
struct step_runner {
	step_function *prepare;
	step_function *run;
};

static const struct step_runner runners[] = {
	[STEP_CGROUP_ENTER] = { NULL, enter_cgroup },
	[STEP_CGROUP_ENABLE] = { NULL, enable_controllers },
	[STEP_CGROUP_NAMESPACE] = { NULL, unshare_cgroups },
	[STEP_HOSTNAME] = { NULL, set_hostname },
	[STEP_LOOPBACK] = { NULL, loopback_up },
	[STEP_SLAVE] = { NULL, make_slave },
	[STEP_ROOT] = { inside_root_prepare, inside_root },
	[STEP_ACCOUNT] = { NULL, is_planted },
	[STEP_PIVOT] = { NULL, inside_pivot },
	[STEP_PROC] = { NULL, mount_proc },
	[STEP_MASK] = { NULL, mask },
	[STEP_DEV] = { NULL, inside_dev },
	[STEP_DEVPTS] = { NULL, inside_devpts },
	[STEP_TMPFS] = { NULL, mount_tmpfs },
	[STEP_DIRECTORY] = { NULL, make_directory },
	[STEP_READ_ONLY] = { NULL, make_read_only },
	[STEP_WRITABLE] = { NULL, make_writable },
	[STEP_BIND] = { prepare_bind, attach_bind },
	[STEP_HIDE] = { NULL, hide },
	[STEP_HOME] = { inside_home_prepare, inside_home },
	[STEP_PASSTHROUGH] = { inside_passthrough_prepare, inside_passthrough },
	[STEP_MARK] = { NULL, write_mark },
};

static const struct step_runner *
runner_of(const struct step *step)
{
	static const struct step_runner none = { NULL, NULL };

	if (step->phase != PHASE_INSIDE || (size_t)step->kind >= sizeof(runners) / sizeof(runners[0]))
		return &none;
	return &runners[step->kind];
}

static void
notice_dead(struct inside *inside, const struct step *step, const struct error *why)
{
	char text[512], reason[300];

	if (inside->told_dead || !inside->notice)
		return;
	inside->told_dead = true;
	(void)snprintf(text, sizeof(text), "built without %.100s and the like: %s", step->source,
	    error_render(why, reason, sizeof(reason)));
	inside->notice(text, inside->context);
}

static int
call(step_function *function, struct inside *inside, size_t index, struct error *err)
{
	const struct step *step = &inside->plan->step[index];
	struct error why = ERROR_INIT;

	if (!function || function(inside, step, index, &why) == 0)
		return 0;
	if (step->flags & STEP_F_OPTIONAL && why.errnum == ENOENT)
		return 0;
	if (step->flags & STEP_F_ANSWERS && is_dead(why.errnum)) {
		notice_dead(inside, step, &why);
		return 0;
	}
	*err = why;
	return error_prefix(err, "%s", step_kind_name(step->kind));
}

static int
prepare_all(struct inside *inside, struct error *err)
{
	for (size_t i = 0; i < inside->plan->count; i++)
		if (call(runner_of(&inside->plan->step[i])->prepare, inside, i, err) < 0)
			return -1;
	return 0;
}

static int
attach_cover(const struct inside_cover *cover, struct error *err)
{
	if (!cover || cover->mount < 0)
		return 0;
	autofd int target = path_open_trusted(cover->directory, err);
	if (target < 0)
		return -1;
	return mount_attach(cover->mount, target, err) < 0 ? error_prefix(err, "%s", cover->directory) : 0;
}

int
inside_run(struct inside *inside, struct error *err)
{
	inside->prepared = malloc((inside->plan->count + 1) * sizeof(*inside->prepared));
	if (!inside->prepared)
		return error_set(err, errno, "prepare the mounts");
	for (size_t i = 0; i < inside->plan->count; i++)
		inside->prepared[i] = -1;
	(void)umask(0); /* the plan's modes are meant as they are */
	for (size_t i = 0; i < inside->plan->count; i++) {
		const struct step *step = &inside->plan->step[i];
		if (step->phase == PHASE_INSIDE && !runner_of(step)->run)
			return error_set(err, ENOSYS, "run step %s", step_kind_name(step->kind));
		if (call(runner_of(step)->run, inside, i, err) < 0)
			return -1;
		if (step->phase == PHASE_INSIDE && step->kind == STEP_SLAVE &&
		    (attach_cover(inside->cover, err) < 0 || prepare_all(inside, err) < 0))
			return -1;
	}
	return 0;
}

void
inside_free(struct inside *inside)
{
	for (size_t i = 0; inside->prepared && i < inside->plan->count; i++)
		own_close(&inside->prepared[i]);
	free(inside->prepared);
	own_close(&inside->root);
	own_close(&inside->root_store);
	own_close(&inside->home);
	own_close(&inside->store);
	own_close(&inside->home_inside);
	*inside = (struct inside)INSIDE_INIT;
}
