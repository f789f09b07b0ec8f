/*
 * Names are bytes; JSON and metrics want characters.
 */
#ifndef CTL_UTF8_H
#define CTL_UTF8_H

#include <stddef.h>

/* How many bytes the UTF-8 character at text has (RFC 3629), 0 if it is none.  text ends with a NUL. */
size_t utf8_length(const unsigned char *text);

#endif
