/*
 * The rules of what goes together.  Pure.  They judge a login's policy when it is resolved,
 * and when the files are checked each section over [default]: an admin is to learn it before
 * a user does.
 */
#include "policy/combination.h"

#include "policy/capability.h"
#include "policy/word.h"

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

/* Of a key that is no word: whether it has a value. */
#define SET (1U << WORD_YES)
/* Of capabilities: whether these are among them. */
#define REACHES_HOST (1U << 2)
#define HAS_NET_ADMIN (1U << 3)

struct side {
	enum policy_key key;
	unsigned words; /* bits: these break the rule, together with the other side's */
};

/* What reason says holds for all words of both sides. */
static const struct {
	struct side side[2];
	const char *reason;
} rule_table[] = {
	{ { { POLICY_KEY_USERNS, 1U << USERNS_HOST },
	    { POLICY_KEY_ROOT, 1U << ROOT_READ_ONLY | 1U << ROOT_OVERLAY | 1U << ROOT_EPHEMERAL } },
	    "a root of its own needs ids of its own; set userns = private, or profile = shared, "
	    "with read_only = PATHS for what must not be written" },
	{ { { POLICY_KEY_USERNS, 1U << USERNS_PRIVATE },
	    { POLICY_KEY_ROOT, 1U << ROOT_HOST } },
	    "root's files would be nobody's inside; set root = read_only, overlay or ephemeral, "
	    "or profile = shared" },
	{ { { POLICY_KEY_SUDO, 1U << WORD_YES },
	    { POLICY_KEY_ROOT, 1U << ROOT_HOST | 1U << ROOT_READ_ONLY } },
	    "root inside could read every file of the host's root; set root = overlay or "
	    "ephemeral, or sudo = no" },
	{ { { POLICY_KEY_SUDO, 1U << WORD_YES },
	    { POLICY_KEY_SETUID, 1U << WORD_NO } },
	    "sudo is a setuid program itself; set setuid = yes, or sudo = no" },
	{ { { POLICY_KEY_NESTING, 1U << WORD_NO },
	    { POLICY_KEY_USERNS, 1U << USERNS_HOST } },
	    "only in a private user namespace can more of them be forbidden; set userns = "
	    "private, or nesting = yes" },
	{ { { POLICY_KEY_ROOT_SIZE, SET },
	    { POLICY_KEY_ROOT, 1U << ROOT_HOST | 1U << ROOT_READ_ONLY } },
	    "there is nothing to limit; set root = overlay or ephemeral, or root_size = none" },
	{ { { POLICY_KEY_NO_NEW_PRIVS, 1U << NO_NEW_PRIVS_YES },
	    { POLICY_KEY_SETUID, 1U << WORD_YES } },
	    "no program gains a right then, setuid or not; set setuid = no, or no_new_privs = auto" },
	{ { { POLICY_KEY_CORE_DUMPS, 1U << CORE_DUMPS_NONE },
	    { POLICY_KEY_RLIMIT_CORE, SET } },
	    "no core is written, however large; set core_dumps = file, or rlimit.core = none" },
	{ { { POLICY_KEY_CAPABILITIES, REACHES_HOST },
	    { POLICY_KEY_USERNS, 1U << USERNS_HOST } },
	    "these reach the host's kernel, its disks or its other users, and a setuid program's "
	    "hole would be the host's; take them away, or set userns = private" },
	{ { { POLICY_KEY_CAPABILITIES, HAS_NET_ADMIN },
	    { POLICY_KEY_USERNS, 1U << USERNS_HOST } },
	    "net_admin would be over the host's network; set userns = private, which has it with "
	    "network = private" },
};

bool
combination_has(const struct key *key)
{
	size_t i;

	for (i = 0; i < sizeof(rule_table) / sizeof(rule_table[0]); i++) {
		if (key_index(key) == (size_t)rule_table[i].side[0].key ||
		    key_index(key) == (size_t)rule_table[i].side[1].key)
			return true;
	}
	/* What is not set alone hangs on it. */
	return key_index(key) == POLICY_KEY_PROFILE;
}

/* What one side of a rule comes to. */
struct judged {
	const struct setting *setting; /* NULL: built in */
	unsigned rank;
	bool is_own; /* set by a line of the key's own, not by the profile's */
	const char *shown;
	int shown_length;
	bool breaks;
};

static unsigned
bit_of_word(size_t word)
{
	return word == WORD_NOT_FOUND ? 0 : 1U << word;
}

/* What the profile brings along is in none of these sets, or right for its user namespace. */
static unsigned
words_of_capabilities(const char *text)
{
	struct value value;

	if (!value_normalise(VALUE_CAPABILITIES, text, NULL, &value))
		return 0;
	uint64_t set = capability_apply(value.text, 0);
	return ((set & capability_of_host()) != 0 ? REACHES_HOST : 0) |
	    ((set & CAPABILITY(CAP_NET_ADMIN)) != 0 ? HAS_NET_ADMIN : 0);
}

static struct judged
judge(const struct winners *winners, const struct side *side)
{
	const struct key *key = key_at(side->key);
	const char *text = winners_text(winners, key, KEY_IN_USER), *path = NULL;
	const struct setting *setting = winners_setting(winners, key);
	unsigned words = 0;

	if (key->type == VALUE_CAPABILITIES)
		words = words_of_capabilities(text);
	else if (word_count(key->type) > 0)
		words = bit_of_word(word_find(key->type, text, &path));
	else if (strcmp(text, SETTING_REFUSED) != 0)
		words = strcmp(text, VALUE_NONE) == 0 ? 1U << WORD_NO : 1U << WORD_YES;
	return (struct judged){
		.setting = setting,
		.rank = setting != NULL ? winners->rank[key_index(setting->key)] : 0,
		.is_own = setting != NULL && setting->key == key,
		.shown = text,
		.shown_length = (int)strcspn(text, ":"),
		.breaks = (side->words & words) != 0,
	};
}

/* The line without which it would have made sense before. */
static const struct judged *
later(const struct judged *a, const struct judged *b)
{
	if (a->setting == NULL || b->setting == NULL)
		return a->setting != NULL ? a : b;
	if (a->rank != b->rank)
		return a->rank > b->rank ? a : b;
	if (a->is_own != b->is_own)
		return a->is_own ? a : b;
	return a->setting->origin.line > b->setting->origin.line ? a : b;
}

bool
combination_find(const struct winners *winners, size_t *rule, struct combination *found)
{
	while (*rule < sizeof(rule_table) / sizeof(rule_table[0])) {
		const struct side *side = rule_table[*rule].side;
		struct judged a = judge(winners, &side[0]), b = judge(winners, &side[1]);
		const struct judged *culprit = later(&a, &b);
		const char *reason = rule_table[(*rule)++].reason;

		/* What is built in on both sides is no line's fault, and tested to be none. */
		if (!a.breaks || !b.breaks || culprit->setting == NULL)
			continue;
		found->culprit = culprit->setting;
		found->rank = culprit->rank;
		(void)snprintf(found->reason, sizeof(found->reason), "%s = %.*s with %s = %.*s: %s",
		    key_at(side[0].key)->name, a.shown_length, a.shown,
		    key_at(side[1].key)->name, b.shown_length, b.shown, reason);
		return true;
	}
	return false;
}
