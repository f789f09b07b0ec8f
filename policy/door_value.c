/*
 * Values of what is asked at the door: texts that a user is shown, how many, how long.  Pure.
 */
#include "policy/value.h"

#include "lib/text.h"

#include <string.h>

#define TEXT_LENGTH_MAX 200
/* More than the supervisor keeps for any user. */
#define SESSIONS_MOST 4096
/* More promises than that are no rule. */
#define COMMITMENT_PERCENT_MAX 1000
/* The PAM module gives up after twenty seconds; a container has to be built in the rest. */
#define WAIT_MAX 15
/* Terminals tell of input to 8 seconds, and a user is to be warned before. */
#define DURATION_MIN 10
#define DURATION_MAX (366 * 86400)

/* It goes to terminals as it is: no control bytes, which the parser refuses in any line. */
bool
value_text(const char *text, const struct value_context *context, struct value *value)
{
	(void)context;
	if (strlen(text) > TEXT_LENGTH_MAX)
		return value_refuse(value, text, "is longer than %d bytes", TEXT_LENGTH_MAX);
	for (const char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c < 32 || *c == 127)
			return value_refuse(value, text, "has control bytes in it");
	return value_add(value, "%s", text);
}

bool
value_commitment(const char *text, const struct value_context *context, struct value *value)
{
	char digits[8];
	size_t length = strlen(text);
	uint64_t percent = 0;

	if (length < 2 || length > sizeof(digits) || text[length - 1] != '%')
		return value_size(text, context, value);
	memcpy(digits, text, length - 1);
	digits[length - 1] = '\0';
	if (!text_to_number(digits, COMMITMENT_PERCENT_MAX, &percent) || percent == 0)
		return value_refuse(value, text, "is not a share of the RAM, 1%% to %d%%",
		    COMMITMENT_PERCENT_MAX);
	if (context == NULL)
		return value_add(value, "%s", text);
	return value_add(value, "%llu",
	    (unsigned long long)value_share(context->machine->memory, percent));
}

bool
value_wait(const char *text, const struct value_context *context, struct value *value)
{
	uint64_t seconds = 0;

	(void)context;
	if (!text_to_seconds(text, &seconds) || seconds == 0 || seconds > WAIT_MAX)
		return value_refuse(value, text, "is not a time of 1s to %ds", WAIT_MAX);
	return value_add(value, "%llu", (unsigned long long)seconds);
}

bool
value_sessions(const char *text, const struct value_context *context, struct value *value)
{
	uint64_t number = 0;

	(void)context;
	if (!text_to_number(text, SESSIONS_MOST, &number) || number == 0)
		return value_refuse(value, text, "is not a number from 1 to %d, nor \"" VALUE_NONE "\"; to keep "
		    "users out there is \"nologin\"", SESSIONS_MOST);
	return value_add(value, "%llu", (unsigned long long)number);
}

bool
value_duration(const char *text, const struct value_context *context, struct value *value)
{
	uint64_t seconds = 0;

	(void)context;
	if (!text_to_seconds(text, &seconds) || seconds < DURATION_MIN || seconds > DURATION_MAX)
		return value_refuse(value, text, "is not a time of %ds to %dh (\"30m\", \"8h\"), nor \""
		    VALUE_NONE "\"", DURATION_MIN, DURATION_MAX / 3600);
	return value_add(value, "%llu", (unsigned long long)seconds);
}
