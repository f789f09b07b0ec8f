/*
 * syslog(3), whose socket is opened before anything else is; names and addresses that a
 * user or a remote side chose are escaped by the caller.
 */
#include "container/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

void
log_open(void)
{
	openlog("pam_ctr", LOG_PID, LOG_AUTHPRIV);
}

void
log_line(int priority, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsyslog(priority, format, list);
	va_end(list);
}

void
log_error(const struct error *err, const char *format, ...)
{
	char what[256], text[640];
	va_list list;

	va_start(list, format);
	(void)vsnprintf(what, sizeof(what), format, list);
	va_end(list);
	(void)error_render(err, text, sizeof(text));
	/* One quoted value, whatever the error quotes. */
	for (char *c = text; *c; c++)
		if (*c == '"')
			*c = '\'';
	syslog(LOG_ERR, "%s error=\"%s\"", what, text);
}
