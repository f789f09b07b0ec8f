/*
 * struct policy itself: its end, and the names of its limits.  Pure.
 */
#include "policy/key.h"

#include <errno.h>
#include <stdlib.h>

static void
free_list(struct text_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->item[i]);
	free(list->item);
}

static void
free_limits(struct limits *limits)
{
	size_t i;

	for (i = 0; i < LIMIT_COUNT; i++)
		free(limits->value[i]);
}

/* The fields of keys are found by the table: a key that is added is freed, too. */
static void
free_field(struct policy *policy, const struct key *key)
{
	void *field = (char *)policy + key->offset;

	if (key_field(key) == KEY_FIELD_STRING)
		free(*(char **)field);
	else if (key_field(key) == KEY_FIELD_LIST)
		free_list(field);
	else if (key_path_field(key, policy) != NULL)
		free(*key_path_field(key, policy));
}

void
policy_free(struct policy *policy)
{
	int saved = errno;
	size_t i;

	if (policy == NULL)
		return;
	for (i = 0; i < POLICY_KEY_COUNT; i++)
		free_field(policy, key_at(i));
	free_limits(&policy->host_limits);
	free_limits(&policy->slice_limits);
	free_limits(&policy->limits);
	*policy = (struct policy)POLICY_INIT;
	errno = saved;
}

const char *
limit_name(enum limit limit)
{
	return key_at(POLICY_KEY_COUNT + (size_t)limit)->name;
}

enum controller
limit_controller(enum limit limit)
{
	static const enum controller controller_of[LIMIT_COUNT] = {
#define LIMIT(id, name, controller, type) [LIMIT_##id] = controller,
#include "policy/limits.def"
#undef LIMIT
	};

	return controller_of[limit];
}
