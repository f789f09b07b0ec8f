/*
 * System calls that one of the two C libraries (or both) has no wrapper for, under their
 * manual pages' names.  Here because <sys/mount.h> and <linux/mount.h> exclude each other:
 * whoever mounts includes this and neither of them.  Each returns -1 with errno.
 */
#ifndef LIB_SYS_H
#define LIB_SYS_H

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* Newer than musl 1.2.3; the same number on every architecture. */
#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif

/* umount2(2); <linux/mount.h> leaves these to the C libraries. */
#define SYS_MNT_DETACH 2
#define SYS_UMOUNT_NOFOLLOW 8

/*
 * CLONE_NEW* are in <linux/sched.h>; the C libraries' <sched.h> has the same values, so
 * that including both does no harm.
 */

static inline int
sys_mount(const char *source, const char *target, const char *type, unsigned long flags,
    const void *data)
{
	return (int)syscall(SYS_mount, source, target, type, flags, data);
}

static inline int
sys_umount2(const char *target, int flags)
{
	return (int)syscall(SYS_umount2, target, flags);
}

static inline int
sys_open_tree(int directory, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, directory, path, flags);
}

static inline int
sys_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned flags)
{
	return (int)syscall(SYS_move_mount, from, from_path, to, to_path, flags);
}

static inline int
sys_mount_setattr(int directory, const char *path, unsigned flags, struct mount_attr *attr)
{
	return (int)syscall(SYS_mount_setattr, directory, path, flags, attr, sizeof(*attr));
}

static inline int
sys_fsopen(const char *type)
{
	return (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
}

static inline int
sys_fspick(int directory, const char *path, unsigned flags)
{
	return (int)syscall(SYS_fspick, directory, path, flags);
}

static inline int
sys_fsconfig(int fs, unsigned command, const char *key, const void *value, int aux)
{
	return (int)syscall(SYS_fsconfig, fs, command, key, value, aux);
}

static inline int
sys_fsmount(int fs, unsigned attributes)
{
	return (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes);
}

static inline int
sys_openat2(int directory, const char *path, struct open_how *how)
{
	return (int)syscall(SYS_openat2, directory, path, how, sizeof(*how));
}

static inline int
sys_quotactl_fd(int fd, unsigned command, uint32_t id, void *address)
{
	return (int)syscall(SYS_quotactl_fd, (unsigned)fd, command, (int)id, address);
}

static inline pid_t
sys_clone3(struct clone_args *args)
{
	return (pid_t)syscall(SYS_clone3, args, sizeof(*args));
}

static inline int
sys_pidfd_open(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static inline int
sys_pidfd_send_signal(int pidfd, int signal)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

/* glibc has an enumeration of its own for resource; pid 0 is the caller. */
static inline int
sys_prlimit(pid_t pid, unsigned resource, const struct rlimit *new_limit, struct rlimit *old_limit)
{
	return (int)syscall(SYS_prlimit64, pid, resource, new_limit, old_limit);
}

static inline int
sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

/* flags: RENAME_EXCHANGE and others of <linux/fs.h>. */
static inline int
sys_renameat2(int from, const char *old, int to, const char *new, unsigned flags)
{
	return (int)syscall(SYS_renameat2, from, old, to, new, flags);
}

#endif
