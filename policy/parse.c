/*
 * First pass: bytes -> sections and settings.  Each line is judged on its own; a bad one is
 * a fault and the next is read all the same, so that an admin sees all faults at once.
 * Runs on what only root could have written, but ctrctl check takes anybody's file.
 */
#include "policy/combination.h"
#include "policy/parse.h"

#include "lib/text.h"

#include <stdio.h>
#include <string.h>

#define NAME_LENGTH_MAX 255

enum parser_state {
	BEFORE_SECTIONS,
	IN_SECTION,        /* the last of the text's */
	IN_UNKNOWN_SECTION /* what is below can't be judged */
};

struct parser {
	struct policy_text *text;
	struct fault_list *faults;
	struct origin at;
	enum parser_state state;
};

static char *
trim(char *text)
{
	size_t length;

	text += strspn(text, " \t");
	for (length = strlen(text); length > 0; length--) {
		if (text[length - 1] != ' ' && text[length - 1] != '\t')
			break;
	}
	text[length] = '\0';
	return text;
}

/* '#' and ';' begin a comment at the line's start and after whitespace. */
static void
cut_comment(char *line)
{
	char *c;

	for (c = line; *c != '\0'; c++) {
		if ((*c == '#' || *c == ';') && (c == line || c[-1] == ' ' || c[-1] == '\t')) {
			*c = '\0';
			return;
		}
	}
}

static void
unknown_section(struct parser *parser, const char *word)
{
	char buffer[64];
	const char *meant = NULL;
	int kind;

	for (kind = 0; kind < SECTION_KINDS; kind++) {
		if (key_distance(word, section_kind_name((enum section_kind)kind)) < 3)
			meant = section_kind_name((enum section_kind)kind);
	}
	if (meant != NULL)
		fault_add(parser->faults, parser->at, NULL,
		    "[%s]: unknown section; did you mean [%s]?",
		    text_escape(word, buffer, sizeof(buffer)), meant);
	else
		fault_add(parser->faults, parser->at, NULL, "[%s]: unknown section; there are "
		    "[host], [slice NAME], [default], [group NAME], [user NAME], [service NAME]",
		    text_escape(word, buffer, sizeof(buffer)));
}

/* What a section's name can be; a slice's is a directory's, too. */
static bool
check_name(struct parser *parser, enum section_kind kind, const char *name)
{
	const char *kind_name = section_kind_name(kind);
	struct value value;

	if (!section_has_name(kind)) {
		if (name[0] != '\0')
			fault_add(parser->faults, parser->at, NULL, "[%s]: takes no name",
			    kind_name);
		return name[0] == '\0';
	}
	if (name[0] == '\0') {
		fault_add(parser->faults, parser->at, NULL, "[%s]: needs a name: [%s NAME]",
		    kind_name, kind_name);
		return false;
	}
	if (strlen(name) > NAME_LENGTH_MAX) {
		fault_add(parser->faults, parser->at, NULL, "[%s]: name of more than %d bytes",
		    kind_name, NAME_LENGTH_MAX);
		return false;
	}
	if (kind != SECTION_SLICE)
		return true;
	if (strcmp(name, VALUE_NONE) == 0) {
		fault_add(parser->faults, parser->at, NULL, "[%s]: \"" VALUE_NONE "\" means no "
		    "slice; take another name", kind_name);
		return false;
	}
	if (!value_normalise(VALUE_SLICE, name, NULL, &value)) {
		fault_add(parser->faults, parser->at, NULL, "[%s]: %s", kind_name, value.reason);
		return false;
	}
	return true;
}

static void
parse_section(struct parser *parser, char *line)
{
	size_t length = strlen(line);
	char *word, *name;
	int kind;

	parser->state = IN_UNKNOWN_SECTION;
	if (line[length - 1] != ']') {
		fault_add(parser->faults, parser->at, NULL, "no \"]\" at the end of the section");
		return;
	}
	line[length - 1] = '\0';
	word = trim(line + 1);
	name = word + strcspn(word, " \t");
	if (*name != '\0')
		*name++ = '\0';
	name = trim(name);
	for (kind = 0; kind < SECTION_KINDS; kind++) {
		if (strcmp(word, section_kind_name((enum section_kind)kind)) == 0)
			break;
	}
	if (kind == SECTION_KINDS) {
		unknown_section(parser, word);
		return;
	}
	if (!check_name(parser, (enum section_kind)kind, name))
		return;
	if (section_add(parser->text, (enum section_kind)kind, name, parser->at) == NULL)
		fault_add(parser->faults, parser->at, NULL, "no memory to read it");
	else
		parser->state = IN_SECTION;
}

static void
unknown_key(struct parser *parser, const char *name)
{
	char buffer[64];
	const char *meant = key_suggest(name);

	(void)text_escape(name, buffer, sizeof(buffer));
	if (meant != NULL)
		fault_add(parser->faults, parser->at, buffer,
		    "unknown key; did you mean %s?", meant);
	else
		fault_add(parser->faults, parser->at, buffer,
		    "unknown key; pam_ctr.conf(5) lists them");
}

/* False where this section must not have the key, or has it already. */
static bool
check_key(struct parser *parser, const struct section *section, const struct key *key)
{
	size_t i;

	if (!(key->places & section_place(section->kind))) {
		fault_add(parser->faults, parser->at, key->name,
		    "not a key of [%s]; it belongs in %s", section_kind_name(section->kind),
		    key->places & KEY_IN_HOST ? "[host]" :
		    "[default], [group NAME], [user NAME] or [service NAME]");
		return false;
	}
	for (i = 0; i < section->count; i++) {
		if (section->setting[i].key != key)
			continue;
		fault_add(parser->faults, parser->at, key->name,
		    "is in this section already, at line %u", section->setting[i].origin.line);
		return false;
	}
	return true;
}

static void
parse_setting(struct parser *parser, const char *name, const char *value)
{
	struct section *section;
	struct value normal;
	const struct key *key = key_find(name);

	/* Its section was a fault already; in another one the key may be right. */
	if (parser->state == IN_UNKNOWN_SECTION)
		return;
	if (key == NULL) {
		unknown_key(parser, name);
		return;
	}
	if (parser->state == BEFORE_SECTIONS) {
		fault_add(parser->faults, parser->at, key->name, "before any [section]");
		return;
	}
	section = &parser->text->section[parser->text->sections - 1];
	if (!check_key(parser, section, key))
		return;
	if (!value_normalise(key->type, value, NULL, &normal)) {
		fault_add(parser->faults, parser->at, key->name, "%s", normal.reason);
		/* The rules of combinations must not take it for the default. */
		value = combination_has(key) ? SETTING_REFUSED : NULL;
	}
	if (value != NULL && section_add_setting(section, key, value, parser->at) == NULL)
		fault_add(parser->faults, parser->at, key->name, "no memory to read it");
}

/* "key = value", or nothing that we know. */
static void
parse_equation(struct parser *parser, char *line)
{
	char *value = strchr(line, '=');

	if (value == NULL) {
		char buffer[64];

		fault_add(parser->faults, parser->at, NULL, "\"%s\" is neither [section] nor "
		    "key = value", text_escape(line, buffer, sizeof(buffer)));
		return;
	}
	*value++ = '\0';
	parse_setting(parser, trim(line), trim(value));
}

/* False: this is no text file, and what follows is no use either. */
static bool
check_bytes(struct parser *parser, const char *line, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++) {
		unsigned char c = (unsigned char)line[i];

		if ((c >= 32 && c != 127) || c == '\t')
			continue;
		if (c == '\r' && i == length - 1)
			fault_add(parser->faults, parser->at, NULL,
			    "ends in a carriage return: write it with Unix line ends");
		else
			fault_add(parser->faults, parser->at, NULL,
			    "has byte 0x%02x: not a text file", c);
		return false;
	}
	return true;
}

static void
parse_line(struct parser *parser, const char *content, size_t length)
{
	char line[VALUE_LINE_MAX + 1];
	char *text;

	memcpy(line, content, length);
	line[length] = '\0';
	cut_comment(line);
	text = trim(line);
	if (text[0] == '[')
		parse_section(parser, text);
	else if (text[0] != '\0')
		parse_equation(parser, text);
}

void
parse_file(struct policy_text *text, const char *name, const char *content, size_t length,
    struct fault_list *faults)
{
	struct parser parser = { text, faults, { name, 0 }, BEFORE_SECTIONS };
	const char *end = content + length;

	parser.at.file = section_add_file(text, name);
	if (parser.at.file == NULL || length > POLICY_FILE_MAX) {
		parser.at.file = name;
		fault_add(faults, parser.at, NULL, length > POLICY_FILE_MAX ?
		    "larger than 1 MiB: not a policy file" : "no memory to read it");
		return;
	}
	while (content < end) {
		const char *newline = memchr(content, '\n', (size_t)(end - content));
		size_t size = (size_t)((newline != NULL ? newline : end) - content);

		parser.at.line++;
		if (!check_bytes(&parser, content, size))
			return;
		if (size > VALUE_LINE_MAX)
			fault_add(faults, parser.at, NULL, "longer than %d bytes", VALUE_LINE_MAX);
		else
			parse_line(&parser, content, size);
		content += size + (newline != NULL);
	}
}
