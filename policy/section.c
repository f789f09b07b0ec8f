/*
 * Sections and settings in memory: made by the parser, read by all that follows.
 */
#include "policy/section.h"

#include "policy/array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	bool has_name;
	enum key_place place;
} section_kind[SECTION_KINDS] = {
	[SECTION_HOST] = { "host", false, KEY_IN_HOST },
	[SECTION_SLICE] = { "slice", true, KEY_IN_SLICE },
	[SECTION_DEFAULT] = { "default", false, KEY_IN_USER },
	[SECTION_GROUP] = { "group", true, KEY_IN_USER },
	[SECTION_USER] = { "user", true, KEY_IN_USER },
	[SECTION_SERVICE] = { "service", true, KEY_IN_USER },
};

const char *
section_kind_name(enum section_kind kind)
{
	return section_kind[kind].name;
}

bool
section_has_name(enum section_kind kind)
{
	return section_kind[kind].has_name;
}

enum key_place
section_place(enum section_kind kind)
{
	return section_kind[kind].place;
}

const struct section *
section_find_slice(const struct policy_text *text, const char *name)
{
	size_t i;

	for (i = 0; i < text->sections; i++) {
		if (text->section[i].kind == SECTION_SLICE &&
		    strcmp(text->section[i].name, name) == 0)
			return &text->section[i];
	}
	return NULL;
}

const char *
section_add_file(struct policy_text *text, const char *name)
{
	if (array_add_text(&text->file, &text->files, name, strlen(name)) < 0)
		return NULL;
	return text->file[text->files - 1];
}

struct section *
section_add(struct policy_text *text, enum section_kind kind, const char *name,
    struct origin origin)
{
	struct section section = { .kind = kind, .name = strdup(name), .origin = origin };

	if (section.name != NULL &&
	    array_add(&text->section, &text->sections, &section, sizeof(section)) == 0)
		return &text->section[text->sections - 1];
	free(section.name);
	return NULL;
}

struct setting *
section_add_setting(struct section *section, const struct key *key, const char *value,
    struct origin origin)
{
	struct setting setting = { .key = key, .value = strdup(value), .origin = origin };

	if (setting.value != NULL &&
	    array_add(&section->setting, &section->count, &setting, sizeof(setting)) == 0)
		return &section->setting[section->count - 1];
	free(setting.value);
	return NULL;
}

static void
free_section(struct section *section)
{
	size_t i;

	for (i = 0; i < section->count; i++)
		free(section->setting[i].value);
	free(section->setting);
	free(section->name);
}

void
policy_text_free(struct policy_text *text)
{
	int saved = errno;
	size_t i;

	if (text == NULL)
		return;
	for (i = 0; i < text->sections; i++)
		free_section(&text->section[i]);
	for (i = 0; i < text->files; i++)
		free(text->file[i]);
	free(text->section);
	free(text->file);
	free(text);
	errno = saved;
}
