/*
 * Reads lines; a syslogd may append, rotate (the name is another file's by then) or truncate.
 */
#include "ctl/log_file.h"

#include "lib/own.h"
#include "lib/text.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* Debian and its like, Red Hat's, then where there is one file for nearly all. */
static const char *const places[] = {
	"/var/log/auth.log", "/var/log/secure", "/var/log/authlog", "/var/log/messages",
	"/var/log/syslog", "/var/log/socklog/secure/current", "/var/log/socklog/everything/current",
};

static int
open_regular(const char *path, struct error *err)
{
	struct stat st;
	autofd int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, errno, "open %s", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "%s is not a regular file", path);
	return take_fd(&fd);
}

/* authpriv and auth; from its beginning, and with follow without end. */
static int
open_journal(struct log_file *file, int follow, struct error *err)
{
	static const char *const programs[] = { "/usr/bin/journalctl", "/bin/journalctl" };
	const char *argv[] = { "journalctl", "-q", "--no-pager", "-o", "short-iso",
		"SYSLOG_FACILITY=10", "SYSLOG_FACILITY=4", follow ? "-f" : NULL, "-n", "all", NULL };
	posix_spawn_file_actions_t actions;
	static char *const environment[] = { (char *)(uintptr_t)"LC_ALL=C", NULL };
	int pipe_[2], rc = ENOENT;

	if (pipe2(pipe_, O_CLOEXEC) < 0)
		return error_set(err, errno, "make a pipe");
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, pipe_[1], STDOUT_FILENO);
	for (size_t i = 0; i < 2 && rc == ENOENT; i++)
		rc = posix_spawn(&file->journal, programs[i], &actions, NULL,
		    (char *const *)(uintptr_t)argv, environment);
	(void)posix_spawn_file_actions_destroy(&actions);
	own_close(&pipe_[1]);
	file->fd = pipe_[0];
	file->path[0] = '\0';
	if (rc == 0 && (!follow || fcntl(file->fd, F_SETFL, O_NONBLOCK) == 0))
		return 0;
	file->journal = rc == 0 ? file->journal : 0;
	return error_set(err, rc, "run journalctl");
}

static int
find_file(struct log_file *file, struct error *err)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct error why = ERROR_INIT;
		file->fd = open_regular(places[i], &why);
		if (file->fd >= 0)
			return text_format(file->path, sizeof(file->path), "%s", places[i]);
		if (why.errnum != ENOENT && why.errnum != ENOTDIR) {
			*err = why;
			return -1;
		}
	}
	return error_set(err, ENOENT, "find where syslog puts authpriv (none of /var/log/auth.log, secure, "
	    "messages, syslog; no journald): name it by --file");
}

/* Of the directory: a rotated file's successor is born there, under the old name. */
static int
watch(struct log_file *file, struct error *err)
{
	char directory[PATH_MAX];
	char *slash;

	(void)text_format(directory, sizeof(directory), "%s", file->path);
	slash = strrchr(directory, '/');
	if (slash)
		slash[slash == directory] = '\0';
	file->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (file->watch < 0 || inotify_add_watch(file->watch, slash ? directory : ".",
	        IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_ATTRIB) < 0)
		return error_set(err, errno, "watch %s", file->path);
	return 0;
}

int
log_file_open(struct log_file *file, const char *path, int follow, struct error *err)
{
	struct error why = ERROR_INIT;
	int rc;

	if (path) {
		if (text_format(file->path, sizeof(file->path), "%s", path) < 0)
			return error_set(err, errno, "open %s", path);
		file->fd = open_regular(path, err);
		rc = file->fd < 0 ? -1 : 0;
	} else {
		rc = find_file(file, &why);
		if (rc < 0 && why.errnum == ENOENT && access(JOURNAL_SOCKET, F_OK) == 0)
			return open_journal(file, follow, err);
		if (rc < 0)
			*err = why;
	}
	return rc == 0 && follow ? watch(file, err) : rc;
}

static void
take_bytes(struct log_file *file, const char *bytes, size_t count, log_file_each *each,
    void *context)
{
	for (size_t i = 0; i < count; i++) {
		if (bytes[i] != '\n') {
			/* A NUL would hide what follows it. */
			if (file->length + 1 < sizeof(file->line))
				file->line[file->length++] = bytes[i] ? bytes[i] : '?';
			continue;
		}
		file->line[file->length] = '\0';
		file->length = 0;
		each(file->line, context);
	}
}

/* To the end of what is there. */
static int
drain(struct log_file *file, int fd, log_file_each *each, void *context, struct error *err)
{
	char bytes[16384];
	ssize_t got;

	do {
		got = read(fd, bytes, sizeof(bytes));
		if (got > 0)
			take_bytes(file, bytes, (size_t)got, each, context);
	} while (got > 0 || (got < 0 && errno == EINTR));
	return got < 0 && errno != EAGAIN ? error_set(err, errno, "read %s",
	    file->path[0] ? file->path : "from journalctl") : 0;
}

int
log_file_read(struct log_file *file, log_file_each *each, void *context, struct error *err)
{
	char path[PATH_MAX + 2];
	struct error missing = ERROR_INIT;

	if (file->path[0]) {
		(void)text_format(path, sizeof(path), "%s.1", file->path);
		autofd int before = open_regular(path, &missing);
		if (before >= 0 && drain(file, before, each, context, err) < 0)
			return -1;
	}
	return drain(file, file->fd, each, context, err);
}

int
log_file_poll_fd(const struct log_file *file)
{
	return file->watch >= 0 ? file->watch : file->fd;
}

/* The name is another file's: what the old one got until then comes first. */
static int
follow_rotation(struct log_file *file, log_file_each *each, void *context, struct error *err)
{
	struct stat now, named;
	struct error missing = ERROR_INIT;

	if (fstat(file->fd, &now) < 0)
		return error_set(err, errno, "look at %s", file->path);
	if (now.st_size < lseek(file->fd, 0, SEEK_CUR)) {
		file->length = 0;
		(void)lseek(file->fd, 0, SEEK_SET);
		return drain(file, file->fd, each, context, err);
	}
	if (stat(file->path, &named) < 0 || (named.st_dev == now.st_dev && named.st_ino == now.st_ino))
		return 0;
	autofd int next = open_regular(file->path, &missing);
	if (next < 0)
		return 0; /* gone again: there will be another */
	own_close(&file->fd);
	file->fd = take_fd(&next);
	file->length = 0;
	return drain(file, file->fd, each, context, err);
}

int
log_file_more(struct log_file *file, log_file_each *each, void *context, struct error *err)
{
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

	while (file->watch >= 0 && read(file->watch, events, sizeof(events)) > 0)
		;
	if (drain(file, file->fd, each, context, err) < 0)
		return -1;
	return file->watch >= 0 ? follow_rotation(file, each, context, err) : 0;
}

void
log_file_close(struct log_file *file)
{
	own_close(&file->fd);
	own_close(&file->watch);
	if (file->journal > 0) {
		(void)kill(file->journal, SIGTERM);
		(void)waitpid(file->journal, NULL, 0);
	}
	file->journal = 0;
}
