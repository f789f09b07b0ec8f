/*
 * Reading and writing the files of one cgroup directory.  Root's, on the host; below is only
 * what plan and supervisor made, no name here is a user's.
 */
#include "container/cgroup_file.h"

#include "lib/own.h"

#include <fcntl.h>
#include <string.h>

int
cgroup_file_write(int directory, const char *file, const char *value)
{
	autofd int fd = openat(directory, file, O_WRONLY | O_CLOEXEC);
	size_t length = strlen(value);
	ssize_t written;

	if (fd < 0)
		return -1;
	do
		written = write(fd, value, length);
	while (written < 0 && errno == EINTR);
	if (written >= 0 && (size_t)written != length)
		errno = EIO;
	return written >= 0 && (size_t)written == length ? 0 : -1;
}

long
cgroup_file_reread(int fd, char *text, size_t size)
{
	size_t length = 0;
	ssize_t got;

	do {
		got = pread(fd, text + length, size - 1 - length, (off_t)length);
		if (got > 0)
			length += (size_t)got;
	} while ((got > 0 && length < size - 1) || (got < 0 && errno == EINTR));
	text[length] = '\0';
	return got < 0 ? -1 : (long)length;
}

long
cgroup_file_read(int directory, const char *file, char *text, size_t size)
{
	autofd int fd = openat(directory, file, O_RDONLY | O_CLOEXEC);

	text[0] = '\0';
	return fd < 0 ? -1 : cgroup_file_reread(fd, text, size);
}

uint64_t
cgroup_file_count(const char *text, const char *key)
{
	size_t length = strlen(key);

	while (text) {
		if (strncmp(text, key, length) == 0 && text[length] == ' ')
			return strtoull(text + length, NULL, 10);
		text = strchr(text, '\n');
		text += text != NULL;
	}
	return 0;
}
