/*
 * The container from within: host root in fresh namespaces, with every capability, working
 * on the host's tree as it will be seen.  All names are walked by lib/path.h, so what a user
 * could have put in the way is refused, and every source is opened before anything covers it.
 */
#include "container/inside.h"

#include "container/mount.h"
#include "lib/mark.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/sys.h"
#include "lib/text.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Where a hidden directory's own mount points, such as one's home, are made. */
#define HIDE_SIZE 65536
/* mountinfo of a host with very many mounts; more is refused rather than half read. */
#define MOUNTINFO_MAX (16 * 1024 * 1024)

typedef int step_function(struct inside *inside, const struct step *step, size_t index,
    struct error *err);

static int
open_parent(const char *target, const char **name, struct error *err)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(target, '/');

	*name = NULL;
	if (!slash || slash[1] == '\0' || (size_t)(slash - target) >= sizeof(parent))
		return error_set(err, EINVAL, "name the directory of %s", target);
	memcpy(parent, target, (size_t)(slash - target));
	parent[slash - target] = '\0';
	*name = slash + 1;
	return path_open_trusted(parent[0] ? parent : "/", err);
}

static bool
is_ours(const struct inside *inside, int fd)
{
	dev_t device = mount_device(fd);

	for (size_t i = 0; i < inside->devices; i++)
		if (inside->device[i] == device)
			return true;
	return false;
}

static int
make_target(const struct inside *inside, const char *target, mode_t type, struct error *err)
{
	struct error why = ERROR_INIT;
	const char *name;
	autofd int parent = open_parent(target, &name, &why);

	/* hidden = /home and a home two levels below: make the level between, too. */
	if (parent < 0 && why.errnum == ENOENT && name && name > target + 1) {
		autofree char *above = strndup(target, (size_t)(name - target - 1));
		autofd int made = above ? make_target(inside, above, S_IFDIR, err) : -1;
		if (made < 0)
			return -1;
		parent = open_parent(target, &name, &why);
	}
	if (parent < 0 || !name || !is_ours(inside, parent))
		return error_set(err, ENOENT, "open %s", target);
	int rc = type == S_IFDIR ? mkdirat(parent, name, 0755) : mknodat(parent, name, S_IFREG | 0444, 0);
	if (rc < 0)
		return error_set(err, errno, "make %s", target);
	return path_open_trusted(target, err);
}

int
inside_target(const struct inside *inside, const char *target, mode_t type, struct error *err)
{
	struct error why = ERROR_INIT;
	int fd = path_open_trusted(target, &why);

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
inside_attach_tmpfs(struct inside *inside, int mount, const char *target, struct error *err)
{
	if (inside->devices == INSIDE_DEVICES_MAX)
		return error_set(err, 0, "mount on %s: more than %d tmpfs in one policy", target,
		    INSIDE_DEVICES_MAX);
	if (inside_attach(inside, mount, target, err) < 0)
		return -1;
	inside->device[inside->devices++] = mount_device(mount);
	return 0;
}

static int
unshare_cgroups(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	(void)inside, (void)step, (void)index;
	return unshare(CLONE_NEWCGROUP) < 0 ? error_set(err, errno, "make a cgroup namespace") : 0;
}

/*
 * container/build.c has entered all cgroups at once, before anything else: what is built
 * here is already charged to the user.
 */
static int
is_entered(struct inside *inside, const struct step *step, size_t index, struct error *err)
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

/* proc(5): octal escapes for what would break the line. */
static void
unescape(char *path)
{
	char *out = path;

	for (; *path; path++, out++) {
		if (path[0] == '\\' && path[1] >= '0' && path[1] <= '3' && path[2] && path[3]) {
			*out = (char)((path[1] - '0') << 6 | (path[2] - '0') << 3 | (path[3] - '0'));
			path += 3;
		} else {
			*out = *path;
		}
	}
	*out = '\0';
}

/* The mount point of a mountinfo line if its file system is type, else NULL; cuts the line. */
static char *
line_of_type(char *line, const char *type)
{
	char *dash = strstr(line, " - ");
	char *field = line;

	if (!dash || strncmp(dash + 3, type, strlen(type)) != 0 || dash[3 + strlen(type)] != ' ')
		return NULL;
	*dash = '\0';
	for (int i = 0; field && i < 4; i++) {
		field = strchr(field, ' ');
		field = field ? field + 1 : NULL;
	}
	if (!field)
		return NULL;
	field[strcspn(field, " ")] = '\0';
	unescape(field);
	return field;
}

static char *
read_mountinfo(struct error *err)
{
	autofd int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	size_t room = 65536, length = 0;
	autofree char *text = malloc(room);

	while (text && fd >= 0) {
		ssize_t n = read(fd, text + length, room - length - 1);
		if (n < 0 && errno != EINTR)
			break;
		if (n == 0) {
			text[length] = '\0';
			return take_ptr(&text);
		}
		length += n > 0 ? (size_t)n : 0;
		if (room - length < 4096 && room < MOUNTINFO_MAX) {
			char *more = realloc(text, room *= 2);
			if (!more)
				break;
			text = more;
		}
		errno = EFBIG;
		if (room - length < 2)
			break;
	}
	(void)error_set(err, errno, "read /proc/self/mountinfo");
	return NULL;
}

/*
 * One procfs of the host's left anywhere would show its processes, and void the masks for
 * who can make a user namespace.  What lies below our own is covered by it, and unreachable.
 */
static int
detach_other_procs(const char *ours, struct error *err)
{
	autofree char *text = read_mountinfo(err);

	if (!text)
		return -1;
	for (char *line, *cursor = text; (line = text_next_line(&cursor));) {
		const char *point = line_of_type(line, "proc");
		if (!point || !strcmp(point, ours) || !strncmp(point, "/proc/", 6))
			continue;
		if (sys_umount2(point, SYS_MNT_DETACH | SYS_UMOUNT_NOFOLLOW) < 0 && errno != EINVAL)
			return error_set(err, errno, "detach the procfs on %s", point);
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
	autofd int tmpfs = mount_new_tmpfs(step->size, step->mode, step->uid, step->gid,
	    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, err);

	(void)index;
	return tmpfs < 0 ? -1 : inside_attach_tmpfs(inside, tmpfs, step->target, err);
}

static int
make_directory(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	const char *name;
	autofd int parent = open_parent(step->target, &name, err);

	(void)index;
	if (parent < 0)
		return -1;
	if (!is_ours(inside, parent))
		return error_set(err, EPERM, "mkdir %s outside the container's own mounts", step->target);
	if (mkdirat(parent, name, step->mode) < 0)
		return error_set(err, errno, "mkdir %s", step->target);
	if (fchownat(parent, name, step->uid, step->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set(err, errno, "chown %s", step->target);
	return 0;
}

/* In place where target is a mount of its own, else on a copy laid over it. */
static int
change_mount(struct inside *inside, const char *target, uint64_t set, uint64_t clear,
    struct error *err)
{
	struct error why = ERROR_INIT;
	autofd int fd = path_open_trusted(target, err);

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
	autofd int source = path_open_trusted(step->source, err);

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
	if (step->flags & STEP_F_READ_ONLY && mount_set(mount, MOUNT_ATTR_RDONLY, 0, err) < 0)
		return error_prefix(err, "%s", step->source);
	return inside_attach(inside, mount, step->target, err);
}

/* A directory is covered by an empty tmpfs, anything else by the container's /dev/null. */
static int
cover(struct inside *inside, const struct step *step, uint64_t attributes, struct error *err)
{
	struct stat st;
	autofd int fd = path_open_trusted(step->target, err);

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "stat %s", step->target);
	if (S_ISDIR(st.st_mode)) {
		autofd int empty = mount_new_tmpfs(HIDE_SIZE, 0755, 0, 0,
		    (unsigned)(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | attributes), err);
		return empty < 0 ? -1 : inside_attach_tmpfs(inside, empty, step->target, err);
	}
	autofd int null = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (null < 0 || fstat(null, &st) < 0 || !S_ISCHR(st.st_mode))
		return error_set(err, null < 0 ? errno : EINVAL, "open /dev/null");
	autofd int copy = mount_clone(null, err);
	return copy < 0 ? -1 : inside_attach(inside, copy, step->target, err);
}

static int
hide(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	(void)index;
	return cover(inside, step, 0, err);
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
	autofd int parent = open_parent(step->target, &name, err);

	(void)index;
	if (parent < 0)
		return -1;
	if (!is_ours(inside, parent))
		return error_set(err, EPERM, "write %s outside the container's own mounts", step->target);
	/* Then for good: not even root in there can take it away or write another. */
	return mark_write(parent, err) < 0 ? -1 : mount_set(parent, MOUNT_ATTR_RDONLY, 0, err);
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
	[STEP_CGROUP_ENTER] = { NULL, is_entered },
	[STEP_CGROUP_NAMESPACE] = { NULL, unshare_cgroups },
	[STEP_HOSTNAME] = { NULL, set_hostname },
	[STEP_SLAVE] = { NULL, make_slave },
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

static int
call(step_function *function, struct inside *inside, size_t index, struct error *err)
{
	const struct step *step = &inside->plan->step[index];
	struct error why = ERROR_INIT;

	if (!function || function(inside, step, index, &why) == 0)
		return 0;
	if (step->flags & STEP_F_OPTIONAL && why.errnum == ENOENT)
		return 0;
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
		if (step->phase == PHASE_INSIDE && step->kind == STEP_SLAVE && prepare_all(inside, err) < 0)
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
	own_close(&inside->home);
	own_close(&inside->store);
	own_close(&inside->home_inside);
	*inside = (struct inside)INSIDE_INIT;
}
