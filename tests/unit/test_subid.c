/*
 * lib/subid_text.c: what of subuid(5) is a range, whose, and which must not be used; then
 * lib/subid_file.c and subid_find() on a private /etc, without any helper.  subid/login_defs.c.
 */
#include "lib/subid.h"
#include "lib/subid_file.h"
#include "lib/subid_text.h"
#include "subid/login_defs.h"
#include "test_sandbox.h"

#define SIZE(array) (sizeof(array) / sizeof((array)[0]))

Test(subid, text)
{
	/* alice is uid 1000; reason: of the refusal, "none" for ENOENT */
	static const struct {
		const char *text;
		uint32_t start, count;
		const char *reason;
	} row[] = {
		{ "alice:100000:65536\n", 100000, 65536, NULL },
		{ "alice:100000:65536", 100000, 65536, NULL },
		{ "1000:100000:65536\n", 100000, 65536, NULL },
		{ "bob:100000:65536\n1000:165536:65536\n", 165536, 65536, NULL },
		{ "", 0, 0, "none" }, { "\n\n", 0, 0, "none" }, { "bob:100000:65536\n", 0, 0, "none" },
		{ "Alice:100000:65536\n", 0, 0, "none" }, { "alic:100000:65536\n", 0, 0, "none" },
		{ "alicex:100000:65536\n", 0, 0, "none" }, { "10000:100000:65536\n", 0, 0, "none" },
		{ "01000:100000:65536\n", 0, 0, "none" },
		/* too small ones are passed over; the lowest of the others counts */
		{ "alice:100000:65535\n", 0, 0, "none" },
		{ "alice:100000:65535\nalice:200000:65536\n", 200000, 65536, NULL },
		{ "alice:300000:65536\nalice:200000:70000\n", 200000, 70000, NULL },
		{ "alice:200000:70000\nalice:300000:65536\n", 200000, 70000, NULL },
		{ "alice:200000:70000\n1000:200000:65536\n", 200000, 70000, NULL },
		/* malformed: skipped, as shadow does */
		{ "alice:100000\n", 0, 0, "none" }, { "alice:100000:65536:\n", 0, 0, "none" },
		{ "alice:100000:65536:x\n", 0, 0, "none" }, { ":100000:65536\n", 0, 0, "none" },
		{ "alice::65536\n", 0, 0, "none" }, { "alice:100000:\n", 0, 0, "none" },
		{ "alice:100000:65536 \n", 0, 0, "none" }, { "alice:100000:65536\r\n", 0, 0, "none" },
		{ "alice:x:65536\n", 0, 0, "none" }, { "alice:100000:0\n", 0, 0, "none" },
		{ "#alice:100000:65536\n", 0, 0, "none" }, { " alice:100000:65536\n", 0, 0, "none" },
		{ "-alice:100000:65536\n", 0, 0, "none" }, { "+alice:100000:65536\n", 0, 0, "none" },
		{ "alice:18446744073709551616:65536\n", 0, 0, "none" },
		{ "bob:x:y\nalice:100000:65536\n", 100000, 65536, NULL },
		/* other numbers to shadow than to us: neither skipped nor believed */
		{ "alice:0100000:65536\n", 0, 0, "subuid:1: the numbers must be plain" },
		{ "alice:0x100000:65536\n", 0, 0, "plain decimals" },
		{ "alice:100000: 65536\n", 0, 0, "plain decimals" },
		{ "alice:100000:+65536\n", 0, 0, "plain decimals" },
		{ "alice:-100000:65536\n", 0, 0, "plain decimals" },
		{ "alice:100000:65536\n\nbob:0700000:65536\n", 0, 0, "subuid:3:" },
		/* what must not be mapped */
		{ "alice:65535:65536\n", 0, 0, "below 65536" }, { "alice:0:4294967295\n", 0, 0, "below" },
		{ "alice:65536:65536\n", 65536, 65536, NULL },
		{ "alice:4294901759:65536\n", 4294901759, 65536, NULL },
		{ "alice:4294901760:65536\n", 0, 0, "reaches the end" },
		{ "alice:4294967296:65536\n", 0, 0, "reaches the end" },
		{ "alice:100000:18446744073709551615\n", 0, 0, "reaches the end" },
		/* others' */
		{ "alice:100000:65536\nbob:165536:65536\n", 100000, 65536, NULL },
		{ "alice:165536:65536\nbob:100000:65536\n", 165536, 65536, NULL },
		{ "alice:100000:65536\nbob:165535:1\n", 0, 0,
			"100000-165535 of alice (line 1) overlaps 165535-165535 of bob (line 2)" },
		{ "bob:100000:1\nalice:100000:65536\n", 0, 0, "alice (line 2) overlaps" },
		{ "alice:100000:65536\n1001:1:18446744073709551615\n", 0, 0, "of 1001 (line 2)" },
		{ "alice:100000:65536\nbob:99999:1\n", 100000, 65536, NULL },
		{ "alice:100000:65536\nbob:100000:0\n", 100000, 65536, NULL },
		{ "alice:100000:65536\nalice:120000:65536\n", 100000, 65536, NULL },
		{ "alice:100000:65536\nb\x1b[1m:120000:1\n", 0, 0, "of b\\x1b[1m (line 2)" },
		/* only that of the range in use matters */
		{ "alice:100000:65536\nalice:400000:65536\nbob:400000:1\n", 100000, 65536, NULL },
	};

	for (size_t i = 0; i < SIZE(row); i++) {
		struct subid_query query = { .path = "/etc/subuid", .user = "alice", .uid = 1000,
			.self = 1000 };
		struct error err = ERROR_INIT;
		struct subid_span span = { 0, 0 };
		int rc = subid_text_find(&query, row[i].text, strlen(row[i].text), &span, &err);

		cr_expect(rc == (row[i].reason ? -1 : 0) && span.start == row[i].start &&
		    span.count == row[i].count, "row %zu, \"%s\": %d, %u:%u %s", i, row[i].text, rc,
		    (unsigned)span.start, (unsigned)span.count, err.text);
		if (!row[i].reason)
			continue;
		bool none = strcmp(row[i].reason, "none") == 0;
		cr_expect_eq(err.errnum, none ? ENOENT : 0, "row %zu, \"%s\": %s", i, row[i].text, err.text);
		cr_expect(none || strstr(err.text, row[i].reason), "row %zu: %s", i, err.text);
	}
}

static int
find_long(size_t padding, const char *rest)
{
	static char text[4096];
	struct subid_query query = { .path = "/etc/subuid", .user = "alice", .uid = 1000 };
	struct subid_span span;
	struct error err = ERROR_INIT;

	memset(text, 'x', padding);
	(void)snprintf(text + padding, sizeof(text) - padding, "%s", rest);
	return subid_text_find(&query, text, strlen(text), &span, &err) < 0 ? err.errnum + 1 : 0;
}

Test(subid, long_lines_and_nul)
{
	struct subid_query query = { .path = "/etc/subuid", .user = "alice", .uid = 1000 };
	struct error err = ERROR_INIT;
	struct subid_span span;
	char nul[] = "bob:1:1\0\nalice:100000:65536\n";

	/* A line of 1023 bytes counts, and overlaps; a longer one shadow does not see either. */
	cr_expect_eq(find_long(1009, ":100000:65536\nalice:100000:65536\n"), 1);
	cr_expect_eq(find_long(1011, ":100000:65536\nalice:100000:65536\n"), 0);
	cr_expect_eq(find_long(3000, ":100000:65536\nalice:100000:65536\n"), 0);
	cr_expect_eq(subid_text_find(&query, nul, sizeof(nul) - 1, &span, &err), -1);
	cr_expect(strstr(err.text, "NUL"), "%s", err.text);
	query.self = 165535;
	err = (struct error)ERROR_INIT;
	cr_expect_eq(subid_text_find(&query, nul + 9, sizeof(nul) - 10, &span, &err), -1);
	cr_expect(strstr(err.text, "own id 165535"), "%s", err.text);
	query.self = 165536;
	cr_expect_eq(subid_text_find(&query, nul + 9, sizeof(nul) - 10, &span, &err), 0);
}

Test(subid, names)
{
	static const char *const good[] = { "a", "alice", "a1", "1a", "DOM\\alice", "a@b.org", "a b",
		"a+b", "\xc3\xa4" };
	static const char *const bad[] = { "", "1000", "0", "a:b", "a\nb", "\ta", "a\x7f", "+a", "-a",
		"#a", "root:0:65536\n" };
	char name[1100];

	for (size_t i = 0; i < SIZE(good); i++)
		cr_expect_eq(subid_user_check(good[i], NULL), 0, "%s", good[i]);
	for (size_t i = 0; i < SIZE(bad); i++)
		cr_expect_eq(subid_user_check(bad[i], NULL), -1, "%s", bad[i]);
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	cr_expect_eq(subid_user_check(name, NULL), -1);
}

Test(subid, source)
{
	static const struct {
		const char *text, *source;
	} row[] = {
		{ "", "files" }, { "passwd: files\n", "files" }, { "subid: files\n", "files" },
		{ "subid:files\n", "files" }, { "SubID:\tsss\n", "sss" }, { "subid: sss", "sss" },
		{ "subid: sss files\n", "sss" }, { "subid: files sss\n", "files" },
		{ "#subid: sss\n", "files" }, { " subid: sss\n", "files" }, { "xsubid: sss\n", "files" },
		{ "subid:\nsubid: sss\n", "sss" }, { "subid: \t \nsubid: sss\n", "sss" },
		{ "subid: one\nsubid: two\n", "one" }, { "passwd: files\n\nsubid: sss\n", "sss" },
		{ "subid: filesystem\n", "filesystem" }, { "subuid: sss\n", "files" },
	};

	for (size_t i = 0; i < SIZE(row); i++) {
		char name[SUBID_SOURCE_MAX];

		subid_text_source(row[i].text, name);
		cr_expect_str_eq(name, row[i].source, "row %zu: %s", i, name);
	}
}

Test(subid, answer)
{
	static const char *const bad[] = { "", "\n", "1 2 3 4", "1 2 3\n", "1 2 3 4 5\n", "1 2 3 4\n\n",
		" 1 2 3 4\n", "1  2 3 4\n", "1 2 3 4 \n", "1 2 3 -4\n", "1 2 3 4\n1 2 3 4\n", "a b c d\n",
		"1 2 3 18446744073709551616\n", NULL };
	struct error err = ERROR_INIT;
	uint64_t number[4];
	char zeros[200];

	cr_assert_eq(subid_text_answer("1 22 333 18446744073709551615\n", number, &err), 0);
	cr_expect(number[0] == 1 && number[1] == 22 && number[2] == 333 && number[3] == UINT64_MAX);
	for (size_t i = 0; bad[i]; i++)
		cr_expect_eq(subid_text_answer(bad[i], number, &err), -1, "\"%s\"", bad[i]);
	(void)snprintf(zeros, sizeof(zeros), "1 2 3 %0*d\n", 150, 4);
	cr_expect_eq(subid_text_answer(zeros, number, &err), -1, "longer than an answer can be");
}

Test(subid, login_defs)
{
	static const struct {
		const char *text;
		uint64_t min, max, count; /* min 0: refused */
	} row[] = {
		{ "", 100000, 600100000, 65536 },
		{ "SUB_UID_MIN 200000\nSUB_UID_MAX\t300000\nSUB_UID_COUNT  70000\n", 200000, 300000, 70000 },
		{ "#SUB_UID_MIN 1\nSUB_UID_MINIMUM 2\nSUB_GID_MIN 3\n", 100000, 600100000, 65536 },
		{ " SUB_UID_MIN \"200000\" # why\n", 200000, 600100000, 65536 },
		{ "SUB_UID_MIN 1000\nSUB_UID_COUNT 100\n", 65536, 600100000, 65536 },
		{ "SUB_UID_MIN 100000\nSUB_UID_MAX 165535\n", 100000, 165535, 65536 },
		{ "SUB_UID_MIN 100000\nSUB_UID_MAX 165534\n", 0, 0, 0 },
		{ "SUB_UID_MAX 99999\n", 0, 0, 0 }, { "SUB_UID_MIN many\n", 0, 0, 0 },
		{ "SUB_UID_MAX 4294967296\n", 0, 0, 0 }, { "SUB_UID_COUNT -1\n", 0, 0, 0 },
		{ "SUB_UID_COUNT\t\n", 0, 0, 0 },
	};

	for (size_t i = 0; i < SIZE(row); i++) {
		struct error err = ERROR_INIT;
		struct login_defs defs;
		int rc = login_defs_parse(row[i].text, SUBID_UIDS, &defs, &err);

		cr_expect_eq(rc, row[i].min ? 0 : -1, "row %zu: %s", i, err.text);
		cr_expect(rc < 0 || (defs.min == row[i].min && defs.max == row[i].max &&
		    defs.count == row[i].count), "row %zu", i);
	}
}

/* A private /etc, which subid_find() reads by its usual names. */
static void
private_etc(void)
{
	sandbox_enter();
	sandbox_directory("etc", 0755, 0);
	cr_assert_eq(sys_mount("/mnt/etc", "/etc", NULL, SANDBOX_MS_BIND, NULL), 0, "%m");
	cr_assert_eq(chdir("/etc"), 0);
}

TestSuite(subid_etc, .init = private_etc, .timeout = 60);

Test(subid_etc, finds_without_a_helper)
{
	struct error err = ERROR_INIT;
	struct subid_range range;

	cr_expect_eq(subid_find("alice", 1000, &range, &err), -1);
	cr_expect_eq(err.errnum, ENOENT, "%s", err.text);
	sandbox_file("subuid", "alice:100000:65537\n", 0644, 0);
	cr_expect_eq(subid_find("alice", 1000, &range, &err), -1);
	cr_expect_eq(err.errnum, ENOENT, "%s", err.text);
	cr_expect(strstr(err.text, "/etc/subgid"), "%s", err.text);
	sandbox_file("subgid", "1000:200000:65540\n", 0644, 0);
	int fds = sandbox_count_fds();
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(subid_find("alice", 1000, &range, &err), 0, "%s", err.text);
		cr_expect(range.uid == 100000 && range.gid == 200000 && range.count == 65537);
		/* It is there: nothing is run. */
		cr_assert_eq(subid_allot("alice", 1000, &range, &err), 0, "%s", err.text);
	}
	cr_expect_eq(sandbox_count_fds(), fds);
	cr_expect_eq(subid_find("alice", 165536, &range, &err), -1);
	cr_expect(strstr(err.text, "own id 165536"), "%s", err.text);
	/* Only uids are known to be the user's own. */
	cr_expect_eq(subid_find("alice", 200000, &range, &err), -1);
	cr_expect_eq(err.errnum, ENOENT);
}

Test(subid_etc, believes_only_what_is_roots)
{
	static const struct {
		const char *name;
		mode_t mode;
		uid_t uid;
	} row[] = {
		{ "/etc/subuid", 0664, 0 }, { "/etc/subuid", 0646, 0 }, { "/etc/subuid", 0644, SANDBOX_USER },
		{ "/etc/subgid", 0664, 0 }, { "/etc/nsswitch.conf", 0666, 0 }, { "/etc", 0777, 0 },
	};
	struct error err = ERROR_INIT;
	struct subid_range range;

	sandbox_file("subuid", "alice:100000:65536\n", 0644, 0);
	sandbox_file("subgid", "alice:100000:65536\n", 0644, 0);
	sandbox_file("nsswitch.conf", "subid: files\n", 0644, 0);
	for (size_t i = 0; i < SIZE(row); i++) {
		mode_t back = strcmp(row[i].name, "/etc") ? 0644 : 0755;

		cr_assert_eq(subid_find("alice", 1000, &range, &err), 0, "%s", err.text);
		cr_assert(chmod(row[i].name, row[i].mode) == 0 && chown(row[i].name, row[i].uid, 0) == 0);
		err.errnum = 0;
		cr_expect_eq(subid_find("alice", 1000, &range, &err), -1, "row %zu", i);
		cr_expect_neq(err.errnum, ENOENT, "row %zu: would lead to an allotment", i);
		cr_expect_eq(subid_allot("alice", 1000, &range, &err), -1, "row %zu", i);
		cr_assert(chown(row[i].name, 0, 0) == 0 && chmod(row[i].name, back) == 0);
	}
}

Test(subid_etc, bounds_what_it_reads)
{
	struct error err = ERROR_INIT;
	struct subid_range range;

	sandbox_file("subuid", "alice:100000:65536\n", 0644, 0);
	sandbox_file("subgid", "alice:100000:65536\n", 0644, 0);
	cr_assert_eq(truncate("subgid", (off_t)SUBID_FILE_MAX + 1), 0);
	cr_expect_eq(subid_find("alice", 1000, &range, &err), -1);
	cr_expect(strstr(err.text, "larger than"), "%s", err.text);
	cr_assert_eq(unlink("subgid"), 0);
	cr_assert_eq(mkfifo("subgid", 0644), 0);
	cr_expect_eq(subid_find("alice", 1000, &range, &err), -1);
	cr_expect_neq(err.errnum, ENOENT);
}
