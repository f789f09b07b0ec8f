/*
 * Third pass: the text, one subject, one machine -> struct policy.  Pure.  For each key the
 * last section that applies wins; only then is its value worked out, so that a login can't
 * fail over a value that another section overrides.
 */
#include "policy/array.h"
#include "policy/capability.h"
#include "policy/combination.h"
#include "policy/cpu_share.h"
#include "policy/word.h"

#include "lib/text.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EPHEMERAL_SIZE (UINT64_C(2) << 30)
#define TMPFS_LEAST 65536 /* a page of any machine */

struct resolver {
	const struct policy_text *text;
	struct value_context context;
	struct policy *policy;
	struct error *err;
};

static bool
section_applies(const struct section *section, enum section_kind kind,
    const struct subject *subject)
{
	if (section->kind != kind)
		return false;
	switch (kind) {
	case SECTION_HOST:
	case SECTION_DEFAULT:
		return true;
	case SECTION_GROUP:
		return subject_in_group(subject, section->name);
	case SECTION_USER:
		return strcmp(subject->user, section->name) == 0;
	case SECTION_SERVICE:
		return strcmp(subject->service, section->name) == 0;
	case SECTION_SLICE: /* applies by its name in a key, to nobody by itself */
	case SECTION_KINDS:
		break;
	}
	return false;
}

/* Sections of one place, in the order of enum section_kind, each kind in the files' order. */
static void
collect(const struct resolver *resolver, enum key_place place, struct winners *winners)
{
	int kind;
	size_t i;

	*winners = (struct winners)WINNERS_INIT;
	for (kind = 0; kind < SECTION_KINDS; kind++) {
		if (section_place((enum section_kind)kind) != place)
			continue;
		for (i = 0; i < resolver->text->sections; i++) {
			const struct section *section = &resolver->text->section[i];

			if (section_applies(section, (enum section_kind)kind,
			    resolver->context.subject))
				winners_take(winners, section);
		}
	}
}

/* A copy of a normal form; none is NULL. */
static int
store_string(char **field, const char *text)
{
	if (text[0] == '\0')
		return 0;
	*field = strdup(text);
	return *field != NULL ? 0 : -1;
}

static int
store_list(struct text_list *list, const char *text)
{
	size_t length;

	for (; *text != '\0'; text += length + (text[length] == '\n')) {
		length = strcspn(text, "\n");
		if (array_add_text(&list->item, &list->count, text, length) < 0)
			return -1;
	}
	return 0;
}

/* "overlay" or "template:DIR". */
static int
store_word(struct policy *policy, const struct key *key, const char *text)
{
	const char *path = NULL;
	size_t index = word_find(key->type, text, &path);

	if (index == WORD_NOT_FOUND) {
		errno = EINVAL;
		return -1;
	}
	/* gcc and clang give an enum without negative values this type. */
	*(unsigned *)(void *)((char *)policy + key->offset) = (unsigned)index;
	return path != NULL ? store_string(key_path_field(key, policy), path) : 0;
}

static int
store_number(uint64_t *field, const char *text)
{
	if (text_to_number(text, UINT64_MAX, field))
		return 0;
	errno = EINVAL;
	return -1;
}

/* The normal form into the key's field; -1 with errno. */
static int
store(struct policy *policy, const struct key *key, const char *text)
{
	void *field = (char *)policy + key->offset;

	switch (key_field(key)) {
	case KEY_FIELD_STRING:
		return store_string(field, text);
	case KEY_FIELD_NUMBER:
		return store_number(field, text);
	case KEY_FIELD_NUMBER_OR_NONE:
		return text[0] == '\0' ? 0 : store_number(field, text);
	case KEY_FIELD_LIST:
		return store_list(field, text);
	case KEY_FIELD_YES_NO:
		*(bool *)field = strcmp(text, "yes") == 0;
		return 0;
	case KEY_FIELD_CAPABILITIES:
		*(uint64_t *)field = capability_apply(text, capability_of_profile(policy));
		return 0;
	case KEY_FIELD_WORD:
		return store_word(policy, key, text);
	case KEY_FIELD_LIMIT: /* not a field of its own: see resolve_limit() */
		break;
	}
	errno = EINVAL;
	return -1;
}

/* The winning value of a key, or its default, in its normal form for this login. */
static int
work_out(const struct resolver *resolver, const struct key *key, enum key_place place,
    const struct winners *winners, struct value *value)
{
	const struct setting *winner = winners_setting(winners, key);

	if (value_normalise(key->type, winners_text(winners, key, place), &resolver->context, value))
		return 0;
	if (winner == NULL)
		return error_set(resolver->err, 0, "built in: %s: %s", key->name, value->reason);
	return error_set(resolver->err, 0, "%s:%u: %s: %s", winner->origin.file,
	    winner->origin.line, key->name, value->reason);
}

static int
resolve_limit(const struct resolver *resolver, enum limit limit, enum key_place place,
    const struct winners *winners, struct limits *limits)
{
	struct value value;
	const struct key *key = key_at(POLICY_KEY_COUNT + (size_t)limit);
	const struct setting *winner = winners_setting(winners, key);

	if (work_out(resolver, key, place, winners, &value) < 0)
		return -1;
	if (winner != NULL)
		limits->origin[limit] = winner->origin;
	if (store_string(&limits->value[limit], value.text) < 0)
		return error_set(resolver->err, errno, "keep the value of %s", key->name);
	return 0;
}

static int
resolve_limits(const struct resolver *resolver, enum key_place place,
    const struct winners *winners, struct limits *limits)
{
	int limit;

	for (limit = 0; limit < LIMIT_COUNT; limit++) {
		if (resolve_limit(resolver, (enum limit)limit, place, winners, limits) < 0)
			return -1;
	}
	return 0;
}

static int
resolve_key(const struct resolver *resolver, enum policy_key index, const struct winners *winners)
{
	const struct key *key = key_at(index);
	const struct setting *winner = winners_setting(winners, key);
	struct value value;

	/* A key of this table has one place: its default needs no more. */
	if (work_out(resolver, key, (enum key_place)key->places, winners, &value) < 0)
		return -1;
	if (winner != NULL)
		resolver->policy->origin[index] = winner->origin;
	if (store(resolver->policy, key, value.text) < 0)
		return error_set(resolver->err, errno, "keep the value of %s", key->name);
	return 0;
}

static int
resolve_keys(const struct resolver *resolver, enum key_place place, const struct winners *winners)
{
	int index;

	for (index = 0; index < POLICY_KEY_COUNT; index++) {
		/* exempt went before, since all else depends on it. */
		if (index == POLICY_KEY_EXEMPT || !(key_at((size_t)index)->places & place))
			continue;
		if (resolve_key(resolver, (enum policy_key)index, winners) < 0)
			return -1;
	}
	return 0;
}

/* A tmpfs without a limit would take all the memory that the container may have. */
static void
limit_ephemeral(struct policy *policy)
{
	if (policy->root == ROOT_EPHEMERAL && policy->root_size == 0)
		policy->root_size = EPHEMERAL_SIZE;
	if (policy->home == HOME_EPHEMERAL && policy->home_size == 0)
		policy->home_size = EPHEMERAL_SIZE;
}

/*
 * Files of a tmpfs are the container's memory, and killing a process gives none of them back: where
 * no line says otherwise, none of them can take more than half; but never 0, which is no limit to a tmpfs.
 */
static void
fit_tmpfs(struct policy *policy)
{
	static const enum policy_key keys[] = {
		POLICY_KEY_TMP_SIZE, POLICY_KEY_SHM_SIZE, POLICY_KEY_RUNTIME_SIZE, POLICY_KEY_HOME_SIZE,
	};
	const char *max = policy->limits.value[LIMIT_MEMORY_MAX];
	uint64_t memory, half;
	size_t i;

	if (max == NULL || !text_to_number(max, UINT64_MAX, &memory))
		return;
	half = memory / 2 > 0 ? memory / 2 : TMPFS_LEAST;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		uint64_t *size = (uint64_t *)(void *)((char *)policy + key_at(keys[i])->offset);

		/* The other kinds of homes are on a disk. */
		if (keys[i] == POLICY_KEY_HOME_SIZE && policy->home != HOME_EPHEMERAL)
			continue;
		if (policy->origin[keys[i]].file == NULL && *size > half)
			*size = half;
	}
}

static int
refuse_key(const struct resolver *resolver, enum policy_key index, const char *reason)
{
	const struct origin *origin = &resolver->policy->origin[index];

	return error_set(resolver->err, 0, "%s:%u: %s: %s", origin->file, origin->line,
	    key_at(index)->name, reason);
}

/* The bounding set is what there is to give. */
static int
check_capabilities(const struct resolver *resolver)
{
	const struct policy *policy = resolver->policy;
	char reason[320];

	if (policy->ambient != 0 && !capability_ambient_lives(resolver->context.subject->service)) {
		(void)snprintf(reason, sizeof(reason), "%s takes them away when it becomes the user; set "
		    "\"ambient = none\" in [service %s], and \"inheritable\" for programs that setcap(8) made "
		    "to take them", resolver->context.subject->service,
		    resolver->context.subject->service);
		return refuse_key(resolver, POLICY_KEY_AMBIENT, reason);
	}
	if (policy->ambient & (CAPABILITY(CAP_SETUID) | CAPABILITY(CAP_SETGID)))
		return refuse_key(resolver, POLICY_KEY_AMBIENT, "who may become any user is root: leave out "
		    "setuid and setgid");
	if (policy->ambient & ~policy->capabilities)
		return refuse_key(resolver, POLICY_KEY_AMBIENT, "has what is not in \"capabilities\"");
	if (policy->inheritable & ~policy->capabilities)
		return refuse_key(resolver, POLICY_KEY_INHERITABLE, "has what is not in \"capabilities\"");
	return 0;
}

static bool
is_exempt(const struct policy *policy, const struct subject *subject)
{
	size_t i;

	if (subject->uid == 0)
		return true;
	for (i = 0; i < policy->exempt_names.count; i++) {
		const char *name = policy->exempt_names.item[i];

		if (name[0] == '@' ? subject_in_group(subject, name + 1) :
		    strcmp(subject->user, name) == 0)
			return true;
	}
	return false;
}

static int
resolve_slice(const struct resolver *resolver)
{
	const struct section *slice;
	struct winners winners = WINNERS_INIT;

	if (resolver->policy->slice == NULL)
		return 0;
	slice = section_find_slice(resolver->text, resolver->policy->slice);
	if (slice == NULL)
		return error_set(resolver->err, 0, "there is no [slice %s]",
		    resolver->policy->slice);
	winners_take(&winners, slice);
	return resolve_limits(resolver, KEY_IN_SLICE, &winners, &resolver->policy->slice_limits);
}

/* More than the check can see: a group's and a user's section together, say. */
static int
refuse_nonsense(const struct resolver *resolver, const struct winners *winners)
{
	struct combination found;
	size_t rule = 0;

	if (!combination_find(winners, &rule, &found))
		return 0;
	return error_set(resolver->err, 0, "%s:%u: %s: %s", found.culprit->origin.file,
	    found.culprit->origin.line, found.culprit->key->name, found.reason);
}

static int
resolve_all(const struct resolver *resolver)
{
	struct policy *policy = resolver->policy;
	struct winners host, user;

	collect(resolver, KEY_IN_HOST, &host);
	collect(resolver, KEY_IN_USER, &user);
	if (resolve_key(resolver, POLICY_KEY_EXEMPT, &host) < 0)
		return -1;
	policy->exempt = is_exempt(policy, resolver->context.subject);
	/* Who is not contained must not be locked out by a limit that does not fit. */
	if (policy->exempt)
		return 0;
	if (refuse_nonsense(resolver, &user) < 0 ||
	    resolve_keys(resolver, KEY_IN_HOST, &host) < 0 ||
	    resolve_limits(resolver, KEY_IN_HOST, &host, &policy->host_limits) < 0 ||
	    resolve_keys(resolver, KEY_IN_USER, &user) < 0 ||
	    resolve_limits(resolver, KEY_IN_USER, &user, &policy->limits) < 0)
		return -1;
	limit_ephemeral(policy);
	fit_tmpfs(policy);
	if (check_capabilities(resolver) < 0)
		return -1;
	if (resolve_slice(resolver) < 0)
		return -1;
	return cpu_share(resolver->context.subject, resolver->context.machine, policy, resolver->err);
}

int
policy_resolve(const struct policy_text *text, const struct subject *subject,
    const struct machine *machine, struct policy *policy, struct error *err)
{
	struct resolver resolver = {
		.text = text,
		.context = { .machine = machine, .subject = subject },
		.policy = policy,
		.err = err,
	};

	*policy = (struct policy)POLICY_INIT;
	if (resolve_all(&resolver) == 0)
		return 0;
	policy_free(policy);
	return -1;
}
