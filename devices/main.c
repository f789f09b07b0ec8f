/*
 * devices RULE...: finds the devices that rules are about and tells of them over standard input,
 * a SOCK_SEQPACKET socket (lib/device_wire.h), as long as its other end is open: first all that
 * are there, then what comes and goes.  Run by a user's supervisor, as root, one a container whose policy
 * has rules; a program of its own since libudev is dynamic.  "devices -l RULE...", for an admin and
 * for ctrctl: a line each, and ends.
 *
 * Where udevd runs its events are waited for, which come when links and properties are there;
 * else the kernel's own, udev_monitor_new_from_netlink(3).
 */
#include "devices/listing.h"

#include "lib/own.h"

#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define UDEVD "/run/udev/control"
/* As udevd itself has it: a dock plugged in is some hundred events. */
#define BUFFER_SIZE (8 * 1024 * 1024)

static int
tell_socket(const struct device_message *message, void *context)
{
	ssize_t sent;

	(void)context;
	do
		sent = send(STDIN_FILENO, message, sizeof(*message), MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -1 : 0;
}

static int
tell_line(const struct device_message *message, void *context)
{
	(void)context;
	if (message->news == DEVICE_NEWS_FAULT)
		return fprintf(stderr, "devices: %s\n", message->links) < 0 ? -1 : 0;
	return printf("/dev/%s %c %u:%u %s%s\n", message->node, message->block ? 'b' : 'c',
	    message->major, message->minor, message->access & DEVICE_READ ? "r" : "",
	    message->access & DEVICE_WRITE ? "w" : "") < 0 ? -1 : 0;
}

/* sysfs and a netlink socket are all that is looked at: root's uid is enough for that. */
static int
give_up_rights(struct error *err)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_capset, &head, none) < 0)
		return error_set(err, errno, "give up capabilities");
	return 0;
}

static void
watch_subsystem(const char *subsystem, void *context)
{
	struct udev_monitor *monitor = context;

	(void)udev_monitor_filter_add_match_subsystem_devtype(monitor, subsystem, NULL);
}

/* Listening before the first look, so that nothing falls between the two. */
static struct udev_monitor *
listen_for_events(const struct listing *listing, struct error *err)
{
	const char *source = access(UDEVD, F_OK) == 0 ? "udev" : "kernel";
	struct udev_monitor *monitor = udev_monitor_new_from_netlink(listing->udev, source);

	if (!monitor) {
		(void)error_set(err, errno, "listen for events of devices");
		return NULL;
	}
	/* Forcing it needs a capability; without it the buffer is what the host lets anybody have. */
	(void)udev_monitor_set_receive_buffer_size(monitor, BUFFER_SIZE);
	(void)listing_subsystems(listing, watch_subsystem, monitor);
	if (udev_monitor_enable_receiving(monitor) < 0) {
		(void)error_set(err, errno, "listen for events of devices");
		udev_monitor_unref(monitor);
		return NULL;
	}
	return monitor;
}

static int
tell_all(const struct listing *listing)
{
	const struct device_message all = { .news = DEVICE_NEWS_ALL };

	return listing->tell(&all, listing->context);
}

static int
take_event(struct listing *listing, struct udev_monitor *monitor, struct error *err)
{
	struct udev_device *device;
	const char *action;
	int rc;

	errno = 0;
	device = udev_monitor_receive_device(monitor);
	if (!device && (errno == 0 || errno == EAGAIN || errno == EINTR))
		return 0;
	if (!device) /* events were lost, for want of space or by an error: what is there is the truth */
		return listing_scan(listing, err) < 0 ? -1 : tell_all(listing);
	action = udev_device_get_action(device);
	rc = listing_take_news(listing, device, action && !strcmp(action, "remove"));
	udev_device_unref(device);
	return rc;
}

static int
watch(struct listing *listing, struct udev_monitor *monitor, struct error *err)
{
	struct pollfd ready[2] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = udev_monitor_get_fd(monitor), .events = POLLIN },
	};

	for (;;) {
		if (poll(ready, 2, -1) < 0 && errno != EINTR)
			return error_set(err, errno, "wait for devices");
		/* The supervisor says nothing; it is gone. */
		if (ready[0].revents)
			return 0;
		if (ready[1].revents && take_event(listing, monitor, err) < 0)
			return -1;
	}
}

static int
serve(struct listing *listing, struct error *err)
{
	struct udev_monitor *monitor;
	int rc;

	if (give_up_rights(err) < 0)
		return -1;
	monitor = listen_for_events(listing, err);
	if (!monitor)
		return -1;
	rc = listing_scan(listing, err);
	if (rc == 0)
		rc = tell_all(listing);
	if (rc == 0)
		rc = watch(listing, monitor, err);
	udev_monitor_unref(monitor);
	return rc;
}

static int
parse_rules(struct listing *listing, char **text, struct error *err)
{
	char reason[256];

	for (; *text; text++) {
		if (listing->rules == LISTING_RULES_MAX)
			return error_set(err, 0, "more than %d rules", LISTING_RULES_MAX);
		struct device_rule *rule = &listing->rule[listing->rules++];
		if (!device_rule_parse(*text, rule, reason, sizeof(reason)))
			return error_set(err, 0, "%s", reason);
		if (access(UDEVD, F_OK) != 0)
			device_rule_without_udevd(rule);
	}
	return 0;
}

static void
complain(const struct listing *listing, const struct error *err)
{
	struct device_message message = { .news = DEVICE_NEWS_FAULT };
	char text[640];

	(void)snprintf(message.links, sizeof(message.links), "%s", error_render(err, text, sizeof(text)));
	(void)listing->tell(&message, listing->context);
}

int
main(int argc, char **argv)
{
	bool is_list = argc > 1 && !strcmp(argv[1], "-l");
	struct listing listing = { .tell = is_list ? tell_line : tell_socket };
	struct error err = ERROR_INIT;
	int rc = parse_rules(&listing, argv + (argc > 0) + is_list, &err);

	if (rc == 0) {
		listing.udev = udev_new();
		if (!listing.udev)
			rc = error_set(&err, errno, "start libudev");
	}
	if (rc == 0)
		rc = is_list ? listing_scan(&listing, &err) : serve(&listing, &err);
	if (rc < 0 && err.text[0])
		complain(&listing, &err);
	listing_free(&listing);
	return rc < 0 ? 1 : 0;
}
