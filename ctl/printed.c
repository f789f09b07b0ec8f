/*
 * Lines of two forms, of which the first parts have no blanks and the last follows "# ".
 */
#include "ctl/printed.h"

#include "lib/text.h"

#include <string.h>

static void
trim_end(char *text)
{
	size_t length = strlen(text);

	while (length > 0 && text[length - 1] == ' ')
		text[--length] = '\0';
}

/* What follows the last "  # ", cut off; "" where there is none. */
static const char *
cut_comment(char *line)
{
	char *found = NULL;

	for (char *at = line; (at = strstr(at, "  # ")); at += strlen("  # "))
		found = at;
	if (!found)
		return "";
	*found = '\0';
	trim_end(line);
	return found + strlen("  # ");
}

static void
put_value(char *line, const char *section, struct json *json)
{
	const char *from = cut_comment(line);
	char *equals = strstr(line, " = ");

	if (!equals)
		return;
	*equals = '\0';
	json_object(json, NULL);
	json_text(json, "section", section);
	json_text(json, "key", line);
	json_text(json, "value", equals + strlen(" = "));
	json_text(json, "from", from);
	json_object_end(json);
}

void
printed_policy_json(char *text, struct json *json)
{
	const char *section = "";
	char *line;

	while ((line = text_next_line(&text))) {
		if (line[0] == '[') {
			section = line + 1;
			line[strcspn(line, "]")] = '\0';
		} else if (line[0] && line[0] != '#') {
			put_value(line, section, json);
		}
	}
}

/* The word at *text, which moves on to what follows. */
static const char *
take_word(char **text)
{
	char *word = *text;

	*text += strcspn(*text, " ");
	if (**text)
		*(*text)++ = '\0';
	*text += strspn(*text, " ");
	return word;
}

void
printed_plan_json(char *text, struct json *json)
{
	char *line;

	while ((line = text_next_line(&text))) {
		if (!line[0] || line[0] == '#')
			continue;
		const char *because = cut_comment(line);
		const char *phase = take_word(&line);
		const char *kind = take_word(&line);
		json_object(json, NULL);
		json_text(json, "phase", phase);
		json_text(json, "kind", kind);
		json_text(json, "step", line);
		json_text(json, "because", because);
		json_object_end(json);
	}
}
