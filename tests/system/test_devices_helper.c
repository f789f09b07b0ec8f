/*
 * The built helper devices/ before a made-up /sys (tests/support/udev_host.c): what it tells of
 * devices that are there, come, go and change.  Waits for its words and for nothing else.  Tags and
 * udevd's own events are not to be had this way.  Needs no root; skipped without umockdev.
 */
#include "lib/device_wire.h"
#include "test_namespace.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define TTY "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-5/1-5:1.0/ttyUSB7/tty/ttyUSB7"
#define NEW_USB "P: /devices/pci0000:00/0000:00:14.0/usb1/1-5\nE: DEVTYPE=usb_device\nE: SUBSYSTEM=usb\n" \
	"A: idVendor=2341\\n\nA: idProduct=8036\\n\n"
#define NEW_TTY "P: /devices/pci0000:00/0000:00:14.0/usb1/1-5/1-5:1.0/ttyUSB7/tty/ttyUSB7\n" \
	"E: DEVNAME=/dev/ttyUSB7\nE: MAJOR=188\nE: MINOR=7\nE: SUBSYSTEM=tty\nA: dev=188:7\\n\n"
#define WAIT_MS 10000

static struct {
	pid_t host, helper;
	FILE *to, *from; /* the host's */
	int socket;      /* the helper's */
	char last[4096];
} world = { .host = -1, .helper = -1, .socket = -1 };

static void
start_host(void)
{
	char program[PATH_MAX], line[PATH_MAX] = "";
	int in[2], out[2];

	namespace_program(program, sizeof(program), "support/udev_host");
	cr_assert(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0, "%m");
	world.host = fork();
	if (world.host == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		(void)dup2(in[0], 0);
		(void)dup2(out[1], 1);
		(void)setenv("LD_PRELOAD", "libumockdev-preload.so.0", 1);
		(void)execl(program, program, (char *)NULL);
		_exit(1);
	}
	own_close(&in[0]);
	own_close(&out[1]);
	world.to = fdopen(in[1], "we");
	world.from = fdopen(out[0], "re");
	if (!fgets(line, sizeof(line), world.from)) {
		cr_assert(getenv("TEST_SETUP") == NULL, "no umockdev here, and tests/setup is to install it");
		cr_skip_test("no umockdev here: tests/setup installs it");
	}
	line[strcspn(line, "\n")] = '\0';
	cr_assert_eq(setenv("UMOCKDEV_DIR", line, 1), 0);
}

static void
tear_down(void)
{
	own_close(&world.socket);
	if (world.helper > 0)
		cr_expect_eq(namespace_finish(world.helper), 0, "the helper ends well with its socket");
	if (world.to)
		(void)fclose(world.to);
	if (world.host > 0)
		(void)namespace_finish(world.host);
	if (world.from)
		(void)fclose(world.from);
}

TestSuite(devices_helper, .init = start_host, .fini = tear_down, .timeout = 60);

static void
host(const char *text)
{
	char answer[64] = "";

	cr_assert(fprintf(world.to, "%s\n", text) > 0 && fflush(world.to) == 0, "%m");
	cr_assert(fgets(answer, sizeof(answer), world.from) && !strcmp(answer, "ok\n"), "%s", text);
}

#define RULES(...) ((const char *const[]) { "devices", __VA_ARGS__, NULL })

static void
start_helper(const char *const *argv)
{
	char program[PATH_MAX];
	int pair[2];

	namespace_program(program, sizeof(program), "devices");
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0, "%m");
	world.helper = fork();
	if (world.helper == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)dup2(pair[1], 0);
		(void)setenv("LD_PRELOAD", "libumockdev-preload.so.0", 1);
		(void)execv(program, (char *const *)(uintptr_t)argv);
		_exit(1);
	}
	own_close(&pair[1]);
	world.socket = pair[0];
}

static void
describe(const struct device_message *message, char *text, size_t size)
{
	static const char *const news[] = { "?", "add", "remove", "all", "fault" };

	cr_assert_leq(message->news, DEVICE_NEWS_FAULT);
	if (message->news != DEVICE_NEWS_ADD) {
		(void)snprintf(text, size, "%s%s%s%s", news[message->news], message->node[0] ? " " : "",
		    message->node, message->links);
		return;
	}
	(void)snprintf(text, size, "add %s %c%u:%u %s%s%s%s", message->node, message->block ? 'b' : 'c',
	    message->major, message->minor, message->access & 1 ? "r" : "", message->access & 2 ? "w" : "",
	    message->exact ? " exact " : " ", message->links);
}

/* "": nothing in that time. */
static const char *
next(int timeout_ms)
{
	static char text[4096];
	struct device_message message;
	struct pollfd ready = { .fd = world.socket, .events = POLLIN };

	do {
		int count = poll(&ready, 1, timeout_ms);
		cr_assert_geq(count, 0, "%m");
		if (count == 0)
			return "";
		ssize_t length = recv(world.socket, &message, sizeof(message), 0);
		if (length == 0)
			return "end";
		cr_assert_eq(length, (ssize_t)sizeof(message), "%m");
		describe(&message, text, sizeof(text));
		/* The same again is no news: umockdev sends to both, the kernel's listeners and udevd's. */
	} while (!strcmp(text, world.last));
	(void)snprintf(world.last, sizeof(world.last), "%s", text);
	return text;
}

static void
expect_text(const char *wanted, int line)
{
	const char *got = next(WAIT_MS);

	cr_assert_str_eq(got, wanted, "line %d: got \"%s\", not \"%s\"", line, got, wanted);
}

#define EXPECT(wanted) expect_text(wanted, __LINE__)

/* Nothing is told of what came before, once something is told of what comes after. */
static void
add_marker(void)
{
	host("add\nP: /devices/virtual/tty/ttyMARK\nN: ttyMARK\nE: DEVNAME=/dev/ttyMARK\nE: MAJOR=4\n"
	    "E: MINOR=99\nE: SUBSYSTEM=tty\n.");
	host("event /sys/devices/virtual/tty/ttyMARK add");
}

#define MARKED "add ttyMARK c4:99 rw "

Test(devices_helper, tells_what_is_there)
{
	host("file tests/data/udev/boards.umockdev");
	host("file tests/data/udev/media.umockdev");
	start_helper(RULES("allow subsystem=tty ID_VENDOR_ID=2341", "allow subsystem=block access=r",
	    "allow subsystem=sound", "deny sysname=pcm*c"));
	EXPECT("add ttyACM0 c166:0 rw ");
	EXPECT("add sda b8:0 r ");
	EXPECT("add snd/controlC0 c116:9 rw ");
	EXPECT("add snd/pcmC0D0p c116:2 rw ");
	EXPECT("add snd/timer c116:33 rw ");
	EXPECT("all");
}

/* Without udevd its USB properties are those of the device that a node hangs on. */
Test(devices_helper, knows_usb_properties_without_udevd)
{
	host("file tests/data/udev/boards.umockdev");
	start_helper(RULES("allow subsystem=tty ID_VENDOR_ID=1a86 ID_MODEL_ID=7523",
	    "allow driver=i915 subsystem=drm", "allow attrs{manufacturer}=Arduino*",
	    "allow ID_REVISION=02*"));
	/* Found by the first rule's look at terminals, allowed by the third. */
	EXPECT("add ttyACM0 c166:0 rw ");
	EXPECT("add ttyUSB0 c188:0 rw ");
	EXPECT("add dri/card0 c226:0 rw ");
	EXPECT("add dri/renderD128 c226:128 rw ");
	EXPECT("add bus/usb/001/004 c189:3 rw ");
	EXPECT("add bus/usb/001/005 c189:4 rw ");
	EXPECT("all");
}

Test(devices_helper, tells_what_comes_goes_and_comes_again)
{
	host("file tests/data/udev/boards.umockdev");
	start_helper(RULES("allow subsystem=tty ID_VENDOR_ID=2341", "allow sysname=ttyMARK"));
	EXPECT("add ttyACM0 c166:0 rw ");
	EXPECT("all");
	host("add\n" NEW_USB ".");
	for (int i = 0; i < 3; i++) {
		host("add\n" NEW_TTY ".");
		host("event " TTY " add");
		EXPECT("add ttyUSB7 c188:7 rw ");
		host("event " TTY " remove");
		host("remove " TTY);
		EXPECT("remove ttyUSB7");
	}
	/* What no rule is about comes and goes unheard. */
	host("add\nP: /devices/virtual/tty/ttyX\nN: ttyX\nE: DEVNAME=/dev/ttyX\nE: MAJOR=4\nE: MINOR=98\n"
	    "E: SUBSYSTEM=tty\n.");
	host("event /sys/devices/virtual/tty/ttyX add");
	host("event /sys/devices/virtual/tty/ttyX remove");
	add_marker();
	EXPECT(MARKED);
}

Test(devices_helper, tells_what_changes)
{
	start_helper(RULES("allow subsystem=tty", "deny PRODUCT=1"));
	EXPECT("all");
	host("add\n" NEW_TTY ".");
	host("event " TTY " add");
	EXPECT("add ttyUSB7 c188:7 rw ");
	host("set " TTY " PRODUCT 1");
	host("event " TTY " change");
	EXPECT("remove ttyUSB7");
	host("set " TTY " PRODUCT 0");
	host("event " TTY " change");
	EXPECT("add ttyUSB7 c188:7 rw ");
	/* Another device of the same name: told as such, for the supervisor to see. */
	host("set " TTY " MINOR 8");
	host("event " TTY " change");
	EXPECT("add ttyUSB7 c188:8 rw ");
}

Test(devices_helper, tells_links_that_come_along)
{
	start_helper(RULES("allow subsystem=tty"));
	EXPECT("all");
	host("add\n" NEW_TTY "E: DEVLINKS=/dev/serial/by-id/usb-x /etc/passwd /dev/modem\n.");
	host("event " TTY " add");
	EXPECT("add ttyUSB7 c188:7 rw modem\nserial/by-id/usb-x\n");
}

Test(devices_helper, hears_of_all_where_no_subsystem_is_named)
{
	start_helper(RULES("allow subsystem=block", "allow sysname=ttyUSB* access=r"));
	EXPECT("all");
	host("add\n" NEW_TTY ".");
	host("event " TTY " add");
	EXPECT("add ttyUSB7 c188:7 r ");
}

static void
set_mode(const char *below, mode_t mode)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s%s", getenv("UMOCKDEV_DIR"), below);
	cr_assert_eq(chmod(path, mode), 0, "%s: %m", path);
}

#define SECRET "A: secret=0\\n\n"

/* A rule that denies can't be asked then: nobody gets it. */
Test(devices_helper, what_can_not_be_read_is_left_out_and_told)
{
	host("add\n" NEW_TTY SECRET ".");
	host("add\nP: /devices/virtual/tty/ttyX\nN: ttyX\nE: DEVNAME=/dev/ttyX\nE: MAJOR=4\nE: MINOR=98\n"
	    "E: SUBSYSTEM=tty\n.");
	set_mode(TTY "/secret", 0);
	start_helper(RULES("allow subsystem=tty", "deny attr{secret}=1"));
	EXPECT("add ttyX c4:98 rw ");
	EXPECT("fault1 device can't be looked at, and the user does not get it: " TTY ": Operation not permitted");
	EXPECT("all");
	set_mode(TTY "/secret", 0400);
	host("event " TTY " change");
	EXPECT("add ttyUSB7 c188:7 rw ");
	set_mode(TTY "/secret", 0);
	host("event " TTY " change");
	EXPECT("remove ttyUSB7");
	EXPECT("fault1 device can't be looked at, and the user does not get it: " TTY ": Operation not permitted");
}

#define LEFT_OUT "fault1 device can't be looked at, and the user does not get it: "

/* Several rules ask for one device, and one event after the other. */
Test(devices_helper, is_asked_often_and_says_so_once)
{
	host("add\n" NEW_TTY SECRET ".");
	set_mode(TTY "/secret", 0);
	start_helper(RULES("allow subsystem=tty", "allow subsystem=tty access=r", "deny attr{secret}=1", "deny attr{secret}=1 sysname=x"));
	EXPECT(LEFT_OUT TTY ": Operation not permitted");
	EXPECT("all");
	host("event " TTY " change");
	add_marker();
	EXPECT("add ttyMARK c4:99 r ");
}

/* libudev says "none" to what it could not look at before; a closed directory hides an attribute. */
Test(devices_helper, the_second_question_is_as_good_as_the_first)
{
	host("add\n" NEW_TTY ".");
	host("add\nP: /devices/virtual/tty/ttyX\nN: ttyX\nE: DEVNAME=/dev/ttyX\nE: MAJOR=4\nE: MINOR=98\n"
	    "E: SUBSYSTEM=tty\nA: sub/secret=1\\n\n.");
	set_mode("/sys/devices/virtual/tty/ttyX/sub", 0);
	start_helper(RULES("allow sysname=ttyX subsystem=tty", "deny attr{sub/secret}=1", "deny attr{sub/secret}=1 sysname=x"));
	EXPECT(LEFT_OUT "/sys/devices/virtual/tty/ttyX: Permission denied");
	EXPECT("all");
	set_mode("/sys/devices/virtual/tty/ttyX/sub", 0700);
}

/* What it hangs on can't be read: it may be what a rule denies. */
Test(devices_helper, a_usb_device_that_can_not_be_read_is_any)
{
	host("add\n" NEW_USB ".");
	host("add\n" NEW_TTY ".");
	set_mode("/sys/devices/pci0000:00/0000:00:14.0/usb1/1-5/uevent", 0);
	start_helper(RULES("allow subsystem=tty", "deny ID_VENDOR_ID=2341"));
	EXPECT(LEFT_OUT TTY ": Permission denied");
	EXPECT("all");
}

/* Its own uevent, too: and its node is not taken for one that has no device. */
Test(devices_helper, a_device_that_can_not_be_read_is_nobodys)
{
	host("add\n" NEW_TTY "N: ttyUSB7\n.");
	set_mode(TTY "/uevent", 0);
	start_helper(RULES("allow devnode=/dev/ttyUSB7", "allow subsystem=tty devnode=/dev/ttyUSB*", "deny subsystem=tty sysname=ttyUSB7"));
	const char *told = next(WAIT_MS);
	cr_expect(!strncmp(told, "fault", 5), "%s", told);
	EXPECT("all");
}

/* The word of its coming is late: nothing is left to deny it by. */
Test(devices_helper, what_has_gone_before_it_is_heard_of_is_not_given)
{
	start_helper(RULES("allow subsystem=tty", "deny attr{secret}=0"));
	EXPECT("all");
	cr_assert_eq(kill(world.helper, SIGSTOP), 0);
	host("add\n" NEW_TTY SECRET ".");
	host("event " TTY " add");
	host("remove " TTY);
	cr_assert_eq(kill(world.helper, SIGCONT), 0);
	add_marker();
	EXPECT(MARKED);
}

/* A class device's "device" is a link, and no attribute. */
Test(devices_helper, a_link_is_no_attribute)
{
	char path[PATH_MAX];

	host("add\n" NEW_USB ".");
	host("add\n" NEW_TTY ".");
	(void)snprintf(path, sizeof(path), "%s" TTY "/other", getenv("UMOCKDEV_DIR"));
	cr_assert_eq(symlink("..", path), 0, "%m");
	start_helper(RULES("allow subsystem=tty", "deny attrs{other}=0x1eb8"));
	EXPECT("add ttyUSB7 c188:7 rw ");
	EXPECT("all");
}

Test(devices_helper, tells_where_it_can_not_look_for_a_subsystem)
{
	struct device_message message;

	host("add\n" NEW_TTY ".");
	set_mode("/sys/class/tty", 0);
	start_helper(RULES("allow subsystem=tty"));
	const char *told = next(WAIT_MS);
	cr_expect(!strncmp(told, "faultopen /sys/class/tty: Permission denied", 43), "%s", told);
	set_mode("/sys/class/tty", 0700);
	cr_expect_eq(recv(world.socket, &message, sizeof(message), 0), 0, "it goes on");
	cr_expect_eq(namespace_finish(world.helper), 1);
	world.helper = -1;
}

/* Ended by its socket alone: tear_down() waits for it. */
Test(devices_helper, refuses_rules_that_are_none)
{
	struct device_message message;

	start_helper(RULES("allow subsystem=tty", "allow"));
	EXPECT("fault\"allow\" matches every device of the host: say which");
	cr_expect_eq(recv(world.socket, &message, sizeof(message), 0), 0, "it goes on");
	cr_expect_eq(namespace_finish(world.helper), 1);
	world.helper = -1;
}
