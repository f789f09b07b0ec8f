/*
 * JSON, written by hand: a comma, an indent and an escape are less than a library.  Names
 * that users chose pass through it.
 */
#include "ctl/json.h"

#include "ctl/utf8.h"

#include <inttypes.h>
#include <stddef.h>

static void
put_text(FILE *out, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	(void)fputc('"', out);
	while (*at) {
		size_t length = utf8_length(at);
		if (length == 0)
			(void)fputs("\\ufffd", out);
		else if (*at < ' ' || *at == 127)
			(void)fprintf(out, "\\u%04x", *at);
		else if (length == 2 && *at == 0xc2 && at[1] < 0xa0) /* C1: controls to a terminal */
			(void)fprintf(out, "\\u%04x", at[1]);
		else if (*at == '"' || *at == '\\')
			(void)fprintf(out, "\\%c", *at);
		else
			(void)fwrite(at, 1, length, out);
		at += length ? length : 1;
	}
	(void)fputc('"', out);
}

static void
indent(const struct json *json)
{
	(void)fprintf(json->out, "\n%*s", (int)json->depth * 2, "");
}

static void
begin(struct json *json, const char *name)
{
	if (json->has_member)
		(void)fputc(',', json->out);
	if (json->depth > 0)
		indent(json);
	if (name) {
		put_text(json->out, name);
		(void)fputs(": ", json->out);
	}
	json->has_member = true;
}

static void
open_with(struct json *json, const char *name, char bracket)
{
	begin(json, name);
	(void)fputc(bracket, json->out);
	json->depth++;
	json->has_member = false;
}

static void
close_with(struct json *json, char bracket)
{
	json->depth--;
	if (json->has_member)
		indent(json);
	(void)fputc(bracket, json->out);
	if (json->depth == 0)
		(void)fputc('\n', json->out);
	json->has_member = true;
}

void
json_object(struct json *json, const char *name)
{
	open_with(json, name, '{');
}

void
json_object_end(struct json *json)
{
	close_with(json, '}');
}

void
json_list(struct json *json, const char *name)
{
	open_with(json, name, '[');
}

void
json_list_end(struct json *json)
{
	close_with(json, ']');
}

void
json_text(struct json *json, const char *name, const char *text)
{
	begin(json, name);
	put_text(json->out, text);
}

void
json_number(struct json *json, const char *name, uint64_t number)
{
	begin(json, name);
	(void)fprintf(json->out, "%" PRIu64, number);
}

void
json_yes_no(struct json *json, const char *name, bool yes)
{
	begin(json, name);
	(void)fputs(yes ? "true" : "false", json->out);
}

void
json_null(struct json *json, const char *name)
{
	begin(json, name);
	(void)fputs("null", json->out);
}
