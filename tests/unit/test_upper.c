/*
 * lib/upper.c and lib/upper_store.c: what an upper changes, on trees like those that an
 * overlay leaves and on trees that a user made to harm; and how a store is named and goes.
 */
#include "lib/upper.h"

#include "lib/path.h"
#include "lib/upper_store.h"
#include "test_sandbox.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#define ROOT_ID 300000

TestSuite(upper, .init = sandbox_enter, .timeout = 60);

struct report {
	char text[4096];
	size_t count;
	size_t stop; /* after so many; 0: never */
};

static int
note(const struct upper_difference *difference, void *context)
{
	static const char letter[] = { [UPPER_ADDED] = 'A', [UPPER_CHANGED] = 'M', [UPPER_DELETED] = 'D' };
	struct report *report = context;
	size_t length = strlen(report->text);

	report->count++;
	(void)snprintf(report->text + length, sizeof(report->text) - length, "%c %.200s%s%s\n",
	    letter[difference->change], difference->path, difference->from ? " < " : "",
	    difference->from ? difference->from : "");
	return report->count == report->stop;
}

/* The upper "u" over "l", as they are. */
static int
diff(const char *point, struct report *report, struct upper *upper, struct error *err)
{
	int before = sandbox_count_fds();
	autofd int directory = open("/mnt/u", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autofd int below = open("/mnt/l", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_assert(directory >= 0);
	*upper = (struct upper) { .directory = directory, .below = below, .point = point,
		.root_uid = ROOT_ID, .root_gid = ROOT_ID };
	int rc = upper_diff(upper, note, report, err);
	own_close(&directory);
	own_close(&below);
	cr_expect_eq(sandbox_count_fds(), before, "%s leaks", point);
	return rc;
}

static void
expect(const char *point, const char *wanted)
{
	struct report report = { .count = 0 };
	struct error err = ERROR_INIT;
	struct upper upper;

	cr_expect_eq(diff(point, &report, &upper, &err), 0, "%s: %s", err.text, strerror(err.errnum));
	cr_expect_str_eq(report.text, wanted);
	cr_expect_eq(upper.too_deep, 0);
}

static void
make_tops(void)
{
	sandbox_directory("u", 0755, ROOT_ID);
	sandbox_directory("l", 0755, 0);
}

static void
make_whiteout(const char *path)
{
	cr_assert_eq(mknod(path, S_IFCHR, makedev(0, 0)), 0, "%m");
}

static void
set_xattr(const char *path, const char *name, const char *value)
{
	cr_assert_eq(setxattr(path, name, value, strlen(value), 0), 0, "%s: %m", name);
}

Test(upper, nothing)
{
	make_tops();
	expect("/", "");
}

Test(upper, added_changed_deleted)
{
	make_tops();
	sandbox_file("l/same", "", 0644, 0);
	sandbox_file("l/file", "", 0644, 0);
	sandbox_file("l/gone", "", 0644, 0);
	sandbox_file("l/turned", "", 0644, 0);
	sandbox_directory("l/was", 0755, 0);
	sandbox_file("u/file", "", 0644, ROOT_ID);
	sandbox_file("u/new", "", 0644, ROOT_ID);
	sandbox_link("file", "u/link", ROOT_ID);
	make_whiteout("u/gone");
	make_whiteout("u/never"); /* the host's went, too */
	sandbox_directory("u/turned", 0755, ROOT_ID);
	sandbox_file("u/turned/in", "", 0644, ROOT_ID);
	sandbox_file("u/was", "", 0644, ROOT_ID);
	expect("/", "M /file\nD /gone\nA /link\nA /new\nM /turned\nA /turned/in\nM /was\n");
	expect("/usr", "M /usr/file\nD /usr/gone\nA /usr/link\nA /usr/new\nM /usr/turned\n"
	    "A /usr/turned/in\nM /usr/was\n");
}

/* A directory is in the upper for what changed in it; itself it is told for owner and mode. */
Test(upper, directories)
{
	make_tops();
	sandbox_directory("l/d", 0755, 0);
	sandbox_directory("l/d/e", 0755, 7);
	sandbox_directory("l/own", 0700, 2001);
	sandbox_directory("l/mode", 0755, 0);
	sandbox_directory("l/owner", 0755, 0);
	sandbox_directory("u/d", 0755, ROOT_ID);
	sandbox_directory("u/d/e", 0755, ROOT_ID + 7);
	sandbox_file("u/d/e/f", "", 0644, ROOT_ID);
	sandbox_file("u/d/g", "", 0644, ROOT_ID);
	sandbox_directory("u/own", 0700, 2001);
	sandbox_directory("u/mode", 01755, ROOT_ID);
	sandbox_directory("u/owner", 0755, 2001);
	expect("/", "A /d/e/f\nA /d/g\nM /mode\nM /owner\n");
	cr_assert_eq(chown("u", 2001, ROOT_ID), 0);
	expect("/", "M /\nA /d/e/f\nA /d/g\nM /mode\nM /owner\n");
}

Test(upper, opaque_directories)
{
	make_tops();
	sandbox_directory("l/d", 0755, 0);
	sandbox_file("l/d/a", "", 0644, 0);
	sandbox_file("l/d/b", "", 0644, 0);
	sandbox_directory("l/d/sub", 0755, 0);
	sandbox_file("l/d/sub/x", "", 0644, 0);
	sandbox_directory("l/e", 0755, 0);
	sandbox_directory("u/d", 0755, ROOT_ID);
	set_xattr("u/d", "trusted.overlay.opaque", "y");
	sandbox_file("u/d/b", "", 0644, ROOT_ID);
	sandbox_directory("u/d/sub", 0755, ROOT_ID); /* of a new directory the kernel marks none below */
	sandbox_file("u/d/sub/y", "", 0644, ROOT_ID);
	sandbox_directory("u/new", 0755, ROOT_ID);
	set_xattr("u/new", "trusted.overlay.opaque", "y");
	sandbox_file("u/new/x", "", 0644, ROOT_ID);
	expect("/", "D /d/a\nM /d/b\nD /d/sub/x\nA /d/sub/y\nA /new\nA /new/x\n");
	set_xattr("u", "trusted.overlay.opaque", "y");
	expect("/", "D /e\nD /d/a\nM /d/b\nD /d/sub/x\nA /d/sub/y\nA /new\nA /new/x\n");
}

Test(upper, renamed_directories)
{
	make_tops();
	sandbox_directory("l/old", 0755, 0);
	sandbox_directory("l/deep", 0755, 0);
	sandbox_directory("l/taken", 0755, 0);
	sandbox_file("l/taken/x", "", 0644, 0);
	make_whiteout("u/old");
	sandbox_directory("u/renamed", 0755, ROOT_ID);
	set_xattr("u/renamed", "trusted.overlay.redirect", "old");
	sandbox_file("u/renamed/x", "", 0644, ROOT_ID);
	sandbox_directory("u/deep", 0755, ROOT_ID);
	sandbox_directory("u/deep/moved", 0755, ROOT_ID);
	set_xattr("u/deep/moved", "trusted.overlay.redirect", "/a/b");
	sandbox_directory("u/taken", 0755, ROOT_ID);
	set_xattr("u/taken", "trusted.overlay.redirect", "old");
	sandbox_file("u/taken/x", "", 0644, ROOT_ID);
	expect("/", "A /deep/moved < /a/b\nD /old\nA /renamed < /old\nA /renamed/x\nM /taken < /old\n"
	    "A /taken/x\n");
	expect("/usr", "A /usr/deep/moved < /usr/a/b\nD /usr/old\nA /usr/renamed < /usr/old\n"
	    "A /usr/renamed/x\nM /usr/taken < /usr/old\nA /usr/taken/x\n");
}

Test(upper, renamed_back)
{
	make_tops();
	sandbox_directory("l/d", 0755, 0);
	sandbox_file("l/d/x", "", 0644, 0);
	sandbox_directory("l/d/e", 0755, 0);
	sandbox_directory("u/d", 0755, ROOT_ID);
	set_xattr("u/d", "trusted.overlay.redirect", "d");
	sandbox_file("u/d/x", "", 0644, ROOT_ID);
	sandbox_directory("u/d/e", 0755, ROOT_ID);
	set_xattr("u/d/e", "trusted.overlay.redirect", "/d/e");
	expect("/", "M /d/x\n");
	expect("/usr", "M /usr/d/x\n");
}

struct found {
	const char *path;
	unsigned differs;
	mode_t type;
};

static int
find(const struct upper_difference *difference, void *context)
{
	struct found *found = context;

	if (strcmp(difference->path, found->path) != 0)
		return 0;
	found->differs = difference->differs;
	found->type = difference->type;
	return 1;
}

static void
set_time(const char *path, time_t seconds)
{
	const struct timespec times[] = { { seconds, 0 }, { seconds, 0 } };

	cr_assert_eq(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0, "%m");
}

/* A pair of files, the same but for one thing each. */
static void
make_pairs(void)
{
	static const char *const names[] = { "same", "content", "longer", "mode", "owner", "acl", "time", "kind", "link", NULL };
	static const char acl[] = "\2\0\0\0\1\0\6\0\377\377\377\377\2\0\4\0\7\0\0\0\4\0\4\0\377\377\377\377"
	    "\20\0\4\0\377\377\377\377\40\0\4\0\377\377\377\377";
	char path[64];

	for (int layer = 0; layer < 2; layer++)
		for (int i = 0; names[i]; i++) {
			(void)snprintf(path, sizeof(path), "%c/%s", "lu"[layer], names[i]);
			if (!strcmp(names[i], "link"))
				sandbox_link(layer ? "a" : "b", path, 7);
			else if (!strcmp(names[i], "kind") && layer)
				sandbox_directory(path, 0644, 7);
			else
				sandbox_file(path, !strcmp(names[i], "content") && layer ? "xxxx" : "text", 0644, 7);
		}
	cr_assert_eq(truncate("u/longer", 5000), 0);
	cr_assert_eq(chmod("u/mode", 0600), 0);
	cr_assert_eq(chown("u/owner", 8, 7), 0);
	cr_assert_eq(setxattr("u/acl", "system.posix_acl_access", acl, sizeof(acl) - 1, 0), 0, "%m");
	for (int layer = 0; layer < 2; layer++)
		for (int i = 0; names[i]; i++) {
			(void)snprintf(path, sizeof(path), "%c/%s", "lu"[layer], names[i]);
			set_time(path, !strcmp(names[i], "time") ? 1000 + layer : 1000);
		}
}

/* In what they differ is told bit by bit, where it is asked for. */
Test(upper, in_what_names_differ)
{
	static const struct found rows[] = {
		{ "/same", 0, S_IFREG }, { "/content", UPPER_DIFFERS_CONTENT, S_IFREG },
		{ "/longer", UPPER_DIFFERS_CONTENT, S_IFREG }, { "/mode", UPPER_DIFFERS_MODE, S_IFREG },
		{ "/owner", UPPER_DIFFERS_OWNER, S_IFREG }, { "/acl", UPPER_DIFFERS_ACL, S_IFREG },
		{ "/time", UPPER_DIFFERS_TIME, S_IFREG }, { "/kind", UPPER_DIFFERS_TYPE, S_IFDIR },
		{ "/link", UPPER_DIFFERS_CONTENT, S_IFLNK },
	};

	make_tops();
	make_pairs();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autofd int directory = open("/mnt/u", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		autofd int below = open("/mnt/l", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		struct upper upper = { .directory = directory, .below = below, .point = "/", .compares = true };
		struct found found = { .path = rows[i].path, .differs = ~0U };
		struct error err = ERROR_INIT;
		(void)upper_diff(&upper, find, &found, &err);
		cr_expect_eq(found.differs, rows[i].differs, "%s: %x", rows[i].path, found.differs);
		cr_expect_eq(found.type, rows[i].type, "%s", rows[i].path);
	}
}

/* What was renamed is compared with what it was. */
Test(upper, below_renamed_directories)
{
	make_tops();
	sandbox_directory("l/old", 0755, 0);
	sandbox_file("l/old/gone", "", 0644, 0);
	sandbox_file("l/old/changed", "", 0644, 0);
	sandbox_directory("l/old/sub", 0755, 0);
	sandbox_file("l/old/sub/x", "", 0644, 0);
	make_whiteout("u/old");
	sandbox_directory("u/new", 0755, ROOT_ID);
	set_xattr("u/new", "trusted.overlay.redirect", "old");
	make_whiteout("u/new/gone");
	sandbox_file("u/new/changed", "", 0644, ROOT_ID);
	sandbox_file("u/new/added", "", 0644, ROOT_ID);
	make_whiteout("u/new/sub");
	sandbox_directory("u/new/moved", 0755, ROOT_ID);
	set_xattr("u/new/moved", "trusted.overlay.redirect", "sub");
	make_whiteout("u/new/moved/x");
	expect("/", "A /new < /old\nA /new/added\nM /new/changed\nD /new/gone\nA /new/moved < /old/sub\n"
	    "D /new/moved/x\nD /new/sub\nD /old\n");
}

/* An empty file with the kernel's mark is a whiteout, too; one without, or with content, is a file. */
Test(upper, whiteouts_that_are_files)
{
	make_tops();
	sandbox_file("l/gone", "", 0644, 0);
	sandbox_file("l/empty", "", 0644, 0);
	sandbox_file("u/gone", "", 0644, 0);
	sandbox_file("u/empty", "", 0644, 0);
	set_xattr("u/gone", "trusted.overlay.whiteout", "y");
	expect("/", "M /empty\nD /gone\n");
}

/* Nothing below any more: all that there is was added, what was deleted is no difference. */
Test(upper, nothing_below)
{
	sandbox_directory("u", 0755, ROOT_ID);
	sandbox_file("u/f", "", 0644, ROOT_ID);
	make_whiteout("u/gone");
	expect("/opt", "A /opt/f\n");
}

/* Links, fifos and devices are told, and neither followed nor opened. */
Test(upper, what_is_made_to_harm)
{
	make_tops();
	sandbox_directory("l/d", 0755, 0);
	sandbox_file("l/d/secret", "", 0644, 0);
	sandbox_link("/mnt/l/d", "u/d", ROOT_ID);
	sandbox_link("/mnt/l", "u/out", ROOT_ID);
	sandbox_link("..", "u/up", ROOT_ID);
	cr_assert_eq(mkfifo("u/fifo", 0644), 0);
	cr_assert_eq(mknod("u/null", S_IFCHR | 0644, makedev(1, 3)), 0);
	sandbox_file("u/a\nD b\x1b", "", 0644, ROOT_ID);
	sandbox_directory("u/closed", 0, ROOT_ID);
	sandbox_directory("u/empty-redirect", 0755, ROOT_ID);
	set_xattr("u/empty-redirect", "trusted.overlay.redirect", "");
	expect("/", "A /a\nD b\x1b\nA /closed\nM /d\nA /empty-redirect\nA /fifo\nA /null\nA /out\nA /up\n");
	/* A link below leads nowhere, either. */
	sandbox_link("d", "l/link", 0);
	sandbox_directory("u/link", 0755, ROOT_ID);
	sandbox_file("u/link/secret", "", 0644, ROOT_ID);
	struct report report = { .count = 0 };
	struct error err = ERROR_INIT;
	struct upper upper;
	cr_expect_eq(diff("/", &report, &upper, &err), 0);
	cr_expect(strstr(report.text, "M /link\nA /link/secret\n"), "%s", report.text);
}

Test(upper, too_deep_for_a_path)
{
	struct report report = { .count = 0 };
	struct error err = ERROR_INIT;
	struct upper upper;
	char name[201];

	make_tops();
	memset(name, 'd', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	cr_assert_eq(chdir("u"), 0);
	for (int i = 0; i < 100; i++)
		cr_assert(mkdir(name, 0755) == 0 && chdir(name) == 0);
	cr_assert_eq(chdir("/mnt"), 0);
	cr_expect_eq(diff("/", &report, &upper, &err), 0, "%s", err.text);
	cr_expect_eq(report.count, 20);
	cr_expect_geq(upper.too_deep, 1);
}

Test(upper, the_visitor_may_stop)
{
	struct report report = { .stop = 2 };
	struct error err = ERROR_INIT;
	struct upper upper;

	make_tops();
	sandbox_directory("u/d", 0755, ROOT_ID);
	for (char name[] = "u/d/a"; name[4] < 'f'; name[4]++)
		sandbox_file(name, "", 0644, ROOT_ID);
	cr_expect_eq(diff("/", &report, &upper, &err), -1);
	cr_expect_eq(report.count, 2);
	cr_expect_str_eq(err.text, "");
}

Test(upper_store, names)
{
	static const struct {
		const char *point;
		const char *name;
	} rows[] = {
		{ "/", "%2f" }, { "/usr", "usr" }, { "/usr/sbin", "usr%2fsbin" }, { "/a%/b", "a%25%2fb" },
		{ "/a/%b", "a%2f%25b" }, { "/%2f", "%252f" }, { "/\n", "\n" },
	};
	struct error err = ERROR_INIT;
	char text[PATH_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_eq(upper_store_name(rows[i].point, text, sizeof(text), &err), 0);
		cr_expect_str_eq(text, rows[i].name);
		cr_expect_eq(upper_store_point(rows[i].name, text, sizeof(text), &err), 0);
		cr_expect_str_eq(text, rows[i].point);
	}
}

Test(upper_store, names_that_are_none)
{
	static const char *const rows[] = { "a%b", "%", "a%2", "a%2g" };
	struct error err = ERROR_INIT;
	char text[PATH_MAX], name[NAME_MAX + 1], longest[NAME_MAX + 3];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(upper_store_point(rows[i], text, sizeof(text), &err), -1, "%s", rows[i]);
	cr_expect_eq(upper_store_point("abc", text, 4, &err), -1);
	cr_expect_eq(upper_store_point("abc", text, 5, &err), 0);
	memset(longest, 'a', sizeof(longest));
	longest[0] = '/';
	longest[NAME_MAX + 1] = '\0';
	cr_expect_eq(upper_store_name(longest, name, sizeof(name), &err), 0);
	longest[NAME_MAX + 1] = 'a';
	longest[NAME_MAX + 2] = '\0';
	cr_expect_eq(upper_store_name(longest, name, sizeof(name), &err), -1);
	cr_expect_eq(err.errnum, ENAMETOOLONG);
}

TestSuite(upper_reset, .init = sandbox_enter, .timeout = 60);

/* Moved in one step; a kill between the two leaves what the next run removes. */
Test(upper_reset, aside_and_away)
{
	struct error err = ERROR_INIT;
	autofd int here = open("/mnt", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_expect_eq(upper_store_set_aside(here, "root", &err), 0, "%s", err.text);
	for (int i = 0; i < 2; i++) {
		sandbox_directory("root", 0700, 0);
		sandbox_directory("root/usr", 0700, 0);
		sandbox_file("root/usr/f", "", 0644, ROOT_ID);
		cr_expect_eq(upper_store_set_aside(here, "root", &err), 1, "%s", err.text);
		cr_expect_eq(access("root", F_OK), -1);
		cr_expect_eq(upper_store_remove(here, &err), 0, "%s", err.text);
	}
	cr_expect_eq(access("reset", F_OK), -1);
	cr_expect_eq(upper_store_remove(here, &err), 0, "%s", err.text);
	/* What is left of an earlier one is never mixed with another. */
	sandbox_directory("root", 0700, 0);
	sandbox_file("root/new", "", 0644, 0);
	sandbox_directory("reset", 0700, 0);
	sandbox_directory("reset/root", 0700, 0);
	sandbox_file("reset/root/left", "", 0644, 0);
	cr_expect_eq(upper_store_set_aside(here, "root", &err), -1);
	cr_expect_eq(access("root/new", F_OK), 0);
	cr_expect_eq(access("reset/root/new", F_OK), -1);
}
