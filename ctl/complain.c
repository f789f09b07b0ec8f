/*
 * The one place where ctrctl speaks of what went wrong, and who may ask it.
 */
#include "ctl/command.h"

#include "lib/mark.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define COMPLAINT_MAX 2048

void
complain_line(const char *text)
{
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;
		if (byte < ' ' || byte > '~')
			(void)fprintf(stderr, "\\x%02x", byte);
		else
			(void)fputc(byte, stderr);
	}
	(void)fputc('\n', stderr);
}

int
complain(enum ctl_exit code, const char *format, ...)
{
	char text[COMPLAINT_MAX];
	va_list list;

	va_start(list, format);
	(void)vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	(void)fputs("ctrctl: ", stderr);
	complain_line(text);
	return (int)code;
}

int
complain_error(const char *what, const struct error *err)
{
	char text[640];
	bool denied = geteuid() != 0 && (err->errnum == EACCES || err->errnum == EPERM);

	return complain(denied ? CTL_DENIED : CTL_FAILED, "%s: %s", what,
	    error_render(err, text, sizeof(text)));
}

/*
 * Inside, /run/pam_ctr is hidden and every answer would be wrong; root of a container that
 * asks, by sudo or nsenter, is told so instead.
 */
int
caller_check(const char *command)
{
	struct error err = ERROR_INIT;

	if (geteuid() != 0)
		return complain(CTL_DENIED, "%s: only root may do this: log in as root, or use sudo",
		    command);
	int inside = mark_check(&err);
	if (inside > 0)
		return complain(CTL_DENIED, "%s: this is the inside of a container: "
		    "run it on the host", command);
	return inside < 0 ? complain_error(command, &err) : CTL_OK;
}

int
output_end(int code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	return complain(CTL_FAILED, "write to standard output: %m");
}
