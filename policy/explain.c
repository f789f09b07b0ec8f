/*
 * struct policy -> text, each value with the line that set it.  Pure.  The text is itself a
 * policy file: what an admin reads is what another machine can be given.
 */
#include "policy/section.h"

#include <inttypes.h>
#include <string.h>

/* Where origins begin; longer values push them to the right. */
#define VALUE_WIDTH 44

struct printer {
	FILE *out;
	const struct policy *policy;
};

/* "key = value    # file:line" */
static void
print_line(const struct printer *printer, const char *name, const char *value,
    const struct origin *origin)
{
	int width = VALUE_WIDTH - (int)strlen(name) - (int)strlen(" = ");

	(void)fprintf(printer->out, "%s = %-*s  # ", name, width > 0 ? width : 0, value);
	if (origin->file == NULL)
		(void)fputs("built in\n", printer->out);
	else
		(void)fprintf(printer->out, "%s:%u\n", origin->file, origin->line);
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

static void
format_home(const struct policy *policy, char *text, size_t size)
{
	static const char *const kind[] = {
		[HOME_OVERLAY] = "overlay", [HOME_EPHEMERAL] = "ephemeral",
		[HOME_TEMPLATE] = "template:", [HOME_HOST] = "host",
	};

	(void)snprintf(text, size, "%s%s", kind[policy->home],
	    policy->home_template != NULL ? policy->home_template : "");
}

static void
format_string(const char *string, char *text, size_t size)
{
	(void)snprintf(text, size, "%s", string != NULL ? string : VALUE_NONE);
}

static void
format_field(const struct policy *policy, const struct key *key, char *text, size_t size)
{
	const void *field = (const char *)policy + key->offset;

	switch (key_field(key)) {
	case KEY_FIELD_STRING:
		format_string(*(char *const *)field, text, size);
		break;
	case KEY_FIELD_NUMBER:
		(void)snprintf(text, size, "%" PRIu64, *(const uint64_t *)field);
		break;
	case KEY_FIELD_LIST:
		format_list(field, text, size);
		break;
	case KEY_FIELD_YES_NO:
		format_string(*(const bool *)field ? "yes" : "no", text, size);
		break;
	case KEY_FIELD_HOME:
		format_home(policy, text, size);
		break;
	case KEY_FIELD_LOGOUT:
		format_string(policy->logout == LOGOUT_KILL ? "kill" : "keep", text, size);
		break;
	case KEY_FIELD_LIMIT: /* print_limits() */
		break;
	}
}

static void
print_keys(const struct printer *printer, enum key_place place)
{
	char text[2 * VALUE_MAX]; /* ", " for each separator */
	size_t i;

	for (i = 0; i < POLICY_KEY_COUNT; i++) {
		if (!(key_at(i)->places & place))
			continue;
		format_field(printer->policy, key_at(i), text, sizeof(text));
		print_line(printer, key_at(i)->name, text, &printer->policy->origin[i]);
	}
}

/* The lines of io.max are items of a list in a file. */
static void
format_limit(const char *value, char *text, size_t size)
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
		format_limit(limits->value[limit], text, sizeof(text));
		print_line(printer, limit_name((enum limit)limit), text, &limits->origin[limit]);
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
