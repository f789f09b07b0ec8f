/*
 * burst UID COUNT: that many clients of a supervisor at once, each with a question that needs no
 * container (WIRE_ADOPT).  Says "asked" when all have asked; then, when the first has its answer, how many of
 * the others have not heard yet that the supervisor lives.
 */
#include "lib/places.h"
#include "lib/wire.h"

#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#define COUNT_MAX 200
#define WAIT_MS 20000

static struct pollfd client[COUNT_MAX];
static int greeted[COUNT_MAX];

static int
ask(const char *uid)
{
	const struct wire_head head = { .version = WIRE_VERSION, .type = WIRE_ADOPT };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s/%s", PLACE_RUN, uid,
	    PLACE_SOCKET_NAME);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    send(fd, &head, sizeof(head), 0) != sizeof(head))
		err(1, "ask %s", address.sun_path);
	return fd;
}

/* Whether there is a message, and whether it is an answer proper. */
static int
hear(size_t i, int *is_answer)
{
	struct wire_head head;
	ssize_t n = recv(client[i].fd, &head, sizeof(head), MSG_DONTWAIT);

	if (n <= 0)
		return 0;
	*is_answer = head.type != WIRE_WAIT;
	if (!*is_answer)
		greeted[i] = 1;
	return 1;
}

int
main(int argc, char **argv)
{
	size_t count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	size_t late = 0;
	int answered = 0;

	if (count == 0 || count > COUNT_MAX)
		errx(2, "usage: burst UID COUNT");
	for (size_t i = 0; i < count; i++)
		client[i] = (struct pollfd) { .fd = ask(argv[1]), .events = POLLIN };
	(void)puts("asked");
	(void)fflush(stdout);
	while (!answered) {
		if (poll(client, count, WAIT_MS) <= 0)
			errx(1, "nobody answers");
		for (size_t i = 0; i < count && !answered; i++)
			if (client[i].revents)
				(void)hear(i, &answered);
	}
	/* What was sent before that answer is here by now. */
	for (size_t i = 0; i < count; i++) {
		if (!greeted[i])
			(void)hear(i, &answered);
		late += !greeted[i];
	}
	(void)printf("late: %zu\n", late);
	return 0;
}
