/*
 * The home: an overlay over the real one (or a template), so that what the user does there
 * can be looked at and undone, with the directories that sshd outside reads passed through.
 * Runs as root in the container's first process.  Nothing of the user's is ever removed here.
 * Documentation/filesystems/overlayfs.rst.
 */
#include "container/idmap.h"
#include "container/inside.h"
#include "container/mount.h"
#include "container/user.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/sys.h"
#include "lib/text.h"

#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#define UPPER_NAME "upper"
#define WORK_NAME "work"

/* File systems that the kernel does not take an upper directory on. */
static const struct {
	unsigned long magic;
	const char *name;
} no_upper[] = {
	{ NFS_SUPER_MAGIC, "NFS" },
	{ OVERLAYFS_SUPER_MAGIC, "an overlay" },
	{ SMB_SUPER_MAGIC, "SMB" },
	{ 0xfe534d42, "SMB" },
	{ 0xff534d42, "CIFS" },
	{ MSDOS_SUPER_MAGIC, "FAT" },
	{ 0x01021997, "9p" },
	{ 0x00c36400, "Ceph" },
};

static int
check_upper(int fd, const char *path, struct error *err)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return error_set(err, errno, "statfs %s", path);
	for (size_t i = 0; i < sizeof(no_upper) / sizeof(no_upper[0]); i++)
		if ((unsigned long)fs.f_type == no_upper[i].magic)
			return error_set(err, 0, "%s is on %s, which cannot carry what an overlay home keeps: "
			    "put it on a local file system, or set home = ephemeral or home = host", path,
			    no_upper[i].name);
	return 0;
}

static int
check_owner(const char *path, const struct stat *st, uid_t uid, struct error *err)
{
	if (!S_ISDIR(st->st_mode))
		return error_set(err, ENOTDIR, "open the home %s", path);
	/* root's is as good: the user can't write to it, outside or inside. */
	if (st->st_uid != uid && st->st_uid != 0)
		return error_set(err, 0, "the home %s belongs to uid %u, not to uid %u: chown it, or mend the "
		    "passwd entry", path, (unsigned)st->st_uid, (unsigned)uid);
	return 0;
}

static int
open_store(const char *path, struct error *err)
{
	char parent[PATH_MAX];
	const char *name = strrchr(path, '/');

	if (!name || text_format(parent, sizeof(parent), "%.*s", (int)(name - path), path) < 0)
		return error_set(err, ENAMETOOLONG, "open %s", path);
	autofd int directory = path_open_trusted(parent, err);
	if (directory < 0)
		return -1;
	int store = path_make_private(directory, name + 1, 0700, err);
	return store < 0 ? error_prefix(err, "%s", parent) : store;
}

int
inside_home_prepare(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	struct stat st;
	autofd int home = path_open_trusted(step->target, err);

	if (home < 0 && err->errnum == ENOENT)
		return error_set(err, 0, "the home %s is missing: make it (mkhomedir_helper, pam_mkhomedir "
		    "before pam_ctr), or set home = host for this user", step->target);
	if (home < 0)
		return -1;
	if (fstat(home, &st) < 0)
		return error_set(err, errno, "stat the home %s", step->target);
	if (check_owner(step->target, &st, step->uid, err) < 0)
		return -1;
	inside->home = take_fd(&home);
	if (step->value) {
		inside->store = open_store(step->value, err);
		if (inside->store < 0 || check_upper(inside->store, step->value, err) < 0)
			return -1;
	}
	if (step->home != HOME_TEMPLATE)
		return 0;
	autofd int template = path_open_trusted(step->source, err);
	if (template < 0)
		return error_prefix(err, "home = template");
	/* root's files are shown as the user's; anybody else's would be nobody's. */
	if (fstat(template, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != 0)
		return error_set(err, 0, "home = template:%s: it must be a directory of root's (chown -R root "
		    "%s)", step->source, step->source);
	inside->prepared[index] = mount_clone(template, err);
	return inside->prepared[index] < 0 ? -1 : 0;
}

/* directory/upper and directory/work; upper begins with the lower's owner and mode. */
static int
make_layers(int directory, const struct stat *lower, struct error *err)
{
	if (mkdirat(directory, WORK_NAME, 0700) < 0 && errno != EEXIST)
		return error_set(err, errno, "mkdir " WORK_NAME);
	if (mkdirat(directory, UPPER_NAME, 0700) < 0)
		return errno == EEXIST ? 0 : error_set(err, errno, "mkdir " UPPER_NAME);
	autofd int upper = openat(directory, UPPER_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (upper < 0 || fchown(upper, lower->st_uid, lower->st_gid) < 0 ||
	    fchmod(upper, lower->st_mode & 07777) < 0)
		return error_set(err, errno, "set up " UPPER_NAME);
	return 0;
}

/*
 * Layers by descriptor: whatever is moved or linked in the tree meanwhile, these are the
 * directories that were checked.  The options are named, since a kernel may be built with
 * other defaults: renamed directories work (redirect_dir), and nothing in an upper that was
 * kept from a former life can lead elsewhere (no index, no metacopy).
 */
static int
mount_overlay(int lower, int store, struct error *err)
{
	char lower_path[64], upper_path[96], work_path[96];
	const struct mount_option options[] = {
		{ "lowerdir", lower_path }, { "upperdir", upper_path }, { "workdir", work_path },
		{ "index", "off" }, { "metacopy", "off" }, { "redirect_dir", "on" }, { NULL, NULL }
	};

	if (text_format(lower_path, sizeof(lower_path), "/proc/self/fd/%d", lower) < 0 ||
	    text_format(upper_path, sizeof(upper_path), "/proc/self/fd/%d/" UPPER_NAME, store) < 0 ||
	    text_format(work_path, sizeof(work_path), "/proc/self/fd/%d/" WORK_NAME, store) < 0)
		return error_set(err, errno, "name the layers");
	int overlay = mount_new("overlay", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, err);
	if (overlay < 0 && err->errnum == EINVAL)
		return error_prefix(err, "the file system of the upper directory can't carry an overlay "
		    "(it needs xattrs and d_type)");
	if (overlay < 0 && err->errnum == ENODEV)
		return error_prefix(err, "this kernel has no overlay file system: modprobe overlay");
	return overlay;
}

/* Where the upper lies: kept on disk, or on a tmpfs that is covered by the overlay itself. */
static int
open_layers(struct inside *inside, const struct step *step, const struct stat *lower,
    struct error *err)
{
	autofd int store = take_fd(&inside->store);

	if (store < 0) {
		autofd int tmpfs = mount_new_tmpfs(step->size, 0700, 0, 0,
		    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, err);
		if (tmpfs < 0 || inside_attach(inside, tmpfs, step->target, err) < 0)
			return -1;
		store = take_fd(&tmpfs);
	}
	if (make_layers(store, lower, err) < 0)
		return error_prefix(err, "%s", step->value ? step->value : step->target);
	return take_fd(&store);
}

/*
 * A layer must be attached somewhere in this mount namespace to become one; the template's
 * id-mapped mount goes where the overlay will cover it.
 */
static int
open_lower(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	if (step->home != HOME_TEMPLATE) {
		int lower = fcntl(inside->home, F_DUPFD_CLOEXEC, 0);
		return lower < 0 ? error_set(err, errno, "open the home") : lower;
	}
	if (idmap_root_to(inside->prepared[index], step->uid, step->gid, err) < 0 ||
	    inside_attach(inside, inside->prepared[index], step->target, err) < 0)
		return error_prefix(err, "home = template:%s", step->source);
	return take_fd(&inside->prepared[index]);
}

int
inside_home(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	struct stat st;
	autofd int lower = open_lower(inside, step, index, err);

	if (lower < 0)
		return -1;
	/* The real home's owner and mode, also where a template's files are shown in it. */
	if (fstat(inside->home, &st) < 0)
		return error_set(err, errno, "stat %s", step->source);
	autofd int store = open_layers(inside, step, &st, err);
	if (store < 0)
		return -1;
	autofd int overlay = mount_overlay(lower, store, err);
	if (overlay < 0 || inside_attach(inside, overlay, step->target, err) < 0)
		return -1;
	inside->home_inside = path_open_trusted(step->target, err);
	return inside->home_inside < 0 ? -1 : 0;
}

static void
notice_passthrough(const struct inside *inside, const struct step *step, const struct error *why)
{
	char text[768], reason[600];

	(void)snprintf(text, sizeof(text), "home_passthrough: %s stays in the overlay: %s", step->source,
	    error_render(why, reason, sizeof(reason)));
	if (inside->notice)
		inside->notice(text, inside->context);
}

/*
 * In the real home, before the overlay is over it.  A link or a file of that name, or a home
 * that can't be written to, is the user's choice and no reason to refuse the login: then
 * that directory is in the overlay like all others, and the log says so.
 */
int
inside_passthrough_prepare(struct inside *inside, const struct step *step, size_t index,
    struct error *err)
{
	struct error why = ERROR_INIT;
	autofd int source = user_directory(inside->home, step->source, step->uid, step->gid, &why);

	if (source < 0) {
		notice_passthrough(inside, step, &why);
		return 0;
	}
	inside->prepared[index] = mount_clone(source, err);
	if (inside->prepared[index] < 0)
		return error_prefix(err, "%s", step->target);
	return mount_set(inside->prepared[index], MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0, err);
}

int
inside_passthrough(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	if (inside->prepared[index] < 0)
		return 0;
	autofd int target = user_directory(inside->home_inside, step->source, step->uid, step->gid, err);
	if (target < 0)
		return error_prefix(err, "home_passthrough");
	return mount_attach(inside->prepared[index], target, err);
}
