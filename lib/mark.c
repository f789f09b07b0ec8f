/*
 * Written by the container's first process, read by PAM callers.  namespaces(7).
 */
#include "lib/mark.h"

#include "lib/own.h"
#include "lib/path.h"
#include "lib/places.h"
#include "lib/record.h"
#include "lib/text.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define MARK_MAX 128

/* /proc/self is missing where a process of another PID namespace looks: then 0, no proof. */
static uint64_t
own_namespace(const char *name)
{
	char path[64];
	struct stat st;

	if (text_format(path, sizeof(path), "/proc/self/ns/%s", name) < 0)
		return 0;
	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

static int
format_mark(char *text, size_t size, uint64_t mnt, uint64_t pid)
{
	return text_format(text, size, "mnt %llu pid %llu\n", (unsigned long long)mnt,
	    (unsigned long long)pid);
}

static int
mark_text(char *text, size_t size, struct error *err)
{
	uint64_t mnt = own_namespace("mnt");
	uint64_t pid = own_namespace("pid");

	if (mnt == 0 || pid == 0)
		return error_set(err, ENOENT, "look at this process's namespaces");
	return format_mark(text, size, mnt, pid);
}

int
mark_write(int directory, struct error *err)
{
	char text[MARK_MAX];

	if (mark_text(text, sizeof(text), err) < 0)
		return -1;
	autofd int fd = openat(directory, strrchr(PLACE_MARK, '/') + 1,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
	if (fd < 0)
		return error_set(err, errno, "create %s", PLACE_MARK);
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return error_set(err, errno, "write %s", PLACE_MARK);
	return 0;
}

int
mark_check(struct error *err)
{
	struct error missing = ERROR_INIT;
	char text[MARK_MAX];
	size_t length;
	autofree char *mark = path_read_trusted(PLACE_MARK, MARK_MAX, &length, &missing);

	if (!mark && missing.errnum == ENOENT)
		return 0;
	if (!mark) {
		*err = missing;
		return -1;
	}
	if (mark_text(text, sizeof(text), err) < 0)
		return -1;
	if (strcmp(mark, text) != 0)
		return error_set(err, EPERM, "this process is not in the namespaces that %s names",
		    PLACE_MARK);
	return 1;
}

/* No walk and no reopening: there is no /proc/self for a process that has just joined. */
int
mark_verify(const uint64_t namespaces[2], struct error *err)
{
	char wanted[MARK_MAX], text[MARK_MAX] = "";
	autofd int fd = open(PLACE_MARK, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (format_mark(wanted, sizeof(wanted), namespaces[0], namespaces[1]) < 0)
		return -1;
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0 || strcmp(text, wanted) != 0)
		return error_set(err, fd < 0 ? errno : 0, "this process does not see its container's %s: "
		    "does the login program run in a chroot?", PLACE_MARK);
	return 0;
}
