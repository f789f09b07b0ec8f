/*
 * Strict text -> number, and text for logs.  Everything that comes from a file, a packet or
 * /proc passes through here, so there is one idea of a number: digits, in range, to the end.
 */
#include "lib/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit byte_unit[] = {
	{ "", 1 }, { "B", 1 },
	{ "K", UINT64_C(1) << 10 }, { "KB", UINT64_C(1) << 10 }, { "KiB", UINT64_C(1) << 10 },
	{ "M", UINT64_C(1) << 20 }, { "MB", UINT64_C(1) << 20 }, { "MiB", UINT64_C(1) << 20 },
	{ "G", UINT64_C(1) << 30 }, { "GB", UINT64_C(1) << 30 }, { "GiB", UINT64_C(1) << 30 },
	{ "T", UINT64_C(1) << 40 }, { "TB", UINT64_C(1) << 40 }, { "TiB", UINT64_C(1) << 40 },
	{ NULL, 0 },
};

static const struct unit second_unit[] = {
	{ "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { NULL, 0 },
};

/* Reads digits up to max; returns what follows them, or NULL. */
static const char *
read_digits(const char *text, uint64_t max, uint64_t *number)
{
	uint64_t value = 0;

	if (*text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++) {
		uint64_t digit = (uint64_t)(*text - '0');

		if (digit > max || value > (max - digit) / 10)
			return NULL;
		value = value * 10 + digit;
	}
	*number = value;
	return text;
}

static bool
read_united(const char *text, const struct unit *unit, uint64_t *number)
{
	uint64_t value = 0;
	const char *rest = read_digits(text, UINT64_MAX, &value);

	if (rest == NULL)
		return false;
	for (; unit->name != NULL; unit++) {
		if (strcasecmp(rest, unit->name) != 0)
			continue;
		if (value > UINT64_MAX / unit->factor)
			return false;
		*number = value * unit->factor;
		return true;
	}
	return false;
}

bool
text_to_number(const char *text, uint64_t max, uint64_t *number)
{
	uint64_t value = 0;
	const char *rest = read_digits(text, max, &value);

	if (rest == NULL || *rest != '\0')
		return false;
	*number = value;
	return true;
}

bool
text_to_bytes(const char *text, uint64_t *bytes)
{
	return read_united(text, byte_unit, bytes);
}

bool
text_to_seconds(const char *text, uint64_t *seconds)
{
	return read_united(text, second_unit, seconds);
}

const char *
text_escape(const char *text, char *buffer, size_t size)
{
	static const char hex[] = "0123456789abcdef";
	static const char cut[] = "...";
	size_t used = 0, fits = 0; /* fits: the last end of a character that leaves room for cut */

	if (size == 0)
		return "";
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		bool plain = c >= 32 && c <= 126 && c != '"' && c != '\\';
		size_t width = plain ? 1 : 4;

		if (used + width >= size)
			break;
		if (plain) {
			buffer[used] = *text;
		} else {
			buffer[used] = '\\';
			buffer[used + 1] = 'x';
			buffer[used + 2] = hex[c >> 4];
			buffer[used + 3] = hex[c & 15];
		}
		used += width;
		if (used + sizeof(cut) <= size)
			fits = used;
	}
	buffer[used] = '\0';
	if (*text != '\0' && size >= sizeof(cut))
		memcpy(buffer + fits, cut, sizeof(cut));
	return buffer;
}

int
text_format(char *buffer, size_t size, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(buffer, size, format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return 0;
}

char *
text_next_line(char **cursor)
{
	char *line = *cursor, *end;

	if (line == NULL || *line == '\0')
		return NULL;
	end = strchr(line, '\n');
	if (end != NULL)
		*end++ = '\0';
	*cursor = end;
	return line;
}
