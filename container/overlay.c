/*
 * Runs as root in the container's first process.  Nothing is ever removed here.
 */
#include "container/overlay.h"

#include "container/mount.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/sys.h"
#include "lib/text.h"
#include "lib/upper_store.h"

#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>


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
check_upper(int fd, const char *path, const char *what, struct error *err)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return error_set(err, errno, "statfs %s", path);
	for (size_t i = 0; i < sizeof(no_upper) / sizeof(no_upper[0]); i++)
		if ((unsigned long)fs.f_type == no_upper[i].magic)
			return error_set(err, 0, "%s is on %s, which cannot carry what %s keeps: put it on a "
			    "local file system, or let the policy keep nothing (ephemeral)", path, no_upper[i].name,
			    what);
	return 0;
}

int
overlay_store(const char *path, const char *what, struct error *err)
{
	char parent[PATH_MAX];
	const char *name = strrchr(path, '/');

	if (!name || text_format(parent, sizeof(parent), "%.*s", (int)(name - path), path) < 0)
		return error_set(err, ENAMETOOLONG, "open %s", path);
	autofd int directory = path_open_trusted(parent, err);
	if (directory < 0)
		return -1;
	autofd int store = path_make_private(directory, name + 1, 0700, err);
	if (store < 0)
		return error_prefix(err, "%s", parent);
	return check_upper(store, path, what, err) < 0 ? -1 : take_fd(&store);
}

/* Under another name until it is as it must be: a kill in the middle leaves no half upper. */
static int
make_upper(int store, uid_t uid, gid_t gid, mode_t mode, struct error *err)
{
	static const char name[] = UPPER_NAME ".new";

	if (mkdirat(store, name, 0700) < 0 && errno != EEXIST)
		return error_set(err, errno, "mkdir %s", name);
	autofd int upper = openat(store, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (upper < 0 || fchown(upper, uid, gid) < 0 || fchmod(upper, mode) < 0 ||
	    renameat(store, name, store, UPPER_NAME) < 0)
		return error_set(err, errno, "set up " UPPER_NAME);
	return take_fd(&upper);
}

int
overlay_layers(int store, uid_t uid, gid_t gid, mode_t mode, struct error *err)
{
	if (mkdirat(store, UPPER_WORK_NAME, 0700) < 0 && errno != EEXIST)
		return error_set(err, errno, "mkdir " UPPER_WORK_NAME);
	int upper = openat(store, UPPER_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (upper < 0 && errno == ENOENT)
		return make_upper(store, uid, gid, mode, err);
	return upper < 0 ? error_set(err, errno, "open " UPPER_NAME) : upper;
}

/*
 * The options are named, since a kernel may be built with other defaults: renamed directories
 * work (redirect_dir), and nothing in an upper that was kept from a former life can lead
 * elsewhere (no index, no metacopy).
 */
static int
name_lowers(const struct overlay *overlay, char *text, size_t size, struct error *err)
{
	size_t length = 0;

	for (size_t i = 0; i < overlay->lowers; i++) {
		if (text_format(text + length, size - length, "%s/proc/self/fd/%d", i > 0 ? ":" : "",
		        overlay->lower[i]) < 0)
			return error_set(err, errno, "name the lower layers");
		length += strlen(text + length);
	}
	return 0;
}

/* What EINVAL stands for, where the kernel says no more. */
static int
explain(struct error *err)
{
	if (err->errnum == EINVAL)
		return error_prefix(err, "the file system of the upper directory can't carry an overlay "
		    "(it needs xattrs and d_type), or a lower one can't be part of one");
	if (err->errnum == ENODEV)
		return error_prefix(err, "this kernel has no overlay file system: modprobe overlay");
	return -1;
}

int
overlay_mount(const struct overlay *overlay, struct error *err)
{
	char lower[OVERLAY_LOWERS_MAX * 32], upper[96], work[96];
	const struct mount_option written[] = {
		{ "lowerdir", lower }, { "upperdir", upper }, { "workdir", work },
		{ "index", "off" }, { "metacopy", "off" }, { "redirect_dir", "on" }, { NULL, NULL }
	};
	const struct mount_option read[] = {
		{ "lowerdir", lower }, { "metacopy", "off" },
		{ "redirect_dir", overlay->follows ? "follow" : "nofollow" }, { NULL, NULL }
	};

	if (name_lowers(overlay, lower, sizeof(lower), err) < 0)
		return -1;
	if (text_format(upper, sizeof(upper), "/proc/self/fd/%d/" UPPER_NAME, overlay->store) < 0 ||
	    text_format(work, sizeof(work), "/proc/self/fd/%d/" UPPER_WORK_NAME, overlay->store) < 0)
		return error_set(err, errno, "name the layers");
	int mount = mount_new("overlay", overlay->store < 0 ? read : written, overlay->attributes, err);
	return mount < 0 ? explain(err) : mount;
}
