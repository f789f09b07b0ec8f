/*
 * JSON as RFC 8259 has it, written member by member, indented.
 */
#ifndef CTL_JSON_H
#define CTL_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Begins as { .out = FILE }. */
struct json {
	FILE *out;
	unsigned depth;
	bool has_member; /* of what is open: the next one needs a comma */
};

/* name is NULL for the elements of a list, and for the outermost value. */
void json_object(struct json *json, const char *name);
void json_object_end(struct json *json);
void json_list(struct json *json, const char *name);
void json_list_end(struct json *json);

/*
 * Any bytes up to the NUL: control bytes are escaped, and what is no UTF-8 becomes U+FFFD,
 * one a byte.
 */
void json_text(struct json *json, const char *name, const char *text);
void json_number(struct json *json, const char *name, uint64_t number);
void json_yes_no(struct json *json, const char *name, bool yes);
void json_null(struct json *json, const char *name);

#endif
