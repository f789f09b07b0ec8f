/*
 * Values that are lists of capabilities -> a normal form with libcap's names.  Pure.
 */
#include "policy/capability.h"
#include "policy/value.h"

#include <string.h>

/* What began a list, and what may go on with it. */
enum list_form {
	LIST_EMPTY,
	LIST_BASE,  /* "all" or "profile": signs may follow */
	LIST_SIGNS, /* over the profile's set */
	LIST_NAMES
};

static enum list_form
form_of(const char *text)
{
	if (text[0] == '\0')
		return LIST_EMPTY;
	if (text[0] == '+' || text[0] == '-')
		return LIST_SIGNS;
	return strncmp(text, "all", 3) == 0 || strncmp(text, "profile", 7) == 0 ? LIST_BASE : LIST_NAMES;
}

/* A number that the running kernel lacks would be kept by nobody, and meant by somebody. */
static bool
add_capability(const char *sign, const char *name, const struct value_context *context,
    struct value *value)
{
	unsigned number;

	if (!capability_find(name, &number))
		return value_refuse(value, name, "is no capability; capabilities(7) lists them");
	if (context != NULL && context->machine->cap_last != 0 && number > context->machine->cap_last)
		return value_refuse(value, name, "is a capability that the running kernel does not have "
		    "(its last is %u)", context->machine->cap_last);
	return value_add_separator(value) && value_add(value, "%s%s", sign, capability_name(number));
}

static bool
add_item(char *item, const struct value_context *context, struct value *value)
{
	enum list_form form = form_of(value->text);
	char sign[2] = { item[0] == '+' || item[0] == '-' ? item[0] : '\0', '\0' };

	if (strcmp(item, VALUE_NONE) == 0)
		return value_refuse(value, item, "stands alone or not at all");
	if (strcmp(item, "all") == 0 || strcmp(item, "profile") == 0) {
		if (form != LIST_EMPTY)
			return value_refuse(value, item, "stands first or not at all");
		return value_add(value, "%s", item);
	}
	if (form != LIST_EMPTY && (form == LIST_NAMES) != (sign[0] == '\0'))
		return value_refuse(value, item, "mixes names with \"+NAME\" and \"-NAME\": write all of the "
		    "set, or what differs from the profile's");
	return add_capability(sign, item + strlen(sign), context, value);
}

bool
value_capabilities(const char *text, const struct value_context *context, struct value *value)
{
	return value_each(text, ", \t", context, value, add_item);
}

static bool
add_name(char *item, const struct value_context *context, struct value *value)
{
	return add_capability("", item, context, value);
}

bool
value_capability_names(const char *text, const struct value_context *context, struct value *value)
{
	return value_each(text, ", \t", context, value, add_name);
}
