/*
 * Reports of set and reload.  Values are an admin's, or a policy's; they are escaped all the same.
 */
#include "ctl/changes.h"

#include "lib/own.h"
#include "lib/text.h"

#include <stdio.h>
#include <string.h>

enum field {
	FIELD_STATUS,
	FIELD_SECTION,
	FIELD_KEY,
	FIELD_BEFORE,
	FIELD_AFTER,
	FIELD_TEXT,
	FIELDS
};

#define SHOWN 512

/* Calls each for the lines of report; false: no memory. */
static bool
each_change(const char *report, void (*each)(const char *const *field, void *context),
    void *context)
{
	autofree char *copy = strdup(report);
	char *cursor = copy, *line;

	while (copy && (line = text_next_line(&cursor))) {
		const char *field[FIELDS];
		for (size_t i = 0; i < FIELDS; i++) {
			const char *word = strsep(&line, "\t");
			field[i] = word ? word : "";
		}
		each(field, context);
	}
	return copy != NULL;
}

static bool
is_status(const char *const *field, const char *status)
{
	return strcmp(field[FIELD_STATUS], status) == 0;
}

struct printing {
	const char *user;
	bool dry_run;
	size_t count;
};

/* "host memory.max", since the same limit may be there thrice. */
static const char *
name_key(const char *const *field, char *text, size_t size)
{
	bool own = !strcmp(field[FIELD_SECTION], "user") || !strcmp(field[FIELD_SECTION], "-");

	(void)text_format(text, size, "%s%s%s", own ? "" : field[FIELD_SECTION], own ? "" : "'s ",
	    field[FIELD_KEY]);
	return text;
}

static void
print_change(const char *const *field, void *context)
{
	struct printing *printing = context;
	char key[96], before[SHOWN], after[SHOWN];

	printing->count++;
	(void)printf("%s: %s", printing->user, name_key(field, key, sizeof(key)));
	(void)text_escape(field[FIELD_BEFORE], before, sizeof(before));
	(void)text_escape(field[FIELD_AFTER], after, sizeof(after));
	if (is_status(field, "set"))
		(void)printf(" is set to %s and stays so; the policy has %s\n", before, after);
	else if (is_status(field, "note"))
		(void)printf(": %s\n", field[FIELD_TEXT]);
	else if (is_status(field, "now"))
		(void)printf(" = %s (%s %s)\n", after, printing->dry_run ? "is" : "was", before);
	else
		(void)printf(" = %s (is %s): %s: %s\n", after, before, is_status(field, "login") ?
		    "at the next login" : "needs a new container", field[FIELD_TEXT]);
}

void
changes_print(const struct order *order, const char *report, bool dry_run, const char *nothing)
{
	char user[320];
	struct printing printing = { .user = text_escape(order->user, user, sizeof(user)),
		.dry_run = dry_run };

	(void)each_change(report, print_change, &printing);
	if (printing.count == 0)
		(void)printf("%s: %s\n", printing.user, nothing);
}

static void
put_change(const char *const *field, void *context)
{
	struct json *json = context;

	if (is_status(field, "set") || is_status(field, "note"))
		return;
	json_object(json, NULL);
	json_text(json, "when", field[FIELD_STATUS]);
	json_text(json, "section", field[FIELD_SECTION]);
	json_text(json, "key", field[FIELD_KEY]);
	json_text(json, "before", field[FIELD_BEFORE]);
	json_text(json, "after", field[FIELD_AFTER]);
	json_text(json, "reason", field[FIELD_TEXT]);
	json_object_end(json);
}

static void
put_set(const char *const *field, void *context)
{
	struct json *json = context;

	if (!is_status(field, "set"))
		return;
	json_object(json, NULL);
	json_text(json, "key", field[FIELD_KEY]);
	json_text(json, "value", field[FIELD_BEFORE]);
	json_text(json, "policy", field[FIELD_AFTER]);
	json_object_end(json);
}

static void
put_note(const char *const *field, void *context)
{
	struct json *json = context;

	if (!is_status(field, "note"))
		return;
	json_object(json, NULL);
	json_text(json, "key", field[FIELD_KEY]);
	json_text(json, "text", field[FIELD_TEXT]);
	json_object_end(json);
}

void
changes_json(const struct order *order, const char *report, bool dry_run, const char *kept,
    struct json *json)
{
	static const struct {
		const char *name;
		void (*put)(const char *const *field, void *context);
	} lists[] = { { "changes", put_change }, { "set", put_set }, { "notes", put_note } };

	json_object(json, NULL);
	json_text(json, "user", order->user);
	json_number(json, "uid", order->uid);
	json_yes_no(json, "dry_run", dry_run);
	if (kept)
		json_text(json, "kept", kept);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		json_list(json, lists[i].name);
		(void)each_change(report, lists[i].put, json);
		json_list_end(json);
	}
	json_object_end(json);
}
