/*
 * Which keys can be changed under a running container, and how two policies differ.  A key is
 * built in where nothing else is said of it here: that is never wrong, only a nuisance.
 */
#include "policy/live.h"

#include "policy/section.h"

#include "lib/own.h"
#include "lib/text.h"
#include "lib/text_stream.h"

#include <string.h>

static const char at_login[] = "each login takes it from the policy: the next one does";
static const char mounted[] = "mounts are made when the container is built";
static const char owned[] = "who owns what inside is settled when the container is built";

static const struct {
	enum live live;
	const char *reason;
} table[POLICY_KEY_COUNT] = {
	[POLICY_KEY_EXEMPT] = { LIVE_LOGIN, at_login },
	[POLICY_KEY_CGROUP] = { LIVE_NEW, "the container stays in the cgroup that it was built in" },
	[POLICY_KEY_SHARE_MOUNTS] = { LIVE_NEW, "it is done before a container is built" },
	[POLICY_KEY_CONTACT] = { LIVE_LOGIN, at_login },
	[POLICY_KEY_ADMISSION] = { LIVE_LOGIN, at_login },
	[POLICY_KEY_ADMISSION_COMMITTED] = { LIVE_LOGIN, at_login },
	[POLICY_KEY_ADMISSION_AVAILABLE] = { LIVE_LOGIN, at_login },
	[POLICY_KEY_ADMISSION_WAIT] = { LIVE_LOGIN, at_login },
	[POLICY_KEY_BANNER] = { LIVE_LOGIN, at_login },
	[POLICY_KEY_NOLOGIN] = { LIVE_LOGIN, at_login },
	[POLICY_KEY_MAX_SESSIONS] = { LIVE_LOGIN, at_login },
	[POLICY_KEY_SESSION_TIME] = { LIVE_LOGIN, "a session keeps what it came with: the next login has it" },
	[POLICY_KEY_IDLE_TIMEOUT] = { LIVE_LOGIN, "a session keeps what it came with: the next login has it" },
	[POLICY_KEY_PROFILE] = { LIVE_NEW, "it stands for other keys" },
	[POLICY_KEY_USERNS] = { LIVE_NEW, owned },
	[POLICY_KEY_ROOT] = { LIVE_NEW, mounted },
	[POLICY_KEY_ROOT_SIZE] = { LIVE_NEW, mounted },
	[POLICY_KEY_RUN] = { LIVE_NEW, mounted },
	[POLICY_KEY_SETUID] = { LIVE_NEW, mounted },
	[POLICY_KEY_SUDO] = { LIVE_NEW, owned },
	[POLICY_KEY_NESTING] = { LIVE_NEW, owned },
	[POLICY_KEY_NETWORK] = { LIVE_NEW, "processes stay in the network that they were born in" },
	[POLICY_KEY_SECCOMP] = { LIVE_LOGIN, "a process keeps the filter that it was born with: the next "
	    "login has it" },
	[POLICY_KEY_SLICE] = { LIVE_NEW, "the container stays in the cgroup that it was built in" },
	[POLICY_KEY_HOSTNAME] = { LIVE_NEW, "it is set when the container is built" },
	[POLICY_KEY_HOME] = { LIVE_NEW, mounted },
	[POLICY_KEY_HOME_SIZE] = { LIVE_NEW, mounted },
	[POLICY_KEY_HOME_PASSTHROUGH] = { LIVE_NEW, mounted },
	[POLICY_KEY_TMP_SIZE] = { LIVE_NEW, mounted },
	[POLICY_KEY_SHM_SIZE] = { LIVE_NEW, mounted },
	[POLICY_KEY_RUNTIME_SIZE] = { LIVE_NEW, mounted },
	[POLICY_KEY_PTS_MAX] = { LIVE_NEW, mounted },
	[POLICY_KEY_READ_ONLY] = { LIVE_NEW, mounted },
	[POLICY_KEY_HIDDEN] = { LIVE_NEW, mounted },
	[POLICY_KEY_WRITABLE] = { LIVE_NEW, mounted },
	[POLICY_KEY_TMPFS] = { LIVE_NEW, mounted },
	[POLICY_KEY_BIND] = { LIVE_NEW, mounted },
	[POLICY_KEY_DEVICES] = { LIVE_LOGIN, "the next login has them looked for" },
	[POLICY_KEY_LOGOUT] = { LIVE_NOW, "" },
	[POLICY_KEY_GRACE] = { LIVE_NOW, "" },
	[POLICY_KEY_CAPABILITIES] = { LIVE_LOGIN, at_login },
	[POLICY_KEY_INHERITABLE] = { LIVE_LOGIN, at_login },
	[POLICY_KEY_AMBIENT] = { LIVE_LOGIN, at_login },
	[POLICY_KEY_NO_NEW_PRIVS] = { LIVE_LOGIN, at_login },
	[POLICY_KEY_SECUREBITS] = { LIVE_LOGIN, at_login },
#define LIMITED(id, name, resource, unit, least) [POLICY_KEY_RLIMIT_##id] = { LIVE_LOGIN, at_login },
#include "policy/rlimits.def"
#undef LIMITED
	[POLICY_KEY_CORE_DUMPS] = { LIVE_LOGIN, at_login },
	[POLICY_KEY_UMASK] = { LIVE_LOGIN, at_login },
	[POLICY_KEY_NICE] = { LIVE_LOGIN, at_login },
	[POLICY_KEY_SCHEDULER] = { LIVE_LOGIN, at_login },
	[POLICY_KEY_TIMER_SLACK] = { LIVE_LOGIN, at_login },
	[POLICY_KEY_SESSION_KEYRING] = { LIVE_LOGIN, at_login },
	[POLICY_KEY_CPU_VIEW] = { LIVE_NOW, "" }, /* follows into cpuset.cpus */
	[POLICY_KEY_LXCFS] = { LIVE_NEW, mounted },
};

static enum live
live_of_key(const struct key *key, const char **reason)
{
	size_t index = key_index(key);

	*reason = "";
	if (key_is_limit(key))
		return LIVE_NOW;
	*reason = table[index].reason ? table[index].reason : "it is built in";
	return table[index].live;
}

enum live
live_of(const char *name, const char **reason)
{
	const struct key *key = key_find(name);

	*reason = "there is no such key";
	return key ? live_of_key(key, reason) : LIVE_NEW;
}

/* --- values as text -------------------------------------------------------------------- */

/* As the file has it; where it follows from cpu.max, it is that which says it. */
static const char *
limit_value(const struct policy *policy, const struct limits *limits, enum limit limit)
{
	bool follows = limit == LIMIT_CPUSET_CPUS && limits == &policy->limits && policy->cpus_shared;

	return follows ? NULL : limits->value[limit];
}

static void
format_key(const struct policy *policy, const struct key *key, char *text, size_t size)
{
	if (key_is_limit(key))
		explain_limit(limit_value(policy, &policy->limits,
		    (enum limit)(key_index(key) - POLICY_KEY_COUNT)), text, size);
	else
		explain_field(policy, key, text, size);
}

bool
live_value(const struct policy *policy, const char *name, char *text, size_t size)
{
	const struct key *key = key_find(name);

	if (key)
		format_key(policy, key, text, size);
	return key != NULL;
}

static void
print_limits(const struct policy *policy, const struct limits *limits, char *text, FILE *out)
{
	for (unsigned i = 0; i < LIMIT_COUNT; i++) {
		explain_limit(limit_value(policy, limits, (enum limit)i), text, LIVE_VALUE_MAX);
		(void)fprintf(out, "%s = %s\n", limit_name((enum limit)i), text);
	}
}

static bool
is_same_slice(const struct policy *before, const struct policy *after)
{
	return before->slice && after->slice && strcmp(before->slice, after->slice) == 0;
}

static void
print_keys(const struct policy *before, const struct policy *after, enum live latest,
    enum key_place place, char *text, FILE *out)
{
	const char *reason;

	for (size_t i = 0; i < POLICY_KEY_COUNT; i++) {
		if (!(key_at(i)->places & (unsigned)place))
			continue;
		explain_field(live_of_key(key_at(i), &reason) >= latest ? after : before, key_at(i), text,
		    LIVE_VALUE_MAX);
		(void)fprintf(out, "%s = %s\n", key_at(i)->name, text);
	}
}

static int
print_merged(const struct policy *before, const struct policy *after, enum live latest, FILE *out)
{
	autofree char *text = malloc(LIVE_VALUE_MAX);
	const struct policy *slice = is_same_slice(before, after) ? after : before;

	if (!text)
		return -1;
	(void)fputs("[host]\n", out);
	print_keys(before, after, latest, KEY_IN_HOST, text, out);
	print_limits(after, &after->host_limits, text, out);
	if (slice->slice) {
		(void)fprintf(out, "[slice %s]\n", slice->slice);
		print_limits(slice, &slice->slice_limits, text, out);
	}
	(void)fputs("[default]\n", out);
	print_keys(before, after, latest, KEY_IN_USER, text, out);
	print_limits(after, &after->limits, text, out);
	return 0;
}

int
live_print(const struct policy *policy, FILE *out)
{
	return print_merged(policy, policy, LIVE_NEW, out);
}

char *
live_merge(const struct policy *before, const struct policy *after, enum live latest)
{
	struct text_stream stream;
	FILE *out = text_stream_open(&stream);

	if (!out)
		return NULL;
	if (print_merged(before, after, latest, out) < 0)
		stream.failed = true;
	return text_stream_close(&stream, out, NULL);
}

/* --- differences ------------------------------------------------------------------------ */

struct comparison {
	const struct policy *before, *after;
	char *text[2]; /* owned; LIVE_VALUE_MAX bytes each */
	int (*each)(const struct live_change *change, void *context);
	void *context;
};

static int
tell(struct comparison *comparison, const char *section, const struct key *key)
{
	struct live_change change = { .section = section, .key = key->name,
		.before = comparison->text[0], .after = comparison->text[1] };

	if (strcmp(change.before, change.after) == 0)
		return 0;
	change.live = live_of_key(key, &change.reason);
	return comparison->each(&change, comparison->context);
}

static int
compare_keys(struct comparison *comparison, enum key_place place, const char *section)
{
	int rc = 0;

	for (size_t i = 0; i < POLICY_KEY_COUNT && rc == 0; i++) {
		if (!(key_at(i)->places & (unsigned)place) || i == POLICY_KEY_PROFILE)
			continue;
		explain_field(comparison->before, key_at(i), comparison->text[0], LIVE_VALUE_MAX);
		explain_field(comparison->after, key_at(i), comparison->text[1], LIVE_VALUE_MAX);
		rc = tell(comparison, section, key_at(i));
	}
	return rc;
}

static int
compare_limits(struct comparison *comparison, const struct limits *before,
    const struct limits *after, const char *section)
{
	int rc = 0;

	for (unsigned i = 0; i < LIMIT_COUNT && rc == 0; i++) {
		explain_limit(limit_value(comparison->before, before, (enum limit)i),
		    comparison->text[0], LIVE_VALUE_MAX);
		explain_limit(limit_value(comparison->after, after, (enum limit)i),
		    comparison->text[1], LIVE_VALUE_MAX);
		rc = tell(comparison, section, key_at(POLICY_KEY_COUNT + i));
	}
	return rc;
}

int
live_compare(const struct policy *before, const struct policy *after,
    int (*each)(const struct live_change *change, void *context), void *context)
{
	autofree char *left = malloc(LIVE_VALUE_MAX), *right = malloc(LIVE_VALUE_MAX);
	struct comparison comparison = { .before = before, .after = after, .text = { left, right },
		.each = each, .context = context };
	int rc;

	if (!left || !right)
		return -1;
	rc = compare_keys(&comparison, KEY_IN_HOST, "host");
	if (rc == 0)
		rc = compare_limits(&comparison, &before->host_limits, &after->host_limits, "host");
	if (rc == 0 && is_same_slice(before, after))
		rc = compare_limits(&comparison, &before->slice_limits, &after->slice_limits, "slice");
	if (rc == 0)
		rc = compare_keys(&comparison, KEY_IN_USER, "user");
	if (rc == 0)
		rc = compare_limits(&comparison, &before->limits, &after->limits, "user");
	return rc;
}

/* --- what an administrator sets ---------------------------------------------------------- */

static struct section *
find_overrides(struct policy_text *text)
{
	struct section *last = text->sections > 0 ? &text->section[text->sections - 1] : NULL;

	return last && last->origin.line == 0 && last->kind == SECTION_SERVICE ? last : NULL;
}

/* The last section of the last kind: nothing wins over it. */
static struct section *
make_overrides(struct policy_text *text, const struct subject *subject)
{
	struct section *section = find_overrides(text);
	const char *file = section ? NULL : section_add_file(text, "ctrctl set");

	if (section || !file)
		return section;
	return section_add(text, SECTION_SERVICE, subject->service, (struct origin) { file, 0 });
}

static int
refuse_key(const char *name, struct error *err)
{
	char shown[64];
	const char *meant = key_suggest(name);

	return error_set(err, 0, meant ? "%s: unknown key; did you mean %s?" : "%s: unknown key%s",
	    text_escape(name, shown, sizeof(shown)), meant ? meant : "");
}

static void
drop_setting(struct section *section, const struct key *key)
{
	for (size_t i = 0; i < section->count; i++) {
		if (section->setting[i].key != key)
			continue;
		free(section->setting[i].value);
		section->count--;
		memmove(&section->setting[i], &section->setting[i + 1],
		    (section->count - i) * sizeof(*section->setting));
	}
}

int
live_override(struct policy_text *text, const struct subject *subject, const char *name,
    const char *value, struct error *err)
{
	const struct key *key = key_find(name);
	struct section *section;
	struct value normal;

	if (!key)
		return refuse_key(name, err);
	if (!(key->places & KEY_IN_USER))
		return error_set(err, 0, "%s: is not a user's, but the host's", name);
	if (value[0] && !value_normalise(key->type, value, NULL, &normal))
		return error_set(err, 0, "%s: %s", name, normal.reason);
	section = make_overrides(text, subject);
	if (!section)
		return error_set(err, ENOMEM, "set %s", name);
	drop_setting(section, key);
	if (value[0] && !section_add_setting(section, key, value, section->origin))
		return error_set(err, ENOMEM, "set %s", name);
	return 0;
}

const struct origin *
live_origin(const struct policy *policy, const char *name)
{
	const struct key *key = key_find(name);
	const struct origin *origin;

	if (!key)
		return NULL;
	origin = key_is_limit(key) ? &policy->limits.origin[key_index(key) - POLICY_KEY_COUNT] :
	    &policy->origin[key_index(key)];
	return origin->file ? origin : NULL;
}
