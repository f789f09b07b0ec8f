/*
 * A key's value: file syntax -> one normal form.  The check and the resolution use the same
 * functions, so that what was checked is what is resolved.  Internal to policy/.
 */
#ifndef POLICY_VALUE_H
#define POLICY_VALUE_H

#include "lib/machine.h"
#include "lib/subject.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The file syntax's longest line; the normal form may be longer ("1T" becomes 13 digits). */
#define VALUE_LINE_MAX 4096
#define VALUE_MAX (4 * VALUE_LINE_MAX)

/* The word for "no value": an empty list, a limit that is not set, no slice. */
#define VALUE_NONE "none"

enum value_type {
	VALUE_NAMES,
	VALUE_CGROUP,
	VALUE_PROFILE,
	VALUE_USERNS,
	VALUE_ROOT,
	VALUE_NETWORK,
	VALUE_SECCOMP,
	VALUE_YES_NO,
	VALUE_SLICE,
	VALUE_HOSTNAME,
	VALUE_HOME,
	VALUE_SIZE,
	VALUE_SIZE_OR_NONE,
	VALUE_TERMINALS,
	VALUE_SECONDS,
	VALUE_RELATIVE_PATHS,
	VALUE_RUN_PATHS,
	VALUE_PATHS,
	VALUE_TMPFS,
	VALUE_BINDS,
	VALUE_DEVICES,
	VALUE_LOGOUT,
	VALUE_CAPABILITIES,
	VALUE_CAPABILITY_NAMES,
	VALUE_NO_NEW_PRIVS,
	VALUE_SECUREBITS,
#define LIMITED(id, name, resource, unit, least) VALUE_RLIMIT_##id,
#include "policy/rlimits.def"
#undef LIMITED
	VALUE_CORE_DUMPS,
	VALUE_UMASK,
	VALUE_NICE,
	VALUE_SCHEDULER,
	VALUE_NANOSECONDS,
	VALUE_CPU_VIEW,
	VALUE_LXCFS,
	VALUE_TEXT,
	VALUE_ADMISSION,
	VALUE_COMMITMENT,
	VALUE_WAIT,
	VALUE_SESSIONS,
	VALUE_DURATION,
	/* of limits */
	VALUE_BYTES,
	VALUE_SWITCH,
	VALUE_CPU_TIME,
	VALUE_WEIGHT,
	VALUE_CPU_LIST,
	VALUE_COUNT,
	VALUE_IO_LINES,
	VALUE_TYPES
};

/* Whom and what machine it is resolved for; NULL where only the syntax is checked. */
struct value_context {
	const struct machine *machine;
	const struct subject *subject;
};

struct value {
	char text[VALUE_MAX]; /* the normal form; list items are separated by '\n' */
	size_t length;
	char reason[256];     /* why not, where it was refused */
};

/* False with the reason where text is no value of this type. */
bool value_normalise(enum value_type type, const char *text, const struct value_context *context,
    struct value *value);

/* For the types' own functions: appends to the normal form; false (with reason): too long. */
bool value_add(struct value *value, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sets the reason, 'text' escaped and in quotes before it; returns false. */
bool value_refuse(struct value *value, const char *text, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds what separates a list's items; nothing before the first. */
bool value_add_separator(struct value *value);

/*
 * Calls each() for the items of text, which are separated by one or more of separators and
 * are each's to change, until it returns false.
 */
bool value_each(const char *text, const char *separators, const struct value_context *context,
    struct value *value,
    bool (*each)(char *item, const struct value_context *context, struct value *value));

/* "1%" to "100%". */
bool value_is_percent(const char *text, uint64_t *percent);

/* A share of an amount, without overflow. */
uint64_t value_share(uint64_t amount, uint64_t percent);

/* Bytes or a percentage of the RAM, not 0; for every tmpfs (to which 0 means: no limit). */
bool value_size(const char *text, const struct value_context *context, struct value *value);

/* policy/path_value.c */
bool value_paths(const char *text, const struct value_context *context, struct value *value);
bool value_relative_paths(const char *text, const struct value_context *context,
    struct value *value);
bool value_run_paths(const char *text, const struct value_context *context, struct value *value);
bool value_tmpfs(const char *text, const struct value_context *context, struct value *value);
bool value_binds(const char *text, const struct value_context *context, struct value *value);
bool value_is_path(const char *path, struct value *value);

/* policy/capability_value.c */
bool value_capabilities(const char *text, const struct value_context *context,
    struct value *value);
bool value_capability_names(const char *text, const struct value_context *context,
    struct value *value);

/* policy/device_value.c */
bool value_devices(const char *text, const struct value_context *context, struct value *value);

/* policy/door_value.c */
bool value_text(const char *text, const struct value_context *context, struct value *value);
bool value_commitment(const char *text, const struct value_context *context,
    struct value *value);
bool value_wait(const char *text, const struct value_context *context, struct value *value);
bool value_sessions(const char *text, const struct value_context *context, struct value *value);
bool value_duration(const char *text, const struct value_context *context, struct value *value);

/* policy/limit_value.c */
bool value_bytes(const char *text, const struct value_context *context, struct value *value);
bool value_switch(const char *text, const struct value_context *context, struct value *value);
bool value_cpu_time(const char *text, const struct value_context *context, struct value *value);
bool value_weight(const char *text, const struct value_context *context, struct value *value);
bool value_cpu_list(const char *text, const struct value_context *context, struct value *value);
bool value_count(const char *text, const struct value_context *context, struct value *value);
bool value_io_lines(const char *text, const struct value_context *context, struct value *value);

#endif
