/*
 * A line of the host's syslog -> what pam_ctr said, when, and of whom.  Pure.  The line has what
 * users and remote sides chose in it, and other programs' lines may imitate ours: only a line
 * whose program is ours, or whose message begins as libpam begins the module's, is taken.
 */
#ifndef CTL_LOG_LINE_H
#define CTL_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LOG_TEXT_MAX 4096

struct log_line {
	int64_t second;          /* since the epoch; 0: the line does not tell */
	char text[LOG_TEXT_MAX]; /* "event: key=value ..." */
};

/* now: what year lines without one are of.  False: it is not pam_ctr's. */
bool log_line_parse(const char *text, int64_t now, struct log_line *line);

/* The event's name, before the first ": "; "" where there is none. */
void log_event(const char *text, char *event, size_t size);

/*
 * The next "key=value" of text from *cursor (first: text) on; a value in quotes may have blanks.
 * False: there are no more.
 */
bool log_field(const char **cursor, char *key, size_t key_size, char *value, size_t value_size);

/* For a terminal: bytes that could speak to it become \xNN; cut where it does not fit. */
const char *log_escape(const char *text, char *buffer, size_t size);

/*
 * Whether the text is of this user: by its first user= or uid=, since what stands behind may
 * be anybody's words.
 */
bool log_is_of(const char *text, const char *user, uid_t uid);

#endif
