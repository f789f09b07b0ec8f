/*
 * container/device_nodes.c on a tmpfs as hostile as root inside can make it: names, links, files
 * and nodes that are there already.  Needs root; skips without.
 */
#include "container/device_nodes.h"
#include "tests/unit/test_sandbox.h"

#include <sys/sysmacros.h>

#define USER 1000

static int dev = -1;

/* /mnt/dev is the /dev, /mnt/host is outside of it. */
static void
set_up(void)
{
	sandbox_enter();
	sandbox_directory("dev", 0755, 0);
	sandbox_directory("host", 0755, 0);
	sandbox_tmpfs("/mnt/dev");
	sandbox_file("host/file", "host", 0644, 0);
	dev = open("/mnt/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(dev, 0, "%m");
	cr_assert_eq(chdir("/mnt/dev"), 0);
}

static void
tear_down(void)
{
	own_close(&dev);
}

TestSuite(device_nodes, .init = set_up, .fini = tear_down, .timeout = 30);

static struct device_node
node_of(const char *name, unsigned minor)
{
	const struct device_message message = { .major = 188, .minor = minor, .access = 3 };
	struct device_node node = device_node_of(&message, USER, USER);

	(void)snprintf(node.name, sizeof(node.name), "%s", name);
	return node;
}

static int
make(const char *name, unsigned minor)
{
	struct device_node node = node_of(name, minor);
	struct error err = ERROR_INIT;
	int rc = device_node_make(dev, &node, &err);

	cr_expect((rc < 0) == (err.text[0] != '\0'), "%s: %d \"%s\"", name, rc, err.text);
	return rc;
}

static void
expect_node(const char *name, unsigned minor, mode_t mode)
{
	struct stat st;

	cr_assert_eq(lstat(name, &st), 0, "%s: %m", name);
	cr_expect(S_ISCHR(st.st_mode) && st.st_rdev == makedev(188, minor), "%s: %#o %#llx", name,
	    st.st_mode, (unsigned long long)st.st_rdev);
	cr_expect(st.st_uid == USER && st.st_gid == USER && (st.st_mode & 07777) == mode,
	    "%s: %u:%u %#o", name, st.st_uid, st.st_gid, st.st_mode);
}

static bool
exists(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0;
}

static void
expect_target(const char *name, const char *wanted)
{
	char target[512];
	ssize_t length = readlink(name, target, sizeof(target) - 1);

	cr_assert_geq(length, 0, "%s: %m", name);
	target[length] = '\0';
	cr_expect_str_eq(target, wanted, "%s -> %s", name, target);
}

Test(device_nodes, names_that_can_be)
{
	static const struct {
		const char *name;
		bool good;
	} row[] = {
		{ "ttyUSB0", true }, { "bus/usb/001/004", true }, { "a/b/c/d/e/f", true }, { "...", true },
		{ "nulls", true }, { "tty0", true }, { "serial/by-id/usb-a b\\x20", true },
		{ "", false }, { "/", false }, { "/ttyUSB0", false }, { "ttyUSB0/", false }, { "a//b", false },
		{ ".", false }, { "..", false }, { "../host/file", false }, { "a/../../b", false },
		{ "a/./b", false }, { "a/..", false }, { "a/b/c/d/e/f/g", false },
		{ "null", false }, { "tty", false }, { "pts/0", false }, { "shm/x", false }, { "ptmx", false },
		{ "fd/3", false }, { "stdin", false }, { "log", false }, { "console", false },
	};
	char name[300];

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		cr_expect_eq(device_name_is_good(row[i].name), row[i].good, "\"%s\"", row[i].name);
	memset(name, 'x', sizeof(name));
	name[256] = '\0';
	cr_expect(!device_name_is_good(name), "too long for a file's name");
	name[255] = '\0';
	cr_expect(device_name_is_good(name), "the longest of them");
}

Test(device_nodes, are_the_users_with_what_access_says)
{
	static const struct {
		unsigned block, access;
		mode_t mode;
	} row[] = {
		{ 0, 1, S_IFCHR | 0400 }, { 0, 2, S_IFCHR | 0200 }, { 0, 3, S_IFCHR | 0600 },
		{ 1, 1, S_IFBLK | 0400 }, { 1, 3, S_IFBLK | 0600 },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const struct device_message message = { .block = row[i].block, .access = row[i].access,
			.major = 7, .minor = 1048575, .node = "x" };
		struct device_node node = device_node_of(&message, 1, 2);
		cr_expect(node.mode == row[i].mode && node.number == makedev(7, 1048575) &&
		    node.uid == 1 && node.gid == 2 && !strcmp(node.name, "x"), "row %zu", i);
	}
}

Test(device_nodes, come_and_go_with_their_directories)
{
	struct device_node first = node_of("bus/usb/001/004", 4), second = node_of("bus/usb/002/001", 5);
	struct stat st;

	cr_assert_eq(make(first.name, 4), 0);
	cr_assert_eq(make(second.name, 5), 0);
	expect_node("bus/usb/001/004", 4, 0600);
	cr_assert_eq(stat("bus/usb", &st), 0);
	cr_expect(st.st_uid == 0 && (st.st_mode & 07777) == 0755, "%u %#o", st.st_uid, st.st_mode);
	device_node_remove(dev, &first);
	cr_expect(!exists("bus/usb/001"));
	expect_node("bus/usb/002/001", 5, 0600);
	sandbox_file("bus/mine", "", 0644, USER);
	device_node_remove(dev, &second);
	cr_expect(!exists("bus/usb") && exists("bus/mine"), "what is the user's own stays");
	device_node_remove(dev, &second);
}

/* Told again, or left by a predecessor: owner and mode are made good. */
Test(device_nodes, of_the_same_number_are_taken)
{
	cr_assert_eq(mknod("ttyUSB0", S_IFCHR | 0777, makedev(188, 0)), 0, "%m");
	cr_assert_eq(chmod("ttyUSB0", 0777), 0);
	cr_expect_eq(make("ttyUSB0", 0), 0);
	expect_node("ttyUSB0", 0, 0600);
}

Test(device_nodes, replace_nothing)
{
	static const char *const names[] = { "file", "directory", "node", "block", "link", "dangling" };

	sandbox_file("file", "mine", 0644, USER);
	sandbox_directory("directory", 0755, USER);
	cr_assert_eq(mknod("node", S_IFCHR | 0644, makedev(188, 1)), 0, "%m");
	cr_assert_eq(mknod("block", S_IFBLK | 0644, makedev(188, 0)), 0, "%m");
	cr_assert_eq(mknod("/mnt/host/node", S_IFCHR | 0600, makedev(188, 0)), 0, "%m");
	sandbox_link("/mnt/host/node", "link", USER);
	sandbox_link("/mnt/host/new", "dangling", USER);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct device_node node = node_of(names[i], 0);
		struct stat before, after;

		cr_assert_eq(lstat(names[i], &before), 0);
		cr_expect_eq(make(names[i], 0), -1, "%s", names[i]);
		device_node_remove(dev, &node);
		cr_assert_eq(lstat(names[i], &after), 0, "%s is gone", names[i]);
		cr_expect(before.st_ino == after.st_ino && before.st_mode == after.st_mode &&
		    before.st_uid == after.st_uid, "%s has changed", names[i]);
	}
	cr_expect(!exists("/mnt/host/new"));
	struct stat st;
	cr_assert_eq(stat("/mnt/host/node", &st), 0);
	cr_expect(st.st_uid == 0, "the host's node has changed hands");
}

Test(device_nodes, follow_no_links_on_the_way)
{
	struct device_node node = node_of("out/ttyUSB0", 0), deep = node_of("a/out/ttyUSB0", 0);

	cr_assert_eq(mknod("/mnt/host/ttyUSB0", S_IFCHR | 0600, makedev(188, 0)), 0, "%m");
	sandbox_link("/mnt/host", "out", USER);
	sandbox_directory("a", 0755, USER);
	sandbox_link("../../host", "a/out", USER);
	cr_expect_eq(make("out/ttyUSB0", 0), -1);
	cr_expect_eq(make("a/out/ttyUSB0", 0), -1);
	cr_expect_eq(make("out/new", 0), -1);
	cr_expect_eq(make("out/new/node", 0), -1);
	device_node_remove(dev, &node);
	device_node_remove(dev, &deep);
	cr_expect(exists("/mnt/host/ttyUSB0"), "the host's node was removed");
	cr_expect(!exists("/mnt/host/new"));
	sandbox_file("file", "", 0644, USER);
	cr_expect_eq(make("file/ttyUSB0", 0), -1);
}

Test(device_nodes, links_lead_to_them)
{
	static const char links[] = "serial/by-id/usb-x\nmodem\nserial/taken\n../host/link\n/mnt/host/link\n"
		"null\nout/link\n";
	struct error err = ERROR_INIT;

	sandbox_directory("serial", 0755, USER);
	sandbox_file("serial/taken", "", 0644, USER);
	sandbox_link("/mnt/host", "out", USER);
	cr_expect_eq(device_links_make(dev, links, "bus/ttyUSB0", &err), -1, "a link was followed");
	expect_target("serial/by-id/usb-x", "../../bus/ttyUSB0");
	expect_target("modem", "bus/ttyUSB0");
	cr_expect(!exists("/mnt/host/link") && !exists("null"));
	cr_expect_eq(device_links_make(dev, NULL, "bus/ttyUSB0", &err), 0);
	/* The user's own by now: it stays. */
	cr_assert_eq(unlink("modem"), 0);
	sandbox_link("/mnt/host/file", "modem", USER);
	sandbox_link("bus/ttyUSB0", "/mnt/host/link", 0);
	device_links_remove(dev, links, "bus/ttyUSB0");
	expect_target("modem", "/mnt/host/file");
	cr_expect(!exists("serial/by-id") && exists("serial/taken") && exists("/mnt/host/link"));
}

static void
collect(const struct device_node *node, void *context)
{
	char *text = context;
	size_t length = strlen(text);

	(void)snprintf(text + length, 4096 - length, "%s %u:%u %o %u;", node->name, major(node->number),
	    minor(node->number), node->mode, node->uid);
}

Test(device_nodes, of_a_predecessor_are_found)
{
	char text[4096] = "";
	struct error err = ERROR_INIT;

	cr_assert_eq(make("bus/usb/001/004", 4), 0);
	cr_assert_eq(mknod("null", S_IFCHR | 0666, makedev(1, 3)), 0, "%m");
	sandbox_directory("shm", 0755, USER);
	cr_assert_eq(mknod("shm/x", S_IFCHR | 0666, makedev(188, 9)), 0, "%m");
	sandbox_file("file", "", 0644, USER);
	sandbox_link("bus", "link", USER);
	sandbox_link("/mnt/host", "out", USER);
	cr_assert_eq(mknod("/mnt/host/ttyUSB9", S_IFCHR | 0666, makedev(188, 9)), 0, "%m");
	/* A terminal that is lent lies on a file of /dev. */
	sandbox_file("hostpts0", "", 0644, 0);
	cr_assert_eq(sys_mount("/mnt/host/ttyUSB9", "hostpts0", NULL, SANDBOX_MS_BIND, NULL), 0, "%m");
	cr_assert_eq(device_nodes_each(dev, collect, text, &err), 0, "%s", err.text);
	cr_expect_str_eq(text, "bus/usb/001/004 188:4 20600 1000;");
}
