/*
 * The home: an overlay over the real one (or a template), so that what the user does there
 * can be looked at and undone, with the directories that sshd outside reads passed through.
 * Runs as root in the container's first process.  Nothing of the user's is ever removed here.
 * Documentation/filesystems/overlayfs.rst.
 */
#include "container/idmap.h"
#include "container/inside.h"
#include "container/mount.h"
#include "container/overlay.h"
#include "container/quota.h"
#include "container/user.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/sys.h"
#include "lib/text.h"

#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

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

/*
 * Who merges, drops or restores what is kept holds the lock as long as that takes
 * (ctl/home_open.c), and finds it taken until the overlay is mounted: then a container is there.
 */
static int
claim_store(int store, struct error *err)
{
	if (flock(store, LOCK_SH | LOCK_NB) == 0)
		return 0;
	return errno == EWOULDBLOCK ? error_set(err, 0, "the home is being worked on by ctrctl home: log in "
	    "again when that is done") : error_set(err, errno, "lock what is kept of the home");
}

static const struct quota_key home_size = { "home_size",
	"leave home_size away, or use home = ephemeral" };

static int
prepare_store(struct inside *inside, const struct step *step, struct error *err)
{
	uint64_t size = step->size ? step->size + QUOTA_MOUNT_ROOM : 0;

	inside->store = overlay_store(step->value, "an overlay home", err);
	if (inside->store < 0 || claim_store(inside->store, err) < 0)
		return -1;
	/* The user's number is nobody else's project. */
	return quota_set_tree(inside->store, step->uid, size, &home_size, err);
}

int
inside_home_prepare(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	struct stat st;
	autofd int home = path_open_mounted(step->target, err);

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
	if (step->value && prepare_store(inside, step, err) < 0)
		return -1;
	if (step->home != HOME_TEMPLATE)
		return 0;
	autofd int template = path_open_mounted(step->source, err);
	if (template < 0)
		return error_prefix(err, "home = template");
	/* root's files are shown as the user's; anybody else's would be nobody's. */
	if (fstat(template, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != 0)
		return error_set(err, 0, "home = template:%s: it must be a directory of root's (chown -R root "
		    "%s)", step->source, step->source);
	inside->prepared[index] = mount_clone(template, err);
	return inside->prepared[index] < 0 ? -1 : 0;
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
	autofd int upper = overlay_layers(store, lower->st_uid, lower->st_gid, lower->st_mode & 07777, err);
	if (upper < 0)
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
	if (idmap_mount(inside->prepared[index], inside->template_userns, err) < 0 ||
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
	struct overlay layers = { .lower = { lower }, .lowers = 1, .store = store,
		.attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV };
	autofd int overlay = overlay_mount(&layers, err);
	if (overlay < 0 || inside_attach(inside, overlay, step->target, err) < 0)
		return -1;
	if (step->value && step->size && quota_set(store, step->uid, step->size, &home_size, err) < 0)
		return -1;
	inside->home_inside = inside_open(inside, step->target, err);
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
	struct error why = ERROR_INIT;

	if (inside->prepared[index] < 0)
		return 0;
	/* The overlay's own home may be one that the user has closed to itself, from inside. */
	autofd int target = user_directory(inside->home_inside, step->source, step->uid, step->gid, &why);
	if (target < 0) {
		notice_passthrough(inside, step, &why);
		return 0;
	}
	return mount_attach(inside->prepared[index], target, err) < 0 ? error_prefix(err, "%s", step->source) : 0;
}
