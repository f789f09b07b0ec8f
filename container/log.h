/*
 * The supervisor's one place that writes to the system log (authpriv): stable lines of
 * "event: name=value ...", greppable by user and by session.
 */
#ifndef CONTAINER_LOG_H
#define CONTAINER_LOG_H

#include "lib/error.h"

/* Once, at the start: openlog(3) with pid, facility authpriv. */
void log_open(void);

/* priority: LOG_INFO, LOG_WARNING, ... of syslog(3); the text is one line. */
void log_line(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "what: error" at LOG_ERR. */
void log_error(const struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
