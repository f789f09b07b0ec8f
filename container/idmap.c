/*
 * An id map is handed to the kernel as a user namespace: a child is cloned into a new one,
 * its maps are written from outside, and its namespace opened; then it may go.
 */
#include "container/idmap.h"

#include "lib/own.h"
#include "lib/sys.h"
#include "lib/text.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

static int
write_map(pid_t pid, const char *file, unsigned id, struct error *err)
{
	char path[64], text[32];

	if (text_format(path, sizeof(path), "/proc/%d/%s", (int)pid, file) < 0 ||
	    text_format(text, sizeof(text), "0 %u 1", id) < 0)
		return error_set(err, errno, "name %s", file);
	autofd int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return error_set(err, errno, "write \"%s\" to %s", text, path);
	return 0;
}

static int
open_mapped_namespace(pid_t pid, uid_t uid, gid_t gid, struct error *err)
{
	char path[64];

	if (write_map(pid, "uid_map", uid, err) < 0 || write_map(pid, "gid_map", gid, err) < 0)
		return -1;
	if (text_format(path, sizeof(path), "/proc/%d/ns/user", (int)pid) < 0)
		return error_set(err, errno, "name a user namespace");
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? error_set(err, errno, "open %s", path) : fd;
}

static int
mapped_namespace(uid_t uid, gid_t gid, struct error *err)
{
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	pid_t pid = sys_clone3(&args);

	if (pid < 0)
		return error_set(err, errno, "make a user namespace (user.max_user_namespaces?)");
	if (pid == 0)
		for (;;)
			(void)pause();
	int fd = open_mapped_namespace(pid, uid, gid, err);
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	return fd;
}

int
idmap_root_to(int mount, uid_t uid, gid_t gid, struct error *err)
{
	autofd int namespace = mapped_namespace(uid, gid, err);

	if (namespace < 0)
		return -1;
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)namespace };
	if (sys_mount_setattr(mount, "", AT_EMPTY_PATH, &attr) == 0)
		return 0;
	if (errno == EINVAL)
		return error_set(err, errno, "map its owners: this file system or kernel has no id-mapped "
		    "mounts (ext4, xfs, btrfs on Linux 5.12 and later do); keep it on another one");
	return error_set(err, errno, "map its owners");
}
