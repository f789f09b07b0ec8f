/*
 * What the helper tells is compared with what the container has, here and nowhere else: a first
 * look, a device that comes or goes, other rules and a supervisor's death are one thing, "this is
 * what there is".
 */
#include "container/devices.h"

#include "container/device_access.h"
#include "container/device_claim.h"
#include "container/log.h"
#include "container/server.h"
#include "lib/own.h"
#include "lib/places.h"
#include "lib/text.h"
#include "policy/plan_devices.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <syslog.h>

/* A login does not wait longer than this for a helper that hangs in the kernel. */
#define PATIENCE_MS 2000
/* A helper that ended sooner than this after its start would end again. */
#define RESTART_MS 10000
/* So that a flood of events leaves time for logins. */
#define HEAR_MAX 64

static void
log_fault(const struct server *server, const struct error *err)
{
	log_error(err, "device failed: user=%s uid=%u", server->record.user, (unsigned)server->uid);
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
	autofree struct device_numbers *numbers = malloc(sizeof(*numbers));

	if (!numbers)
		return error_set(err, errno, "limit the devices");
	numbers->count = 0;
	if (device_numbers_parse(numbers, PLAN_DEVICE_LIST, err) < 0)
		return -1;
	for (size_t i = 0; i < server->devices.count; i++) {
		const struct device *device = &server->devices.device[i];
		/* A predecessor's node, not told yet: its mode is what the user made it. */
		if (!device->is_told)
			continue;
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
show(struct server *server, struct device *device)
{
	struct error err = ERROR_INIT;

	if (server->devices.dev < 0)
		return;
	device->is_shown = true;
	if (device_node_make(server->devices.dev, &device->node, &err) < 0 ||
	    device_links_make(server->devices.dev, device->links, device->node.name, &err) < 0)
		log_fault(server, &err);
}

static void
hide(struct server *server, struct device *device)
{
	if (server->devices.dev < 0)
		return;
	device_links_remove(server->devices.dev, device->links, device->node.name);
	device_node_remove(server->devices.dev, &device->node);
}

/*
 * Numbers before nodes: who sees a node can open it.  What the kernel does not take is the
 * log's matter.  Not before all is told: what was allowed is allowed so long, without a gap.
 */
static void
renew(struct server *server)
{
	struct error err = ERROR_INIT;

	if (!server->devices.is_whole)
		return;
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

static void
log_refused(const struct server *server, const struct device_message *message)
{
	char name[2 * DEVICE_NODE_SIZE];

	log_line(LOG_NOTICE, "device refused: user=%s uid=%u node=/dev/%s number=b%u:%u text=\"the host uses "
	    "it, and no rule names it in full\"", server->record.user, (unsigned)server->uid,
	    text_escape(message->node, name, sizeof(name)), message->major, message->minor);
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

/*
 * A rule of patterns, "subsystem=block", does not mean the disk that the host lives on: who
 * writes to that is root.
 */
static bool
is_the_hosts(const struct server *server, const struct device_message *message)
{
	struct error err = ERROR_INIT;
	enum device_claim claim = message->block && !message->exact ?
	    device_claim(makedev(message->major, message->minor), &err) : DEVICE_FREE;

	if (claim == DEVICE_CLAIM_UNKNOWN)
		log_fault(server, &err);
	return claim != DEVICE_FREE;
}

static void
add(struct server *server, const struct device_message *message)
{
	struct devices *devices = &server->devices;
	struct device_node node = device_node_of(message, devices->uid, devices->gid);
	struct device *device = find(devices, node.name);
	/* Once given it may well be in use: by the user. */
	bool is_given = device && device->node.number == node.number;
	if (!is_given && is_the_hosts(server, message)) {
		log_refused(server, message);
		if (device)
			take_away(server, device);
		return;
	}
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
		log_line(LOG_WARNING, "device notice: user=%s uid=%u text=\"has %zu devices, and gets no more\"",
		    server->record.user, (unsigned)server->uid, devices->count);
		return;
	}
	device->access = message->access;
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
		log_line(LOG_ERR, "device notice: user=%s uid=%u text=\"%s\"", server->record.user,
		    (unsigned)server->uid, text_escape(message->links, text, sizeof(text)));
		break;
	}
}

/* --- the helper ------------------------------------------------------------------------- */

/* All that the helper has not told anew goes. */
static void
expect_all(struct devices *devices)
{
	for (size_t i = 0; i < devices->count; i++)
		devices->device[i].is_stale = true;
}

static void
take_all(struct server *server)
{
	expect_all(&server->devices);
	forget_stale(server);
	renew(server);
}

static int
start_helper(struct devices *devices, struct error *err)
{
	if (device_helper_start(&devices->helper, devices->rules, err) < 0)
		return -1;
	devices->is_whole = false;
	devices->is_late = false;
	devices->started = server_now();
	expect_all(devices);
	return 0;
}

/*
 * Without a helper nobody notices when a number becomes another device: then there are none.  A
 * login goes on without them.
 */
static void
restart_helper(struct server *server)
{
	struct error err = ERROR_INIT;

	device_helper_stop(&server->devices.helper);
	if (server->devices.rules && start_helper(&server->devices, &err) == 0)
		return;
	if (server->devices.rules)
		log_fault(server, &err);
	take_all(server);
}

static bool
is_too_soon(const struct devices *devices)
{
	return server_now() < devices->started + RESTART_MS;
}

/* One that ends and ends is not started in circles; the next login tries again. */
static void
helper_ended(struct server *server)
{
	struct devices *devices = &server->devices;
	bool gives_up = is_too_soon(devices);

	log_line(LOG_ERR, "device notice: user=%s uid=%u text=\"the helper %s ended%s\"", server->record.user,
	    (unsigned)server->uid, PLACE_DEVICES,
	    gives_up ? ": without it there are no devices" : ", and is started again");
	if (!gives_up) {
		restart_helper(server);
		return;
	}
	device_helper_stop(&devices->helper);
	take_all(server);
}

void
devices_hear(struct server *server)
{
	autofree struct device_message *message = malloc(sizeof(*message));
	int heard = message ? 1 : -1;

	for (int i = 0; i < HEAR_MAX && heard > 0; i++) {
		heard = device_helper_hear(&server->devices.helper, message);
		if (heard > 0)
			hear_one(server, message);
	}
	renew(server);
	if (heard < 0)
		helper_ended(server);
}

int64_t
devices_patience(const struct server *server)
{
	return server->devices.helper.socket < 0 ? 0 : server->devices.started + PATIENCE_MS;
}

bool
devices_are_ready(const struct server *server)
{
	const struct devices *devices = &server->devices;

	return devices->is_whole || server_now() >= devices_patience(server);
}

void
devices_tell_missing(struct server *server)
{
	struct devices *devices = &server->devices;

	if (devices->helper.socket < 0 || devices->is_whole || devices->is_late)
		return;
	devices->is_late = true;
	log_line(LOG_ERR, "device notice: user=%s uid=%u text=\"the helper %s has not answered in %d seconds (is it stopped?): logins go on "
	    "without what it finds\"", server->record.user, (unsigned)server->uid, PLACE_DEVICES, PATIENCE_MS / 1000);
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

	if (is_same && (!devices->rules || devices->helper.socket >= 0 || is_too_soon(devices)))
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
	device_helper_stop(&devices->helper);
	own_close(&devices->dev);
	free(devices->device);
	free(devices->rules);
	*devices = (struct devices)DEVICES_INIT;
}
