/*
 * The host's log of authpriv, wherever its syslogd puts it: read from the beginning, and followed
 * through rotation.  As root; a named file may be anybody's.
 */
#ifndef CTL_LOG_FILE_H
#define CTL_LOG_FILE_H

#include "lib/error.h"

#include <limits.h>
#include <sys/types.h>

#define LOG_LINE_MAX 8192

struct log_file {
	char path[PATH_MAX]; /* "" where it is journalctl's output */
	int fd;              /* owned */
	int watch;           /* owned; inotify(7) of its directory, or -1 */
	pid_t journal;       /* of journalctl, or 0 */
	char line[LOG_LINE_MAX];
	size_t length;
};

#define LOG_FILE_INIT { .path = "", .fd = -1, .watch = -1 }

/* Called with each whole line, without its end; a longer one is cut. */
typedef void log_file_each(const char *line, void *context);

/*
 * path: NULL for the first of the usual ones that is there, else journald's.  follow: for
 * log_file_more().  -1 with err, ENOENT: none was found.
 */
int log_file_open(struct log_file *file, const char *path, int follow, struct error *err);

/* What was rotated away last (FILE.1), if it is there, then what there is. */
int log_file_read(struct log_file *file, log_file_each *each, void *context, struct error *err);

/* What poll(2) is to watch for POLLIN; then log_file_more() reads what came, and never blocks. */
int log_file_poll_fd(const struct log_file *file);
int log_file_more(struct log_file *file, log_file_each *each, void *context, struct error *err);

void log_file_close(struct log_file *file);

#endif
