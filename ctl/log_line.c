/*
 * Lines as rsyslog, syslog-ng, busybox, socklog and journalctl -o short-iso write them:
 *	Nov 26 18:00:01 HOST IDENT[PID]: TEXT
 *	2026-11-26T18:00:01.123456+01:00 HOST IDENT[PID]: TEXT
 * both also with a "facility.level" before, and without the host.
 */
#include "ctl/log_line.h"

#include "lib/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define IDENT "pam_ctr"
#define DAY 86400

/* "+0100", "+01:00" or "Z" at *text, which moves behind it; seconds east of Greenwich. */
static bool
take_offset(const char **text, long *offset)
{
	unsigned hours, minutes;
	const char *at = *text;
	char sign = *at;

	*offset = 0;
	if (sign == 'Z') {
		*text = at + 1;
		return true;
	}
	if ((sign != '+' && sign != '-') || sscanf(at + 1, "%2u", &hours) != 1 || !isdigit((unsigned char)at[2]))
		return false;
	at += 3;
	at += *at == ':';
	if (!isdigit((unsigned char)at[0]) || !isdigit((unsigned char)at[1]) || sscanf(at, "%2u", &minutes) != 1)
		return false;
	*offset = (long)(hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
	*text = at + 2;
	return true;
}

static bool
take_iso_time(const char **text, int64_t *second)
{
	struct tm tm = { .tm_isdst = -1 };
	const char *at = strptime(*text, "%Y-%m-%dT%H:%M:%S", &tm);
	long offset;

	if (!at)
		return false;
	if (*at == '.' || *at == ',')
		at += 1 + strspn(at + 1, "0123456789");
	if (!take_offset(&at, &offset) || *at != ' ')
		return false;
	*second = (int64_t)timegm(&tm) - offset;
	*text = at + 1;
	return true;
}

/* Of the last twelve months: the year is not told. */
static bool
take_old_time(const char **text, int64_t now, int64_t *second)
{
	struct tm today, tm = { .tm_isdst = -1 };
	time_t now_time = (time_t)now;

	if (!localtime_r(&now_time, &today))
		return false;
	tm.tm_year = today.tm_year;
	const char *at = strptime(*text, "%b %d %H:%M:%S", &tm);
	if (!at || *at != ' ')
		return false;
	struct tm last = tm;
	*second = (int64_t)mktime(&tm);
	last.tm_year--;
	if (*second > now + DAY)
		*second = (int64_t)mktime(&last);
	*text = at + 1;
	return true;
}

static void
take_time(const char **text, int64_t now, int64_t *second)
{
	const char *rest = *text + strcspn(*text, " ");

	*second = 0;
	if (take_iso_time(text, second) || take_old_time(text, now, second))
		return;
	rest += *rest == ' ';
	if (take_iso_time(&rest, second) || take_old_time(&rest, now, second))
		*text = rest;
}

/* The program of "IDENT[PID]:" or "IDENT:"; false: the word is none. */
static bool
is_ident(const char *word, size_t length)
{
	return length > 1 && word[length - 1] == ':';
}

/* The message behind "HOST IDENT[PID]: "; *ours: the program is pam_ctr itself. */
static const char *
find_message(const char *text, bool *ours)
{
	size_t length = strcspn(text, " ");

	if (!is_ident(text, length) && text[length] == ' ') {
		text += length + 1;
		length = strcspn(text, " ");
	}
	if (!is_ident(text, length) || text[length] != ' ')
		return NULL;
	*ours = !strncmp(text, IDENT, strlen(IDENT)) &&
	    (text[strlen(IDENT)] == '[' || text[strlen(IDENT)] == ':');
	return text + length + 1;
}

/* The module's, through pam_syslog(3): "pam_ctr(sshd:session): TEXT". */
static const char *
module_message(const char *text)
{
	const char *end = strstr(text, "): ");

	if (strncmp(text, IDENT "(", strlen(IDENT "(")) != 0 || !end)
		return NULL;
	return end + strlen("): ");
}

bool
log_line_parse(const char *text, int64_t now, struct log_line *line)
{
	bool ours = false;

	take_time(&text, now, &line->second);
	text = find_message(text, &ours);
	if (text && !ours)
		text = module_message(text);
	if (!text)
		return false;
	return snprintf(line->text, sizeof(line->text), "%s", text) > 0;
}

void
log_event(const char *text, char *event, size_t size)
{
	const char *end = strstr(text, ": ");
	size_t length = end ? (size_t)(end - text) : 0;

	/* A sentence with a colon in it is no name. */
	if (length > 40 || memchr(text, '=', length) ||
	    text_format(event, size, "%.*s", (int)length, text) < 0)
		event[0] = '\0';
}

static const char *
take_value(const char *at, char *value, size_t size)
{
	const char *begin = at + (*at == '"');
	size_t length = strcspn(begin, *at == '"' ? "\"" : " ");

	(void)snprintf(value, size, "%.*s", (int)length, begin);
	begin += length;
	return begin + (*begin == '"');
}

bool
log_field(const char **cursor, char *key, size_t key_size, char *value, size_t value_size)
{
	const char *at = *cursor;

	while (*at) {
		size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz_");

		if (length > 0 && at[length] == '=' && length < key_size) {
			(void)snprintf(key, key_size, "%.*s", (int)length, at);
			*cursor = take_value(at + length + 1, value, value_size);
			return true;
		}
		at += strcspn(at, " ");
		at += strspn(at, " ");
	}
	*cursor = at;
	return false;
}

bool
log_is_of(const char *text, const char *user, uid_t uid)
{
	char key[16], value[256], number[16];

	(void)text_format(number, sizeof(number), "%u", (unsigned)uid);
	while (log_field(&text, key, sizeof(key), value, sizeof(value))) {
		if (!strcmp(key, "user"))
			return strcmp(value, user) == 0;
		if (!strcmp(key, "uid"))
			return strcmp(value, number) == 0;
	}
	return false;
}

const char *
log_escape(const char *text, char *buffer, size_t size)
{
	size_t length = 0;

	for (; *text && length + 5 < size; text++) {
		unsigned char byte = (unsigned char)*text;
		if (byte >= ' ' && byte < 127)
			buffer[length++] = (char)byte;
		else
			length += (size_t)snprintf(buffer + length, size - length, "\\x%02x", byte);
	}
	buffer[length] = '\0';
	return buffer;
}
