/*
 * Second pass: what the parser could not judge line by line.  After it, resolving can only
 * fail over what is this machine's or this login's.
 */
#include "policy/capability.h"
#include "policy/combination.h"
#include "policy/parse.h"

#include <stdlib.h>
#include <string.h>

/* A slice may be named before it is there, or be in another file. */
static void
check_slice(const struct policy_text *text, const struct setting *setting,
    struct fault_list *faults)
{
	if (setting->key->type == VALUE_SLICE && strcmp(setting->value, VALUE_NONE) != 0 &&
	    section_find_slice(text, setting->value) == NULL)
		fault_add(faults, setting->origin, setting->key->name, "there is no [slice %s]",
		    setting->value);
}

/* What a login of this service would be refused for, always. */
static void
check_ambient(const struct section *section, const struct setting *setting,
    struct fault_list *faults)
{
	if (section->kind == SECTION_SERVICE && key_index(setting->key) == POLICY_KEY_AMBIENT &&
	    strcmp(setting->value, VALUE_NONE) != 0 && !capability_ambient_lives(section->name))
		fault_add(faults, setting->origin, setting->key->name,
		    "%s takes ambient capabilities away when it becomes the user; see \"inheritable\"",
		    section->name);
}

/* A container has one /dev, whichever service the logins come by. */
static void
check_devices(const struct section *section, const struct setting *setting,
    struct fault_list *faults)
{
	if (section->kind == SECTION_SERVICE && setting->key->type == VALUE_DEVICES)
		fault_add(faults, setting->origin, setting->key->name, "all logins of a user's share one "
		    "/dev; it belongs in [default], [group NAME] or [user NAME]");
}

/* By kind and name, then in the order of the files. */
static int
compare_sections(const void *left, const void *right)
{
	const struct section *a = *(const struct section *const *)left;
	const struct section *b = *(const struct section *const *)right;
	int names;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	names = strcmp(a->name, b->name);
	if (names != 0)
		return names;
	return a < b ? -1 : a > b;
}

static void
report_double(const struct section *first, const struct section *second,
    struct fault_list *faults)
{
	fault_add(faults, second->origin, NULL, "[%s%s%s]: is there already, at %s:%u",
	    section_kind_name(second->kind), second->name[0] != '\0' ? " " : "", second->name,
	    first->origin.file, first->origin.line);
}

/*
 * Two sections of one name would hide which of them wins.  One without keys is no section:
 * a header that stands over commented-out keys harms nobody.
 */
static void
check_doubles(const struct policy_text *text, struct fault_list *faults)
{
	const struct section **sorted;
	size_t i, count = 0;

	if (text->sections == 0)
		return;
	sorted = calloc(text->sections, sizeof(const struct section *));
	if (sorted == NULL) {
		fault_add(faults, text->section[0].origin, NULL, "no memory to check it");
		return;
	}
	for (i = 0; i < text->sections; i++) {
		if (text->section[i].count > 0)
			sorted[count++] = &text->section[i];
	}
	qsort(sorted, count, sizeof(const struct section *), compare_sections);
	for (i = 1; i < count; i++) {
		if (sorted[i]->kind == sorted[i - 1]->kind &&
		    strcmp(sorted[i]->name, sorted[i - 1]->name) == 0)
			report_double(sorted[i - 1], sorted[i], faults);
	}
	free(sorted);
}

/* Each combination at the line that makes it; what was there below rank is told already. */
static void
report_combinations(const struct winners *winners, unsigned rank, struct fault_list *faults)
{
	struct combination found;
	size_t rule = 0;

	while (combination_find(winners, &rule, &found)) {
		if (found.rank >= rank)
			fault_add(faults, found.culprit->origin, found.culprit->key->name, "%s",
			    found.reason);
	}
}

/* [default] alone, then each section over it: which of them meet, only a login shows. */
static void
check_combinations(const struct policy_text *text, struct fault_list *faults)
{
	struct winners base = WINNERS_INIT;
	size_t i;

	for (i = 0; i < text->sections; i++) {
		if (text->section[i].kind == SECTION_DEFAULT)
			winners_take(&base, &text->section[i]);
	}
	report_combinations(&base, 0, faults);
	for (i = 0; i < text->sections; i++) {
		const struct section *section = &text->section[i];
		struct winners merged = base;

		if (section_place(section->kind) != KEY_IN_USER || section->kind == SECTION_DEFAULT)
			continue;
		winners_take(&merged, section);
		report_combinations(&merged, base.sections, faults);
	}
}

void
check_text(const struct policy_text *text, struct fault_list *faults)
{
	size_t i, j;

	for (i = 0; i < text->sections; i++) {
		for (j = 0; j < text->section[i].count; j++) {
			check_slice(text, &text->section[i].setting[j], faults);
			check_ambient(&text->section[i], &text->section[i].setting[j], faults);
			check_devices(&text->section[i], &text->section[i].setting[j], faults);
		}
	}
	check_doubles(text, faults);
	check_combinations(text, faults);
}

int
policy_check_machine(const struct policy_text *text, const struct subject *subject,
    const struct machine *machine, struct policy_faults *faults)
{
	const struct value_context context = { .machine = machine, .subject = subject };
	struct fault_list list = FAULT_LIST_INIT;
	struct value value;

	for (size_t i = 0; i < text->sections; i++) {
		for (size_t j = 0; j < text->section[i].count; j++) {
			const struct setting *setting = &text->section[i].setting[j];

			if (!value_normalise(setting->key->type, setting->value, &context, &value))
				fault_add(&list, setting->origin, setting->key->name, "%s", value.reason);
		}
	}
	*faults = list.kept;
	return list.total == 0 ? 0 : -1;
}

void
policy_each_value(const struct policy_text *text, enum policy_key key,
    void (*each)(const char *value, const struct origin *origin, void *context), void *context)
{
	if (key_at(key)->builtin)
		each(key_at(key)->builtin, NULL, context);
	for (size_t i = 0; i < text->sections; i++)
		for (size_t j = 0; j < text->section[i].count; j++)
			if (key_index(text->section[i].setting[j].key) == key)
				each(text->section[i].setting[j].value, &text->section[i].setting[j].origin,
				    context);
}
