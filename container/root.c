/*
 * Runs as host root in the container's first process, whose own root directory stays the
 * host's until the last step: sources are looked up there, targets below inside->root.
 *
 * Each mount is copied alone: what can be shown with other owners is, the rest (proc, sysfs,
 * NFS, FUSE, a tmpfs before Linux 6.3) is shown as it is, where root's files are nobody's.
 */
#include "container/root.h"

#include "container/idmap.h"
#include "container/mount.h"
#include "container/overlay.h"
#include "container/reader.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/sys.h"
#include "lib/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct mount_list {
	struct mountinfo *item; /* owned; texts are mountinfo's */
	size_t count;
};

static int
add_mount(struct mount_list *list, const struct mountinfo *mount, struct error *err)
{
	struct mountinfo *more = realloc(list->item, (list->count + 1) * sizeof(*more));

	if (!more)
		return error_set(err, ENOMEM, "list the host's mounts");
	list->item = more;
	list->item[list->count++] = *mount;
	return 0;
}

/* Shorter names first: what a mount lies in is there before it. */
static int
compare_points(const void *left, const void *right)
{
	size_t a = strlen(((const struct mountinfo *)left)->point);
	size_t b = strlen(((const struct mountinfo *)right)->point);

	return a < b ? -1 : a > b;
}

static bool
lies_in(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return strncmp(path, directory, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static bool
covers(const struct step *step)
{
	static const enum step_kind kinds[] = {
		STEP_PROC, STEP_DEV, STEP_TMPFS, STEP_HIDE, STEP_HOME, STEP_BIND
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (step->kind == kinds[i])
			/* A bind's source may be missing; the others' target is there, where a mount is. */
			return step->phase == PHASE_INSIDE &&
			    (step->kind != STEP_BIND || !(step->flags & STEP_F_OPTIONAL));
	return false;
}

/* What a later step covers need not be copied. */
static bool
is_covered(const struct plan *plan, const char *point)
{
	for (size_t i = 0; i < plan->count; i++)
		if (covers(&plan->step[i]) && lies_in(point, plan->step[i].target))
			return true;
	return false;
}

int
root_copy(const struct mountinfo *mount, uint64_t attributes, struct error *err)
{
	struct mount_attr attr = { .attr_set = attributes };
	autofd int fd = open(mount->point, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return error_set(err, errno, "open the mount on %s", mount->point);
	uint64_t id = mountinfo_id(fd);
	if (id == 0)
		return error_set(err, errno, "look at the mount on %s", mount->point);
	if (id != mount->id)
		return error_set(err, ESTALE, "another mount lies on %s", mount->point);
	autofd int copy = sys_open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (copy < 0 || sys_mount_setattr(copy, "", AT_EMPTY_PATH, &attr) < 0)
		return error_set(err, errno, "copy the mount on %s", mount->point);
	return take_fd(&copy);
}

/* The kernel says no more than EINVAL. */
static int
refuse(const struct mountinfo *mount, struct error *err)
{
	return error_prefix(err, "the file system on %s (%s) cannot be shown with the container's owners "
	    "(Linux 5.12; below an overlay 5.19): profile = shared works without", mount->point, mount->type);
}

/* Where root inside is somebody, it must not own what it only sees: that is read as the user. */
static int
show_overlay(struct root *root, const struct mountinfo *mount, int copy, struct error *err)
{
	return root_is_changeable(mount->point) ? root_overlay(root, copy, mount->point, err)
	                                    : root_layer(root, copy, err);
}

/*
 * Returns what is to be attached, or -1 (ESTALE: nothing).  What can't be shown with the
 * container's owners is shown as it is, where root's files are nobody's.
 */
static int
show(struct root *root, const struct mountinfo *mount, struct error *err)
{
	uint64_t attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV |
	    (root->step->flags & STEP_F_NOSUID ? MOUNT_ATTR_NOSUID : 0);
	struct error why = ERROR_INIT;
	struct stat st;
	autofd int copy = root_copy(mount, attributes, err);

	if (copy < 0)
		return -1;
	if (fstat(copy, &st) < 0)
		return error_set(err, errno, "look at the mount on %s", mount->point);
	if (root->step->root != ROOT_READ_ONLY && !S_ISDIR(st.st_mode))
		return take_fd(&copy);
	if (idmap_mount(copy, root->inside->userns, &why) == 0)
		return root->step->root == ROOT_READ_ONLY ? take_fd(&copy) : show_overlay(root, mount, copy, err);
	if (why.errnum == EINVAL && !root_is_system(mount->point))
		return take_fd(&copy);
	*err = why;
	return refuse(mount, err);
}

/* Over the host's root directory, where it becomes what inside->root names. */
static int
attach_root(struct inside *inside, int mount, struct error *err)
{
	autofd int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (top < 0)
		return error_set(err, errno, "open /");
	if (mount_attach(mount, top, err) < 0)
		return -1;
	inside->root = fcntl(mount, F_DUPFD_CLOEXEC, 0);
	return inside->root < 0 ? error_set(err, errno, "keep the container's root") : 0;
}

static void
notice_missing(const struct inside *inside, const struct mountinfo *mount, const struct error *why)
{
	char text[768], reason[600];

	(void)snprintf(text, sizeof(text), "mount %.100s not shown: %s", mount->point,
	    error_render(why, reason, sizeof(reason)));
	if (inside->notice)
		inside->notice(text, inside->context);
}

/* The machine's being short of something for a moment is not the mount's own answer. */
static bool
is_shortage(int errnum)
{
	return errnum == ENOMEM || errnum == EMFILE || errnum == ENFILE || errnum == ENOSPC || errnum == EINTR;
}

/*
 * A mount of the system's own is missed only for a reason of its own: it is gone, can't have its
 * owners in a read-only root (EINVAL), or root inside took away the place where it belongs.
 */
static bool
may_lack(const struct root *root, const struct mountinfo *mount, bool is_copied, int errnum)
{
	if (is_shortage(errnum))
		return false;
	if (!root_is_system(mount->point))
		return true;
	if (is_copied)
		return errnum == ENOENT || errnum == ENOTDIR || errnum == ELOOP || errnum == EINVAL;
	return root->step->root == ROOT_READ_ONLY && (errnum == EINVAL || errnum == ENOENT);
}

/*
 * A mount that went away meanwhile, or lies where a user may have moved it, is no reason to
 * refuse the login: what is below it is seen instead, read-only.
 */
static int
put(struct root *root, const struct mountinfo *mount, struct error *err)
{
	struct error why = ERROR_INIT;
	bool is_root = mount->point[1] == '\0';
	autofd int copy = show(root, mount, is_root ? err : &why);

	if (is_root)
		return copy < 0 ? -1 : attach_root(root->inside, copy, err);
	if (copy < 0 && why.errnum == ESTALE)
		return 0;
	autofd int target = copy < 0 ? -1 : path_open_beneath(root->inside->root, mount->point + 1,
	    O_PATH, &why);
	if (target >= 0 && mount_attach(copy, target, &why) == 0)
		return 0;
	if (!may_lack(root, mount, copy >= 0, why.errnum)) {
		*err = why;
		return error_prefix(err, "show %.100s", mount->point);
	}
	notice_missing(root->inside, mount, &why);
	return 0;
}

/*
 * What the user can't get to on the host is not copied: of a host with many containers of
 * another kind, whose mounts lie in a directory of root's, that is most of it.  Whatever else it
 * answers, its copy will answer, too, and be told of.
 */
static int
drop_unreachable(struct mount_list *list, const struct step *step, struct error *err)
{
	struct user_rights before;
	size_t kept = 0;

	if (reader_become(step, &before, err) < 0)
		return -1;
	for (size_t i = 0; i < list->count; i++)
		if (reader_may(list->item[i].point, F_OK) || (errno != EACCES && errno != ENOENT))
			list->item[kept++] = list->item[i];
	list->count = kept;
	return reader_end(&before, err);
}

static int
list_mounts(const struct inside *inside, const struct step *step, char *text,
    struct mount_list *list, struct error *err)
{
	struct mountinfo mount;

	for (char *cursor = text; mountinfo_next(&cursor, &mount);) {
		/* Of a base only the kernel's own view of the hardware comes with it. */
		bool is_wanted = !step->source || !strcmp(mount.point, "/sys");
		if (!is_wanted || !strcmp(mount.type, "proc") || is_covered(inside->plan, mount.point))
			continue;
		if (add_mount(list, &mount, err) < 0)
			return -1;
	}
	if (drop_unreachable(list, step, err) < 0)
		return -1;
	if (list->count > 0)
		qsort(list->item, list->count, sizeof(*list->item), compare_points);
	return 0;
}

static int
put_base(struct root *root, size_t index, struct error *err)
{
	int base = root->inside->prepared[index];
	int rc = idmap_mount(base, root->inside->userns, err);
	autofd int mount = rc < 0 ? -1 : root_overlay(root, base, "/", err);

	if (mount < 0)
		return error_prefix(err, "root = %s", root->step->source);
	return attach_root(root->inside, mount, err);
}

static int
put_all(struct root *root, size_t index, struct error *err)
{
	struct mount_list list = { .count = 0 };
	autofree char *text = mountinfo_read(err);
	int rc = -1;

	if (text && list_mounts(root->inside, root->step, text, &list, err) == 0)
		rc = root->step->source ? put_base(root, index, err) : 0;
	for (size_t i = 0; i < list.count && rc == 0; i++)
		rc = put(root, &list.item[i], err);
	free(list.item);
	return rc;
}

int
inside_root_prepare(struct inside *inside, const struct step *step, size_t index,
    struct error *err)
{
	if (step->value) {
		inside->root_store = overlay_store(step->value, "a root of one's own", err);
		if (inside->root_store < 0)
			return -1;
	}
	if (!step->source)
		return 0;
	struct stat st;
	autofd int base = path_open_trusted(step->source, err);
	if (base < 0)
		return error_prefix(err, "root");
	if (fstat(base, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != 0)
		return error_set(err, 0, "root = %s: it must be a directory of root's", step->source);
	inside->prepared[index] = sys_open_tree(base, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
	    AT_EMPTY_PATH);
	return inside->prepared[index] < 0 ? error_set(err, errno, "copy %s", step->source) : 0;
}

int
inside_root(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	struct root root = { .inside = inside, .step = step, .staging = -1,
		.store = inside->root_store };
	int rc = step->root == ROOT_READ_ONLY ? 0 : root_overlay_start(&root, err);

	if (inside->userns < 0)
		return error_set(err, 0, "a root of its own needs a user namespace of its own");
	if (rc == 0)
		rc = put_all(&root, index, err);
	if (rc == 0 && inside->root < 0)
		rc = error_set(err, 0, "the host's root directory is no mount of this namespace");
	own_close(&root.staging);
	return rc;
}

/*
 * pivot_root(2) with both names ".": the host's tree ends up over the new one, from where it
 * is taken away with all that was attached to it.
 */
int
inside_pivot(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	(void)step, (void)index;
	if (fchdir(inside->root) < 0)
		return error_set(err, errno, "enter the container's root");
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return error_set(err, errno, "change the root");
	if (sys_umount2(".", SYS_MNT_DETACH) < 0)
		return error_set(err, errno, "take the host's tree away");
	return chdir("/") < 0 ? error_set(err, errno, "change directory to /") : 0;
}
