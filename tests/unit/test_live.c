/*
 * policy/live.c: what of a policy can be changed under a container that lives, how two differ,
 * and what of a new one it takes.  Pure.
 */
#include "policy/live.h"

#include "policy/key.h"
#include "test_policy_fixture.h"

#include <dirent.h>
#include <sys/stat.h>

/* A resolved policy with the text that its origins point into. */
struct version {
	struct policy_text *text;
	struct policy policy;
};

static void
version_of(const struct fixture *f, const char *conf, struct version *version)
{
	struct error err = ERROR_INIT;

	version->text = fixture_parse(conf);
	cr_assert_eq(policy_resolve(version->text, &f->subject, &f->machine, &version->policy, &err), 0,
	    "%s\n%s", err.text, conf);
}

static void
version_free(struct version *version)
{
	policy_free(&version->policy);
	policy_text_free(version->text);
}

static char *
print(const struct policy *policy)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	cr_assert(out != NULL);
	cr_assert_eq(live_print(policy, out), 0);
	cr_assert_eq(fclose(out), 0);
	return text;
}

/* Whoever adds a key decides, and says why. */
Test(live, every_key_has_its_reason)
{
	for (size_t i = 0; i < KEY_COUNT; i++) {
		const char *name = key_at(i)->name, *reason = NULL;
		enum live live = live_of(name, &reason);

		cr_assert(reason != NULL, "%s", name);
		cr_expect_eq(reason[0] == '\0', live == LIVE_NOW, "%s: %s", name, reason);
		cr_expect_str_neq(reason, "it is built in", "%s has no row in policy/live.c", name);
		cr_expect(!key_is_limit(key_at(i)) || live == LIVE_NOW, "%s", name);
	}
}

Test(live, no_key_is_not_live)
{
	const char *reason;

	cr_expect_eq(live_of("memory.mx", &reason), LIVE_NEW);
	cr_expect_str_eq(reason, "there is no such key");
}

static void
expect_round_trip(const struct fixture *f, const char *conf, const char *name)
{
	struct version first, second;
	char *printed, *again;

	version_of(f, conf, &first);
	if (first.policy.exempt) {
		version_free(&first);
		return;
	}
	printed = print(&first.policy);
	version_of(f, printed, &second);
	again = print(&second.policy);
	cr_expect_str_eq(printed, again, "%s", name);
	cr_expect_eq(first.policy.cpus_shared, second.policy.cpus_shared, "%s", name);
	free(printed);
	free(again);
	version_free(&first);
	version_free(&second);
}

/* What is kept beside a record is read by the next supervisor as the same policy. */
Test(live, what_is_printed_is_the_policy)
{
	struct fixture f;
	DIR *directory = opendir(DATA "good");
	const struct dirent *entry;
	unsigned files = 0;

	fixture_init(&f);
	cr_assert(directory != NULL);
	while ((entry = readdir(directory)) != NULL) {
		char path[512];
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), DATA "good/%s", entry->d_name);
		char *conf = fixture_read(path, NULL);
		expect_round_trip(&f, conf, entry->d_name);
		free(conf);
		files++;
	}
	(void)closedir(directory);
	cr_expect_gt(files, 5);
	f.machine.place[CONTROLLER_CPUSET] = (struct controller_place){ CGROUP_V2, "/cg" };
	expect_round_trip(&f, "[default]\ncpu.max = 150%\n", "a share of the CPUs");
}

Test(live, a_share_stays_a_share)
{
	struct fixture f;
	struct version version;

	fixture_init(&f);
	f.machine.place[CONTROLLER_CPUSET] = (struct controller_place){ CGROUP_V2, "/cg" };
	version_of(&f, "[default]\ncpu.max = 150%\n", &version);
	cr_assert_not_null(version.policy.limits.value[LIMIT_CPUSET_CPUS]);
	char *printed = print(&version.policy);
	cr_expect_not_null(strstr(printed, "cpuset.cpus = none\n[") ? printed : strstr(printed,
	    "cpuset.cpus = none\npids.max"), "%s", printed);
	free(printed);
	version_free(&version);
}

Test(live, overrides_win)
{
	static const struct {
		const char *key, *value;
		const char *wrong;  /* NULL: taken */
		const char *printed;
	} rows[] = {
		{ "memory.max", "1G", NULL, "1073741824" },
		{ "memory.max", "25%", NULL, "2147483648" },
		{ "memory.max", "", NULL, "67108864" }, /* the policy's again */
		{ "memory.max", "none", NULL, "none" },
		{ "pids.max", "7", NULL, "7" },
		{ "grace", "1m", NULL, "60" },
		{ "logout", "kill", NULL, "kill" },
		{ "cpu_view", "machine", NULL, "machine" },
		{ "io.max", "8:0 rbps=1M, 8:16 wiops=5", NULL, "8:0 rbps=1048576, 8:16 wiops=5" },
		{ "memory.max", "banana", "memory.max: \"banana\" is not an amount", NULL },
		{ "memory.mx", "1G", "unknown key; did you mean memory.max?", NULL },
		{ "bogus\x1b[2J", "1", "bogus\\x1b[2J: unknown key", NULL },
		{ "cgroup", "x", "is not a user's", NULL },
		{ "exempt", "alice", "is not a user's", NULL },
	};
	static const char conf[] = "[default]\nmemory.max = 16M\n[user alice]\nmemory.max = 32M\n"
	    "[service sshd]\nmemory.max = 64M\n";
	struct fixture f;

	fixture_init(&f);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy_text *text = fixture_parse(conf);
		struct policy policy = POLICY_INIT;
		struct error err = ERROR_INIT;
		char *value = malloc(LIVE_VALUE_MAX);

		/* Set twice: the later counts. */
		cr_assert_eq(live_override(text, &f.subject, "memory.max", "128M", &err), 0, "%s", err.text);
		int rc = live_override(text, &f.subject, rows[i].key, rows[i].value, &err);
		cr_expect_eq(rc, rows[i].wrong ? -1 : 0, "row %zu: %s", i, err.text);
		if (rows[i].wrong) {
			cr_expect(strstr(err.text, rows[i].wrong), "row %zu: %s", i, err.text);
		} else {
			cr_assert_eq(policy_resolve(text, &f.subject, &f.machine, &policy, &err), 0, "%s", err.text);
			cr_expect(live_value(&policy, rows[i].key, value, LIVE_VALUE_MAX));
			cr_expect_str_eq(value, rows[i].printed, "row %zu: %s", i, value);
		}
		free(value);
		policy_free(&policy);
		policy_text_free(text);
	}
}

struct seen {
	char text[1024];
	size_t length;
};

static int
see(const struct live_change *change, void *context)
{
	static const char *const word[] = { "new", "login", "now" };
	struct seen *seen = context;

	seen->length += (size_t)snprintf(seen->text + seen->length, sizeof(seen->text) - seen->length,
	    "%s %s %s %s>%s\n", word[change->live], change->section, change->key, change->before,
	    change->after);
	return 0;
}

Test(live, differences)
{
	static const struct {
		const char *before, *after, *changes;
	} rows[] = {
		{ "[default]\n", "[default]\n", "" },
		{ "[default]\nmemory.high = 1G\n", "[default]\nmemory.high = 1024M\n", "" },
		{ "[default]\nmemory.high = 1G\n", "[user alice]\nmemory.high = 64K\n",
		  "now user memory.high 1073741824>65536\n" },
		{ "[default]\n", "[user bob]\nmemory.high = 64K\n", "" },
		{ "[default]\nmemory.high = 1G\n", "[default]\n", "now user memory.high 1073741824>none\n" },
		{ "[default]\n", "[default]\numask = 077\ngrace = 9\ntmp_size = 1G\n",
		  "new user tmp_size 2147483648>1073741824\nnow user grace 3>9\nlogin user umask none>077\n" },
		{ "[host]\npids.max = 5000\n", "[host]\npids.max = 6000\n", "now host pids.max 5000>6000\n" },
		{ "[slice a]\npids.max = 5\n[default]\nslice = a\n", "[slice a]\npids.max = 6\n[default]\nslice = a\n",
		  "now slice pids.max 5>6\n" },
		{ "[slice a]\npids.max = 5\n[default]\nslice = a\n", "[slice b]\npids.max = 6\n[default]\nslice = b\n",
		  "new user slice a>b\n" },
		/* The profile is told by what it stands for. */
		{ "[default]\nprofile = sealed\n", "[default]\nprofile = machine\n",
		  "new user root read_only>overlay\nnew user setuid no>yes\nnew user sudo no>yes\n" },
		/* cpuset.cpus follows, and cpu.max says so. */
		{ "[default]\n", "[default]\ncpu.max = 100%\n", "now user cpu.max none>100000 100000\n" },
	};
	struct fixture f;

	fixture_init(&f);
	f.machine.place[CONTROLLER_CPUSET] = (struct controller_place){ CGROUP_V2, "/cg" };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct version before, after;
		struct seen seen = { .length = 0 };
		version_of(&f, rows[i].before, &before);
		version_of(&f, rows[i].after, &after);
		cr_expect_eq(live_compare(&before.policy, &after.policy, see, &seen), 0);
		/* The bounding set follows from the profile; told apart from what a row is about. */
		char *rest = strstr(seen.text, "login user capabilities");
		if (rest && i == 9)
			*rest = '\0';
		cr_expect_str_eq(seen.text, rows[i].changes, "row %zu: %s", i, seen.text);
		version_free(&before);
		version_free(&after);
	}
}

/* What a living container can take of a new policy: the new limits, and the old mounts. */
Test(live, merges)
{
	static const char old[] = "[slice a]\npids.max = 5\n[host]\ncgroup = one\n[default]\nslice = a\n"
	    "tmp_size = 1G\numask = 022\ngrace = 1\nmemory.max = 1G\n";
	static const char new[] = "[slice b]\npids.max = 6\n[host]\ncgroup = two\npids.max = 7000\n"
	    "[default]\nslice = b\ntmp_size = 2G\numask = 077\ngrace = 2\nmemory.max = 2G\n";
	static const struct {
		enum live latest;
		const char *line[9];
	} rows[] = {
		{ LIVE_LOGIN, { "cgroup = one", "pids.max = 7000", "[slice a]", "slice = a", "pids.max = 5",
		    "tmp_size = 1073741824", "umask = 077", "grace = 2", "memory.max = 2147483648" } },
		{ LIVE_NOW, { "cgroup = one", "pids.max = 7000", "[slice a]", "slice = a", "pids.max = 5",
		    "tmp_size = 1073741824", "umask = 022", "grace = 2", "memory.max = 2147483648" } },
	};
	struct fixture f;
	struct version before, after, merged;

	fixture_init(&f);
	version_of(&f, old, &before);
	version_of(&f, new, &after);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = live_merge(&before.policy, &after.policy, rows[i].latest);
		cr_assert(text != NULL);
		for (size_t line = 0; line < 9; line++)
			cr_expect(fixture_has_line(text, rows[i].line[line]), "row %zu: no %s in\n%s", i,
			    rows[i].line[line], text);
		version_of(&f, text, &merged);
		version_free(&merged);
		free(text);
	}
	version_free(&before);
	version_free(&after);
}

Test(live, origins)
{
	struct fixture f;
	struct version version;

	fixture_init(&f);
	version_of(&f, "[default]\npids.max = 5\ngrace = 4\n", &version);
	cr_expect_eq(live_origin(&version.policy, "pids.max")->line, 2);
	cr_expect_eq(live_origin(&version.policy, "grace")->line, 3);
	cr_expect_null(live_origin(&version.policy, "memory.max"));
	cr_expect_null(live_origin(&version.policy, "bogus"));
	version_free(&version);
}

static void
write_file(const char *path, const char *content)
{
	FILE *out = fopen(path, "we");

	cr_assert(out != NULL, "%s", path);
	cr_assert(fputs(content, out) >= 0 && fclose(out) == 0);
}

/* What is yet to be written is judged as if it were there, in its place among the others. */
Test(live, drafts_are_judged_in_their_place)
{
	static const struct {
		const char *there, *name, *draft;
		const char *pids;  /* of alice; NULL: a fault */
		const char *fault; /* a part of it */
	} rows[] = {
		{ "", "set-alice.conf", "[user alice]\npids.max = 7\n", "7", NULL },
		{ "[user alice]\npids.max = 5\n", "set-alice.conf", "[user alice]\npids.max = 7\n", NULL,
		  "set-alice.conf:1: [user alice]: is there already, at " },
		{ "[group students]\npids.max = 5\n", "set-alice.conf", "[user alice]\npids.max = 7\n", "7", NULL },
		/* In place of the one that is there. */
		{ "[user alice]\npids.max = 5\n", "m.conf", "[user alice]\npids.max = 7\n", "7", NULL },
		{ "", "set-alice.conf", "[user alice]\npids.max = none such\n", NULL, "set-alice.conf:2: pids.max" },
		{ "bogus\n", "set-alice.conf", "", NULL, "m.conf:1" },
	};
	char directory[] = "/tmp/test_live.XXXXXX", path[64], other[96];
	struct fixture f;

	fixture_init(&f);
	cr_assert_not_null(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/conf", directory);
	(void)snprintf(other, sizeof(other), "%s/conf.d", directory);
	cr_assert_eq(mkdir(other, 0755), 0);
	(void)snprintf(other, sizeof(other), "%s/conf.d/m.conf", directory);
	write_file(path, "[default]\npids.max = 3\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy_faults faults = POLICY_FAULTS_INIT;
		struct policy policy = POLICY_INIT;
		struct error err = ERROR_INIT;

		write_file(other, rows[i].there);
		struct policy_text *text = policy_load_with(path, false, rows[i].name, rows[i].draft, &faults, &err);
		cr_expect_eq(text != NULL, rows[i].pids != NULL, "row %zu: %s", i, err.text);
		if (text && policy_resolve(text, &f.subject, &f.machine, &policy, &err) == 0)
			cr_expect_str_eq(policy.limits.value[LIMIT_PIDS_MAX], rows[i].pids, "row %zu", i);
		if (!text)
			cr_expect(rows[i].fault && strstr(err.text, rows[i].fault), "row %zu: %s", i, err.text);
		policy_free(&policy);
		policy_text_free(text);
		policy_faults_free(&faults);
	}
	cr_expect_eq(unlink(other), 0, "a draft was written");
	(void)snprintf(other, sizeof(other), "%s/conf.d", directory);
	cr_expect_eq(rmdir(other), 0);
	cr_expect(unlink(path) == 0 && rmdir(directory) == 0);
}
