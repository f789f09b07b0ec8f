/*
 * devices/, the helper that finds devices: run as it is, on a machine that umockdev shows it, with
 * the recorded boards.  Cold plug, hot plug, changes, unplug; each waits for what the helper tells.
 */
#include "lib/device_wire.h"
#include "lib/own.h"
#include "policy/device_rule.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <umockdev.h>

#define BOARDS "tests/data/udev/boards.umockdev"
#define PRELOAD "libumockdev-preload.so.0"
#define PATIENCE_MS 20000
#define RULES_MAX 4

static const char second_board[] =
    "P: /devices/pci0000:00/0000:00:14.0/usb1/1-4\n"
    "E: DEVTYPE=usb_device\nE: SUBSYSTEM=usb\nA: idVendor=2341\\n\nA: idProduct=0001\\n\n\n"
    "P: /devices/pci0000:00/0000:00:14.0/usb1/1-4/tty/ttyACM1\n"
    "N: ttyACM1\nE: DEVNAME=/dev/ttyACM1\nE: SUBSYSTEM=tty\nE: MAJOR=166\nE: MINOR=1\n"
    "E: DEVLINKS=/dev/serial/by-id/usb-two /dev/serial/by-path/two\n\n";
#define SECOND "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-4/tty/ttyACM1"

static struct {
	UMockdevTestbed *machine;
	pid_t helper;
	int socket; /* owned */
} world = { .helper = -1, .socket = -1 };

/*
 * Events are sent by a process that sees the mocked machine itself; Criterion's are made by
 * running this program again.  AddressSanitizer wants to be the first library otherwise.
 */
static __attribute__((constructor)) void
run_with_preload(int argc, char **argv, char **envp)
{
	const char *now = getenv("LD_PRELOAD");

	(void)argc;
	(void)envp;
	if (now && strstr(now, PRELOAD))
		return;
	(void)setenv("LD_PRELOAD", PRELOAD, 1);
	(void)setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
	(void)execv("/proc/self/exe", argv);
}

static void
set_up(void)
{
	GError *error = NULL;

	world.machine = umockdev_testbed_new();
	cr_assert(umockdev_testbed_add_from_file(world.machine, BOARDS, &error), "%s",
	    error ? error->message : "");
}

/* The helper's own end of life: nobody listens any more. */
static void
tear_down(void)
{
	own_close(&world.socket);
	if (world.helper > 0)
		cr_expect_eq(waitpid(world.helper, NULL, 0), world.helper);
	g_object_unref(world.machine);
}

TestSuite(devices_helper, .init = set_up, .fini = tear_down, .timeout = 120);

static void
program_of(char *path, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", path, size - 1);

	cr_assert_gt(length, 0);
	path[length] = '\0';
	for (int i = 0; i < 2; i++)
		*strrchr(path, '/') = '\0';
	(void)strncat(path, "/devices", size - strlen(path) - 1);
	cr_assert_eq(access(path, X_OK), 0, "%s: %m", path);
}

static void
start(const char *const *rules)
{
	const char *argv[RULES_MAX + 2];
	char path[4096];
	int pair[2];
	size_t count = 0;

	program_of(path, sizeof(path));
	argv[count++] = path;
	while (*rules)
		argv[count++] = *rules++;
	argv[count] = NULL;
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	world.helper = fork();
	if (world.helper == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)dup2(pair[1], STDIN_FILENO);
		(void)execv(path, (char **)(uintptr_t)argv);
		_exit(127);
	}
	own_close(&pair[1]);
	world.socket = pair[0];
}

static struct device_message
hear(void)
{
	struct pollfd ready = { .fd = world.socket, .events = POLLIN };
	struct device_message message = { .news = 0 };

	cr_assert_eq(poll(&ready, 1, PATIENCE_MS), 1, "the helper says nothing");
	cr_assert_eq(recv(world.socket, &message, sizeof(message), 0), (ssize_t)sizeof(message),
	    "the helper is gone");
	return message;
}

/* All that is told at the start, sorted by the helper's own order: "node/a:access ". */
static void
hear_all(char *text, size_t size)
{
	size_t length = 0;

	text[0] = '\0';
	for (;;) {
		struct device_message message = hear();
		cr_assert_neq(message.news, DEVICE_NEWS_FAULT, "%s", message.links);
		if (message.news == DEVICE_NEWS_ALL)
			return;
		cr_assert_eq(message.news, DEVICE_NEWS_ADD);
		length += (size_t)snprintf(text + length, size - length, "%s:%u:%u ", message.node,
		    message.major, message.minor);
	}
}

static void
expect_news(enum device_news news, const char *node)
{
	struct device_message message = hear();

	cr_expect_eq(message.news, news, "%u of %s", message.news, message.node);
	cr_expect_str_eq(message.node, node);
}

Test(devices_helper, cold_plug)
{
	static const char *const rules[] = { "allow subsystem=tty ID_VENDOR_ID=2341",
		"allow subsystem=drm access=r", "deny sysname=card*", NULL };
	char text[512];

	start(rules);
	hear_all(text, sizeof(text));
	cr_expect(strstr(text, "ttyACM0:166:0 ") && strstr(text, "dri/renderD128:226:128 "), "%s", text);
	cr_expect(!strstr(text, "card0") && !strstr(text, "ttyUSB0") && !strstr(text, "kvm"), "%s", text);
}

Test(devices_helper, links_and_access)
{
	static const char *const rules[] = { "allow subsystem=tty ID_VENDOR_ID=2341 access=r", NULL };
	GError *error = NULL;

	start(rules);
	struct device_message message = hear();
	cr_expect_eq(message.access, DEVICE_READ);
	cr_expect_eq(message.block, 0);
	cr_expect_eq(hear().news, DEVICE_NEWS_ALL);
	cr_assert(umockdev_testbed_add_from_string(world.machine, second_board, &error));
	message = hear();
	cr_expect_str_eq(message.node, "ttyACM1");
	cr_expect_str_eq(message.links, "serial/by-id/usb-two\nserial/by-path/two\n");
}

Test(devices_helper, hot_plug_and_unplug)
{
	static const char *const rules[] = { "allow subsystem=tty ID_VENDOR_ID=2341", NULL };
	GError *error = NULL;
	char text[512];

	start(rules);
	hear_all(text, sizeof(text));
	cr_expect_str_eq(text, "ttyACM0:166:0 ");
	cr_assert(umockdev_testbed_add_from_string(world.machine, second_board, &error), "%s",
	    error ? error->message : "");
	expect_news(DEVICE_NEWS_ADD, "ttyACM1");
	for (int i = 0; i < 3; i++) {
		umockdev_testbed_uevent(world.machine, SECOND, "remove");
		expect_news(DEVICE_NEWS_REMOVE, "ttyACM1");
		umockdev_testbed_uevent(world.machine, SECOND, "add");
		expect_news(DEVICE_NEWS_ADD, "ttyACM1");
	}
}

Test(devices_helper, changes)
{
	static const char *const rules[] = { "allow subsystem=drm", "deny attr{state}=secret", NULL };
	const char *card = "/sys/devices/pci0000:00/0000:00:02.0/drm/card0";
	char text[512];

	start(rules);
	hear_all(text, sizeof(text));
	cr_expect(strstr(text, "dri/card0"), "%s", text);
	umockdev_testbed_set_attribute(world.machine, card, "state", "secret");
	umockdev_testbed_uevent(world.machine, card, "change");
	expect_news(DEVICE_NEWS_REMOVE, "dri/card0");
	umockdev_testbed_set_attribute(world.machine, card, "state", "open");
	umockdev_testbed_uevent(world.machine, card, "change");
	expect_news(DEVICE_NEWS_ADD, "dri/card0");
}

/* What is not asked for is not told, plugged in or not. */
Test(devices_helper, others_are_not_told)
{
	static const char *const rules[] = { "allow sysname=kvm", NULL };
	const char *kvm = "/sys/devices/virtual/misc/kvm";
	GError *error = NULL;
	char text[512];

	start(rules);
	hear_all(text, sizeof(text));
	cr_expect_str_eq(text, "kvm:10:232 ");
	cr_assert(umockdev_testbed_add_from_string(world.machine, second_board, &error));
	umockdev_testbed_uevent(world.machine, kvm, "remove");
	expect_news(DEVICE_NEWS_REMOVE, "kvm");
}

Test(devices_helper, bad_rule_is_told)
{
	static const char *const rules[] = { "allow nothing", NULL };

	start(rules);
	struct device_message message = hear();
	cr_expect_eq(message.news, DEVICE_NEWS_FAULT);
	cr_expect(strstr(message.links, "is not NAME=PATTERN"), "%s", message.links);
}
