/*
 * Runs as root inside foreign programs (sshd's monitor, su, login, cron): opens nothing that
 * stays, changes nothing on a failing path before the first step that can't be undone.
 */
#include "lib/join.h"

#include "lib/filter_load.h"
#include "lib/mark.h"
#include "lib/own.h"
#include "lib/process_attributes.h"
#include "lib/sys.h"

#include <dirent.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

int
join_is_possible(struct error *err)
{
	int threads = 0;
	DIR *tasks = opendir("/proc/self/task");

	if (!tasks)
		return error_set(err, errno, "open /proc/self/task");
	for (struct dirent *entry; (entry = readdir(tasks));)
		threads += entry->d_name[0] != '.';
	(void)closedir(tasks);
	if (threads != 1)
		return error_set(err, 0, "this program has %d threads and cannot enter a container: "
		    "exempt its users, or take pam_ctr out of its PAM service", threads);
	return 0;
}

static int
write_zero(int fd, const char *what, struct error *err)
{
	ssize_t n;

	do
		n = write(fd, "0", 1);
	while (n < 0 && errno == EINTR);
	return n == 1 ? 0 : error_set(err, errno, "write 0 to %s", what);
}

/*
 * sshd is started with oom_score_adj -1000 and its sessions inherit that: a user's memory
 * hog would be immune to its own limit.  Before setns: afterwards there is no /proc/self.
 */
static int
reset_oom_score(struct error *err)
{
	autofd int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	return fd < 0 ? error_set(err, errno, "open /proc/self/oom_score_adj")
	              : write_zero(fd, "/proc/self/oom_score_adj", err);
}

/*
 * su(1) has taken the user's groups before it opened the session, and won't do it again: those
 * stay, which have the same number inside.  The caller's others would reach the host's files.
 */
static int
enter_userns(int userns, struct error *err)
{
	int count = getgroups(0, NULL);
	size_t room = count > 0 ? (size_t)count : 1, kept = 0;
	autofree gid_t *outside = calloc(room, sizeof(*outside));
	autofree gid_t *inside = calloc(room, sizeof(*inside));

	if (!outside || !inside)
		return error_set(err, ENOMEM, "read the groups");
	if (count < 0 || getgroups(count, outside) != count)
		return error_set(err, errno, "read the groups");
	if (setns(userns, CLONE_NEWUSER) < 0)
		return error_set(err, errno, "enter the container's user namespace");
	if (getgroups(count, inside) != count)
		return error_set(err, errno, "read the groups inside");
	for (int i = 0; i < count; i++)
		if (inside[i] == outside[i])
			inside[kept++] = inside[i];
	return setgroups(kept, inside) < 0 ? error_set(err, errno, "drop the host's groups") : 0;
}

struct gids {
	gid_t real, effective, saved;
};

/* sudo(8) has taken the user's group, too; what is not the same number inside becomes root's. */
static int
take_gids(const struct gids *outside, struct error *err)
{
	struct gids inside;

	if (getresgid(&inside.real, &inside.effective, &inside.saved) < 0)
		return error_set(err, errno, "read the group inside");
	if (setresgid(inside.real == outside->real ? inside.real : 0,
	        inside.effective == outside->effective ? inside.effective : 0,
	        inside.saved == outside->saved ? inside.saved : 0) < 0)
		return error_set(err, errno, "take the container's group");
	return 0;
}

/*
 * The last step that needs the host's root.  Ids first: those that the process has are nobody's
 * in there, and sshd would take itself for an ordinary user's process.
 */
static int
become_container_root(int userns, struct error *err)
{
	struct gids outside;
	uid_t real, effective, saved;
	struct stat st;

	if (getresgid(&outside.real, &outside.effective, &outside.saved) < 0)
		return error_set(err, errno, "read the group");
	if (enter_userns(userns, err) < 0 || take_gids(&outside, err) < 0)
		return -1;
	if (setresuid(0, 0, 0) < 0)
		return error_set(err, errno, "become root of the container");
	/* A change of ids made the process dumpable again, or /proc/sys/fs/suid_dumpable decides. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return error_set(err, errno, "set not dumpable");
	if (getresuid(&real, &effective, &saved) < 0 || real != 0 || effective != 0 || saved != 0)
		return error_set(err, EPERM, "become root of the container: the ids are %u, %u, %u",
		    (unsigned)real, (unsigned)effective, (unsigned)saved);
	/* procfs is the host's root's in every container: seen as root's, that is who we still are. */
	if (stat("/proc", &st) < 0 || st.st_uid == 0)
		return error_set(err, EPERM, "give up the host's root: its files still look like ours");
	return 0;
}

int
join_enter(const struct join_kit *kit, struct error *err)
{
	char cwd[PATH_MAX];
	bool has_cwd = getcwd(cwd, sizeof(cwd)) && cwd[0] == '/';

	autofree void *filter = kit->filter >= 0 ? filter_read(kit->filter, err) : NULL;

	if ((kit->filter >= 0 && !filter) || attributes_check(&kit->message.process, err) < 0 ||
	    reset_oom_score(err) < 0)
		return -1;
	for (uint32_t i = 0; i < kit->message.cgroups; i++)
		if (write_zero(kit->cgroup[i], "the session's cgroup", err) < 0)
			return -1;
	/*
	 * From setns on, the user's processes and this one are in the same mount namespace:
	 * not dumpable, so that none of them can trace it or look through its /proc files.
	 */
	int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_set(err, errno, "set not dumpable");
	if (setns(kit->pidfd, (int)kit->message.namespaces) < 0) {
		(void)error_set(err, errno, "enter the container's namespaces");
		/* Still outside, and as we were found. */
		if (dumpable == 1)
			(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
		return -1;
	}
	/* Limits are raised by the host's root, who goes with the user namespace. */
	if (mark_verify(kit->message.mark, err) < 0 ||
	    attributes_apply_host(&kit->message.process, err) < 0 ||
	    (kit->message.private_ids && become_container_root(kit->userns, err) < 0) ||
	    attributes_apply_last(&kit->message.process, kit->message.bounding, err) < 0)
		return -1;
	/* setns put us at the container's root; a working directory of the host's is no way in. */
	if (has_cwd && chdir(cwd) < 0 && chdir("/") < 0)
		return error_set(err, errno, "change directory to /");
	return filter ? filter_load(filter, err) : 0;
}

void
join_kit_free(struct join_kit *kit)
{
	own_close(&kit->pidfd);
	own_close(&kit->userns);
	own_close(&kit->filter);
	for (uint32_t i = 0; i < WIRE_CGROUPS_MAX && i < kit->message.cgroups; i++)
		own_close(&kit->cgroup[i]);
	*kit = (struct join_kit)JOIN_KIT_INIT;
}
