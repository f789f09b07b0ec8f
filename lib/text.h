/*
 * Strict text -> number, and text for logs.  No sign, no space, nothing after the number,
 * no silent overflow.
 */
#ifndef LIB_TEXT_H
#define LIB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal, 0..max, the whole of text. */
bool text_to_number(const char *text, uint64_t max, uint64_t *number);

/* Bytes: digits with an optional K, M, G, T (powers of 1024; "KiB", "MB", "B" spellings too). */
bool text_to_bytes(const char *text, uint64_t *bytes);

/* Seconds: digits with an optional s, m or h. */
bool text_to_seconds(const char *text, uint64_t *seconds);

/*
 * Copies text into buffer for a log line: control bytes, '"', '\\' and bytes above 126
 * become \xNN; cut with "..." where it does not fit.  Returns buffer.
 */
const char *text_escape(const char *text, char *buffer, size_t size);

/* snprintf that fails (-1, errno ENAMETOOLONG) where the result does not fit. */
int text_format(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The current line of an in-memory file; for /proc readers.  NULL at the end; cuts at '\n'. */
char *text_next_line(char **cursor);

#endif
