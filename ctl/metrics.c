/*
 * ctrctl metrics: the numbers for a monitoring that is there already, on standard output or in a
 * file for node_exporter's textfile collector.
 */
#include "ctl/metrics.h"

#include "ctl/command.h"
#include "lib/own.h"
#include "lib/text.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What a collector running as another user can read. */
#define TEXTFILE_MODE 0644

static int
write_whole(int fd, const struct metrics *metrics, struct error *err)
{
	FILE *out = fdopen(fd, "w");

	if (!out) {
		(void)error_set(err, errno, "write the numbers");
		own_close(&fd);
		return -1;
	}
	metrics_print(metrics, EXPOSITION_PROMETHEUS, out);
	bool bad = ferror(out) || fchmod(fd, TEXTFILE_MODE) < 0;
	return fclose(out) != 0 || bad ? error_set(err, errno, "write the numbers") : 0;
}

/*
 * A new file beside it, whole before it gets the name: a collector sees the old one or the new
 * one.  The directory may be another user's (the monitoring's): nothing in it is followed.
 */
static int
write_textfile(const char *path, const struct metrics *metrics, struct error *err)
{
	char parent[PATH_MAX], temporary[NAME_MAX];
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	if (!name[0] || text_format(parent, sizeof(parent), "%.*s/",
	        slash ? (int)(slash - path) : 1, slash ? path : ".") < 0 ||
	    text_format(temporary, sizeof(temporary), ".%s.%d", name, (int)getpid()) < 0)
		return error_set(err, EINVAL, "%s: name a file", path);
	autofd int directory = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return error_set(err, errno, "open %s", parent);
	(void)unlinkat(directory, temporary, 0); /* one that was killed with this pid left it */
	int fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set(err, errno, "create %s%s", parent, temporary);
	if (write_whole(fd, metrics, err) == 0 &&
	    (renameat(directory, temporary, directory, name) == 0 || error_set(err, errno, "rename to %s", path) == 0))
		return 0;
	(void)unlinkat(directory, temporary, 0);
	return -1;
}

static int
print(const struct options *options, const struct metrics *metrics)
{
	struct error err = ERROR_INIT;

	if (!options->textfile) {
		metrics_print(metrics, EXPOSITION_OPENMETRICS, stdout);
		return output_end(CTL_OK);
	}
	if (!strcmp(options->textfile, "-")) {
		metrics_print(metrics, EXPOSITION_PROMETHEUS, stdout);
		return output_end(CTL_OK);
	}
	return write_textfile(options->textfile, metrics, &err) < 0 ? complain_error("metrics", &err) : CTL_OK;
}

int
command_metrics(const struct options *options)
{
	struct metrics metrics = METRICS_INIT;
	struct error err = ERROR_INIT;
	int code = caller_check("metrics");

	if (code != CTL_OK)
		return code;
	code = metrics_collect(&metrics, &err) < 0 ? complain_error("metrics", &err) :
	    print(options, &metrics);
	metrics_free(&metrics);
	return code;
}
