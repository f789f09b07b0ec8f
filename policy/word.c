/*
 * The table of words, and the search in it.  Pure; what parse accepts, what resolve stores
 * and what explain prints is the same row.
 */
#include "policy/word.h"

#include "policy/policy.h"

#include <string.h>

#define WORDS_MAX 4

enum word_path {
	WORD_ALONE,
	WORD_MAY_HAVE_PATH,
	WORD_NEEDS_PATH
};

static const struct {
	const char *name;
	enum word_path path;
} word_table[VALUE_TYPES][WORDS_MAX] = {
	[VALUE_PROFILE] = {
		[PROFILE_SHARED] = { "shared", WORD_ALONE },
		[PROFILE_SEALED] = { "sealed", WORD_ALONE },
		[PROFILE_MACHINE] = { "machine", WORD_ALONE },
	},
	[VALUE_USERNS] = {
		[USERNS_HOST] = { "host", WORD_ALONE },
		[USERNS_PRIVATE] = { "private", WORD_ALONE },
	},
	[VALUE_ROOT] = {
		[ROOT_HOST] = { "host", WORD_ALONE },
		[ROOT_READ_ONLY] = { "read_only", WORD_ALONE },
		[ROOT_OVERLAY] = { "overlay", WORD_MAY_HAVE_PATH },
		[ROOT_EPHEMERAL] = { "ephemeral", WORD_MAY_HAVE_PATH },
	},
	[VALUE_NETWORK] = {
		[NETWORK_HOST] = { "host", WORD_ALONE },
		[NETWORK_PRIVATE] = { "private", WORD_ALONE },
	},
	[VALUE_YES_NO] = {
		[WORD_YES] = { "yes", WORD_ALONE },
		[WORD_NO] = { "no", WORD_ALONE },
	},
	[VALUE_HOME] = {
		[HOME_OVERLAY] = { "overlay", WORD_ALONE },
		[HOME_EPHEMERAL] = { "ephemeral", WORD_ALONE },
		[HOME_TEMPLATE] = { "template", WORD_NEEDS_PATH },
		[HOME_HOST] = { "host", WORD_ALONE },
	},
	[VALUE_CORE_DUMPS] = {
		[CORE_DUMPS_FILE] = { "file", WORD_ALONE },
		[CORE_DUMPS_NONE] = { "none", WORD_ALONE },
	},
	[VALUE_SCHEDULER] = {
		[SCHEDULER_NONE] = { "none", WORD_ALONE },
		[SCHEDULER_OTHER] = { "other", WORD_ALONE },
		[SCHEDULER_BATCH] = { "batch", WORD_ALONE },
		[SCHEDULER_IDLE] = { "idle", WORD_ALONE },
	},
	[VALUE_NO_NEW_PRIVS] = {
		[NO_NEW_PRIVS_AUTO] = { "auto", WORD_ALONE },
		[NO_NEW_PRIVS_YES] = { "yes", WORD_ALONE },
		[NO_NEW_PRIVS_NO] = { "no", WORD_ALONE },
	},
	[VALUE_CPU_VIEW] = {
		[CPU_VIEW_SHARE] = { "share", WORD_ALONE },
		[CPU_VIEW_MACHINE] = { "machine", WORD_ALONE },
	},
	[VALUE_LXCFS] = {
		[LXCFS_AUTO] = { "auto", WORD_ALONE },
		[LXCFS_NO] = { "no", WORD_ALONE },
	},
	[VALUE_ADMISSION] = {
		[ADMISSION_NONE] = { "none", WORD_ALONE },
		[ADMISSION_REFUSE] = { "refuse", WORD_ALONE },
		[ADMISSION_QUEUE] = { "queue", WORD_ALONE },
	},
	[VALUE_LOGOUT] = {
		[LOGOUT_KEEP] = { "keep", WORD_ALONE },
		[LOGOUT_KILL] = { "kill", WORD_ALONE },
	},
};

size_t
word_count(enum value_type type)
{
	size_t count = 0;

	while (count < WORDS_MAX && word_table[type][count].name != NULL)
		count++;
	return count;
}

const char *
word_at(enum value_type type, size_t index)
{
	return word_table[type][index].name;
}

const char *
word_path_syntax(enum value_type type, size_t index)
{
	static const char *const syntax[] = {
		[WORD_ALONE] = "", [WORD_MAY_HAVE_PATH] = "[:DIR]", [WORD_NEEDS_PATH] = ":DIR",
	};

	return syntax[word_table[type][index].path];
}

size_t
word_find(enum value_type type, const char *text, const char **path)
{
	size_t length = strcspn(text, ":");
	size_t i, count = word_count(type);

	*path = text[length] == ':' ? text + length + 1 : NULL;
	for (i = 0; i < count; i++) {
		const char *name = word_table[type][i].name;

		if (strlen(name) == length && strncmp(name, text, length) == 0)
			break;
	}
	if (i == count ||
	    word_table[type][i].path == (*path != NULL ? WORD_ALONE : WORD_NEEDS_PATH))
		return WORD_NOT_FOUND;
	return i;
}
