/*
 * Sections in the order of precedence -> for each key who wins, and by that what counts.
 * Pure.
 */
#include "policy/winners.h"

#include "policy/word.h"

void
winners_take(struct winners *winners, const struct section *section)
{
	size_t i;

	for (i = 0; i < section->count; i++) {
		size_t index = key_index(section->setting[i].key);

		winners->of[index] = &section->setting[i];
		winners->rank[index] = winners->sections;
	}
	winners->sections++;
}

static const char *
text_of_profile(const struct winners *winners, const struct key *key)
{
	const struct key *profile = key_at(POLICY_KEY_PROFILE);
	const struct setting *winner = winners->of[POLICY_KEY_PROFILE];
	const char *path;
	size_t word = word_find(profile->type,
	    winner != NULL ? winner->value : profile->builtin, &path);

	return word == WORD_NOT_FOUND ? SETTING_REFUSED : key_of_profile(key, (enum profile)word);
}

const char *
winners_text(const struct winners *winners, const struct key *key, enum key_place place)
{
	const struct setting *winner = winners->of[key_index(key)];

	if (winner != NULL)
		return winner->value;
	if (key->builtin == NULL)
		return text_of_profile(winners, key);
	return key_builtin(key, place);
}

const struct setting *
winners_setting(const struct winners *winners, const struct key *key)
{
	const struct setting *winner = winners->of[key_index(key)];

	return winner == NULL && key->builtin == NULL ? winners->of[POLICY_KEY_PROFILE] : winner;
}
