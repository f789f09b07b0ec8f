/*
 * logsink SOCKET FILE: the tests' syslogd.  Takes datagrams on SOCKET (/dev/log of a test
 * world) and appends each to FILE as one line, "facility.level text".  Goes to the background
 * once it listens, so that whoever started it may log.  Runs as root, in a world of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SYSLOG_NAMES_NONE 24

static const char *const facility_name[SYSLOG_NAMES_NONE] = {
	"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron",
	"authpriv", "ftp", "12", "13", "14", "15", "local0", "local1", "local2", "local3",
	"local4", "local5", "local6", "local7",
};

static const char *const level_name[8] = {
	"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug",
};

/* musl ends a message by a newline; any other control byte becomes '?': one message, one line. */
static void
line_clean(char *text)
{
	size_t length = strlen(text);
	if (length > 0 && text[length - 1] == '\n')
		text[length - 1] = '\0';
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 127)
			*text = '?';
}

static int
line_write(int file, char *message)
{
	char *text = message;
	unsigned long priority = 13;
	if (message[0] == '<') {
		priority = strtoul(message + 1, &text, 10);
		if (*text == '>')
			text++;
	}
	line_clean(text);
	return dprintf(file, "%s.%s %s\n", facility_name[(priority >> 3) % SYSLOG_NAMES_NONE],
	    level_name[priority & 7], text);
}

static int
socket_listen(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    chmod(path, 0666) != 0)
		return -1;
	return fd;
}

int
main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: logsink SOCKET FILE\n");
		return 2;
	}
	int socket = socket_listen(argv[1]);
	int file = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (socket < 0 || file < 0 || daemon(0, 0) != 0) {
		perror("logsink");
		return 1;
	}
	char message[8193];
	for (;;) {
		ssize_t length = recv(socket, message, sizeof(message) - 1, 0);
		if (length < 0 && errno != EINTR)
			return 1;
		if (length <= 0)
			continue;
		message[length] = '\0';
		if (line_write(file, message) < 0)
			return 1;
	}
}
