/*
 * Reads a filter's text, a line at a time, each judged on its own; then what only the whole
 * shows.  Pure.
 */
#include "filter/text.h"

#include "filter/argument.h"
#include "filter/group.h"
#include "lib/own.h"
#include "lib/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define FAULTS_MAX 100
#define DEPTH_MAX 8
#define INCLUDES_MAX 64

struct parser {
	const struct filter_reader *reader;
	struct ruleset *ruleset;
	FILE *faults;
	size_t total;
	const char *path; /* of the line at hand */
	unsigned line;
	bool counts;      /* the line's prefix lets it count */
	const char *open[DEPTH_MAX]; /* names that are being read, the outermost first */
	size_t depth, includes;
};

static void fault(struct parser *parser, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
fault(struct parser *parser, const char *format, ...)
{
	char reason[400];
	va_list args;

	if (parser->total++ >= FAULTS_MAX)
		return;
	va_start(args, format);
	(void)vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	/* What is quoted may be anything; it ends up on terminals and in logs. */
	for (char *byte = reason; *byte; byte++)
		if (*byte < ' ' || *byte > '~')
			*byte = '?';
	/* A text that can't be read has no lines. */
	if (parser->line == 0)
		(void)fprintf(parser->faults, "%s\n", reason);
	else
		(void)fprintf(parser->faults, "%s:%u: %s\n", parser->path, parser->line, reason);
}

/* The next word of a line, cut off; NULL at its end. */
static char *
next_word(char **cursor)
{
	char *word;

	*cursor += strspn(*cursor, " \t\r");
	if (**cursor == '\0')
		return NULL;
	word = *cursor;
	*cursor += strcspn(*cursor, " \t\r");
	if (**cursor != '\0')
		*(*cursor)++ = '\0';
	return word;
}

static void
name_add(struct parser *parser, const char *name, const struct condition *line)
{
	if (!parser->counts)
		return;
	if (!line)
		ruleset_forget(parser->ruleset, name);
	else if (ruleset_add(parser->ruleset, name, line) < 0)
		fault(parser, "no memory for %s", name);
}

/* The groups' own calls are tested to be known, or another processor's. */
static void
group_add(struct parser *parser, const char *name, const struct condition *line)
{
	const struct group *group = group_find(name);
	autofree char *calls = group ? strdup(group->calls) : NULL;
	char *cursor = calls;

	if (!group) {
		fault(parser, "there is no group @%s: \"ctrctl seccomp groups\" lists them", name);
		return;
	}
	if (!calls) {
		fault(parser, "no memory for @%s", name);
		return;
	}
	for (char *call; (call = next_word(&cursor));)
		name_add(parser, call, line);
}

/* The words that are neither a test nor an error; line NULL: to be forgotten. */
static void
names_add(struct parser *parser, char *const *name, size_t count, const struct condition *line)
{
	if (count == 0)
		fault(parser, "names no call");
	for (size_t i = 0; i < count; i++) {
		if (name[i][0] == '@')
			group_add(parser, name[i] + 1, line);
		else if (!parser->reader->is_call(name[i]))
			fault(parser, "there is no system call \"%s\"", name[i]);
		else
			name_add(parser, name[i], line);
	}
}

static bool
is_test(const char *word)
{
	return strpbrk(word, "=<>!&") != NULL;
}

static bool
is_errno(const char *word)
{
	return word[0] == 'E' && ((word[1] >= 'A' && word[1] <= 'Z') || word[1] == '2'); /* E2BIG */
}

static bool
takes_away(enum verdict_kind kind)
{
	return kind == VERDICT_ERRNO || kind == VERDICT_KILL;
}

/* The two that are in one word: who writes 64 bits where the kernel takes 32 refuses nothing. */
static bool
is_too_wide(const struct condition *line, const struct test *test)
{
	return takes_away(line->verdict.kind) && test->op == TEST_EQ && test->mask == UINT64_MAX &&
	    test->value <= UINT32_MAX;
}

static void
test_add(struct parser *parser, const char *word, struct condition *line)
{
	struct error err = ERROR_INIT;
	struct test test;

	if (argument_parse(word, &test, &err) < 0) {
		fault(parser, "%s", err.text);
		return;
	}
	if (line->tests == FILTER_TESTS_MAX) {
		fault(parser, "more than %d tests", FILTER_TESTS_MAX);
		return;
	}
	for (size_t i = 0; i < line->tests; i++)
		if (line->test[i].argument == test.argument)
			fault(parser, "tests argument %u twice: use two lines, or a mask", test.argument);
	if (is_too_wide(line, &test))
		fault(parser, "\"%s\" looks at 64 bits, and whoever sets an upper one gets past it: write "
		    "int%u, or arg%u&0xffffffffffffffff", word, test.argument, test.argument);
	line->test[line->tests++] = test;
}

#define WORDS_MAX 512

/* "allow", "log", "deny", "kill": all words, sorted into names, tests and an error. */
static void
rule_parse(struct parser *parser, enum verdict_kind kind, char *cursor)
{
	struct condition line = { .verdict = { .kind = kind, .errnum = kind == VERDICT_ERRNO ? EPERM : 0 } };
	char *name[WORDS_MAX];
	size_t names = 0;
	bool has_errno = false;

	for (char *word; (word = next_word(&cursor));) {
		if (is_test(word))
			test_add(parser, word, &line);
		else if (is_errno(word) && (kind != VERDICT_ERRNO || has_errno))
			fault(parser, "\"%s\": %s", word, has_errno ? "a second error" : "only deny takes an error");
		else if (is_errno(word)) {
			line.verdict.errnum = errno_parse(word);
			has_errno = true;
			if (line.verdict.errnum < 0)
				fault(parser, "there is no error \"%s\"", word);
		} else if (names == WORDS_MAX) {
			fault(parser, "more than %d names in a line", WORDS_MAX);
			return;
		} else {
			name[names++] = word;
		}
	}
	names_add(parser, name, names, &line);
}

static void
parse_allow(struct parser *parser, char *cursor)
{
	rule_parse(parser, VERDICT_ALLOW, cursor);
}

static void
parse_log(struct parser *parser, char *cursor)
{
	rule_parse(parser, VERDICT_LOG, cursor);
}

static void
parse_deny(struct parser *parser, char *cursor)
{
	rule_parse(parser, VERDICT_ERRNO, cursor);
}

static void
parse_kill(struct parser *parser, char *cursor)
{
	rule_parse(parser, VERDICT_KILL, cursor);
}

static void
parse_forget(struct parser *parser, char *cursor)
{
	char *name[WORDS_MAX];
	size_t names = 0;

	for (char *word; (word = next_word(&cursor));)
		if (names < WORDS_MAX)
			name[names++] = word;
	names_add(parser, name, names, NULL);
}

static bool
default_parse(const char *word, const char *more, struct verdict *verdict)
{
	static const struct {
		const char *word;
		enum verdict_kind kind;
	} known[] = {
		{ "errno", VERDICT_ERRNO }, { "kill", VERDICT_KILL }, { "log", VERDICT_LOG },
		{ "allow", VERDICT_ALLOW },
	};

	verdict->kind = VERDICT_NONE;
	for (size_t i = 0; word && i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i].word, word))
			verdict->kind = known[i].kind;
	verdict->errnum = verdict->kind == VERDICT_ERRNO && more ? errno_parse(more) : 0;
	return verdict->kind != VERDICT_NONE && verdict->errnum >= 0 &&
	    (verdict->kind == VERDICT_ERRNO) == (more != NULL);
}

static void
parse_default(struct parser *parser, char *cursor)
{
	char *word = next_word(&cursor);
	char *more = word ? next_word(&cursor) : NULL;
	struct verdict verdict;

	if (!default_parse(word, more, &verdict) || next_word(&cursor))
		fault(parser, "default is one of: errno NAME, kill, log, allow");
	else if (parser->counts)
		parser->ruleset->fallback = verdict;
}

static void
parse_logging(struct parser *parser, char *cursor)
{
	char *word = next_word(&cursor);

	if (!word || (strcmp(word, "yes") != 0 && strcmp(word, "no") != 0) || next_word(&cursor))
		fault(parser, "logging is yes or no");
	else if (parser->counts)
		parser->ruleset->logs = !strcmp(word, "yes");
}

static void parse_include(struct parser *parser, char *cursor);

static const struct {
	const char *word;
	void (*parse)(struct parser *parser, char *cursor);
} verbs[] = {
	{ "default", parse_default }, { "logging", parse_logging }, { "include", parse_include },
	{ "allow", parse_allow }, { "log", parse_log }, { "deny", parse_deny },
	{ "kill", parse_kill }, { "forget", parse_forget },
};

static void
line_parse(struct parser *parser, char *line)
{
	char *cursor = line, *word;

	line[strcspn(line, "#")] = '\0';
	word = next_word(&cursor);
	if (!word)
		return;
	parser->counts = true;
	if (!strcmp(word, "nesting:") || !strcmp(word, "no-nesting:")) {
		parser->counts = (word[1] == 'e') == parser->reader->nesting;
		word = next_word(&cursor);
	}
	for (size_t i = 0; word && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(verbs[i].word, word)) {
			verbs[i].parse(parser, cursor);
			return;
		}
	fault(parser, "\"%s\" is none of default, logging, include, allow, log, deny, kill, forget",
	    word ? word : "");
}

static void
lines_parse(struct parser *parser, const struct filter_text *text)
{
	autofree char *copy = malloc(text->length + 1);
	char *cursor = copy;

	parser->path = text->path;
	parser->line = 0;
	if (!copy) {
		fault(parser, "no memory to read it");
		return;
	}
	memcpy(copy, text->text, text->length);
	copy[text->length] = '\0';
	if (strlen(copy) != text->length) {
		fault(parser, "is not a text: it has a NUL in it");
		return;
	}
	for (char *line; (line = text_next_line(&cursor));) {
		parser->line++;
		line_parse(parser, line);
	}
}

static void
name_parse(struct parser *parser, const char *name)
{
	struct filter_text text;
	struct error err = ERROR_INIT;
	char why[640];

	for (size_t i = 0; i < parser->depth; i++)
		if (!strcmp(parser->open[i], name)) {
			fault(parser, "%s includes itself", name);
			return;
		}
	if (parser->depth == DEPTH_MAX || parser->includes++ == INCLUDES_MAX) {
		fault(parser, "%s: more includes than are reasonable", name);
		return;
	}
	if (parser->reader->read(parser->reader->context, name, &text, &err) < 0) {
		fault(parser, "%s", error_render(&err, why, sizeof(why)));
		return;
	}
	parser->open[parser->depth++] = name;
	lines_parse(parser, &text);
	parser->depth--;
}

static void
parse_include(struct parser *parser, char *cursor)
{
	const char *path = parser->path;
	unsigned line = parser->line;
	char *name = next_word(&cursor);

	if (!name || next_word(&cursor)) {
		fault(parser, "include takes one name");
		return;
	}
	/* Where it does not count its faults still do, but not what it says. */
	struct ruleset aside = RULESET_INIT, *own = parser->ruleset;
	if (!parser->counts)
		parser->ruleset = &aside;
	name_parse(parser, name);
	parser->ruleset = own;
	ruleset_free(&aside);
	parser->path = path;
	parser->line = line;
}

/* What libseccomp can't say of one call: two answers besides "yes, if". */
static void
check_whole(struct parser *parser)
{
	const struct ruleset *ruleset = parser->ruleset;

	if (ruleset->fallback.kind == VERDICT_NONE)
		fault(parser, "no line says \"default errno EPERM\", or another default");
	for (size_t i = 0; i < ruleset->count; i++) {
		const struct call *call = &ruleset->call[i];

		if (!call_gives(call))
			continue;
		if (verdict_lets(ruleset->fallback) || (call->whole.kind != VERDICT_NONE &&
		    !verdict_equal(call->whole, ruleset->fallback)))
			fault(parser, "%s is allowed by tests: without them it must get the default errno or "
			    "kill, and no other answer", call->name);
	}
}

size_t
text_parse(const struct filter_reader *reader, const char *name, struct ruleset *ruleset,
    FILE *faults)
{
	struct parser parser = { .reader = reader, .ruleset = ruleset, .faults = faults, .path = name };

	*ruleset = (struct ruleset)RULESET_INIT;
	name_parse(&parser, name);
	if (parser.total == 0)
		check_whole(&parser);
	if (parser.total > FAULTS_MAX)
		(void)fprintf(faults, "%s: and %zu more\n", name, parser.total - FAULTS_MAX);
	return parser.total;
}
