/*
 * Runs as root: the namespace is made in the supervisor, the mount changed in the
 * container's first process.
 */
#include "container/idmap.h"

#include "container/userns.h"
#include "lib/own.h"
#include "lib/sys.h"
#include "lib/text.h"

int
idmap_root_to(uid_t uid, gid_t gid, struct error *err)
{
	char uid_map[32], gid_map[32];
	struct userns made = USERNS_INIT;
	struct userns_request request = { .uid_map = uid_map, .gid_map = gid_map, .nesting = true };

	if (text_format(uid_map, sizeof(uid_map), "0 %u 1", (unsigned)uid) < 0 ||
	    text_format(gid_map, sizeof(gid_map), "0 %u 1", (unsigned)gid) < 0)
		return error_set(err, errno, "map root to %u:%u", (unsigned)uid, (unsigned)gid);
	return userns_make(&request, &made, err) < 0 ? -1 : made.fd[USERNS_USER];
}

int
idmap_mount(int mount, int userns, struct error *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns };

	if (sys_mount_setattr(mount, "", AT_EMPTY_PATH, &attr) == 0)
		return 0;
	if (errno == EINVAL || errno == ENOSYS)
		return error_set(err, errno, "map its owners: this file system or kernel has no id-mapped "
		    "mounts (ext4, xfs, btrfs on Linux 5.12 and later do)");
	return error_set(err, errno, "map its owners");
}
