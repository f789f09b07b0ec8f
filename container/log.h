/*
 * The supervisor's one place that writes to the system log (authpriv): stable lines of
 * "event: name=value ...", greppable by user and by session.  An event is two words; a value has no
 * blank in it, or is in quotes.  pam_ctr(8) lists them all, and a test compares.
 */
#ifndef CONTAINER_LOG_H
#define CONTAINER_LOG_H

#include "lib/error.h"

/* Once, at the start: openlog(3) with pid, facility authpriv. */
void log_open(void);

/* priority: LOG_INFO, LOG_WARNING, ... of syslog(3); the text is one line. */
void log_line(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The line, and error="..." at its end, at LOG_ERR. */
void log_error(const struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
