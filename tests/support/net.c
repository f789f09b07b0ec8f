/*
 * net serve PORT TEXT: answers each connection to 127.0.0.1:PORT with TEXT, until killed.
 * net socks PORT TARGET: joins standard input and output to 127.0.0.1:TARGET through the
 * SOCKS5 proxy at 127.0.0.1:PORT (RFC 1928), as ssh's ProxyCommand.
 * The far ends of the forwarding tests; needs no right.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in
address_of(const char *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons((uint16_t)atoi(port));
	return address;
}

static int
fail(const char *what)
{
	perror(what);
	return 1;
}

static int
net_serve(const char *port, const char *text)
{
	struct sockaddr_in address = address_of(port);
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 16) != 0)
		return fail("listen");
	for (;;) {
		int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		if (client < 0)
			return fail("accept");
		/* A client that is gone already is no business of the server's. */
		(void)dprintf(client, "%s\n", text);
		close(client);
	}
}

/* One read, all of it written; the bytes, 0 at the end, -1. */
static ssize_t
net_copy(int from, int to)
{
	char buffer[65536];
	ssize_t length = read(from, buffer, sizeof(buffer));
	for (ssize_t done = 0; done < length;) {
		ssize_t n = write(to, buffer + done, (size_t)(length - done));
		if (n < 0)
			return -1;
		done += n;
	}
	return length;
}

static int
net_join(int fd)
{
	struct pollfd fds[2] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};
	for (;;) {
		if (poll(fds, 2, -1) < 0)
			return fail("poll");
		if (fds[1].revents != 0 && net_copy(fd, STDOUT_FILENO) <= 0)
			return 0;
		if (fds[0].revents == 0 || net_copy(STDIN_FILENO, fd) > 0)
			continue;
		fds[0].fd = -1;
		shutdown(fd, SHUT_WR);
	}
}

static int
net_socks(const char *port, const char *target)
{
	static const unsigned char hello[3] = { 5, 1, 0 };
	unsigned char request[10] = { 5, 1, 0, 1, 127, 0, 0, 1 }, answer[10];
	struct sockaddr_in address = address_of(port), to = address_of(target);
	memcpy(request + 8, &to.sin_port, 2);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		return fail("connect");
	if (write(fd, hello, sizeof(hello)) != sizeof(hello) ||
	    recv(fd, answer, 2, MSG_WAITALL) != 2 || answer[1] != 0 ||
	    write(fd, request, sizeof(request)) != sizeof(request) ||
	    recv(fd, answer, sizeof(answer), MSG_WAITALL) != sizeof(answer) || answer[1] != 0)
		return fail("socks");
	return net_join(fd);
}

int
main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "serve") == 0)
		return net_serve(argv[2], argv[3]);
	if (argc == 4 && strcmp(argv[1], "socks") == 0)
		return net_socks(argv[2], argv[3]);
	fprintf(stderr, "usage: net serve PORT TEXT | net socks PORT TARGET\n");
	return 2;
}
