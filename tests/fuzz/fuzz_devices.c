/*
 * What the helper that finds devices tells the supervisor, from the socket on: names came from
 * hardware that a user plugged in, and nodes are made of them in the container's /dev by root.
 * An input: messages as they lie in memory; the last may be a part of one.
 */
#include "fuzz.h"

#include "container/device_helper.h"
#include "container/device_nodes.h"
#include "lib/own.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define MESSAGES_MAX 8

static void
check_message(const struct device_message *message)
{
	fuzz_check(memchr(message->node, '\0', sizeof(message->node)));
	fuzz_check(memchr(message->links, '\0', sizeof(message->links)));
	if (message->news != DEVICE_NEWS_ADD)
		return;
	struct device_node node = device_node_of(message, 1000, 1000);
	fuzz_check(message->node[0] && message->node[0] != '/');
	fuzz_check(strncmp(node.name, "../", 3) != 0 && !strstr(node.name, "/../") && !strstr(node.name, "//"));
	fuzz_check(strcmp(node.name, "null") != 0 && strncmp(node.name, "pts/", 4) != 0, "%s", node.name);
	fuzz_check((node.mode & 07077) == 0 || (node.mode & 07007) == 0, "%o", node.mode);
	fuzz_check(S_ISCHR(node.mode) || S_ISBLK(node.mode));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct device_helper helper = DEVICE_HELPER_INIT;
	struct device_message message;
	int pair[2];
	int heard = 0;

	fuzz_check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	helper.socket = pair[1];
	for (int i = 0; i < MESSAGES_MAX && size > 0; i++) {
		size_t length = size < sizeof(message) ? size : sizeof(message);
		fuzz_check(send(pair[0], data, length, 0) == (ssize_t)length);
		data += length;
		size -= length;
	}
	while (device_helper_hear(&helper, &message) > 0 && heard++ < MESSAGES_MAX)
		check_message(&message);
	fuzz_check(device_helper_hear(&helper, &message) == 0);
	own_close(&pair[0]);
	fuzz_check(device_helper_hear(&helper, &message) < 0);
	own_close(&pair[1]);
	fuzz_same_descriptors();
	return 0;
}
