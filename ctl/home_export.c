/*
 * ctrctl home export: tar(1) in a mount namespace of its own, on the home as its user sees it,
 * read-only.  GNU tar keeps what a home has: ACLs, attributes, holes, hard links.
 */
#include "ctl/home.h"

#include "container/idmap.h"
#include "container/mount.h"
#include "container/overlay.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/sys.h"
#include "lib/upper_store.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define POLL_NS 100000000
#define PRIVATE_RECURSIVE (1UL << 14 | 1UL << 18) /* mount(2): MS_REC | MS_PRIVATE */

/* What lies below, opened in the mount namespace that the overlay will be in. */
static int
open_layer(const struct home *home, struct error *err)
{
	const struct policy *policy = &home->login->policy;

	if (policy->home != HOME_TEMPLATE)
		return path_open_trusted(home->login->subject.home, err);
	autofd int template = path_open_trusted(policy->home_template, err);
	autofd int clone = template < 0 ? -1 : mount_clone(template, err);
	autofd int userns = clone < 0 ? -1 : idmap_root_to(home->user.uid, home->user.gid, err);
	if (userns < 0 || idmap_mount(clone, userns, err) < 0)
		return -1;
	/* A layer must be attached somewhere; this is the one place that is ours. */
	autofd int place = fcntl(home->own, F_DUPFD_CLOEXEC, 0);
	return place < 0 || mount_attach(clone, place, err) < 0 ? -1 : take_fd(&clone);
}

/* The real home's directories that show all the same; one that is not there does not. */
static void
attach_passthrough(const struct home *home, int overlay)
{
	const struct text_list *list = &home->login->policy.home_passthrough;
	struct error ignored = ERROR_INIT;
	autofd int real = path_open_trusted(home->login->subject.home, &ignored);

	for (size_t i = 0; i < list->count && real >= 0; i++) {
		autofd int source = path_open_beneath(real, list->item[i], O_PATH | O_DIRECTORY, &ignored);
		autofd int target = path_open_beneath(overlay, list->item[i], O_PATH | O_DIRECTORY, &ignored);
		autofd int clone = source < 0 || target < 0 ? -1 : mount_clone(source, &ignored);
		if (clone >= 0)
			(void)mount_attach(clone, target, &ignored);
	}
}

/* The upper on top of what it lies over, neither of them to be written through it. */
static int
mount_home(const struct home *home, int upper, struct error *err)
{
	autofd int layer = open_layer(home, err);
	struct overlay layers = { .lower = { upper, layer }, .lowers = 2, .store = -1, .follows = true,
		.attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV };

	if (layer < 0)
		return -1;
	autofd int mount = overlay_mount(&layers, err);
	if (mount < 0 || mount_attach(mount, home->store, err) < 0)
		return -1;
	attach_passthrough(home, mount);
	return take_fd(&mount);
}

/* Where tar is to begin. */
static int
open_top(struct home *home, struct error *err)
{
	if (home->options->changes)
		return home->upper;
	if (unshare(CLONE_NEWNS) < 0 || sys_mount(NULL, "/", NULL, PRIVATE_RECURSIVE, NULL) < 0)
		return error_set(err, errno, "make a mount namespace");
	own_close(&home->own);
	home->own = upper_store_open(home->user.uid, err);
	if (home->own < 0)
		return -1;
	own_close(&home->store);
	home->store = path_open_beneath(home->own, home->store_name, O_RDONLY | O_DIRECTORY, err);
	autofd int upper = home->store < 0 ? -1 :
	    path_open_beneath(home->store, UPPER_NAME, O_RDONLY | O_DIRECTORY, err);
	return upper < 0 ? -1 : mount_home(home, upper, err);
}

/* In the child; does not come back. */
static _Noreturn void
run_tar(struct home *home, int out)
{
	static const char *const arguments[] = { "tar", "--create", "--file=-", "--format=posix", "--acls",
		"--xattrs", "--xattrs-include=*", "--sparse", ".", NULL };
	static const char *const environment[] = { "PATH=/usr/bin:/bin", "LC_ALL=C", NULL };
	struct error err = ERROR_INIT;
	int top = open_top(home, &err);

	if (top >= 0 && fchdir(top) == 0 && dup2(out, STDOUT_FILENO) >= 0)
		(void)execvpe("tar", (char *const *)(uintptr_t)arguments, (char *const *)(uintptr_t)environment);
	if (!err.text[0])
		(void)error_set(&err, errno, "run tar");
	_exit(home_complain(home, &err));
}

/* How much a file has got so far; a pipe does not tell. */
static void
show_size(struct home *home, int out)
{
	struct stat st;

	if (!home->options->output || fstat(out, &st) < 0)
		return;
	home->progress.bytes = (uint64_t)st.st_size;
	progress_add(&home->progress, 0, 0);
}

static int
wait_for_tar(struct home *home, pid_t pid, int out)
{
	int status;
	pid_t done;

	while ((done = waitpid(pid, &status, WNOHANG)) == 0) {
		show_size(home, out);
		(void)nanosleep(&(struct timespec) { .tv_nsec = POLL_NS }, NULL);
	}
	bar_end(&home->bar);
	if (done != pid || !WIFEXITED(status))
		return complain(CTL_FAILED, "%s: %s: tar did not end by itself", home->verb, home->name);
	if (WEXITSTATUS(status) == 1)
		return complain(CTL_FAILED, "%s: %s: files changed while they were read: what tar named above is "
		    "not whole", home->verb, home->name);
	if (WEXITSTATUS(status) != 0)
		return complain(CTL_FAILED, "%s: %s: tar ended with status %d", home->verb, home->name,
		    WEXITSTATUS(status));
	return CTL_OK;
}

static int
export_to(struct home *home, int out)
{
	struct error err = ERROR_INIT;
	pid_t pid = fork();

	if (pid < 0) {
		(void)error_set(&err, errno, "fork");
		return home_complain(home, &err);
	}
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		run_tar(home, out);
	}
	return wait_for_tar(home, pid, out);
}

int
home_export(struct home *home)
{
	const char *path = home->options->output;

	if (!home->store_name || home->upper < 0)
		return complain(CTL_NO, "%s: %s: nothing is kept apart: the home is what it is on the host",
		    home->verb, home->name);
	if (!path && isatty(STDOUT_FILENO))
		return complain(CTL_USAGE, "%s: an archive is not for a terminal: give -o FILE, or a pipe",
		    home->verb);
	/* Never over what is there: a name in a directory of a user's may be a link of hers. */
	autofd int out = path ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)
	                      : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (out < 0)
		return complain(CTL_FAILED, "%s: create %s: %m", home->verb, path ? path : "the stream");
	return export_to(home, out);
}
