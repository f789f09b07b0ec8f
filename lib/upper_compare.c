/*
 * Runs as root in ctrctl.  Files are opened only where they are regular ones, by what was
 * looked at, so that neither a fifo nor a link that comes in between is.
 */
#include "lib/upper_compare.h"

#include "lib/own.h"
#include "lib/path.h"
#include "lib/text.h"
#include "lib/upper_mark.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#define CHUNK 65536
#define ACL "system.posix_acl_"
/* Attributes that are a user's; the rest is the kernel's, or names no content. */
static const char *const own_prefix[] = { "user.", ACL, "security.capability" };

/* A descriptor of each, O_PATH, and by it a name that no one can change. */
struct pair {
	int fd[2];
	char path[2][32];
};

static int
open_pair(struct pair *pair, const struct upper_name *above, const struct upper_name *below)
{
	const struct upper_name *const both[] = { above, below };

	for (int i = 0; i < 2; i++) {
		const char *name = both[i]->name[0] ? both[i]->name : ".";
		pair->fd[i] = openat(both[i]->directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		(void)text_format(pair->path[i], sizeof(pair->path[i]), "/proc/self/fd/%d", pair->fd[i]);
	}
	return pair->fd[0] < 0 || pair->fd[1] < 0 ? -1 : 0;
}

static bool
is_same_chunk(const int fd[2], off_t offset, size_t length)
{
	static char text[2][CHUNK];

	for (int i = 0; i < 2; i++)
		for (size_t got = 0; got < length;) {
			ssize_t n = pread(fd[i], text[i] + got, length - got, offset + (off_t)got);
			if (n <= 0)
				return false;
			got += (size_t)n;
		}
	return memcmp(text[0], text[1], length) == 0;
}

/* Holes are passed over: a sparse file may be larger than any disk. */
static off_t
next_data(const int fd[2], off_t offset, off_t size)
{
	off_t next = size;

	for (int i = 0; i < 2; i++) {
		off_t data = lseek(fd[i], offset, SEEK_DATA);
		if (data < 0 && errno != ENXIO)
			return offset;
		if (data >= 0 && data < next)
			next = data;
	}
	return next;
}

static bool
is_same_content(const struct pair *pair, off_t size)
{
	struct error ignored = ERROR_INIT;
	autofd int above = path_reopen(pair->fd[0], O_RDONLY, &ignored);
	autofd int below = path_reopen(pair->fd[1], O_RDONLY, &ignored);
	const int fd[] = { above, below };

	if (above < 0 || below < 0)
		return false;
	for (off_t at = next_data(fd, 0, size); at < size; at = next_data(fd, at, size)) {
		size_t length = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
		if (!is_same_chunk(fd, at, length))
			return false;
		at += (off_t)length;
	}
	return true;
}

static bool
is_same_link(const struct pair *pair)
{
	char target[2][PATH_MAX];
	ssize_t length[2];

	for (int i = 0; i < 2; i++)
		length[i] = readlinkat(pair->fd[i], "", target[i], sizeof(target[i]));
	return length[0] >= 0 && length[0] == length[1] &&
	    memcmp(target[0], target[1], (size_t)length[0]) == 0;
}

static unsigned
content_differs(const struct pair *pair, const struct stat *above, const struct stat *below)
{
	bool is_same = true;

	if (S_ISREG(above->st_mode))
		is_same = above->st_size == below->st_size && is_same_content(pair, above->st_size);
	else if (S_ISLNK(above->st_mode))
		is_same = is_same_link(pair);
	else if (S_ISCHR(above->st_mode) || S_ISBLK(above->st_mode))
		is_same = above->st_rdev == below->st_rdev;
	return is_same ? 0 : UPPER_DIFFERS_CONTENT;
}

/* The bit of an attribute that is the user's; 0: of no concern. */
static unsigned
attribute_bit(const char *name)
{
	for (size_t i = 0; i < sizeof(own_prefix) / sizeof(own_prefix[0]); i++)
		if (!strncmp(name, own_prefix[i], strlen(own_prefix[i])))
			return strncmp(name, ACL, strlen(ACL)) != 0 ? UPPER_DIFFERS_XATTR : UPPER_DIFFERS_ACL;
	return 0;
}

static bool
is_same_attribute(const struct pair *pair, const char *name)
{
	autofree char *value = malloc(2 * CHUNK);
	ssize_t length[2];

	if (!value)
		return false;
	for (int i = 0; i < 2; i++)
		length[i] = getxattr(pair->path[i], name, value + i * CHUNK, CHUNK);
	return length[0] >= 0 && length[0] == length[1] &&
	    memcmp(value, value + CHUNK, (size_t)length[0]) == 0;
}

/* Of what either of the two has. */
static unsigned
attributes_differ(const struct pair *pair)
{
	autofree char *names = malloc(CHUNK);
	unsigned differs = 0;

	for (int i = 0; names && i < 2; i++) {
		ssize_t length = listxattr(pair->path[i], names, CHUNK);
		for (const char *name = names; name < names + length; name += strlen(name) + 1)
			if (attribute_bit(name) && !is_same_attribute(pair, name))
				differs |= attribute_bit(name);
	}
	return differs;
}

static bool
is_same_time(const struct stat *above, const struct stat *below)
{
	return above->st_mtim.tv_sec == below->st_mtim.tv_sec &&
	    above->st_mtim.tv_nsec == below->st_mtim.tv_nsec;
}

unsigned
upper_compare(const struct upper *upper, const struct upper_name *above,
    const struct upper_name *below)
{
	struct pair pair;
	unsigned differs = 0;

	if ((above->st->st_mode & 07777) != (below->st->st_mode & 07777))
		differs |= UPPER_DIFFERS_MODE;
	if (!upper_is_same_owner(upper, above->st, below->st))
		differs |= UPPER_DIFFERS_OWNER;
	if ((above->st->st_mode & S_IFMT) != (below->st->st_mode & S_IFMT))
		return differs | UPPER_DIFFERS_TYPE;
	if (!S_ISDIR(above->st->st_mode) && !is_same_time(above->st, below->st))
		differs |= UPPER_DIFFERS_TIME;
	if (open_pair(&pair, above, below) < 0)
		differs |= UPPER_DIFFERS_CONTENT;
	else {
		differs |= content_differs(&pair, above->st, below->st);
		if (!S_ISLNK(above->st->st_mode))
			differs |= attributes_differ(&pair);
	}
	own_close(&pair.fd[0]);
	own_close(&pair.fd[1]);
	return differs;
}
