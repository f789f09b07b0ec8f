/*
 * container/device_nodes.c in a /dev of the test's own, whose owner, root of a container, has
 * been there first: names that lead elsewhere, things in the way.  Needs root.
 */
#include "container/device_nodes.h"

#include "../unit/test_sandbox.h"
#include "lib/own.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static struct {
	int dev; /* owned */
	struct error err;
} world = { .dev = -1, .err = ERROR_INIT };

static void
set_up(void)
{
	if (geteuid() != 0)
		cr_skip_test("needs root");
	sandbox_enter();
	sandbox_tmpfs("/srv");
	cr_assert_eq(mkdir("/srv/dev", 0755) + mkdir("/srv/outside", 0755), 0, "%m");
	world.dev = open("/srv/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(world.dev, 0, "%m");
}

static void
tear_down(void)
{
	own_close(&world.dev);
}

TestSuite(device_nodes, .init = set_up, .fini = tear_down, .timeout = 30);

static struct device_node
node_of(const char *name, unsigned minor)
{
	struct device_node node = { .mode = S_IFCHR | 0600, .number = makedev(166, minor), .uid = 1000,
		.gid = 1001 };

	(void)snprintf(node.name, sizeof(node.name), "%s", name);
	return node;
}

static int
make(const struct device_node *node)
{
	world.err = (struct error)ERROR_INIT;
	return device_node_make(world.dev, node, &world.err);
}

static void
expect_node(const char *path, const struct device_node *node)
{
	struct stat st;

	cr_assert_eq(lstat(path, &st), 0, "%s: %m", path);
	cr_expect_eq(st.st_mode, node->mode, "%s: mode %o", path, st.st_mode);
	cr_expect(st.st_rdev == node->number && st.st_uid == node->uid && st.st_gid == node->gid, "%s",
	    path);
}

static bool
is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

Test(device_nodes, made_and_removed_with_their_directories)
{
	const struct device_node board = node_of("ttyACM0", 0), usb = node_of("bus/usb/001/004", 4),
	    other = node_of("bus/usb/001/005", 5);

	cr_assert_eq(make(&board), 0, "%s", world.err.text);
	cr_assert_eq(make(&usb) + make(&other), 0, "%s", world.err.text);
	expect_node("/srv/dev/ttyACM0", &board);
	expect_node("/srv/dev/bus/usb/001/004", &usb);
	cr_expect_eq(make(&usb), 0, "again: %s", world.err.text);
	device_node_remove(world.dev, &usb);
	cr_expect(!is_there("/srv/dev/bus/usb/001/004") && is_there("/srv/dev/bus/usb/001/005"));
	device_node_remove(world.dev, &other);
	cr_expect(!is_there("/srv/dev/bus"), "empty directories go");
	device_node_remove(world.dev, &other);
	device_node_remove(world.dev, &board);
	cr_expect(!is_there("/srv/dev/ttyACM0"));
}

Test(device_nodes, owner_and_mode_are_made_right)
{
	struct device_node board = node_of("ttyACM0", 0);

	cr_assert_eq(make(&board), 0, "%s", world.err.text);
	board.mode = S_IFCHR | 0400;
	board.uid = 2000;
	cr_assert_eq(make(&board), 0, "%s", world.err.text);
	expect_node("/srv/dev/ttyACM0", &board);
}

Test(device_nodes, what_is_in_the_way_stays)
{
	const struct device_node board = node_of("ttyACM0", 0), another = node_of("ttyACM0", 7);
	const struct device_node deep = node_of("net/tun", 0);

	cr_assert_eq(make(&another), 0, "%s", world.err.text);
	cr_expect(make(&board) == -1 && world.err.errnum == EEXIST, "%s", world.err.text);
	device_node_remove(world.dev, &board);
	expect_node("/srv/dev/ttyACM0", &another);
	sandbox_file("/srv/dev/net", "mine", 0644, 0);
	cr_expect(make(&deep) == -1, "a file in place of a directory");
	device_node_remove(world.dev, &deep);
	cr_expect(is_there("/srv/dev/net"));
}

/* Each of these would lead out of /dev, if it were followed. */
Test(device_nodes, links_lead_nowhere)
{
	const struct device_node board = node_of("ttyACM0", 0), deep = node_of("serial/x", 1),
	    deeper = node_of("serial/by/x", 1);
	struct stat st;

	sandbox_file("/srv/outside/file", "text", 0640, 0);
	cr_assert_eq(symlink("../outside/file", "/srv/dev/ttyACM0"), 0);
	cr_expect(make(&board) == -1, "a link in place of a node");
	device_node_remove(world.dev, &board);
	cr_expect(is_there("/srv/dev/ttyACM0"), "the link is the user's");
	cr_expect(stat("/srv/outside/file", &st) == 0 && st.st_uid == 0 && (st.st_mode & 07777) == 0640);
	cr_assert_eq(symlink("/srv/outside", "/srv/dev/serial"), 0);
	cr_expect(make(&deep) == -1 && make(&deeper) == -1, "a link in place of a directory");
	cr_expect_eq(device_links_make(world.dev, "serial/by-id\n", "ttyACM0", &world.err), -1);
	cr_expect(!is_there("/srv/outside/x") && !is_there("/srv/outside/by") &&
	    !is_there("/srv/outside/by-id"));
	/* A node of the same number, where the user led us to. */
	cr_assert_eq(mknod("/srv/outside/x", S_IFCHR | 0600, makedev(166, 1)), 0);
	device_node_remove(world.dev, &deep);
	cr_expect(is_there("/srv/outside/x"));
}

Test(device_nodes, links_to_nodes)
{
	char target[64] = "";

	cr_assert_eq(device_links_make(world.dev, "serial/by-id/usb-x\n", "ttyACM0", &world.err), 0, "%s",
	    world.err.text);
	cr_expect_gt(readlink("/srv/dev/serial/by-id/usb-x", target, sizeof(target) - 1), 0);
	cr_expect_str_eq(target, "../../ttyACM0");
	cr_expect_eq(device_links_make(world.dev, "serial/by-id/usb-x\n", "ttyACM0", &world.err), 0);
	device_links_remove(world.dev, "serial/by-id/usb-x\n", "ttyACM1");
	cr_expect(is_there("/srv/dev/serial/by-id/usb-x"), "it leads to another");
	device_links_remove(world.dev, "serial/by-id/usb-x\n", "ttyACM0");
	cr_expect(!is_there("/srv/dev/serial"));
}

Test(device_nodes, names)
{
	static const struct {
		const char *name;
		bool good;
	} row[] = {
		{ "ttyACM0", true }, { "bus/usb/001/004", true }, { "..x", true }, { ".hidden", true },
		{ "nullx", true }, { "", false }, { "/", false }, { "a/", false }, { "/a", false },
		{ "a//b", false }, { ".", false }, { "..", false }, { "../x", false }, { "a/../b", false },
		{ "a/..", false }, { "null", false }, { "pts/3", false }, { "shm/x", false }, { "fd", false },
		{ "log", false }, { "console", false }, { "a/b/c/d/e/f", true }, { "a/b/c/d/e/f/g", false },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		cr_expect_eq(device_name_is_good(row[i].name), row[i].good, "\"%s\"", row[i].name);
}

struct seen {
	char names[256];
};

static void
see(const struct device_node *node, void *context)
{
	struct seen *seen = context;
	size_t length = strlen(seen->names);

	(void)snprintf(seen->names + length, sizeof(seen->names) - length, "%s ", node->name);
}

/* What a predecessor made, and nothing that lies on another file system or behind a link. */
Test(device_nodes, found_again)
{
	struct device_node usb = node_of("bus/usb/001/004", 4);
	struct seen seen = { .names = "" };

	cr_assert_eq(make(&usb), 0, "%s", world.err.text);
	cr_assert_eq(mknod("/srv/dev/null", S_IFCHR | 0666, makedev(1, 3)), 0);
	cr_assert_eq(mkdir("/srv/dev/other", 0755), 0);
	sandbox_tmpfs("/srv/dev/other");
	cr_assert_eq(mknod("/srv/dev/other/x", S_IFCHR | 0666, makedev(1, 5)), 0);
	cr_assert_eq(mknod("/srv/outside/x", S_IFCHR | 0600, makedev(166, 1)), 0);
	cr_assert_eq(symlink("../outside", "/srv/dev/serial"), 0);
	sandbox_file("/srv/dev/text", "", 0600, 0);
	cr_assert_eq(device_nodes_each(world.dev, see, &seen, &world.err), 0, "%s", world.err.text);
	cr_expect_str_eq(seen.names, "bus/usb/001/004 ");
}
