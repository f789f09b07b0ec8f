/*
 * What is printed of names that users chose: JSON must be JSON whatever bytes they are, and a log's
 * text must be one line of printable ones.  Numbers of the command line and the policy, besides.
 */
#include "fuzz.h"

#include "ctl/json.h"
#include "ctl/utf8.h"
#include "lib/own.h"
#include "lib/text.h"

#include <stdio.h>
#include <string.h>

/* A JSON string ends at the first quote that no backslash is before. */
static void
check_json(const char *text)
{
	char *printed = NULL;
	size_t length;
	FILE *out = open_memstream(&printed, &length);
	struct json json = { .out = out };

	fuzz_check(out != NULL);
	json_text(&json, NULL, text);
	fuzz_check(fclose(out) == 0 && length >= 2 && strlen(printed) == length);
	const char *at = strchr(printed, '"');
	fuzz_check(at != NULL);
	for (at++; *at != '"';) {
		size_t bytes = utf8_length((const unsigned char *)at);
		fuzz_check(bytes > 0 && (unsigned char)*at >= ' ', "%s", printed);
		at += *at == '\\' ? 2 : bytes;
	}
	fuzz_check(at[1 + strspn(at + 1, "\n")] == '\0', "%s", printed);
	free(printed);
}

static void
check_escape(const char *text, size_t size)
{
	char shown[64];
	autofree char *whole = malloc(4 * size + 8);

	fuzz_check(whole != NULL);
	fuzz_check(fuzz_is_printable(text_escape(text, shown, sizeof(shown))), "%s", shown);
	fuzz_check(strlen(shown) < sizeof(shown) && !strchr(shown, '"'), "%s", shown);
	fuzz_check(fuzz_is_printable(text_escape(text, whole, 4 * size + 8)), "%s", whole);
	fuzz_check(strlen(whole) >= strlen(text));
}

/* What is taken as a number is written of digits alone. */
static void
check_numbers(const char *text)
{
	uint64_t number;

	if (text_to_number(text, UINT32_MAX, &number))
		fuzz_check(number <= UINT32_MAX && text[0] && text[strspn(text, "0123456789")] == '\0');
	if (text_to_bytes(text, &number))
		fuzz_check(strspn(text, "0123456789") > 0);
	if (text_to_seconds(text, &number))
		fuzz_check(strspn(text, "0123456789") > 0);
}

static void
check_lines(const char *text, size_t size)
{
	autofree char *copy = fuzz_text((const uint8_t *)text, size);
	char *cursor = copy, *line;
	size_t total = 0;

	while ((line = text_next_line(&cursor))) {
		fuzz_check(!strchr(line, '\n'));
		total += strlen(line) + 1;
	}
	fuzz_check(total <= size + 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = fuzz_text(data, size);

	check_json(text);
	check_escape(text, strlen(text));
	check_numbers(text);
	check_lines(text, strlen(text));
	return 0;
}
