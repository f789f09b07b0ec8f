/*
 * A root that the container's root may change: three layers on top of each other.
 *
 *	upper   what was changed; owned by subordinate ids
 *	seed    what root needs of its own where the host's is secret (container/seed.c)
 *	host    an overlay without an upper, made with the user's file system ids
 *
 * The host's files show root's as the container's root's, who would so be the owner of
 * /etc/shadow and the host's keys.  An overlay opens the files of its layers with the ids of
 * who mounted it: mounted as the user, it reads what the user could read on the host anyway,
 * whoever asks.  The overlay above is host root's, who owns the upper's directories.
 */
#include "container/root.h"

#include "container/idmap.h"
#include "container/mount.h"
#include "container/overlay.h"
#include "container/quota.h"
#include "container/reader.h"
#include "container/seed.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/places.h"
#include "lib/sys.h"
#include "lib/text.h"
#include "lib/upper_store.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define STAGING_SIZE (4 * 1024 * 1024)
#define EPHEMERAL_SIZE (2ULL << 30)

/* The system's own, and where useradd(8) makes homes. */
static const char *const changeable[] = {
	"bin", "boot", "etc", "home", "lib", "lib32", "lib64", "libx32", "opt", "root", "sbin", "usr", "var",
};

bool
root_is_changeable(const char *point)
{
	size_t length = strcspn(point + 1, "/");

	if (length == 0)
		return true;
	for (size_t i = 0; i < sizeof(changeable) / sizeof(changeable[0]); i++)
		if (strlen(changeable[i]) == length && !strncmp(changeable[i], point + 1, length))
			return true;
	return false;
}

bool
root_is_system(const char *point)
{
	return root_is_changeable(point) && !strchr(point + 1, '/') && strcmp(point, "/home") != 0;
}


static int
make_directory(int at, const char *name, mode_t mode, struct error *err)
{
	if (mkdirat(at, name, mode) < 0 && errno != EEXIST)
		return error_set(err, errno, "mkdir %s", name);
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_set(err, errno, "open %s", name) : fd;
}

/* A place in the staging tmpfs: an overlay's layers must be attached somewhere. */
static int
open_staged(const struct root *root, const char *kind, struct error *err)
{
	char name[32];

	if (text_format(name, sizeof(name), "%s%u", kind, root->made) < 0)
		return error_set(err, errno, "name a layer");
	return make_directory(root->staging, name, 0755, err);
}

static int
attach_staged(const struct root *root, int mount, const char *kind, struct error *err)
{
	autofd int place = open_staged(root, kind, err);

	return place < 0 ? -1 : mount_attach(mount, place, err);
}

/* An overlay without an upper needs two layers; the other one is empty, and shows on top. */
static int
make_empty(const struct root *root, int lower, struct error *err)
{
	struct stat st;
	autofd int empty = open_staged(root, "empty", err);

	if (empty < 0)
		return -1;
	if (fstat(lower, &st) < 0 || fchown(empty, st.st_uid, st.st_gid) < 0 ||
	    fchmod(empty, st.st_mode & 07777) < 0)
		return error_set(err, errno, "set up an empty layer");
	return take_fd(&empty);
}

static int
mount_as_reader(struct root *root, int lower, struct error *err)
{
	struct user_rights before;
	autofd int empty = make_empty(root, lower, err);
	struct overlay layers = {
		.lower = { empty, lower }, .lowers = 2, .store = -1,
		.attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV,
	};

	if (empty < 0 || reader_become(root->step, &before, err) < 0)
		return -1;
	autofd int mount = overlay_mount(&layers, err);
	if (reader_end(&before, err) < 0)
		return -1;
	if (mount < 0)
		return error_prefix(err, "read the host's tree as the user");
	return attach_staged(root, mount, "host", err) < 0 ? -1 : take_fd(&mount);
}

static int
open_own_store(const struct root *root, const char *point, struct error *err)
{
	char name[NAME_MAX + 1];

	if (upper_store_name(point, name, sizeof(name), err) < 0)
		return -1;
	return make_directory(root->store, name, 0700, err);
}

/* An upper that was written with other subordinate ids would be nobody's. */
static int
check_upper_owner(const struct root *root, int upper, const char *point, struct error *err)
{
	const struct inside *inside = root->inside;
	struct stat st;

	if (fstat(upper, &st) < 0)
		return error_set(err, errno, "stat the upper of %s", point);
	if (st.st_uid - inside->root_uid < 65536 || st.st_uid == root->step->uid)
		return 0;
	return error_set(err, 0, "the upper of %s belongs to uid %u, and this container's ids begin at %u: "
	    "the user's range in /etc/subuid was changed; put it back, or drop what is kept with "
	    "ctrctl root reset", point, (unsigned)st.st_uid, (unsigned)inside->root_uid);
}

/* One project for all uppers of the user's; its number is nobody else's, as the ids are. */
static int
limit_store(const struct root *root, int store, uint64_t room, struct error *err)
{
	static const struct quota_key key = { "root_size",
		"leave root_size away, or use root = ephemeral" };
	uint64_t size = root->step->size ? root->step->size + room : 0;

	return root->step->root != ROOT_OVERLAY ? 0 :
	    quota_set(store, root->inside->root_uid, size, &key, err);
}

static int
prepare_store(struct root *root, const char *point, const struct stat *lower, struct error *err)
{
	autofd int store = open_own_store(root, point, err);
	if (store < 0 || limit_store(root, store, QUOTA_MOUNT_ROOM, err) < 0)
		return -1;
	autofd int upper = overlay_layers(store, lower->st_uid, lower->st_gid,
	    lower->st_mode & 07777, err);

	if (upper < 0 || check_upper_owner(root, upper, point, err) < 0)
		return -1;
	return take_fd(&store);
}

int
root_layer(struct root *root, int lower, struct error *err)
{
	root->made++;
	if (attach_staged(root, lower, "lower", err) < 0)
		return -1;
	if (!root->step->source)
		return mount_as_reader(root, lower, err);
	int same = fcntl(lower, F_DUPFD_CLOEXEC, 0);
	return same < 0 ? error_set(err, errno, "open the base") : same;
}

int
root_overlay(struct root *root, int lower, const char *point, struct error *err)
{
	struct stat st;
	struct overlay layers = { .attributes = MOUNT_ATTR_NODEV |
	    (root->step->flags & STEP_F_NOSUID ? MOUNT_ATTR_NOSUID : 0) };

	autofd int host = root_layer(root, lower, err);
	if (host < 0)
		return -1;
	if (fstat(host, &st) < 0)
		return error_set(err, errno, "stat %s", point);
	autofd int seed = -1;
	if (seed_open(root->staging, point, &seed, err) < 0)
		return -1;
	int is_whole = seed < 0 ? 0 : seed_is_whole(seed, err);
	if (is_whole < 0)
		return -1;
	if (seed >= 0)
		layers.lower[layers.lowers++] = seed;
	if (!is_whole)
		layers.lower[layers.lowers++] = host;
	autofd int store = prepare_store(root, point, &st, err);
	if (store < 0)
		return -1;
	layers.store = store;
	autofd int mount = overlay_mount(&layers, err);
	if (mount < 0)
		return error_prefix(err, "root = overlay: %s", point);
	if (limit_store(root, store, 0, err) < 0)
		return -1;
	/* Mount points that root inside took away are made again. */
	return inside_take_device(root->inside, mount, err) < 0 ? -1 : take_fd(&mount);
}

/*
 * The supervisors' directory is hidden by a later step anyway; it takes the layers until the
 * host's tree goes, and they with it, held by the overlays alone.
 */
static int
attach_staging(struct root *root, struct error *err)
{
	autofd int place = path_open_trusted(PLACE_RUN, err);
	autofd int tmpfs = place < 0 ? -1 : mount_new_tmpfs(STAGING_SIZE, 0755, 0, 0,
	    MOUNT_ATTR_NODEV, err);

	if (tmpfs < 0 || mount_attach(tmpfs, place, err) < 0)
		return -1;
	root->staging = take_fd(&tmpfs);
	return 0;
}

/* What is not kept lies on a tmpfs, charged to the user as everything in the container. */
static int
attach_ephemeral(struct root *root, struct error *err)
{
	uint64_t size = root->step->size ? root->step->size : EPHEMERAL_SIZE;
	autofd int tmpfs = mount_new_tmpfs(size, 0700, 0, 0, MOUNT_ATTR_NODEV, err);

	if (tmpfs < 0 || attach_staged(root, tmpfs, "ephemeral", err) < 0)
		return -1;
	root->inside->root_store = take_fd(&tmpfs);
	root->store = root->inside->root_store;
	return 0;
}

static int
plant(const struct root *root, struct error *err)
{
	struct user_rights before;
	struct seed seed;
	autofree gid_t *groups = NULL;
	struct seed_facts facts = {
		.root_uid = root->inside->root_uid, .root_gid = root->inside->root_gid,
		.uid = root->step->uid, .gid = root->step->gid,
		.sudo = root->step->flags & STEP_F_SUDO, .base = root->step->source,
		.passwd = "", .group = "",
	};

	for (size_t i = 0; i < root->inside->plan->count; i++) {
		const struct step *step = &root->inside->plan->step[i];
		if (step->kind == STEP_USER_NAMESPACE)
			facts.nesting = step->flags & STEP_F_NESTING;
		if (step->kind == STEP_ACCOUNT) {
			facts.passwd = step->source;
			facts.group = step->value;
		}
	}
	if (reader_groups(root->step, &groups, &facts.groups_count, err) < 0 ||
	    reader_become(root->step, &before, err) < 0)
		return -1;
	facts.groups = groups;
	seed_look(&facts, &seed);
	if (reader_end(&before, err) < 0)
		return -1;
	return seed_make(root->staging, &facts, &seed, err);
}

int
root_overlay_start(struct root *root, struct error *err)
{
	if (attach_staging(root, err) < 0)
		return -1;
	if (root->step->root == ROOT_EPHEMERAL && attach_ephemeral(root, err) < 0)
		return -1;
	return plant(root, err);
}
