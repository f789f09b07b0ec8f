/*
 * The value of the key devices: rules, of which a login sees its own.  Pure.
 */
#include "policy/device_rule.h"
#include "policy/value.h"

#include <stdio.h>

/* As many as the helper takes. */
#define RULES_MAX 64

static bool
is_full(const struct value *value)
{
	size_t rules = 0;

	for (size_t i = 0; i < value->length; i++)
		rules += value->text[i] == '\n';
	return rules + 1 >= RULES_MAX;
}

static bool
add_rule(char *item, const struct value_context *context, struct value *value)
{
	struct device_rule rule;
	char text[DEVICE_RULE_SIZE + 64];

	if (!device_rule_parse(item, &rule, value->reason, sizeof(value->reason)))
		return false;
	if (context && !device_rule_is_for(&rule, context->subject))
		return true;
	if (is_full(value))
		return value_refuse(value, item, "is one rule too many: %d can be", RULES_MAX);
	device_rule_format(&rule, context == NULL, text, sizeof(text));
	return value_add_separator(value) && value_add(value, "%s", text);
}

bool
value_devices(const char *text, const struct value_context *context, struct value *value)
{
	return value_each(text, ",", context, value, add_rule);
}
