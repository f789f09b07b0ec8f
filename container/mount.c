/*
 * Runs as root in the container's first process (and, for a login's terminal, in a helper
 * that entered the container's mount namespace).  Takes descriptors, never names.
 */
#include "container/mount.h"

#include "lib/own.h"
#include "lib/sys.h"
#include "lib/text.h"

#include <stdio.h>
#include <sys/stat.h>

/* One inode for each 4 KiB, and enough for an empty one. */
#define BYTES_PER_INODE 4096
#define INODES_MIN 64

/* The kernel says more than errno where a file system writes to the context's log. */
static int
explain(int fs, int errnum, struct error *err, const char *what, const char *type)
{
	char text[256];
	ssize_t length = read(fs, text, sizeof(text) - 1);

	if (length <= 2)
		return error_set(err, errnum, "%s %s", what, type);
	text[length] = '\0';
	if (text[length - 1] == '\n')
		text[length - 1] = '\0';
	/* "e " or "w " comes before the message proper. */
	return error_set(err, errnum, "%s %s (%s)", what, type, text + 2);
}

int
mount_new(const char *type, const struct mount_option *options, unsigned attributes,
    struct error *err)
{
	autofd int fs = sys_fsopen(type);

	if (fs < 0)
		return error_set(err, errno, "open file system type %s", type);
	/* What mountinfo shows as the device. */
	if (sys_fsconfig(fs, FSCONFIG_SET_STRING, "source", "pam_ctr", 0) < 0)
		return explain(fs, errno, err, "name", type);
	for (; options->key; options++) {
		unsigned command = options->value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;
		if (sys_fsconfig(fs, command, options->key, options->value, 0) < 0)
			return explain(fs, errno, err, options->key, type);
	}
	if (sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return explain(fs, errno, err, "make", type);
	int mount = sys_fsmount(fs, attributes);
	return mount < 0 ? explain(fs, errno, err, "mount", type) : mount;
}

int
mount_new_tmpfs(uint64_t size, unsigned mode, uid_t uid, gid_t gid, unsigned attributes,
    struct error *err)
{
	char size_text[24], inodes_text[24], mode_text[8], uid_text[16], gid_text[16];
	uint64_t inodes = size / BYTES_PER_INODE + INODES_MIN;
	const struct mount_option options[] = {
		{ "size", size_text }, { "nr_inodes", inodes_text }, { "mode", mode_text },
		{ "uid", uid_text }, { "gid", gid_text }, { NULL, NULL }
	};

	if (text_format(size_text, sizeof(size_text), "%llu", (unsigned long long)size) < 0 ||
	    text_format(inodes_text, sizeof(inodes_text), "%llu", (unsigned long long)inodes) < 0 ||
	    text_format(mode_text, sizeof(mode_text), "%04o", mode) < 0 ||
	    text_format(uid_text, sizeof(uid_text), "%u", (unsigned)uid) < 0 ||
	    text_format(gid_text, sizeof(gid_text), "%u", (unsigned)gid) < 0)
		return error_set(err, errno, "set up a tmpfs");
	return mount_new("tmpfs", options, attributes, err);
}

int
mount_clone(int fd, struct error *err)
{
	int tree = sys_open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH |
	    AT_RECURSIVE);

	return tree < 0 ? error_set(err, errno, "clone a mount") : tree;
}

int
mount_set(int fd, uint64_t set, uint64_t clear, struct error *err)
{
	struct mount_attr attr = { .attr_set = set, .attr_clr = clear };

	if (sys_mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr) < 0)
		return error_set(err, errno, "change a mount's attributes");
	return 0;
}

int
mount_attach(int mount, int target, struct error *err)
{
	if (sys_move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0)
		return 0;
	if (errno == ENOSPC)
		return error_set(err, errno, "attach a mount: there are as many as the host allows (sysctl fs.mount-max)");
	return error_set(err, errno, "attach a mount");
}

dev_t
mount_device(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? 0 : st.st_dev;
}
