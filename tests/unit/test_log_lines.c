/*
 * What pam_ctr(8) says of the log's lines is what the source writes: each format of a call that
 * logs is in the manual's form, and its event with its fields is in the manual.
 */
#include "lib/own.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_SIZE 1024

static char *
read_file(const char *path)
{
	FILE *in = fopen(path, "re");
	char *text = NULL;
	size_t room = 0;

	cr_assert(in != NULL, "%s", path);
	ssize_t length = getdelim(&text, &room, '\0', in);
	cr_assert(length > 0, "%s", path);
	(void)fclose(in);
	return text;
}

/* The string literals from at on, as the compiler joins them; false: the argument is none. */
static bool
join_literals(const char *at, char *out, size_t size)
{
	size_t n = 0;

	at += strcspn(at, "\";");
	if (*at != '"')
		return false;
	while (*at == '"') {
		for (at++; *at != '"'; at++) {
			cr_assert(n + 1 < size && *at != '\0');
			at += *at == '\\';
			out[n++] = *at;
		}
		at++;
		at += strspn(at, " \t\n");
	}
	out[n] = '\0';
	return true;
}

/* "event: a=%s b=\"%s\"" becomes "event: a= b="; fixed values stay. */
static bool
to_form(const char *format, char *out, size_t size)
{
	const char *colon = strstr(format, ": ");
	size_t n;

	if (colon == NULL || memchr(format, ' ', (size_t)(colon - format)) == NULL)
		return false;
	n = (size_t)snprintf(out, size, "%.*s:", (int)(colon - format), format);
	for (const char *at = colon + 2; *at != '\0';) {
		size_t name = strspn(at, "abcdefghijklmnopqrstuvwxyz_");
		if (name == 0 || at[name] != '=')
			return false;
		const char *value = at + name + 1;
		size_t length = value[0] == '"' ? strcspn(value + 1, "\"") + 2 : strcspn(value, " ");
		bool is_fixed = value[0] != '"' && memchr(value, '%', length) == NULL && value[0] != '/';
		n += (size_t)snprintf(out + n, size - n, " %.*s=%.*s", (int)name, at,
		    is_fixed ? (int)length : 0, value);
		at = value + length;
		if (*at != '\0' && *at++ != ' ')
			return false;
	}
	return true;
}

/* The manual's "[name=]" may be there or not; an event's second word may be a format's %s. */
static bool
fits(const char *form, const char *manual)
{
	for (;;) {
		size_t ours = strcspn(form, " "), theirs = strcspn(manual, " \n");
		bool is_optional = manual[0] == '[';
		size_t trim = is_optional ? 1 : 0;
		bool is_same = (ours == theirs - 2 * trim && strncmp(form, manual + trim, ours) == 0) ||
		    strncmp(form, "%s:", 3) == 0;

		if (!is_same && !is_optional)
			return false;
		form += is_same ? ours : 0;
		manual += theirs;
		if (is_same && *form == '\0')
			return *manual == '\n' || *manual == ' ';
		if (*manual != ' ')
			return false;
		manual++;
		form += is_same && *form == ' ';
	}
}

static bool
is_in_manual(const char *manual, const char *form)
{
	for (const char *line = manual; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (fits(form, line))
			return true;
	}
	return false;
}

static unsigned
check_calls(const char *path, const char *call, const char *appended, const char *manual)
{
	autofree char *text = read_file(path);
	char format[LINE_MAX_SIZE], form[LINE_MAX_SIZE + 16];
	unsigned found = 0;

	for (const char *at = text; (at = strstr(at, call)) != NULL; at++) {
		const char *debug = strstr(at, "LOG_DEBUG");
		if (isalnum((unsigned char)at[-1]) || at[-1] == '_' ||
		    (debug != NULL && debug < strchr(at, '"')) || !join_literals(at, format, sizeof(format)))
			continue;
		found++;
		(void)snprintf(format + strlen(format), sizeof(format) - strlen(format), "%s", appended);
		cr_expect(to_form(format, form, sizeof(form)), "%s: not of the form: %s", path, format);
		cr_expect(is_in_manual(manual, form), "%s: not in pam_ctr(8): %s", path, form);
	}
	return found;
}

Test(log_lines, are_in_the_manual)
{
	autofree char *manual = read_file("man/pam_ctr.8");
	glob_t files;
	unsigned found = 0;

	cr_assert(glob("container/*.c", 0, NULL, &files) == 0);
	cr_assert(glob("pam_ctr/*.c", GLOB_APPEND, NULL, &files) == 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		if (strcmp(files.gl_pathv[i], "container/log.c") == 0)
			continue;
		found += check_calls(files.gl_pathv[i], "log_line(", "", manual);
		found += check_calls(files.gl_pathv[i], "log_error(", " error=", manual);
		found += check_calls(files.gl_pathv[i], "pam_syslog(", "", manual);
	}
	globfree(&files);
	cr_expect(found > 30, "%u", found);
}

/* Of the test itself. */
Test(log_lines, forms)
{
	char form[LINE_MAX_SIZE];

	cr_expect(to_form("two words: user=%s text=\"a b\" access=%s%s limit=pids.max", form, sizeof(form)));
	cr_expect_str_eq(form, "two words: user= text= access= limit=pids.max");
	cr_expect(!to_form("word: user=%s", form, sizeof(form)));
	cr_expect(!to_form("two words: user=%s and more", form, sizeof(form)));
	cr_expect(!to_form("two words", form, sizeof(form)));
	cr_expect(fits("two words: a= b=", "two words: a= b=\n"));
	cr_expect(fits("two words: a=", "two words: a= b=\n"));
	cr_expect(fits("two words: b=", "two words: [a=] b=\n"));
	cr_expect(fits("two words: a= b=", "two words: [a=] b=\n"));
	cr_expect(fits("two %s: a=", "two words: a=\n"));
	cr_expect(!fits("two words: b=", "two words: a= b=\n"));
	cr_expect(!fits("two words: a= c=", "two words: a= b=\n"));
	cr_expect(!fits("two worlds: a=", "two words: a=\n"));
}
