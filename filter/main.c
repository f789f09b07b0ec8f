/*
 * filter yes|no NAME FILE: compiles the filter NAME, for logins with or without nesting, into
 * the new file FILE.  Run by the supervisor, as root and for a bounded time, when the cache has no
 * entry of this text, and by "ctrctl check".  Exit status 1: it can't be; standard error says
 * why, a line a fault.
 */
#include "filter/build.h"
#include "filter/entry.h"
#include "lib/own.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static int
entry_write(const char *path, const void *bytes, size_t size, struct error *err)
{
	autofd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	ssize_t written = fd < 0 ? -1 : write(fd, bytes, size);

	if (fd < 0)
		return error_set(err, errno, "make %s", path);
	if (written != (ssize_t)size) {
		int errnum = written < 0 ? errno : ENOSPC;

		(void)unlink(path);
		return error_set(err, errnum, "write %s", path);
	}
	return 0;
}

static int
filter_store(const struct filter *filter, bool nesting, const char *path, struct error *err)
{
	struct filter_maker maker;
	autofree void *bytes = NULL;
	size_t size;

	if (filter_maker_at("/proc/self/exe", &maker, err) < 0)
		return -1;
	bytes = entry_pack(&filter->compiled, &filter->sources, nesting, &maker, &size, err);
	return bytes ? entry_write(path, bytes, size, err) : -1;
}

int
main(int argc, char **argv)
{
	struct error err = ERROR_INIT;
	char why[640];
	bool nesting = argc == 4 && !strcmp(argv[1], "yes");

	if (argc != 4 || (!nesting && strcmp(argv[1], "no") != 0)) {
		(void)fputs("usage: filter yes|no NAME FILE\n", stderr);
		return 2;
	}
	struct filter *filter = filter_build(argv[2], nesting, stderr);
	if (!filter)
		return 1;
	int rc = filter_store(filter, nesting, argv[3], &err);
	if (rc < 0)
		(void)fprintf(stderr, "%s\n", error_render(&err, why, sizeof(why)));
	filter_free(filter);
	return rc < 0 ? 1 : 0;
}
