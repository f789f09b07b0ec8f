/*
 * Rules of the key devices, and what they are matched with, which comes from hardware that a
 * user plugs in.  A rule that is taken is the same when its text is read again, and the
 * helper without capabilities, which gets it without user and group, decides the same by it.
 * An input: facts, a line each in the order of enum device_fact, "?" what can't be told; then rules.
 */
#include "fuzz.h"

#include "lib/own.h"
#include "policy/device_rule.h"

#include <string.h>

#define FACTS 9
#define RULES_MAX 8

struct facts {
	char *text[FACTS]; /* owned */
};

static const char *
get_fact(void *context, enum device_fact fact, const char *name, size_t index, bool *is_unknown)
{
	const struct facts *facts = context;
	const char *text = fact < FACTS ? facts->text[fact] : NULL;

	(void)name;
	*is_unknown = text && !strcmp(text, "?");
	return index == 0 && !*is_unknown ? text : NULL;
}

static bool
is_same(const struct device_rule *a, const struct device_rule *b)
{
	bool same = a->allows == b->allows && a->access == b->access && a->matches == b->matches;

	for (size_t i = 0; same && i < a->matches; i++)
		same = a->match[i].fact == b->match[i].fact && !strcmp(a->match[i].name, b->match[i].name) &&
		    !strcmp(a->match[i].pattern, b->match[i].pattern);
	return same;
}

static void
check_rule(const struct device_rule *rule)
{
	struct device_rule again, without = *rule;
	char text[DEVICE_RULE_SIZE], reason[256] = "";
	const char *path = device_rule_path(rule);

	fuzz_check(rule->matches <= DEVICE_MATCHES_MAX);
	device_rule_format(rule, true, text, sizeof(text));
	fuzz_check(device_rule_parse(text, &again, reason, sizeof(reason)), "%s: %s", text, reason);
	fuzz_check(is_same(rule, &again), "%s", text);
	fuzz_check(path == NULL || !strncmp(path, "/dev/", 5), "%s", path);
	fuzz_check(path == NULL || device_rule_is_exact(rule));
	(void)device_rule_wants_udevd(rule);
	device_rule_without_udevd(&without);
	fuzz_check(without.matches <= rule->matches);
}

static void
check_decision(const struct device_rule *rule, size_t count, struct facts *facts)
{
	const struct device_facts device = { .get = get_fact, .context = facts };
	const struct device_rule *decides = device_rules_decide(rule, count, &device);

	fuzz_check(!decides || (decides >= rule && decides < rule + count));
	/* The same without those behind it: the last that matches decides. */
	if (decides)
		fuzz_check(device_rules_decide(rule, (size_t)(decides - rule) + 1, &device) == decides);
	else
		fuzz_check(count == 0 || device_rules_decide(rule, count - 1, &device) == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	struct facts facts;
	struct device_rule rule[RULES_MAX];
	size_t count = 0;

	for (size_t i = 0; i < FACTS; i++)
		facts.text[i] = fuzz_until(&input, '\n');
	while (input.left > 0 && count < RULES_MAX) {
		char reason[64] = "";
		autofree char *line = fuzz_until(&input, '\n');
		if (!device_rule_parse(line, &rule[count], reason, sizeof(reason))) {
			fuzz_check(reason[0]);
			continue;
		}
		check_rule(&rule[count++]);
	}
	check_decision(rule, count, &facts);
	for (size_t i = 0; i < FACTS; i++)
		free(facts.text[i]);
	return 0;
}
