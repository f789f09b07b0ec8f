/*
 * Values that are words, names and numbers; the parts that all types share.  Pure: knows
 * the machine and the subject only as they are handed in.
 */
#include "policy/value.h"

#include "policy/process_value.h"
#include "policy/word.h"

#include "lib/filter_source.h"
#include "lib/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* NR_UNIX98_PTY_MAX of the kernel. */
#define TERMINALS_MAX (1 << 20)
#define GRACE_MAX 3600
#define NAME_LENGTH_MAX 64
/* HOST_NAME_MAX of sethostname(2). */
#define HOSTNAME_LENGTH_MAX 64

bool
value_add(struct value *value, const char *format, ...)
{
	size_t room = sizeof(value->text) - value->length;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(value->text + value->length, room, format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= room) {
		(void)snprintf(value->reason, sizeof(value->reason), "too long");
		return false;
	}
	value->length += (size_t)length;
	return true;
}

bool
value_refuse(struct value *value, const char *text, const char *format, ...)
{
	char shown[72];
	char reason[180];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	(void)snprintf(value->reason, sizeof(value->reason), "\"%s\" %s",
	    text_escape(text, shown, sizeof(shown)), reason);
	return false;
}

bool
value_add_separator(struct value *value)
{
	return value->length == 0 || value_add(value, "\n");
}

bool
value_each(const char *text, const char *separators, const struct value_context *context,
    struct value *value,
    bool (*each)(char *item, const struct value_context *context, struct value *value))
{
	char copy[VALUE_MAX];
	char *cursor = NULL, *item;

	if (strlen(text) >= sizeof(copy))
		return value_refuse(value, text, "is too long");
	memcpy(copy, text, strlen(text) + 1);
	for (item = strtok_r(copy, separators, &cursor); item != NULL;
	    item = strtok_r(NULL, separators, &cursor)) {
		if (!each(item, context, value))
			return false;
	}
	return true;
}

bool
value_is_percent(const char *text, uint64_t *percent)
{
	char digits[8];
	size_t length = strlen(text);

	if (length < 2 || length > sizeof(digits) || text[length - 1] != '%')
		return false;
	memcpy(digits, text, length - 1);
	digits[length - 1] = '\0';
	return text_to_number(digits, 100, percent) && *percent > 0;
}

uint64_t
value_share(uint64_t amount, uint64_t percent)
{
	return amount / 100 * percent + amount % 100 * percent / 100;
}

bool
value_size(const char *text, const struct value_context *context, struct value *value)
{
	uint64_t bytes = 0, percent = 0;

	if (value_is_percent(text, &percent)) {
		if (context == NULL)
			return value_add(value, "%s", text);
		bytes = value_share(context->machine->memory, percent);
	} else if (!text_to_bytes(text, &bytes)) {
		return value_refuse(value, text, "is not a size: write bytes (\"512M\", \"2G\") or "
		    "a share of the RAM (\"1%%\" to \"100%%\")");
	}
	if (bytes == 0)
		return value_refuse(value, text, "is no size: to a tmpfs 0 would mean no limit");
	if (bytes > INT64_MAX)
		return value_refuse(value, text, "is too large");
	return value_add(value, "%llu", (unsigned long long)bytes);
}

static bool
is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    c == '-' || c == '_';
}

/* One component below a cgroup root: no dot, since the kernel's own files have one. */
static bool
cgroup_name(const char *text, const struct value_context *context, struct value *value)
{
	const char *c = text;

	(void)context;
	while (is_name_byte(*c))
		c++;
	if (*c != '\0' || c == text || c - text > NAME_LENGTH_MAX)
		return value_refuse(value, text, "is not a name of 1 to %d letters, digits, \"-\" "
		    "and \"_\"", NAME_LENGTH_MAX);
	return value_add(value, "%s", text);
}

/* Whether there is such a filter is asked where it is needed: a text may come later than the policy. */
static bool
filter_name(const char *text, const struct value_context *context, struct value *value)
{
	(void)context;
	if (!filter_name_is_good(text))
		return value_refuse(value, text, "is not the name of a system call filter: 1 to %d small "
		    "letters, digits, \"-\" and \"_\"", FILTER_NAME_SIZE - 1);
	return value_add(value, "%s", text);
}

static bool
add_name(char *item, const struct value_context *context, struct value *value)
{
	(void)context;
	if (strcmp(item, "@") == 0)
		return value_refuse(value, item, "names no group");
	if (strcmp(item, VALUE_NONE) == 0)
		return value_refuse(value, item, "stands alone or not at all");
	return value_add_separator(value) && value_add(value, "%s", item);
}

static bool
names(const char *text, const struct value_context *context, struct value *value)
{
	return value_each(text, ", \t", context, value, add_name);
}

/* "is neither "yes" nor "no"", "is none of ..., ... and ...". */
static bool
refuse_word(enum value_type type, const char *text, struct value *value)
{
	char list[140];
	size_t i, length = 0, count = word_count(type);

	for (i = 0; i < count && length < sizeof(list); i++) {
		const char *before = i == 0 ? "" : i + 1 < count ? ", " :
		    count == 2 ? " nor " : " and ";

		length += (size_t)snprintf(list + length, sizeof(list) - length, "%s\"%s%s\"",
		    before, word_at(type, i), word_path_syntax(type, i));
	}
	return value_refuse(value, text, "is %s %s", count == 2 ? "neither" : "none of", list);
}

/* One of the type's words; after some of them ":DIR". */
static bool
word(enum value_type type, const char *text, struct value *value)
{
	const char *path = NULL;

	if (word_find(type, text, &path) == WORD_NOT_FOUND)
		return refuse_word(type, text, value);
	return (path == NULL || value_is_path(path, value)) && value_add(value, "%s", text);
}

static bool
seconds(const char *text, const struct value_context *context, struct value *value)
{
	uint64_t number = 0;

	(void)context;
	if (!text_to_seconds(text, &number) || number > GRACE_MAX)
		return value_refuse(value, text, "is not a time of 0 to %d seconds (\"10s\", "
		    "\"2m\")", GRACE_MAX);
	return value_add(value, "%llu", (unsigned long long)number);
}

static bool
terminals(const char *text, const struct value_context *context, struct value *value)
{
	uint64_t number = 0;

	(void)context;
	if (!text_to_number(text, TERMINALS_MAX, &number) || number == 0)
		return value_refuse(value, text, "is not a number from 1 to %d", TERMINALS_MAX);
	return value_add(value, "%llu", (unsigned long long)number);
}

static bool
is_hostname_byte(char c)
{
	return c != '_' && (c == '.' || is_name_byte(c));
}

/* Names of users and hosts may hold what a hostname must not: those bytes become '-'. */
static bool
add_cleaned(struct value *value, const char *name)
{
	for (; *name != '\0'; name++) {
		if (!value_add(value, "%c", is_hostname_byte(*name) ? *name : '-'))
			return false;
	}
	return true;
}

static bool
add_expansion(char letter, const struct value_context *context, struct value *value)
{
	switch (letter) {
	case 'h':
		return context == NULL || add_cleaned(value, context->machine->hostname);
	case 'u':
		return context == NULL || add_cleaned(value, context->subject->user);
	case 'U':
		return context == NULL || value_add(value, "%u", (unsigned)context->subject->uid);
	default:
		return value_refuse(value, (char[]){ '%', letter, '\0' },
		    "is none of %%u (user), %%U (uid) and %%h (the host's name)");
	}
}

static bool
hostname(const char *text, const struct value_context *context, struct value *value)
{
	const char *c;

	if (*text == '-' || *text == '.')
		return value_refuse(value, text, "must not begin with \"-\" or \".\"");
	for (c = text; *c != '\0'; c++) {
		if (*c == '%') {
			if (!add_expansion(*++c, context, value))
				return false;
		} else if (!is_hostname_byte(*c)) {
			return value_refuse(value, text, "is not a hostname of letters, digits, "
			    "\"-\", \".\", %%u, %%U and %%h");
		} else if (!value_add(value, "%c", *c)) {
			return false;
		}
	}
	if (value->length > HOSTNAME_LENGTH_MAX || (context != NULL && value->length == 0))
		return value_refuse(value, text, "makes a hostname of %zu bytes; 1 to %d can be",
		    value->length, HOSTNAME_LENGTH_MAX);
	return true;
}

/*
 * normalise is NULL: the type is one of words, or a process's limit.  can_be_none: "none" is a value, with an empty
 * normal form.
 */
static const struct {
	bool (*normalise)(const char *text, const struct value_context *context,
	    struct value *value);
	bool can_be_none;
} value_types[VALUE_TYPES] = {
	[VALUE_NAMES] = { names, true },
	[VALUE_CGROUP] = { cgroup_name, false },
	[VALUE_PROFILE] = { NULL, false },
	[VALUE_USERNS] = { NULL, false },
	[VALUE_ROOT] = { NULL, false },
	[VALUE_NETWORK] = { NULL, false },
	[VALUE_SECCOMP] = { filter_name, true },
	[VALUE_YES_NO] = { NULL, false },
	[VALUE_SLICE] = { cgroup_name, true },
	[VALUE_HOSTNAME] = { hostname, false },
	[VALUE_HOME] = { NULL, false },
	[VALUE_SIZE] = { value_size, false },
	[VALUE_SIZE_OR_NONE] = { value_size, true },
	[VALUE_TERMINALS] = { terminals, false },
	[VALUE_SECONDS] = { seconds, false },
	[VALUE_RELATIVE_PATHS] = { value_relative_paths, true },
	[VALUE_RUN_PATHS] = { value_run_paths, true },
	[VALUE_PATHS] = { value_paths, true },
	[VALUE_TMPFS] = { value_tmpfs, true },
	[VALUE_BINDS] = { value_binds, true },
	[VALUE_DEVICES] = { value_devices, true },
	[VALUE_LOGOUT] = { NULL, false },
	[VALUE_CAPABILITIES] = { value_capabilities, true },
	[VALUE_CAPABILITY_NAMES] = { value_capability_names, true },
	[VALUE_NO_NEW_PRIVS] = { NULL, false },
	[VALUE_SECUREBITS] = { value_securebits, true },
#define LIMITED(id, name, resource, unit, least) [VALUE_RLIMIT_##id] = { NULL, true },
#include "policy/rlimits.def"
#undef LIMITED
	[VALUE_CORE_DUMPS] = { NULL, false },
	[VALUE_UMASK] = { value_umask, true },
	[VALUE_NICE] = { value_nice, true },
	[VALUE_SCHEDULER] = { NULL, false },
	[VALUE_NANOSECONDS] = { value_nanoseconds, true },
	[VALUE_CPU_VIEW] = { NULL, false },
	[VALUE_LXCFS] = { NULL, false },
	[VALUE_TEXT] = { value_text, true },
	[VALUE_ADMISSION] = { NULL, false },
	[VALUE_COMMITMENT] = { value_commitment, true },
	[VALUE_WAIT] = { value_wait, false },
	[VALUE_SESSIONS] = { value_sessions, true },
	[VALUE_DURATION] = { value_duration, true },
	[VALUE_BYTES] = { value_bytes, true },
	[VALUE_SWITCH] = { value_switch, true },
	[VALUE_CPU_TIME] = { value_cpu_time, true },
	[VALUE_WEIGHT] = { value_weight, true },
	[VALUE_CPU_LIST] = { value_cpu_list, true },
	[VALUE_COUNT] = { value_count, true },
	[VALUE_IO_LINES] = { value_io_lines, true },
};

bool
value_normalise(enum value_type type, const char *text, const struct value_context *context,
    struct value *value)
{
	value->text[0] = '\0';
	value->length = 0;
	value->reason[0] = '\0';
	if (value_types[type].can_be_none && strcmp(text, VALUE_NONE) == 0)
		return true;
	if (text[strspn(text, ", \t")] == '\0') {
		(void)snprintf(value->reason, sizeof(value->reason), "no value%s",
		    value_types[type].can_be_none ? "; for none, write \"" VALUE_NONE "\"" : "");
		return false;
	}
	if (value_is_rlimit(type))
		return value_rlimit(type, text, value);
	if (value_types[type].normalise == NULL)
		return word(type, text, value);
	return value_types[type].normalise(text, context, value);
}
