/*
 * Runs as root in the container's first process.  Mount points hold whatever bytes a user
 * gave a directory: fields are cut at blanks, which the kernel escapes, and nothing else.
 */
#include "container/mountinfo.h"

#include "lib/mount_line.h"
#include "lib/own.h"
#include "lib/text.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MOUNTINFO_MAX (16 * 1024 * 1024)

char *
mountinfo_read(struct error *err)
{
	autofd int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	size_t room = 65536, length = 0;
	autofree char *text = malloc(room);

	while (text && fd >= 0) {
		ssize_t n = read(fd, text + length, room - length - 1);
		if (n < 0 && errno != EINTR)
			break;
		if (n == 0) {
			text[length] = '\0';
			return take_ptr(&text);
		}
		length += n > 0 ? (size_t)n : 0;
		if (room - length < 4096 && room < MOUNTINFO_MAX) {
			char *more = realloc(text, room *= 2);
			if (!more)
				break;
			text = more;
		}
		errno = EFBIG;
		if (room - length < 2)
			break;
	}
	(void)error_set(err, errno, "read /proc/self/mountinfo");
	return NULL;
}

/* "id parent major:minor root point options [optional...] - type source options" */
static bool
parse(char *line, struct mountinfo *mount)
{
	char *dash = strstr(line, " - ");
	char *field[5];
	char *at = line;

	if (!dash)
		return false;
	*dash = '\0';
	for (int i = 0; i < 5; i++) {
		field[i] = at;
		at += strcspn(at, " ");
		if (*at)
			*at++ = '\0';
	}
	char *type = dash + 3;
	type[strcspn(type, " ")] = '\0';
	mount_line_unescape(field[4]);
	mount->point = field[4];
	mount->type = type;
	return field[4][0] == '/' && text_to_number(field[0], INT32_MAX, &mount->id);
}

bool
mountinfo_next(char **cursor, struct mountinfo *mount)
{
	for (char *line; (line = text_next_line(cursor));)
		if (parse(line, mount))
			return true;
	return false;
}

uint64_t
mountinfo_id(int fd)
{
	static const char key[] = "\nmnt_id:\t";
	char path[64], text[512];
	uint64_t id;

	if (text_format(path, sizeof(path), "/proc/self/fdinfo/%d", fd) < 0)
		return 0;
	autofd int info = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = info < 0 ? -1 : read(info, text, sizeof(text) - 1);
	if (length < 0)
		return 0;
	text[length] = '\0';
	char *value = strstr(text, key);
	errno = EINVAL;
	if (!value)
		return 0;
	value += sizeof(key) - 1;
	value[strcspn(value, "\n")] = '\0';
	return text_to_number(value, INT32_MAX, &id) ? id : 0;
}
