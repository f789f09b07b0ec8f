/*
 * Before and after are two resolved policies: the text that is kept beside the record, with what
 * was set on top, and the same with what is new.  What lies between them decides what is done.
 */
#include "container/live.h"

#include "container/cgroup_live.h"
#include "container/log.h"
#include "container/server.h"
#include "lib/own.h"
#include "lib/text.h"
#include "lib/text_stream.h"
#include "lib/usage.h"
#include "policy/live.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

static const char kept_name[] = "the container's policy";

char *
live_text(const struct policy *policy)
{
	struct text_stream stream;
	FILE *out = text_stream_open(&stream);

	if (!out)
		return NULL;
	if (live_print(policy, out) < 0)
		stream.failed = true;
	return text_stream_close(&stream, out, NULL);
}

static void __attribute__((format(printf, 2, 3)))
tell(struct live_report *report, const char *format, ...)
{
	size_t room = report->size - report->length;
	va_list list;

	va_start(list, format);
	int length = vsnprintf(report->text + report->length, room, format, list);
	va_end(list);
	/* A line is there as a whole, or not. */
	if (length < 0 || (size_t)length >= room) {
		report->text[report->length] = '\0';
		report->is_cut = true;
		return;
	}
	report->length += (size_t)length;
}

/* --- one policy of the container's ------------------------------------------------------- */

/* A resolved policy, and the text that its origins point into. */
struct version {
	struct policy_text *text; /* owned */
	struct policy policy;
};

#define VERSION_INIT { .text = NULL, .policy = POLICY_INIT }

static void
version_free(struct version *version)
{
	policy_free(&version->policy);
	policy_text_free(version->text);
	version->text = NULL;
}

/* Whom the container was built for; owns nothing. */
static void
fill_subject(const struct server *server, struct subject *subject)
{
	*subject = (struct subject) { .uid = server->uid, .gid = server->record.gid };
	(void)text_format(subject->user, sizeof(subject->user), "%s", server->record.user);
	(void)text_format(subject->home, sizeof(subject->home), "%s", server->record.home);
	(void)text_format(subject->service, sizeof(subject->service), "%s", server->record.service);
}

/* Each "KEY=VALUE" line; stops where each() does not return 0. */
static int
each_line(const char *lines, int (*each)(const char *key, const char *value, void *context,
    struct error *err), void *context, struct error *err)
{
	autofree char *copy = strdup(lines);
	char *cursor = copy, *line;
	int rc = copy ? 0 : error_set(err, ENOMEM, "read what is set");

	while (rc == 0 && (line = text_next_line(&cursor))) {
		char *equals = strchr(line, '=');
		char shown[64];
		if (!line[0])
			continue;
		if (!equals)
			return error_set(err, 0, "%s: is not KEY=VALUE", text_escape(line, shown, sizeof(shown)));
		*equals = '\0';
		rc = each(line, equals + 1, context, err);
	}
	return rc;
}

struct overriding {
	struct policy_text *text;
	const struct subject *subject;
};

static int
override(const char *key, const char *value, void *context, struct error *err)
{
	const struct overriding *overriding = context;

	return live_override(overriding->text, overriding->subject, key, value, err);
}

/* base, with the lines of set and then of more on top. */
static int
version_make(const struct server *server, const char *base, const char *set, const char *more,
    struct version *version, struct error *err)
{
	struct subject subject;

	fill_subject(server, &subject);
	version->text = policy_parse(kept_name, base, strlen(base), NULL, err);
	if (!version->text)
		return -1;
	struct overriding overriding = { .text = version->text, .subject = &subject };
	if (each_line(set, override, &overriding, err) < 0 ||
	    each_line(more, override, &overriding, err) < 0)
		return -1;
	return policy_resolve(version->text, &subject, &server->machine, &version->policy, err);
}

static char *
read_base(const struct server *server, struct error *err)
{
	char *base = record_read_text(server->directory, RECORD_POLICY, err);

	if (!base && err->errnum == ENOENT)
		(void)error_set(err, 0, "the container was built by an earlier version of pam_ctr, which "
		    "did not keep its policy: only a new one can be changed");
	return base;
}

/* --- from one to the other ---------------------------------------------------------------- */

static int
run_limits(struct server *server, const struct policy *before, const struct policy *after,
    bool with_shared, struct error *err)
{
	struct plan plan = PLAN_INIT;
	struct subject subject;
	size_t known = server->cgroups.count;

	fill_subject(server, &subject);
	int rc = plan_cgroups_live(before, after, &subject, &server->machine, with_shared, &plan, err);
	if (rc == 0)
		rc = cgroups_change(&server->cgroups, &plan, err);
	if (rc == 0)
		rc = cgroups_change_leaves(&server->cgroups, after->limits.value[LIMIT_PIDS_MAX], err);
	plan_free(&plan);
	container_note_places(server, known);
	return rc;
}

/* The kernel has no undo: what was written before the step that failed is written back. */
static void
turn_back(struct server *server, const struct policy *from, const struct policy *to, bool with_shared)
{
	struct error err = ERROR_INIT;

	if (run_limits(server, from, to, with_shared, &err) < 0)
		log_error(&err, "supervisor failed: user=%s uid=%u what=\"take the limits back\"", server->record.user,
		    (unsigned)server->uid);
}

/* Where a limit is lowered below what is used, the kernel makes it true: told is what it did. */
static void
note_memory(struct server *server, const struct usage *was, struct live_report *report)
{
	struct usage now;

	usage_read((const char (*)[512])server->record.cgroup, 8, &now);
	if (now.memory_max >= USAGE_UNLIMITED || was->memory >= USAGE_UNLIMITED ||
	    was->memory <= now.memory_max)
		return;
	uint64_t kills = now.oom_kills < USAGE_UNLIMITED && was->oom_kills < USAGE_UNLIMITED ?
	    now.oom_kills - was->oom_kills : 0;
	tell(report, "note\t-\tmemory.max\t-\t-\t%llu bytes were in use: the kernel reclaimed down to %llu "
	    "and killed %llu processes for it; it goes on while more is in use\n",
	    (unsigned long long)was->memory, (unsigned long long)now.memory, (unsigned long long)kills);
}

static const char *const live_word[] = {
	[LIVE_NOW] = "now", [LIVE_LOGIN] = "login", [LIVE_NEW] = "new",
};

static int
tell_change(const struct live_change *change, void *context)
{
	tell(context, "%s\t%s\t%s\t%s\t%s\t%s\n", live_word[change->live], change->section, change->key,
	    change->before, change->after, change->reason);
	return 0;
}

static int
compare(const struct policy *before, const struct policy *after,
    int (*each)(const struct live_change *change, void *context), void *context, struct error *err)
{
	return live_compare(before, after, each, context) < 0 ?
	    error_set(err, ENOMEM, "compare the policies") : 0;
}

static int
log_change(const struct live_change *change, void *context)
{
	const struct server *server = context;
	char before[160], after[160];

	if (change->live == LIVE_NOW)
		log_line(LOG_NOTICE, "container changed: user=%s uid=%u section=%s key=%s before=\"%s\" "
		    "after=\"%s\"", server->record.user, (unsigned)server->uid, change->section, change->key,
		    text_escape(change->before, before, sizeof(before)),
		    text_escape(change->after, after, sizeof(after)));
	return 0;
}

/* --- a change, whole or not at all ---------------------------------------------------------- */

struct change {
	const struct policy *before, *after;
	const char *base, *new_base; /* the text that is kept; new_base NULL: it stays */
	const char *set;             /* what is set then, no longer than the record's */
	bool with_shared;
};

static int
keep_text(const struct policy *policy, char **text, struct error *err)
{
	*text = live_text(policy);
	return *text ? 0 : error_set(err, ENOMEM, "keep the policy");
}

/* For a successor, if this process dies before the record has it: what it would find in the kernel. */
static int
note_change(const struct server *server, const struct change *change, struct error *err)
{
	autofree char *text = NULL;

	if (keep_text(change->after, &text, err) < 0)
		return -1;
	return record_write_text(server->directory, RECORD_CHANGE, text, strlen(text), err);
}

static int
save(struct server *server, const struct policy *policy, const char *base, const char *set,
    struct error *err)
{
	struct record *record = &server->record;

	record->kill_at_logout = policy->logout == LOGOUT_KILL;
	record->grace = (unsigned)policy->grace;
	memmove(record->set, set, strlen(set) + 1); /* often the same */
	if (base && record_write_text(server->directory, RECORD_POLICY, base, strlen(base), err) < 0)
		return -1;
	return container_save(server, err);
}

static int
save_or_take_back(struct server *server, const struct change *change, struct error *err)
{
	struct error why = ERROR_INIT;
	char was[sizeof(server->record.set)];

	memcpy(was, server->record.set, sizeof(was));
	if (save(server, change->after, change->new_base, change->set, err) == 0)
		return 0;
	if (save(server, change->before, change->new_base ? change->base : NULL, was, &why) < 0)
		log_error(&why, "supervisor failed: user=%s uid=%u what=\"keep the record\"", server->record.user,
		    (unsigned)server->uid);
	return -1;
}

static int
change_run(struct server *server, const struct change *change, struct live_report *report,
    struct error *err)
{
	struct error ignored = ERROR_INIT;
	struct usage was;

	usage_read((const char (*)[512])server->record.cgroup, 8, &was);
	if (note_change(server, change, err) < 0)
		return -1;
	int rc = run_limits(server, change->before, change->after, change->with_shared, err);
	if (rc == 0)
		rc = save_or_take_back(server, change, err);
	if (rc < 0)
		turn_back(server, change->after, change->before, change->with_shared);
	(void)unlinkat(server->directory, RECORD_CHANGE, 0);
	if (rc < 0)
		return -1;
	note_memory(server, &was, report);
	/* It is done, also where there is no memory to log it. */
	(void)compare(change->before, change->after, log_change, server, &ignored);
	return 0;
}

void
live_restore(struct server *server)
{
	struct version from = VERSION_INIT, to = VERSION_INIT;
	struct error err = ERROR_INIT;
	autofree char *text = record_read_text(server->directory, RECORD_CHANGE, &err);
	autofree char *base = text ? read_base(server, &err) : NULL;

	if (base && version_make(server, text, "", "", &from, &err) == 0 &&
	    version_make(server, base, server->record.set, "", &to, &err) == 0 &&
	    run_limits(server, &from.policy, &to.policy, false, &err) == 0 &&
	    save(server, &to.policy, NULL, server->record.set, &err) == 0)
		(void)unlinkat(server->directory, RECORD_CHANGE, 0);
	else if (text || err.errnum != ENOENT)
		log_error(&err, "supervisor failed: user=%s uid=%u what=\"take back what a predecessor had begun\"",
		    server->record.user, (unsigned)server->uid);
	version_free(&from);
	version_free(&to);
}

/* --- set ---------------------------------------------------------------------------------- */

static int
check_live(const char *key, const char *value, void *context, struct error *err)
{
	const char *reason;
	char shown[64];

	(void)value;
	(void)context;
	if (live_of(key, &reason) == LIVE_NOW)
		return 0;
	return error_set(err, 0, "%s can't be set of a container that lives: %s",
	    text_escape(key, shown, sizeof(shown)), reason);
}

struct merge {
	char *text;
	size_t size, length;
	const char *others; /* lines: whose keys are in there is dropped; NULL: none */
};

static int
find_key(const char *key, const char *value, void *context, struct error *err)
{
	const char *wanted = context;

	(void)value;
	(void)err;
	return strcmp(key, wanted) == 0 ? 1 : 0;
}

static int
merge_line(const char *key, const char *value, void *context, struct error *err)
{
	struct merge *merge = context;
	size_t room = merge->size - merge->length;

	if (!value[0] || (merge->others &&
	    each_line(merge->others, find_key, (void *)(uintptr_t)key, err) != 0))
		return 0;
	int length = snprintf(merge->text + merge->length, room, "%s=%s\n", key, value);
	if (length < 0 || (size_t)length >= room)
		return error_set(err, E2BIG, "set %s: too much is set of this container", key);
	merge->length += (size_t)length;
	return 0;
}

/* What is set, with the new lines in place of those of the same keys. */
static int
merge_set(const char *set, const char *lines, bool keep, char *merged, size_t size,
    struct error *err)
{
	struct merge merge = { .text = merged, .size = size, .others = lines };

	merged[0] = '\0';
	if (each_line(set, merge_line, &merge, err) < 0)
		return -1;
	merge.others = NULL;
	return keep ? 0 : each_line(lines, merge_line, &merge, err);
}

int
live_set(struct server *server, const char *lines, bool keep, struct live_report *report,
    struct error *err)
{
	struct version before = VERSION_INIT, after = VERSION_INIT, kept = VERSION_INIT;
	struct change change = { .before = &before.policy, .after = &after.policy };
	autofree char *base = read_base(server, err), *kept_text = NULL;
	char set[sizeof(server->record.set)];

	change.base = base;
	change.set = set;
	int rc = base ? each_line(lines, check_live, NULL, err) : -1;
	if (rc == 0)
		rc = merge_set(server->record.set, lines, keep, set, sizeof(set), err);
	if (rc == 0)
		rc = version_make(server, base, server->record.set, "", &before, err);
	if (rc == 0)
		rc = version_make(server, base, server->record.set, lines, &after, err);
	/* The files say it now: so does the text that the next reload compares them with. */
	if (rc == 0 && keep)
		rc = version_make(server, base, "", lines, &kept, err);
	if (rc == 0 && keep)
		rc = keep_text(&kept.policy, &kept_text, err);
	if (rc == 0)
		rc = compare(&before.policy, &after.policy, tell_change, report, err);
	change.new_base = kept_text;
	if (rc == 0)
		rc = change_run(server, &change, report, err);
	version_free(&before);
	version_free(&after);
	version_free(&kept);
	return rc;
}

/* --- reload -------------------------------------------------------------------------------- */

/* What the files say of the subject now, as text. */
static char *
read_policy(const struct server *server, const struct subject *subject, const char *path,
    struct error *err)
{
	struct version version = VERSION_INIT;
	char *text = NULL;

	version.text = policy_load(path, true, NULL, err);
	if (version.text &&
	    policy_resolve(version.text, subject, &server->machine, &version.policy, err) == 0) {
		if (version.policy.exempt)
			(void)error_set(err, 0, "user %s is exempt by now: the container stays as it is until it "
			    "ends", subject->user);
		else if (!(text = live_text(&version.policy)))
			(void)error_set(err, ENOMEM, "read the policy");
	}
	version_free(&version);
	return text;
}

/*
 * What the container can have of the new text, with what it was built with for the rest.  Values
 * that each login looks up are of the new one, if they go with what is old.
 */
static char *
merge_policies(const struct server *server, const char *base, const char *new, struct error *err)
{
	struct version old_version = VERSION_INIT, new_version = VERSION_INIT, trial = VERSION_INIT;
	char *text = NULL;

	if (version_make(server, base, "", "", &old_version, err) == 0 &&
	    version_make(server, new, "", "", &new_version, err) == 0) {
		text = live_merge(&old_version.policy, &new_version.policy, LIVE_LOGIN);
		if (text && version_make(server, text, "", "", &trial, NULL) < 0) {
			free(text);
			text = live_merge(&old_version.policy, &new_version.policy, LIVE_NOW);
		}
		if (!text)
			(void)error_set(err, ENOMEM, "merge the policies");
	}
	version_free(&old_version);
	version_free(&new_version);
	version_free(&trial);
	return text;
}

struct telling {
	const struct version *policy; /* without what is set */
	struct live_report *report;
};

static int
tell_set(const char *key, const char *value, void *context, struct error *err)
{
	const struct telling *telling = context;
	autofree char *text = malloc(LIVE_VALUE_MAX);

	if (!text)
		return error_set(err, ENOMEM, "tell what is set");
	if (live_value(&telling->policy->policy, key, text, LIVE_VALUE_MAX))
		tell(telling->report, "set\t-\t%s\t%s\t%s\t-\n", key, value, text);
	return 0;
}

static int
tell_reload(struct server *server, const struct version *before, const char *new,
    struct live_report *report, struct error *err)
{
	struct version wanted = VERSION_INIT, plain = VERSION_INIT;
	struct telling telling = { .policy = &plain, .report = report };
	int rc = version_make(server, new, server->record.set, "", &wanted, err);

	if (rc == 0)
		rc = compare(&before->policy, &wanted.policy, tell_change, report, err);
	if (rc == 0)
		rc = version_make(server, new, "", "", &plain, err);
	if (rc == 0)
		rc = each_line(server->record.set, tell_set, &telling, err);
	version_free(&wanted);
	version_free(&plain);
	return rc;
}

static int
reload_to(struct server *server, const struct version *before, const char *base, const char *merged,
    struct live_report *report, struct error *err)
{
	struct version after = VERSION_INIT;
	const struct change change = { .before = &before->policy, .after = &after.policy, .base = base,
		.new_base = merged, .set = server->record.set, .with_shared = true };
	int rc = version_make(server, merged, server->record.set, "", &after, err);

	if (rc == 0)
		rc = change_run(server, &change, report, err);
	version_free(&after);
	return rc;
}

int
live_reload(struct server *server, struct subject *subject, const char *policy_path,
    bool dry_run, struct live_report *report, struct error *err)
{
	struct version before = VERSION_INIT;

	if (text_format(subject->service, sizeof(subject->service), "%s", server->record.service) < 0)
		return error_set(err, errno, "name the service");
	autofree char *base = read_base(server, err);
	autofree char *new = base ? read_policy(server, subject, policy_path, err) : NULL;
	autofree char *merged = new ? merge_policies(server, base, new, err) : NULL;
	int rc = merged ? version_make(server, base, server->record.set, "", &before, err) : -1;
	if (rc == 0)
		rc = tell_reload(server, &before, new, report, err);
	if (rc == 0 && !dry_run)
		rc = reload_to(server, &before, base, merged, report, err);
	version_free(&before);
	return rc;
}
