/*
 * Runs in the supervisor, as root on the host, on descriptors of another mount namespace.
 */
#include "container/device_nodes.h"

#include "container/device_access.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/text.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#define DEPTH_MAX 6
#define TARGET_SIZE (DEVICE_NODE_SIZE + 3 * DEPTH_MAX)

/* Made by container/device.c, by the kernel, or by the user's own programs. */
static const char *const standard[] = {
	"null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm", "fd", "stdin",
	"stdout", "stderr", "log", "console", "core", "mqueue", "hugepages",
};

struct device_node
device_node_of(const struct device_message *message, uid_t uid, gid_t gid)
{
	struct device_node node = {
		.mode = (message->block ? S_IFBLK : S_IFCHR) |
		    (message->access & DEVICE_MAY_READ ? 0400 : 0U) |
		    (message->access & DEVICE_MAY_WRITE ? 0200 : 0U),
		.number = makedev(message->major, message->minor), .uid = uid, .gid = gid,
	};

	(void)text_format(node.name, sizeof(node.name), "%s", message->node);
	return node;
}

bool
device_name_is_good(const char *name)
{
	size_t first = strcspn(name, "/");
	unsigned depth = 0;

	for (size_t i = 0; i < sizeof(standard) / sizeof(standard[0]); i++)
		if (strlen(standard[i]) == first && !strncmp(standard[i], name, first))
			return false;
	for (const char *part = name;; part++) {
		size_t length = strcspn(part, "/");
		if (length == 0 || length > NAME_MAX || ++depth > DEPTH_MAX || (part[0] == '.' &&
		        (length == 1 || (length == 2 && part[1] == '.'))))
			return false;
		part += length;
		if (*part == '\0')
			return true;
	}
}

int
device_nodes_open(pid_t init, int pidfd, struct error *err)
{
	struct pollfd dead = { .fd = pidfd, .events = POLLIN };
	char path[64];
	struct statfs fs;

	(void)text_format(path, sizeof(path), "/proc/%d/root", (int)init);
	autofd int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return error_set(err, errno, "open the container's root");
	/* The pid was init's when its root was opened, if init lives now. */
	if (poll(&dead, 1, 0) != 0)
		return error_set(err, ESRCH, "open the container's /dev");
	autofd int dev = openat(root, "dev", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dev < 0 || fstatfs(dev, &fs) < 0)
		return error_set(err, errno, "open the container's /dev");
	if (fs.f_type != TMPFS_MAGIC)
		return error_set(err, EINVAL, "the container's /dev is not what was mounted there");
	return take_fd(&dev);
}

/* Splits name into the directory that it is in, opened (and made, if make), and its last part. */
static int
open_parent(int dev, const char *name, bool make, const char **last, struct error *err)
{
	char path[DEVICE_NODE_SIZE];
	const char *slash = strrchr(name, '/');

	*last = slash ? slash + 1 : name;
	if (!slash) {
		int copy = fcntl(dev, F_DUPFD_CLOEXEC, 0);
		return copy < 0 ? error_set(err, errno, "open the container's /dev") : copy;
	}
	for (const char *end = strchr(name, '/'); make && end; end = strchr(end + 1, '/')) {
		(void)text_format(path, sizeof(path), "%.*s", (int)(end - name), name);
		const char *own;
		autofd int above = open_parent(dev, path, false, &own, err);
		if (above < 0)
			return -1;
		if (mkdirat(above, own, 0755) < 0 && errno != EEXIST)
			return error_set(err, errno, "make the directory %s", path);
	}
	(void)text_format(path, sizeof(path), "%.*s", (int)(slash - name), name);
	return path_open_beneath(dev, path, O_PATH | O_DIRECTORY | O_CLOEXEC, err);
}

static bool
is_node(const struct stat *st, const struct device_node *node)
{
	return (st->st_mode & S_IFMT) == (node->mode & S_IFMT) && st->st_rdev == node->number;
}

/* By descriptor: the name may lead elsewhere by now. */
static int
own_node(int directory, const char *name, const struct device_node *node, struct error *err)
{
	char path[64];
	struct stat st;
	autofd int fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, errno, "open /dev/%s", node->name);
	if (!is_node(&st, node))
		return error_set(err, EEXIST, "/dev/%s is there, and is the user's own", node->name);
	(void)text_format(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fchownat(fd, "", node->uid, node->gid, AT_EMPTY_PATH) < 0 ||
	    chmod(path, node->mode & 07777) < 0)
		return error_set(err, errno, "chown /dev/%s", node->name);
	return 0;
}

int
device_node_make(int dev, const struct device_node *node, struct error *err)
{
	const char *name;
	autofd int directory = open_parent(dev, node->name, true, &name, err);

	if (directory < 0)
		return error_prefix(err, "/dev/%s", node->name);
	if (mknodat(directory, name, node->mode, node->number) < 0 && errno != EEXIST)
		return error_set(err, errno, "make /dev/%s", node->name);
	return own_node(directory, name, node, err);
}

/* Upwards while they are empty; what else is in them keeps them. */
static void
remove_parents(int dev, const char *name)
{
	char path[DEVICE_NODE_SIZE];
	char *slash;

	(void)text_format(path, sizeof(path), "%s", name);
	while ((slash = strrchr(path, '/'))) {
		const char *last;
		*slash = '\0';
		autofd int above = open_parent(dev, path, false, &last, NULL);
		if (above < 0 || unlinkat(above, last, AT_REMOVEDIR) < 0)
			return;
	}
}

void
device_node_remove(int dev, const struct device_node *node)
{
	const char *name;
	struct stat st;
	autofd int directory = open_parent(dev, node->name, false, &name, NULL);

	if (directory < 0 || fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !is_node(&st, node))
		return;
	(void)unlinkat(directory, name, 0);
	remove_parents(dev, node->name);
}

/* "serial/by-id/x" and "ttyACM0" -> "../../ttyACM0" */
static int
target_of(const char *name, const char *node, char target[TARGET_SIZE])
{
	size_t length = 0;

	for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/'))
		length += (size_t)snprintf(target + length, TARGET_SIZE - length, "../");
	return text_format(target + length, TARGET_SIZE - length, "%s", node);
}

static int
link_make(int dev, const char *name, const char *node, struct error *err)
{
	char target[TARGET_SIZE];
	const char *last;

	if (target_of(name, node, target) < 0)
		return error_set(err, errno, "make the link /dev/%s", name);
	autofd int directory = open_parent(dev, name, true, &last, err);
	if (directory < 0)
		return -1;
	if (symlinkat(target, directory, last) < 0 && errno != EEXIST)
		return error_set(err, errno, "make the link /dev/%s", name);
	return 0;
}

static void
link_remove(int dev, const char *name, const char *node)
{
	char target[TARGET_SIZE], found[TARGET_SIZE];
	const char *last;
	autofd int directory = open_parent(dev, name, false, &last, NULL);
	ssize_t length = directory < 0 ? -1 : readlinkat(directory, last, found, sizeof(found) - 1);

	if (length < 0 || target_of(name, node, target) < 0)
		return;
	found[length] = '\0';
	if (strcmp(found, target) != 0)
		return;
	(void)unlinkat(directory, last, 0);
	remove_parents(dev, name);
}

int
device_links_make(int dev, const char *links, const char *node, struct error *err)
{
	autofree char *copy = links ? strdup(links) : NULL;
	char *cursor = copy;
	int rc = 0;

	while (copy && (links = text_next_line(&cursor)))
		if (device_name_is_good(links) &&
		    link_make(dev, links, node, rc == 0 ? err : NULL) < 0)
			rc = -1;
	return rc;
}

void
device_links_remove(int dev, const char *links, const char *node)
{
	autofree char *copy = links ? strdup(links) : NULL;
	char *cursor = copy;

	while (copy && (links = text_next_line(&cursor)))
		if (device_name_is_good(links))
			link_remove(dev, links, node);
}

struct walk {
	dev_t device; /* of /dev: what is mounted below is another's */
	void (*each)(const struct device_node *node, void *context);
	void *context;
};

static int walk_directory(const struct walk *walk, int fd, const char *prefix, unsigned depth,
    struct error *err);

static int
walk_entry(const struct walk *walk, int directory, const char *prefix, const char *entry,
    unsigned depth, struct error *err)
{
	struct device_node node = { .uid = 0 };
	struct stat st;

	if (fstatat(directory, entry, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_dev != walk->device ||
	    text_format(node.name, sizeof(node.name), "%s%s", prefix, entry) < 0 ||
	    !device_name_is_good(node.name))
		return 0;
	if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
		autofd int below = openat(directory, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		(void)strncat(node.name, "/", sizeof(node.name) - strlen(node.name) - 1);
		return below < 0 ? 0 : walk_directory(walk, take_fd(&below), node.name, depth + 1, err);
	}
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return 0;
	node.mode = st.st_mode;
	node.number = st.st_rdev;
	node.uid = st.st_uid;
	node.gid = st.st_gid;
	walk->each(&node, walk->context);
	return 0;
}

/* Takes fd. */
static int
walk_directory(const struct walk *walk, int fd, const char *prefix, unsigned depth,
    struct error *err)
{
	DIR *directory = fdopendir(fd);
	int rc = 0;

	if (!directory) {
		int errnum = errno;
		own_close(&fd);
		return error_set(err, errnum, "read the container's /dev");
	}
	for (const struct dirent *entry; rc == 0 && (entry = path_next_entry(directory));)
		if (entry->d_name[0] != '.')
			rc = walk_entry(walk, dirfd(directory), prefix, entry->d_name, depth, err);
	(void)closedir(directory);
	return rc;
}

int
device_nodes_each(int dev, void (*each)(const struct device_node *node, void *context),
    void *context, struct error *err)
{
	struct walk walk = { .each = each, .context = context };
	struct stat st;
	autofd int fd = openat(dev, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, errno, "read the container's /dev");
	walk.device = st.st_dev;
	return walk_directory(&walk, take_fd(&fd), "", 1, err);
}
