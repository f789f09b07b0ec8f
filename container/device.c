/*
 * The container's /dev: a tmpfs with the nodes that no program does without, and a devpts of
 * its own.  Runs as root in the container's first process; mknod(2) needs the host's root.
 */
#include "container/inside.h"
#include "container/mount.h"
#include "lib/own.h"
#include "lib/sys.h"
#include "lib/text.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define DEV_SIZE (256 * 1024)
static const struct {
	const char *name;
	unsigned major, minor;
	mode_t mode;
} nodes[] = {
	{ "null", 1, 3, 0666 },
	{ "zero", 1, 5, 0666 },
	{ "full", 1, 7, 0666 },
	{ "random", 1, 8, 0666 },
	{ "urandom", 1, 9, 0666 },
	{ "tty", 5, 0, 0666 },
};

static const struct {
	const char *name;
	const char *target;
} links[] = {
	{ "ptmx", "pts/ptmx" },
	{ "fd", "/proc/self/fd" },
	{ "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" },
	{ "stderr", "/proc/self/fd/2" },
};

static const char *const directories[] = { "pts", "shm" };

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static int
give(const struct inside *inside, int dev, const char *name, gid_t gid, struct error *err)
{
	if (fchownat(dev, name, inside->root_uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set(err, errno, "chown %s", name);
	return 0;
}

/* Without a user namespace all of it is root's as it was made, but for the group of tty. */
static int
give_all(const struct inside *inside, int dev, gid_t tty, struct error *err)
{
	/* As on any host: who may write to it is decided by the terminal itself. */
	if (give(inside, dev, "tty", tty, err) < 0)
		return -1;
	if (inside->root_uid == 0)
		return 0;
	for (size_t i = 0; i < COUNT(nodes); i++)
		if (strcmp(nodes[i].name, "tty") != 0 &&
		    give(inside, dev, nodes[i].name, inside->root_gid, err) < 0)
			return -1;
	for (size_t i = 0; i < COUNT(links); i++)
		if (give(inside, dev, links[i].name, inside->root_gid, err) < 0)
			return -1;
	for (size_t i = 0; i < COUNT(directories); i++)
		if (give(inside, dev, directories[i], inside->root_gid, err) < 0)
			return -1;
	return 0;
}

static int
fill_dev(const struct inside *inside, int dev, gid_t tty, struct error *err)
{
	for (size_t i = 0; i < COUNT(nodes); i++)
		if (mknodat(dev, nodes[i].name, S_IFCHR | nodes[i].mode,
		        makedev(nodes[i].major, nodes[i].minor)) < 0)
			return error_set(err, errno, "make the node %s", nodes[i].name);
	for (size_t i = 0; i < COUNT(links); i++)
		if (symlinkat(links[i].target, dev, links[i].name) < 0)
			return error_set(err, errno, "make the link %s", links[i].name);
	for (size_t i = 0; i < COUNT(directories); i++)
		if (mkdirat(dev, directories[i], 0755) < 0)
			return error_set(err, errno, "make the directory %s", directories[i]);
	return give_all(inside, dev, tty, err);
}

int
inside_dev(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	autofd int dev = mount_new_tmpfs(DEV_SIZE, step->mode, inside->root_uid, inside->root_gid,
	    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, err);

	(void)index;
	if (dev < 0)
		return -1;
	if (fill_dev(inside, dev, step->gid, err) < 0)
		return error_prefix(err, "%s", step->target);
	return inside_attach_tmpfs(inside, dev, step->target, err);
}

int
inside_devpts(struct inside *inside, const struct step *step, size_t index, struct error *err)
{
	char mode[8], gid[16], max[24];
	const struct mount_option options[] = {
		{ "mode", mode }, { "gid", gid }, { "ptmxmode", "0666" }, { "max", max }, { NULL, NULL }
	};

	(void)index;
	if (text_format(mode, sizeof(mode), "%04o", step->mode) < 0 ||
	    text_format(gid, sizeof(gid), "%u", (unsigned)step->gid) < 0 ||
	    text_format(max, sizeof(max), "%llu", (unsigned long long)step->size) < 0)
		return error_set(err, errno, "set up the terminals");
	autofd int devpts = mount_new("devpts", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, err);
	return devpts < 0 ? -1 : inside_attach(inside, devpts, step->target, err);
}
