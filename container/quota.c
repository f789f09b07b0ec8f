/*
 * Runs as root in the container's first process, on directories that are root's alone.
 */
#include "container/quota.h"

#include "lib/sys.h"

#include <linux/fs.h>
#include <linux/quota.h>
#include <stdbool.h>
#include <sys/ioctl.h>

#define QUOTA_BLOCK 1024 /* linux/quota.h: QIF_DQBLKSIZE */
/* QCMD() of that header shifts into the sign. */
#define COMMAND(subcommand) ((unsigned)(subcommand) << SUBCMDSHIFT | PRJQUOTA)

static int
explain(int errnum, struct error *err)
{
	switch (errnum) {
	case ENOSYS:
		return error_set(err, errnum, "set a project quota: needs Linux 5.14; leave root_size away");
	case ENOTTY: case EOPNOTSUPP: case ESRCH: case EINVAL:
		return error_set(err, errnum, "set a project quota: its file system has none (ext4: tune2fs -O "
		    "project,quota, then mount -o prjquota; xfs: mount -o prjquota); leave root_size away, or "
		    "use root = ephemeral");
	default:
		return error_set(err, errnum, "set a project quota");
	}
}

/* A limit that was taken out of the policy; where there never was one, there is no project. */
static bool
has_none(int directory, uint32_t project)
{
	struct fsxattr attributes;

	return ioctl(directory, FS_IOC_FSGETXATTR, &attributes) < 0 || attributes.fsx_projid != project;
}

static int
join_project(int directory, uint32_t project, struct error *err)
{
	struct fsxattr attributes;

	if (ioctl(directory, FS_IOC_FSGETXATTR, &attributes) < 0)
		return explain(errno, err);
	if (attributes.fsx_projid == project && attributes.fsx_xflags & FS_XFLAG_PROJINHERIT)
		return 0;
	attributes.fsx_projid = project;
	attributes.fsx_xflags |= FS_XFLAG_PROJINHERIT;
	return ioctl(directory, FS_IOC_FSSETXATTR, &attributes) < 0 ? explain(errno, err) : 0;
}

int
quota_set(int directory, uint32_t project, uint64_t bytes, struct error *err)
{
	struct if_dqblk wanted = {
		.dqb_bhardlimit = bytes / QUOTA_BLOCK, .dqb_bsoftlimit = bytes / QUOTA_BLOCK,
		.dqb_valid = QIF_BLIMITS,
	};
	struct if_dqblk set = { .dqb_bhardlimit = 0 };

	if (bytes == 0 && has_none(directory, project))
		return 0;
	if (join_project(directory, project, err) < 0)
		return -1;
	if (sys_quotactl_fd(directory, COMMAND(Q_SETQUOTA), project, &wanted) < 0 ||
	    sys_quotactl_fd(directory, COMMAND(Q_GETQUOTA), project, &set) < 0)
		return explain(errno, err);
	if (set.dqb_bhardlimit != wanted.dqb_bhardlimit)
		return error_set(err, 0, "set a project quota: %llu KiB became %llu",
		    (unsigned long long)wanted.dqb_bhardlimit, (unsigned long long)set.dqb_bhardlimit);
	return 0;
}
