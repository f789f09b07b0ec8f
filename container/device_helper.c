/*
 * What it tells came from hardware that a user may have plugged in: names are judged here.  Part of
 * the supervisor, as root on the host.
 */
#include "container/device_helper.h"

#include "container/device_access.h"
#include "container/device_nodes.h"
#include "lib/own.h"
#include "lib/places.h"
#include "lib/text.h"
#include "lib/wire.h"

#include <string.h>
#include <sys/socket.h>

#define RULES_MAX 64
/* Of a dev_t: 12 and 20 bits. */
#define MAJORS 4096
#define MINORS (1U << 20)

int
device_helper_start(struct device_helper *helper, const char *rules, struct error *err)
{
	const char *argv[RULES_MAX + 2] = { PLACE_DEVICES };
	autofree char *copy = strdup(rules);
	char *cursor = copy, *rule;
	int pair[2];

	device_helper_stop(helper);
	if (!copy || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_set(err, errno, "make a socket for the devices' helper");
	autofd int ours = pair[0];
	autofd int theirs = pair[1];
	for (size_t i = 1; (rule = text_next_line(&cursor)); i++) {
		if (i > RULES_MAX)
			return error_set(err, E2BIG, "start %s: more than %d rules", argv[0], RULES_MAX);
		argv[i] = rule;
	}
	if (command_start(argv, theirs, &helper->child, err) < 0)
		return -1;
	helper->socket = take_fd(&ours);
	return 0;
}

void
device_helper_stop(struct device_helper *helper)
{
	own_close(&helper->socket);
	command_end(&helper->child);
}

static bool
is_device(const struct device_message *message)
{
	const unsigned known = DEVICE_MAY_READ | DEVICE_MAY_WRITE;

	return device_name_is_good(message->node) && message->major < MAJORS &&
	    message->minor < MINORS && message->access != 0 && !(message->access & ~known);
}

static bool
is_message(const struct device_message *message, long length)
{
	if (length != (long)sizeof(*message) ||
	    !memchr(message->node, '\0', sizeof(message->node)) ||
	    !memchr(message->links, '\0', sizeof(message->links)))
		return false;
	switch ((enum device_news)message->news) {
	case DEVICE_NEWS_ADD:
		return is_device(message);
	case DEVICE_NEWS_REMOVE:
	case DEVICE_NEWS_ALL:
	case DEVICE_NEWS_FAULT:
		return true;
	}
	return false;
}

int
device_helper_hear(const struct device_helper *helper, struct device_message *message)
{
	struct error err = ERROR_INIT;
	long length;

	do
		length = wire_receive(helper->socket, message, sizeof(*message), NULL, NULL, &err);
	while (length > 0 && !is_message(message, length));
	if (length > 0)
		return 1;
	return length < 0 && err.errnum == EAGAIN ? 0 : -1;
}
