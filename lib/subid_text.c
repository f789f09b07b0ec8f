/*
 * Reads subuid(5) as newuidmap(1) would, only more strictly: what is mapped into a container
 * belongs to whoever is root there, so a range that could be anybody else's is refused with a
 * sentence, never used in part.  Runs as root in the supervisor and its helper; pure.
 */
#include "lib/subid_text.h"

#include "lib/id_map.h"
#include "lib/text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINE_MAX_SHADOW 1024 /* shadow skips lines that are as long */
#define FIELDS 3

struct line {
	char text[LINE_MAX_SHADOW];
	unsigned number;
	const char *owner;
	uint64_t start, count;
};

enum reading { READ_RANGE, READ_NOTHING, READ_ODD };

/*
 * shadow reads numbers by strtoul(3) with base 0: "0100000" is octal there, "-1" is huge.
 * What it takes for another number than we do is neither skipped nor believed.
 */
static enum reading
read_number(const char *text, uint64_t *number)
{
	char *end;

	if (text_to_number(text, UINT64_MAX, number) && (text[0] != '0' || text[1] == '\0'))
		return READ_RANGE;
	errno = 0;
	(void)strtoul(text, &end, 0);
	return text[0] == '\0' || *end != '\0' || errno == ERANGE ? READ_NOTHING : READ_ODD;
}

/* Cuts at colons; exactly FIELDS, none of them empty. */
static bool
split_fields(char *text, char *field[FIELDS])
{
	for (int i = 0; i < FIELDS; i++) {
		char *colon = strchr(text, ':');

		if ((colon == NULL) != (i == FIELDS - 1))
			return false;
		field[i] = text;
		if (colon) {
			*colon = '\0';
			text = colon + 1;
		}
		if (field[i][0] == '\0')
			return false;
	}
	return true;
}

/* A line that begins with + or - is NIS's to shadow, and no range. */
static enum reading
read_line(struct line *line)
{
	char *field[FIELDS];

	if (line->text[0] == '+' || line->text[0] == '-' || !split_fields(line->text, field))
		return READ_NOTHING;
	line->owner = field[0];
	enum reading start = read_number(field[1], &line->start);
	enum reading count = read_number(field[2], &line->count);
	if (start == READ_NOTHING || count == READ_NOTHING)
		return READ_NOTHING;
	if (start == READ_ODD || count == READ_ODD)
		return READ_ODD;
	return line->count == 0 ? READ_NOTHING : READ_RANGE;
}

/* The next range of the text; 0: there is none any more. */
static int
next_range(const struct subid_query *query, const char **text, struct line *line,
    struct error *err)
{
	while (**text) {
		size_t length = strcspn(*text, "\n");
		const char *begin = *text;

		*text += length + ((*text)[length] == '\n');
		line->number++;
		if (length >= sizeof(line->text))
			continue;
		memcpy(line->text, begin, length);
		line->text[length] = '\0';
		enum reading reading = read_line(line);
		if (reading == READ_ODD)
			return error_set(err, 0, "%s:%u: the numbers must be plain decimals: others are read "
			    "as octal or hexadecimal by some programs", query->path, line->number);
		if (reading == READ_RANGE)
			return 1;
	}
	return 0;
}

static bool
is_owner(const struct subid_query *query, const char *owner)
{
	char uid[16];

	(void)snprintf(uid, sizeof(uid), "%u", (unsigned)query->uid);
	return !strcmp(owner, query->user) || !strcmp(owner, uid);
}

static uint64_t
last_of(uint64_t start, uint64_t count)
{
	return count - 1 > UINT64_MAX - start ? UINT64_MAX : start + count - 1;
}

static int
find_lowest(const struct subid_query *query, const char *text, struct line *found,
    struct error *err)
{
	struct line line = { .number = 0 };
	int rc;

	*found = (struct line) { .count = 0 };
	while ((rc = next_range(query, &text, &line, err)) > 0) {
		if (!is_owner(query, line.owner) || line.count < ID_MAP_RANGE)
			continue;
		if (found->count == 0 || line.start < found->start)
			*found = line;
	}
	return rc;
}

static int
check_overlap(const struct subid_query *query, const char *text, const struct line *own,
    struct error *err)
{
	struct line line = { .number = 0 };
	uint64_t own_last = last_of(own->start, own->count);
	char user[64], other[64];
	int rc;

	while ((rc = next_range(query, &text, &line, err)) > 0) {
		uint64_t last = last_of(line.start, line.count);

		if (is_owner(query, line.owner) || line.start > own_last || last < own->start)
			continue;
		return error_set(err, 0, "%s: the range %llu-%llu of %s (line %u) overlaps %llu-%llu of %s "
		    "(line %u): give one of them another", query->path, (unsigned long long)own->start,
		    (unsigned long long)own_last, text_escape(query->user, user, sizeof(user)),
		    own->number, (unsigned long long)line.start, (unsigned long long)last,
		    text_escape(line.owner, other, sizeof(other)), line.number);
	}
	return rc;
}

int
subid_user_check(const char *user, struct error *err)
{
	char shown[64];
	bool digits = true;

	for (const char *c = user; *c; c++) {
		digits = digits && *c >= '0' && *c <= '9';
		if (*c == ':' || (unsigned char)*c < ' ' || *c == 127)
			return error_set(err, 0, "the user's name %s cannot stand in /etc/subuid",
			    text_escape(user, shown, sizeof(shown)));
	}
	if (digits)
		return error_set(err, 0, "the user's name \"%s\" is a number: in /etc/subuid it would be "
		    "another user's uid", user);
	if (strchr("+-#", user[0]) || strlen(user) > LINE_MAX_SHADOW / 2)
		return error_set(err, 0, "the user's name %s cannot stand in /etc/subuid",
		    text_escape(user, shown, sizeof(shown)));
	return 0;
}

int
subid_span_check(struct subid_span *span, uint64_t start, uint64_t count, uint32_t self,
    const char *what, struct error *err)
{
	uint64_t last = last_of(start, count);

	if (count < ID_MAP_RANGE)
		return error_set(err, 0, "%s: %llu ids are too few, a container has %d", what,
		    (unsigned long long)count, ID_MAP_RANGE);
	if (start < ID_MAP_RANGE)
		return error_set(err, 0, "%s: the range %llu-%llu holds ids below %d, which are the host's own",
		    what, (unsigned long long)start, (unsigned long long)last, ID_MAP_RANGE);
	if (last >= UINT32_MAX)
		return error_set(err, 0, "%s: the range %llu-%llu reaches the end of what an id can be",
		    what, (unsigned long long)start, (unsigned long long)last);
	if (self >= start && self <= last && self != UINT32_MAX)
		return error_set(err, 0, "%s: the range %llu-%llu holds the user's own id %u", what,
		    (unsigned long long)start, (unsigned long long)last, (unsigned)self);
	*span = (struct subid_span) { .start = (uint32_t)start, .count = (uint32_t)count };
	return 0;
}

int
subid_text_find(const struct subid_query *query, const char *text, size_t length,
    struct subid_span *span, struct error *err)
{
	struct line own;

	if (subid_user_check(query->user, err) < 0)
		return -1;
	if (memchr(text, '\0', length))
		return error_set(err, 0, "%s: there is a NUL byte in it", query->path);
	if (find_lowest(query, text, &own, err) < 0)
		return -1;
	if (own.count == 0)
		return error_set(err, ENOENT, "%s has no range of %d ids in %s", query->user,
		    ID_MAP_RANGE, query->path);
	if (check_overlap(query, text, &own, err) < 0)
		return -1;
	return subid_span_check(span, own.start, own.count, query->self, query->path, err);
}

/* As libsubid 4 reads it: the first word of the first subid line that has one. */
void
subid_text_source(const char *nsswitch, char name[SUBID_SOURCE_MAX])
{
	static const char key[] = "subid:";

	(void)snprintf(name, SUBID_SOURCE_MAX, "files");
	for (const char *line = nsswitch; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (strncasecmp(line, key, sizeof(key) - 1) != 0)
			continue;
		const char *word = line + sizeof(key) - 1;
		word += strspn(word, " \t\r\v\f");
		int length = (int)strcspn(word, " \t\n");
		if (length == 0)
			continue;
		(void)snprintf(name, SUBID_SOURCE_MAX, "%.*s", length, word);
		return;
	}
}

int
subid_text_answer(const char *text, uint64_t number[4], struct error *err)
{
	char copy[96], *field = copy;

	if (text_format(copy, sizeof(copy), "%s", text) < 0)
		return error_set(err, 0, "the helper for subordinate ids gave an odd answer");
	for (int i = 0; i < 4; i++) {
		char *end = strchr(field, i < 3 ? ' ' : '\n');

		if (!end || (i == 3 && end[1] != '\0'))
			return error_set(err, 0, "the helper for subordinate ids gave an odd answer");
		*end = '\0';
		if (!text_to_number(field, UINT64_MAX, &number[i]))
			return error_set(err, 0, "the helper for subordinate ids gave an odd answer");
		field = end + 1;
	}
	return 0;
}
