/*
 * struct error: filled where an operation failed, reported once at the top.  Runs in every
 * program of ours, inside sshd too: allocates nothing, prints nothing, keeps errno.
 */
#include "lib/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
error_set(struct error *err, int errnum, const char *format, ...)
{
	int saved = errno;
	char text[ERROR_TEXT_MAX];
	va_list args;

	if (err == NULL)
		return -1;
	/* By way of a buffer of its own: the arguments may point into err->text. */
	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	err->errnum = errnum;
	memcpy(err->text, text, sizeof(text));
	errno = saved;
	return -1;
}

int
error_prefix(struct error *err, const char *format, ...)
{
	int saved = errno;
	char text[2 * ERROR_TEXT_MAX];
	va_list args;
	int length;

	if (err == NULL)
		return -1;
	va_start(args, format);
	length = vsnprintf(text, sizeof(err->text), format, args);
	va_end(args);
	if (length < 0)
		length = 0;
	if ((size_t)length >= sizeof(err->text))
		length = sizeof(err->text) - 1;
	(void)snprintf(text + length, sizeof(text) - (size_t)length, ": %s", err->text);
	/* Too long: the end goes, the wider object that was put in front stays. */
	text[sizeof(err->text) - 1] = '\0';
	memcpy(err->text, text, sizeof(err->text));
	errno = saved;
	return -1;
}

const char *
error_render(const struct error *err, char *buffer, unsigned long size)
{
	int saved = errno;

	if (size == 0)
		return "";
	/* A cut text is still a text: the result may be shorter than what was asked for. */
	if (err->errnum == 0)
		(void)snprintf(buffer, size, "%s", err->text);
	else
		(void)snprintf(buffer, size, "%s: %s", err->text, strerror(err->errnum));
	errno = saved;
	return buffer;
}
