/*
 * Runs as root in the container's first process and in ctrctl, on directories that are root's
 * alone; what is in them is a user's.
 */
#include "container/quota.h"

#include "lib/own.h"
#include "lib/path.h"
#include "lib/sys.h"
#include "lib/upper_store.h"
#include "lib/walk.h"

#include <linux/fs.h>
#include <linux/quota.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#define QUOTA_BLOCK 1024 /* linux/quota.h: QIF_DQBLKSIZE */
/* QCMD() of that header shifts into the sign. */
#define COMMAND(subcommand) ((unsigned)(subcommand) << SUBCMDSHIFT | PRJQUOTA)

static int
explain(int errnum, const struct quota_key *key, struct error *err)
{
	switch (errnum) {
	case ENOSYS:
		return error_set(err, errnum, "%s: set a project quota: needs Linux 5.14; %s", key->name,
		    key->way_out);
	case ENOTTY: case EOPNOTSUPP: case ESRCH: case EINVAL:
		return error_set(err, errnum, "%s: set a project quota: its file system has none (ext4: "
		    "tune2fs -O project,quota, then mount -o prjquota; xfs: mount -o prjquota); %s", key->name,
		    key->way_out);
	default:
		return error_set(err, errnum, "%s: set a project quota", key->name);
	}
}

/* A limit that was taken out of the policy; where there never was one, there is no project. */
static bool
has_none(int directory, uint32_t project)
{
	struct fsxattr attributes;

	return ioctl(directory, FS_IOC_FSGETXATTR, &attributes) < 0 || attributes.fsx_projid != project;
}

/* A regular file or, with flags FS_XFLAG_PROJINHERIT, a directory; -1 with errno. */
static int
join_project(int fd, uint32_t project, uint32_t flags)
{
	struct fsxattr attributes;

	if (ioctl(fd, FS_IOC_FSGETXATTR, &attributes) < 0)
		return -1;
	if (attributes.fsx_projid == project && (attributes.fsx_xflags & flags) == flags)
		return 0;
	attributes.fsx_projid = project;
	attributes.fsx_xflags |= flags;
	return ioctl(fd, FS_IOC_FSSETXATTR, &attributes);
}

int
quota_set(int directory, uint32_t project, uint64_t bytes, const struct quota_key *key,
    struct error *err)
{
	struct if_dqblk wanted = {
		.dqb_bhardlimit = bytes / QUOTA_BLOCK, .dqb_bsoftlimit = bytes / QUOTA_BLOCK,
		.dqb_valid = QIF_BLIMITS,
	};
	struct if_dqblk set = { .dqb_bhardlimit = 0 };

	if (bytes == 0 && has_none(directory, project))
		return 0;
	if (join_project(directory, project, FS_XFLAG_PROJINHERIT) < 0)
		return explain(errno, key, err);
	if (sys_quotactl_fd(directory, COMMAND(Q_SETQUOTA), project, &wanted) < 0 ||
	    sys_quotactl_fd(directory, COMMAND(Q_GETQUOTA), project, &set) < 0)
		return explain(errno, key, err);
	if (set.dqb_bhardlimit != wanted.dqb_bhardlimit)
		return error_set(err, 0, "%s: set a project quota: %llu KiB became %llu", key->name,
		    (unsigned long long)wanted.dqb_bhardlimit, (unsigned long long)set.dqb_bhardlimit);
	return 0;
}

struct joining {
	uint32_t project;
	const struct quota_key *key;
};

/* Links, fifos and sockets have no project of their own that could be set, and take no room. */
static int
join_file(struct walk *walk, const char *name, struct error *err)
{
	const struct joining *joining = walk->context;
	struct stat st;
	autofd int found = openat(walk->from, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (found < 0 || fstat(found, &st) < 0)
		return error_set(err, errno, "open");
	if (!S_ISREG(st.st_mode))
		return 0;
	autofd int file = path_reopen(found, O_RDONLY, err);
	if (file < 0)
		return -1;
	return join_project(file, joining->project, 0) < 0 ? explain(errno, joining->key, err) : 0;
}

static int
visit(struct walk *walk, const char *name, const struct stat *st, struct error *err)
{
	if (!S_ISDIR(st->st_mode))
		return S_ISREG(st->st_mode) ? join_file(walk, name, err) : 0;
	walk->child.from = walk_open(walk->from, name);
	return walk->child.from < 0 ? error_set(err, errno, "open") : 0;
}

/* A directory joins after what is in it, the tree's own last: by that it is known to be whole. */
static int
leave(struct walk *walk, struct error *err)
{
	const struct joining *joining = walk->context;

	if (join_project(walk->from, joining->project, FS_XFLAG_PROJINHERIT) < 0)
		return explain(errno, joining->key, err);
	return 0;
}

int
quota_set_tree(int directory, uint32_t project, uint64_t bytes, const struct quota_key *key,
    struct error *err)
{
	static const struct walk_operations operations = { .visit = visit, .leave = leave };
	struct joining joining = { .project = project, .key = key };
	bool is_new = faccessat(directory, UPPER_NAME, F_OK, AT_SYMLINK_NOFOLLOW) < 0;

	if (bytes == 0 && is_new) {
		/* Only to be counted: a file system that can't does not matter. */
		(void)join_project(directory, project, FS_XFLAG_PROJINHERIT);
		return 0;
	}
	if (bytes > 0 && has_none(directory, project) &&
	    walk_run(&operations, &joining, directory, -1, NULL, err) < 0)
		return -1;
	return quota_set(directory, project, bytes, key, err);
}

bool
quota_read(int directory, uint32_t project, uint64_t *used, uint64_t *limit)
{
	struct if_dqblk now = { .dqb_bhardlimit = 0 };

	if (has_none(directory, project) ||
	    sys_quotactl_fd(directory, COMMAND(Q_GETQUOTA), project, &now) < 0)
		return false;
	*used = now.dqb_curspace;
	*limit = now.dqb_bhardlimit * QUOTA_BLOCK;
	return true;
}

/* With a way out for who can't set one, which is not for who has one. */
static const struct quota_key kept_key = { "what is kept", "ctrctl doctor says what is missing" };

int
quota_lift(int directory, uint32_t project, uint64_t *limit, struct error *err)
{
	uint64_t used;

	if (!quota_read(directory, project, &used, limit))
		*limit = 0;
	return *limit == 0 ? 0 : quota_set(directory, project, 0, &kept_key, err);
}

int
quota_put_back(int directory, uint32_t project, uint64_t limit, struct error *err)
{
	return limit == 0 ? 0 : quota_set(directory, project, limit, &kept_key, err);
}

int
quota_check(int directory, struct error *err)
{
	struct if_dqblk ignored;

	if (sys_quotactl_fd(directory, COMMAND(Q_GETQUOTA), 0, &ignored) == 0)
		return 0;
	return error_set(err, errno, "%s", errno == ENOSYS ? "project quotas need Linux 5.14" :
	    "its file system has no project quotas (ext4: tune2fs -O project,quota, then mount -o "
	    "prjquota; xfs: mount -o prjquota)");
}
