/*
 * Reads what ctl/commands.c has; what is longer than there is room for is left out.
 */
#include "ctl/synopsis.h"

#include "lib/text.h"

#include <stdbool.h>
#include <string.h>

static void
add_word(struct synopsis_place *place, const char *word)
{
	for (size_t i = 0; i < place->count; i++)
		if (!strcmp(place->word[i], word))
			return;
	if (place->count < SYNOPSIS_WORDS &&
	    text_format(place->word[place->count], SYNOPSIS_WORD, "%s", word) == 0)
		place->count++;
}

/* "a|b" of one place; dots that mean "and more" are no part of a word. */
static void
add_words(struct synopsis *synopsis, size_t at, char *words)
{
	char *cursor = words;

	if (synopsis->places <= at)
		synopsis->places = at + 1;
	for (char *word; (word = strsep(&cursor, "|"));) {
		word[strcspn(word, ".]")] = '\0';
		if (*word)
			add_word(&synopsis->place[at], word);
	}
}

void
synopsis_read(const char *text, struct synopsis *synopsis)
{
	char copy[512], *cursor = copy, *word;
	bool is_value = false;
	size_t at = 0;

	*synopsis = (struct synopsis) { .places = 0 };
	if (text_format(copy, sizeof(copy), "%s", text) < 0)
		return;
	while ((word = strsep(&cursor, " "))) {
		bool is_bracketed = *word == '[';

		word += is_bracketed;
		if (!strcmp(word, "|")) {
			at = 0;
			is_value = false;
			continue;
		}
		if (!strcmp(word, "--")) {
			at = SYNOPSIS_PLACES; /* a command's own words follow */
			continue;
		}
		if (*word == '-') {
			/* "[--config PATH]": its value; "[--json]" has none. */
			is_value = is_bracketed && !strchr(word, ']');
			continue;
		}
		if (!is_value && *word && at < SYNOPSIS_PLACES)
			add_words(synopsis, at++, word);
		is_value = is_value && !strchr(word, ']');
	}
}
