/*
 * What the helper tells is compared with what the container has, here and nowhere else: a first
 * look, a device that comes or goes, other rules and a supervisor's death are one thing, "this is
 * what there is".
 */
#include "container/devices.h"

#include "container/device_access.h"
#include "container/log.h"
#include "container/server.h"
#include "lib/own.h"
#include "lib/places.h"
#include "lib/text.h"
#include "lib/wire.h"
#include "policy/plan_devices.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <syslog.h>

/* A login does not wait longer than this for a helper that hangs in the kernel. */
#define PATIENCE_MS 2000
#define RULES_MAX 64
/* So that a flood of events leaves time for logins. */
#define HEAR_MAX 64

static void
log_fault(const struct server *server, const struct error *err)
{
	log_error(err, "devices: user=%s uid=%u", server->record.user, (unsigned)server->uid);
}

/* --- numbers -------------------------------------------------------------------------- */

static void
add_terminals(const struct server *server, struct device_numbers *numbers)
{
	for (size_t i = 0; i < server->record.sessions; i++) {
		dev_t number = server->session[i].terminal_number;
		if (number != 0)
			(void)device_numbers_add(numbers, (struct device_number) { .type = 'c',
			    .major = (int)major(number), .minor = (int)minor(number),
			    .may = DEVICE_MAY_READ | DEVICE_MAY_WRITE });
	}
}

int
devices_set_numbers(struct server *server, struct error *err)
{
	autofree struct device_numbers *numbers = calloc(1, sizeof(*numbers));

	if (!numbers)
		return error_set(err, errno, "limit the devices");
	if (device_numbers_parse(numbers, PLAN_DEVICE_LIST, err) < 0)
		return -1;
	for (size_t i = 0; i < server->devices.count; i++) {
		const struct device *device = &server->devices.device[i];
		(void)device_numbers_add(numbers, (struct device_number) {
		    .type = S_ISBLK(device->node.mode) ? 'b' : 'c',
		    .major = (int)major(device->node.number), .minor = (int)minor(device->node.number),
		    .may = device->access });
	}
	add_terminals(server, numbers);
	return device_access_set(&server->cgroups, numbers, err);
}

/* --- nodes ---------------------------------------------------------------------------- */

static void
each_link(struct device *device, void (*each)(int dev, const char *name, struct device *device),
    int dev)
{
	char copy[sizeof(device->links)];
	char *cursor = copy;

	memcpy(copy, device->links, sizeof(copy));
	for (char *name; (name = text_next_line(&cursor));)
		if (device_name_is_good(name))
			each(dev, name, device);
}

static void
make_link(int dev, const char *name, struct device *device)
{
	struct error err = ERROR_INIT;

	if (device_link_make(dev, name, device->node.name, &err) < 0)
		log_error(&err, "devices: uid=%u", (unsigned)device->node.uid);
}

static void
remove_link(int dev, const char *name, struct device *device)
{
	device_link_remove(dev, name, device->node.name);
}

static void
show(struct server *server, struct device *device)
{
	struct error err = ERROR_INIT;

	if (server->devices.dev < 0)
		return;
	device->is_shown = true;
	if (device_node_make(server->devices.dev, &device->node, &err) < 0)
		log_fault(server, &err);
	else
		each_link(device, make_link, server->devices.dev);
}

static void
hide(struct server *server, struct device *device)
{
	if (server->devices.dev < 0)
		return;
	each_link(device, remove_link, server->devices.dev);
	device_node_remove(server->devices.dev, &device->node);
}

/*
 * Numbers before nodes: who sees a node can open it.  What the kernel does not take is the
 * log's matter, the old list stays.
 */
static void
renew(struct server *server)
{
	struct error err = ERROR_INIT;

	if (devices_set_numbers(server, &err) < 0)
		log_fault(server, &err);
	for (size_t i = 0; i < server->devices.count; i++)
		if (!server->devices.device[i].is_shown)
			show(server, &server->devices.device[i]);
}

static void
log_device(const struct server *server, const struct device *device, const char *event)
{
	char name[2 * DEVICE_NODE_SIZE];

	log_line(LOG_INFO, "device %s: user=%s uid=%u node=/dev/%s number=%c%u:%u access=%s%s", event,
	    server->record.user, (unsigned)server->uid,
	    text_escape(device->node.name, name, sizeof(name)), S_ISBLK(device->node.mode) ? 'b' : 'c',
	    major(device->node.number), minor(device->node.number),
	    device->access & DEVICE_MAY_READ ? "r" : "", device->access & DEVICE_MAY_WRITE ? "w" : "");
}

/* --- what there is ---------------------------------------------------------------------- */

static struct device *
find(const struct devices *devices, const char *name)
{
	for (size_t i = 0; i < devices->count; i++)
		if (!strcmp(devices->device[i].node.name, name))
			return &devices->device[i];
	return NULL;
}

static struct device *
append(struct devices *devices, const struct device_node *node)
{
	struct device *more = devices->count < DEVICES_MAX ?
	    realloc(devices->device, (devices->count + 1) * sizeof(*more)) : NULL;

	if (!more)
		return NULL;
	devices->device = more;
	more[devices->count] = (struct device) { .node = *node };
	return &more[devices->count++];
}

static void
drop(struct devices *devices, struct device *device)
{
	*device = devices->device[--devices->count];
}

static void
take_away(struct server *server, struct device *device)
{
	hide(server, device);
	log_device(server, device, "taken");
	drop(&server->devices, device);
}

static bool
is_as_before(const struct device *device, const struct device_node *node,
    const struct device_message *message)
{
	return device->node.number == node->number &&
	    (device->node.mode & S_IFMT) == (node->mode & S_IFMT) &&
	    (!device->is_told || (device->access == message->access &&
	        !strcmp(device->links, message->links)));
}

/* The directory's permissions are the container's; the node's are the user's alone. */
static mode_t
mode_of(const struct device_message *message)
{
	return (message->block ? S_IFBLK : S_IFCHR) | (message->access & DEVICE_MAY_READ ? 0400 : 0U) |
	    (message->access & DEVICE_MAY_WRITE ? 0200 : 0U);
}

static void
tell(struct device *device, const struct device_message *message)
{
	memcpy(device->links, message->links, sizeof(device->links));
	device->is_told = true;
}

/* Of a predecessor's only the nodes are known. */
static void
adopt_node(struct device *device, const struct device_node *node,
    const struct device_message *message)
{
	if (device->is_told)
		return;
	device->node = *node;
	device->access = message->access;
	tell(device, message);
	device->is_shown = false;
}

static void
add(struct server *server, const struct device_message *message)
{
	struct devices *devices = &server->devices;
	struct device_node node = {
		.mode = mode_of(message), .number = makedev(message->major, message->minor),
		.uid = devices->uid, .gid = devices->gid,
	};

	(void)text_format(node.name, sizeof(node.name), "%s", message->node);
	struct device *device = find(devices, node.name);
	if (device)
		device->is_stale = false;
	if (device && is_as_before(device, &node, message)) {
		adopt_node(device, &node, message);
		return;
	}
	/* Another device of the same name: nothing of the old one may stay. */
	if (device)
		take_away(server, device);
	device = append(devices, &node);
	if (!device) {
		log_line(LOG_WARNING, "devices: user=%s uid=%u has %zu devices, and gets no more",
		    server->record.user, (unsigned)server->uid, devices->count);
		return;
	}
	device->access = message->access & (DEVICE_MAY_READ | DEVICE_MAY_WRITE);
	tell(device, message);
	log_device(server, device, "given");
}

static void
forget_stale(struct server *server)
{
	struct devices *devices = &server->devices;

	for (size_t i = devices->count; i-- > 0;)
		if (devices->device[i].is_stale)
			take_away(server, &devices->device[i]);
	devices->is_whole = true;
}

static bool
is_message(const struct device_message *message, long length)
{
	return length == (long)sizeof(*message) &&
	    memchr(message->node, '\0', sizeof(message->node)) &&
	    memchr(message->links, '\0', sizeof(message->links)) &&
	    (message->news == DEVICE_NEWS_ALL || message->news == DEVICE_NEWS_FAULT ||
	        (device_name_is_good(message->node) && message->major < 4096 && message->minor < 1 << 20));
}

static void
hear_one(struct server *server, const struct device_message *message)
{
	struct device *device;
	char text[512];

	switch ((enum device_news)message->news) {
	case DEVICE_NEWS_ADD:
		add(server, message);
		break;
	case DEVICE_NEWS_REMOVE:
		device = find(&server->devices, message->node);
		if (device)
			take_away(server, device);
		break;
	case DEVICE_NEWS_ALL:
		forget_stale(server);
		break;
	case DEVICE_NEWS_FAULT:
		log_line(LOG_ERR, "devices: user=%s uid=%u %s", server->record.user,
		    (unsigned)server->uid, text_escape(message->links, text, sizeof(text)));
		break;
	}
}

/* --- the helper ------------------------------------------------------------------------- */

static void
stop_helper(struct devices *devices)
{
	own_close(&devices->socket);
	command_end(&devices->helper);
}

static int
start_helper(struct devices *devices, struct error *err)
{
	const char *argv[RULES_MAX + 2] = { PLACE_DEVICES };
	autofree char *copy = strdup(devices->rules);
	char *cursor = copy, *rule;
	int pair[2];

	if (!copy || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_set(err, errno, "make a socket for the devices' helper");
	autofd int ours = pair[0];
	autofd int theirs = pair[1];
	for (size_t i = 1; i <= RULES_MAX && (rule = text_next_line(&cursor)); i++)
		argv[i] = rule;
	if (command_start(argv, theirs, &devices->helper, err) < 0)
		return -1;
	devices->socket = take_fd(&ours);
	devices->is_whole = false;
	devices->patience = server_now() + PATIENCE_MS;
	for (size_t i = 0; i < devices->count; i++)
		devices->device[i].is_stale = true;
	return 0;
}

/* Without it the user has what there was; a login is not the place to complain to. */
static void
restart_helper(struct server *server)
{
	struct error err = ERROR_INIT;

	stop_helper(&server->devices);
	if (!server->devices.rules) {
		for (size_t i = 0; i < server->devices.count; i++)
			server->devices.device[i].is_stale = true;
		forget_stale(server);
		renew(server);
	} else if (start_helper(&server->devices, &err) < 0) {
		log_fault(server, &err);
	}
}

void
devices_hear(struct server *server)
{
	struct devices *devices = &server->devices;
	autofree struct device_message *message = malloc(sizeof(*message));
	struct error err = ERROR_INIT;
	long length = message ? 1 : 0;

	for (int i = 0; i < HEAR_MAX && length > 0; i++) {
		length = wire_receive(devices->socket, message, sizeof(*message), NULL, NULL, &err);
		if (length > 0 && is_message(message, length))
			hear_one(server, message);
	}
	renew(server);
	if (length > 0 || (length < 0 && err.errnum == EAGAIN))
		return;
	log_line(LOG_ERR, "devices: user=%s uid=%u the helper %s ended: devices that come or go are not "
	    "noticed until the next login", server->record.user, (unsigned)server->uid, PLACE_DEVICES);
	devices->is_whole = true;
	stop_helper(devices);
}

bool
devices_are_ready(const struct server *server)
{
	const struct devices *devices = &server->devices;

	return devices->socket < 0 || devices->is_whole || server_now() >= devices->patience;
}

/* --- the container's life ---------------------------------------------------------------- */

static const struct step *
find_step(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->step[i].kind == STEP_DEVICES)
			return &plan->step[i];
	return NULL;
}

static int
take_rules(struct server *server, const struct plan *plan, struct error *err)
{
	const struct step *step = find_step(plan);
	struct devices *devices = &server->devices;

	own_free(&devices->rules);
	devices->rules = step ? strdup(step->value) : NULL;
	if (step && !devices->rules)
		return error_set(err, errno, "keep the rules of devices");
	devices->uid = server->uid;
	devices->gid = server->record.gid;
	(void)text_format(server->record.devices, sizeof(server->record.devices), "%s",
	    devices->rules ? devices->rules : "");
	return 0;
}

int
devices_build(struct server *server, const struct plan *plan, struct error *err)
{
	devices_free(&server->devices);
	if (take_rules(server, plan, err) < 0 || devices_set_numbers(server, err) < 0)
		return -1;
	return server->devices.rules ? start_helper(&server->devices, err) : 0;
}

void
devices_alive(struct server *server)
{
	struct devices *devices = &server->devices;
	struct error err = ERROR_INIT;

	if (!devices->rules && devices->count == 0)
		return;
	own_close(&devices->dev);
	devices->dev = device_nodes_open(server->record.init.pid, server->init, &err);
	if (devices->dev < 0)
		log_fault(server, &err);
	for (size_t i = 0; i < devices->count; i++)
		show(server, &devices->device[i]);
}

static void
find_node(const struct device_node *node, void *context)
{
	struct devices *devices = context;
	struct device *device = append(devices, node);

	if (device)
		device->is_shown = true;
	if (device)
		device->access = (node->mode & 0400 ? DEVICE_MAY_READ : 0U) |
		    (node->mode & 0200 ? DEVICE_MAY_WRITE : 0U);
}

void
devices_adopt(struct server *server)
{
	struct devices *devices = &server->devices;
	struct error err = ERROR_INIT;

	devices->uid = server->uid;
	devices->gid = server->record.gid;
	if (!server->record.devices[0])
		return;
	devices->rules = strdup(server->record.devices);
	devices->dev = device_nodes_open(server->record.init.pid, server->init, &err);
	if (devices->dev < 0 || !devices->rules ||
	    device_nodes_each(devices->dev, find_node, devices, &err) < 0)
		log_fault(server, &err);
	restart_helper(server);
}

void
devices_change(struct server *server, const struct plan *plan)
{
	const struct step *step = find_step(plan);
	struct devices *devices = &server->devices;
	struct error err = ERROR_INIT;
	const char *old = devices->rules ? devices->rules : "";
	bool is_same = !strcmp(old, step ? step->value : "");

	if (is_same && (!devices->rules || devices->socket >= 0))
		return;
	if (!is_same && (take_rules(server, plan, &err) < 0 || container_save(server, &err) < 0))
		log_fault(server, &err);
	if (devices->dev < 0)
		devices_alive(server);
	restart_helper(server);
}

void
devices_free(struct devices *devices)
{
	stop_helper(devices);
	own_close(&devices->dev);
	free(devices->device);
	free(devices->rules);
	*devices = (struct devices)DEVICES_INIT;
}
