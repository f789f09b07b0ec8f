/*
 * struct policy -> text, each value with the line that set it.  Pure.  The text is itself a
 * policy file: what an admin reads is what another machine can be given.
 */
#include "policy/capability.h"
#include "policy/section.h"
#include "policy/word.h"

#include <inttypes.h>
#include <string.h>

/* Where origins begin; longer values push them to the right. */
#define VALUE_WIDTH 44

struct printer {
	FILE *out;
	const struct policy *policy;
};

/* "key = value    # file:line", the line to be ended by the caller */
static void
print_value(const struct printer *printer, const char *name, const char *value,
    const struct origin *origin)
{
	int width = VALUE_WIDTH - (int)strlen(name) - (int)strlen(" = ");

	(void)fprintf(printer->out, "%s = %-*s  # ", name, width > 0 ? width : 0, value);
	if (origin->file == NULL)
		(void)fputs("built in", printer->out);
	else
		(void)fprintf(printer->out, "%s:%u", origin->file, origin->line);
}

static void
print_line(const struct printer *printer, const char *name, const char *value,
    const struct origin *origin)
{
	print_value(printer, name, value, origin);
	(void)fputc('\n', printer->out);
}

static void
format_list(const struct text_list *list, char *text, size_t size)
{
	size_t i, length = 0;

	(void)snprintf(text, size, "%s", VALUE_NONE);
	for (i = 0; i < list->count && length < size; i++)
		length += (size_t)snprintf(text + length, size - length, "%s%s",
		    i > 0 ? ", " : "", list->item[i]);
}

/* "overlay" or "template:DIR". */
static void
format_word(const struct policy *policy, const struct key *key, char *text, size_t size)
{
	const void *index = (const char *)policy + key->offset;
	const char *path = key_path(key, policy);

	(void)snprintf(text, size, "%s%s%s", word_at(key->type, *(const unsigned *)index),
	    path != NULL ? ":" : "", path != NULL ? path : "");
}

static void
format_number(uint64_t number, char *text, size_t size)
{
	(void)snprintf(text, size, "%" PRIu64, number);
}

static void
format_string(const char *string, char *text, size_t size)
{
	(void)snprintf(text, size, "%s", string != NULL ? string : VALUE_NONE);
}

void
explain_field(const struct policy *policy, const struct key *key, char *text, size_t size)
{
	const void *field = (const char *)policy + key->offset;

	switch (key_field(key)) {
	case KEY_FIELD_STRING:
		format_string(*(char *const *)field, text, size);
		break;
	case KEY_FIELD_NUMBER:
		format_number(*(const uint64_t *)field, text, size);
		break;
	case KEY_FIELD_NUMBER_OR_NONE:
		if (*(const uint64_t *)field == 0)
			format_string(NULL, text, size);
		else
			format_number(*(const uint64_t *)field, text, size);
		break;
	case KEY_FIELD_LIST:
		format_list(field, text, size);
		break;
	case KEY_FIELD_YES_NO:
		format_string(*(const bool *)field ? "yes" : "no", text, size);
		break;
	case KEY_FIELD_CAPABILITIES:
		(void)capability_format(*(const uint64_t *)field, text, size);
		break;
	case KEY_FIELD_WORD:
		format_word(policy, key, text, size);
		break;
	case KEY_FIELD_LIMIT: /* print_limits() */
		break;
	}
}

/* Of one line there is one key: who shares the profile's has its value from the profile. */
static bool
is_of_profile(const struct policy *policy, size_t index)
{
	const struct origin *origin = &policy->origin[index];
	const struct origin *profile = &policy->origin[POLICY_KEY_PROFILE];

	return key_of_profile(key_at(index), policy->profile) != NULL &&
	    origin->file == profile->file && origin->line == profile->line;
}

static void
print_keys(const struct printer *printer, enum key_place place)
{
	char text[2 * VALUE_MAX]; /* ", " for each separator */
	size_t i;

	for (i = 0; i < POLICY_KEY_COUNT; i++) {
		if (!(key_at(i)->places & place))
			continue;
		explain_field(printer->policy, key_at(i), text, sizeof(text));
		print_value(printer, key_at(i)->name, text, &printer->policy->origin[i]);
		if (is_of_profile(printer->policy, i))
			(void)fprintf(printer->out, ", profile %s",
			    word_at(VALUE_PROFILE, printer->policy->profile));
		(void)fputc('\n', printer->out);
	}
}

/* The lines of io.max are items of a list in a file. */
void
explain_limit(const char *value, char *text, size_t size)
{
	size_t length = 0;

	if (value == NULL) {
		format_string(NULL, text, size);
		return;
	}
	for (; *value != '\0' && length + 2 < size; value++) {
		if (*value == '\n')
			text[length++] = ',';
		text[length++] = *value == '\n' ? ' ' : *value;
	}
	text[length] = '\0';
}

static void
print_limits(const struct printer *printer, const struct limits *limits)
{
	char text[2 * VALUE_MAX]; /* ", " for each separator */
	int limit;

	for (limit = 0; limit < LIMIT_COUNT; limit++) {
		explain_limit(limits->value[limit], text, sizeof(text));
		print_value(printer, limit_name((enum limit)limit), text, &limits->origin[limit]);
		(void)fputs(limit == LIMIT_CPUSET_CPUS && limits == &printer->policy->limits &&
		    printer->policy->cpus_shared ? ", by cpu_view of cpu.max\n" : "\n", printer->out);
	}
}

static void
print_exempt(const struct printer *printer)
{
	char text[2 * VALUE_MAX]; /* ", " for each separator */

	(void)fputs("# not contained: uid 0, or named by exempt\n[host]\n", printer->out);
	format_list(&printer->policy->exempt_names, text, sizeof(text));
	print_line(printer, "exempt", text, &printer->policy->origin[POLICY_KEY_EXEMPT]);
}

void
policy_explain(const struct policy_text *text, const struct policy *policy, FILE *out)
{
	struct printer printer = { .out = out, .policy = policy };
	size_t i;

	for (i = 0; i < text->files; i++)
		(void)fprintf(out, "# %s%s\n", i == 0 ? "read from " : "and from ", text->file[i]);
	if (policy->exempt) {
		print_exempt(&printer);
		return;
	}
	(void)fputs("\n[host]                # all containers together\n", out);
	print_keys(&printer, KEY_IN_HOST);
	print_limits(&printer, &policy->host_limits);
	if (policy->slice != NULL) {
		(void)fprintf(out, "\n[slice %s]        # shared with others\n", policy->slice);
		print_limits(&printer, &policy->slice_limits);
	}
	(void)fputs("\n[default]             # this login\n", out);
	print_keys(&printer, KEY_IN_USER);
	print_limits(&printer, &policy->limits);
}
