/*
 * Values that name files.  Only their spelling is judged here; whether they exist, and whose
 * they are, is for whoever mounts.  What passes needs no further look for "..", ':' or
 * empty components.
 */
#include "policy/value.h"

#include "lib/text.h"

#include <limits.h>
#include <string.h>

/* Each component of path, which may be absolute or relative: not empty, ".", "..", too long. */
static bool
check_components(const char *path, const char *component, struct value *value)
{
	for (;;) {
		size_t length = strcspn(component, "/");

		if (length == 0)
			return value_refuse(value, path, "has an empty component (\"//\" or a "
			    "\"/\" at the end)");
		if (strncmp(component, "..", length) == 0)
			return value_refuse(value, path, "must not have \".\" or \"..\" in it");
		if (length > NAME_MAX)
			return value_refuse(value, path, "has a component of more than %d bytes",
			    NAME_MAX);
		if (component[length] == '\0')
			return true;
		component += length + 1;
	}
}

bool
value_is_path(const char *path, struct value *value)
{
	if (path[0] != '/')
		return value_refuse(value, path, "is not an absolute path");
	if (path[1] == '\0')
		return value_refuse(value, path, "is the whole file system; name what is below it");
	if (strchr(path, ':') != NULL)
		return value_refuse(value, path, "must not have \":\" in it");
	return check_components(path, path + 1, value);
}

/* The same after the '-' of "may be missing". */
static bool
is_optional_path(const char *path, struct value *value)
{
	return value_is_path(path[0] == '-' ? path + 1 : path, value);
}

static bool
add_path(char *item, const struct value_context *context, struct value *value)
{
	(void)context;
	return is_optional_path(item, value) && value_add_separator(value) &&
	    value_add(value, "%s", item);
}

bool
value_paths(const char *text, const struct value_context *context, struct value *value)
{
	return value_each(text, ", \t", context, value, add_path);
}

static bool
add_relative_path(char *item, const struct value_context *context, struct value *value)
{
	(void)context;
	if (item[0] == '/')
		return value_refuse(value, item, "must be relative: without the \"/\" before it");
	/* Would be taken for a comment where the list is printed. */
	if (item[0] == '#' || item[0] == ';')
		return value_refuse(value, item, "must not begin with \"#\" or \";\"");
	if (strcmp(item, VALUE_NONE) == 0)
		return value_refuse(value, item, "stands alone or not at all");
	if (strchr(item, ':') != NULL)
		return value_refuse(value, item, "must not have \":\" in it");
	return check_components(item, item, value) && value_add_separator(value) &&
	    value_add(value, "%s", item);
}

bool
value_relative_paths(const char *text, const struct value_context *context, struct value *value)
{
	return value_each(text, ", \t", context, value, add_relative_path);
}

/* What the container has of its own, and what commands supervisors, stays the container's. */
static bool
add_run_path(char *item, const struct value_context *context, struct value *value)
{
	static const char *const own[] = { "user", "pam_ctr", "utmp" };
	size_t i, length = strcspn(item, "/");

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (strlen(own[i]) == length && strncmp(item, own[i], length) == 0)
			return value_refuse(value, item, "is the container's own in /run");
	}
	if (item[0] == '-')
		return value_refuse(value, item, "needs no \"-\": what is missing is passed over");
	return add_relative_path(item, context, value);
}

bool
value_run_paths(const char *text, const struct value_context *context, struct value *value)
{
	return value_each(text, ", \t", context, value, add_run_path);
}

static bool
add_tmpfs(char *item, const struct value_context *context, struct value *value)
{
	char *size = strchr(item, ':');

	if (size != NULL)
		*size++ = '\0';
	if (!is_optional_path(item, value) || !value_add_separator(value) ||
	    !value_add(value, "%s", item))
		return false;
	return size == NULL || (value_add(value, ":") && value_size(size, context, value));
}

bool
value_tmpfs(const char *text, const struct value_context *context, struct value *value)
{
	return value_each(text, ", \t", context, value, add_tmpfs);
}

static bool
add_bind(char *item, const struct value_context *context, struct value *value)
{
	char *target = strchr(item, ':'), *option = NULL;
	const char *source = item[0] == '-' ? item + 1 : item;

	(void)context;
	if (target != NULL) {
		*target++ = '\0';
		option = strchr(target, ':');
	}
	if (option != NULL)
		*option++ = '\0';
	if (option != NULL && strcmp(option, "ro") != 0)
		return value_refuse(value, option, "after source:target: only \"ro\" can be");
	if (target != NULL && target[0] == '-')
		return value_refuse(value, target, "is the target; the \"-\" of \"may be missing\" "
		    "goes before the source");
	if (!is_optional_path(item, value) || (target != NULL && !value_is_path(target, value)))
		return false;
	return value_add_separator(value) && value_add(value, "%s:%s%s", item,
	    target != NULL ? target : source, option != NULL ? ":ro" : "");
}

bool
value_binds(const char *text, const struct value_context *context, struct value *value)
{
	return value_each(text, ", \t", context, value, add_bind);
}
