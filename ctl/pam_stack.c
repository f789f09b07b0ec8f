/*
 * Reads as libpam does (libpam/pam_handlers.c), for its session entries alone: lines are joined
 * at a backslash, '#' begins a comment anywhere, an unknown word makes an entry that always
 * fails.
 */
#include "ctl/pam_stack.h"

#include "lib/text.h"

#include <string.h>
#include <strings.h>

#define INCLUDE_DEPTH 16 /* libpam's PAM_SUBSTACK_MAX_LEVEL, for both kinds */
#define LINE_MAX_BYTES 1024
#define ANY_TYPE ""

static const char *const codes[PAM_STACK_CODES] = {
	"success", "open_err", "symbol_err", "service_err", "system_err", "buf_err", "perm_denied",
	"auth_err", "cred_insufficient", "authinfo_unavail", "user_unknown", "maxtries",
	"new_authtok_reqd", "acct_expired", "session_err", "cred_unavail", "cred_expired", "cred_err",
	"no_module_data", "conv_err", "authtok_err", "authtok_recover_err", "authtok_lock_busy",
	"authtok_disable_aging", "try_again", "ignore", "abort", "authtok_expired", "module_unknown",
	"bad_item", "conv_again", "incomplete",
};

static const struct {
	const char *word;
	int action;
} actions[] = {
	{ "ignore", PAM_ACTION_IGNORE }, { "ok", PAM_ACTION_OK }, { "done", PAM_ACTION_DONE },
	{ "bad", PAM_ACTION_BAD }, { "die", PAM_ACTION_DIE }, { "reset", PAM_ACTION_RESET },
};

/* The words of old, in the terms of the new. */
static const struct {
	const char *word, *meaning;
} controls[] = {
	{ "required", "success=ok new_authtok_reqd=ok ignore=ignore default=bad" },
	{ "requisite", "success=ok new_authtok_reqd=ok ignore=ignore default=die" },
	{ "optional", "success=ok new_authtok_reqd=ok default=ignore" },
	{ "sufficient", "success=done new_authtok_reqd=done default=ignore" },
};

static const char *const types[] = { "auth", "account", "password", "session" };

struct reading {
	struct pam_stack *stack;
	pam_file *file;
	void *context;
};

/* Where a line is. */
struct place {
	const char *file;
	unsigned line;
	unsigned level;
	unsigned depth;
	const char *type; /* only lines of this type count; ANY_TYPE: of any */
};

static void
read_file(struct reading *reading, const char *name, const char *text, const struct place *from);

static void
break_stack(struct reading *reading, const struct place *place, const char *what, const char *name)
{
	if (!reading->stack->broken[0])
		(void)text_format(reading->stack->broken, sizeof(reading->stack->broken),
		    "%.100s:%u: %s %.100s", place->file, place->line, what, name);
}

enum line { LINE_NONE, LINE_WHOLE, LINE_CUT };

/* One line, joined and without its comment, from *cursor into line; cut where it does not fit. */
static enum line
next_line(const char **cursor, unsigned *number, char *line, size_t size)
{
	size_t length = 0;

	if (!**cursor)
		return LINE_NONE;
	for (bool joined = true; joined;) {
		size_t here = strcspn(*cursor, "\n"), used = strcspn(*cursor, "\n#");

		joined = used > 0 && used == here && (*cursor)[used - 1] == '\\' && (*cursor)[here];
		for (size_t i = 0; i < used; i++, length++)
			if (length + 1 < size)
				line[length] = joined && i + 1 == used ? ' ' : (*cursor)[i];
		*cursor += here + ((*cursor)[here] == '\n');
		(*number)++;
	}
	line[length < size ? length : size - 1] = '\0';
	return length < size ? LINE_WHOLE : LINE_CUT;
}

/* A word, or what is between [ and ]; cuts the line up. */
static char *
next_word(char **cursor)
{
	char *word = *cursor + strspn(*cursor, " \t\r");
	char *end = *word == '[' ? strchr(word, ']') : word + strcspn(word, " \t\r");

	if (!*word)
		return NULL;
	if (!end)
		end = word + strlen(word);
	*cursor = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

static bool
find_action(const char *word, int *action)
{
	uint64_t jump;

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (!strcasecmp(word, actions[i].word)) {
			*action = actions[i].action;
			return true;
		}
	if (!text_to_number(word, PAM_STACK_MAX, &jump) || jump == 0)
		return false;
	*action = (int)jump;
	return true;
}

/* "success=ok default=1 ...": codes that are not named keep the default's. */
static bool
parse_actions(char *text, int *action)
{
	bool named[PAM_STACK_CODES] = { false };
	char *cursor = text, *word;

	for (size_t i = 0; i < PAM_STACK_CODES; i++)
		action[i] = PAM_ACTION_BAD;
	while ((word = strtok_r(NULL, " \t\r", &cursor))) {
		char *value = strchr(word, '=');
		bool known = false;
		int found;

		if (!value)
			return false;
		*value++ = '\0';
		if (!find_action(value, &found))
			return false;
		for (size_t i = 0; i < PAM_STACK_CODES; i++) {
			bool is_default = !strcasecmp(word, "default");

			if (strcasecmp(word, codes[i]) != 0 && (!is_default || named[i]))
				continue;
			action[i] = found;
			named[i] = named[i] || !is_default;
			known = true;
		}
		if (!known && strcasecmp(word, "default") != 0)
			return false;
	}
	return true;
}

static bool
parse_control(const char *control, int *action)
{
	char text[LINE_MAX_BYTES];

	if (control[0] == '[') {
		(void)text_format(text, sizeof(text), "%s", control + 1);
		return parse_actions(text, action);
	}
	for (size_t i = 0; i < sizeof(controls) / sizeof(controls[0]); i++)
		if (!strcasecmp(control, controls[i].word)) {
			(void)text_format(text, sizeof(text), "%s", controls[i].meaning);
			return parse_actions(text, action);
		}
	return false;
}

static struct pam_entry *
add_entry(struct reading *reading, const struct place *place, const char *module)
{
	struct pam_stack *stack = reading->stack;
	const char *slash = strrchr(module, '/');

	if (stack->count == PAM_STACK_MAX) {
		break_stack(reading, place, "too many entries:", module);
		return NULL;
	}
	struct pam_entry *entry = &stack->entry[stack->count++];
	*entry = (struct pam_entry) { .line = place->line, .level = place->level };
	(void)text_format(entry->module, sizeof(entry->module), "%.100s", slash ? slash + 1 : module);
	(void)text_format(entry->file, sizeof(entry->file), "%.100s", place->file);
	return entry;
}

static void
include(struct reading *reading, const char *name, struct place place, bool is_substack)
{
	const char *text = reading->file(name, reading->context);

	if (place.depth == INCLUDE_DEPTH) {
		break_stack(reading, &place, "files include each other without end:", name);
		return;
	}
	if (!text) {
		break_stack(reading, &place, "there is no file", name);
		return;
	}
	if (is_substack) {
		struct pam_entry *entry = add_entry(reading, &place, name);
		if (!entry)
			return;
		entry->is_substack = true;
		place.level++;
	}
	place.depth++;
	read_file(reading, name, text, &place);
}

static void
read_entry(struct reading *reading, const struct place *place, const char *type, const char *control,
    const char *module)
{
	bool may_be_missing = type[0] == '-';
	struct place inner = *place;

	inner.type = "session";
	if (!strcasecmp(control, "include") || !strcasecmp(control, "substack")) {
		include(reading, module, inner, !strcasecmp(control, "substack"));
		return;
	}
	struct pam_entry *entry = add_entry(reading, place, module);
	if (!entry)
		return;
	entry->may_be_missing = may_be_missing;
	if (!parse_control(control, entry->action))
		for (size_t i = 0; i < PAM_STACK_CODES; i++)
			entry->action[i] = PAM_ACTION_BAD;
}

static bool
is_type(const char *type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcasecmp(type, types[i]))
			return true;
	return false;
}

static void
read_line(struct reading *reading, const struct place *place, char *line)
{
	const char *type = next_word(&line), *control, *module;

	if (!type)
		return;
	if (!strcasecmp(type, "@include")) {
		module = next_word(&line);
		if (module)
			include(reading, module, *place, false);
		return;
	}
	control = next_word(&line);
	module = next_word(&line);
	/* libpam says so in the log, and the entry always fails; of which type it is, nobody knows. */
	if (!is_type(type + (type[0] == '-'))) {
		break_stack(reading, place, "no type of entry:", type);
		return;
	}
	if (strcasecmp(type + (type[0] == '-'), "session") != 0)
		return;
	if (!control || !module)
		break_stack(reading, place, "a module is missing after", control ? control : type);
	else
		read_entry(reading, place, type, control, module);
}

static void
read_file(struct reading *reading, const char *name, const char *text, const struct place *from)
{
	struct place place = *from;
	char line[LINE_MAX_BYTES];
	unsigned number = 0;

	place.file = name;
	while (!reading->stack->broken[0]) {
		place.line = number + 1;
		switch (next_line(&text, &number, line, sizeof(line))) {
		case LINE_NONE:
			return;
		case LINE_WHOLE:
			read_line(reading, &place, line);
			break;
		case LINE_CUT:
			break_stack(reading, &place, "a line is longer than libpam takes:", line);
		}
	}
}

static void
read_service(struct reading *reading, const char *service, const char *text)
{
	const struct place place = { .file = service, .type = ANY_TYPE };

	read_file(reading, service, text, &place);
}

void
pam_stack_read(const char *service, pam_file *file, void *context, struct pam_stack *stack)
{
	struct reading reading = { .stack = stack, .file = file, .context = context };
	const char *text = file(service, context);

	*stack = (struct pam_stack) { .has_file = text != NULL };
	if (text)
		read_service(&reading, service, text);
	if (stack->count > 0 || stack->broken[0])
		return;
	stack->is_other = true;
	text = file("other", context);
	if (text)
		read_service(&reading, "other", text);
}
