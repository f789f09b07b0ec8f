/*
 * home/snapshot.c: copies of uppers, and the way back to them; killed at every system call.
 * And of a reset: lib/upper_store.c.
 */
#include "home/snapshot.h"

#include "lib/path.h"
#include "lib/upper_store.h"
#include "test_home_kill.h"
#include "test_home_tree.h"

TestSuite(home_snapshot, .init = sandbox_enter, .timeout = 1200);

/* In the test's world /mnt is PLACE_LIB/UID, and "s" the store. */
static int
make(const char *name, struct error *err)
{
	autofd int own = open("/mnt", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autofd int upper = open("/mnt/s/upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autofd int lower = open("/mnt/l", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct snapshots snapshots = { .own = own, .store = "s", .lower = lower };

	return snapshot_make(&snapshots, upper, name, err);
}

static int
restore(const char *name, struct error *err)
{
	autofd int own = open("/mnt", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autofd int store = open("/mnt/s", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct snapshots snapshots = { .own = own, .store = "s", .lower = -1 };

	return snapshot_restore(&snapshots, store, name, err);
}

static int
reset(struct error *err)
{
	autofd int own = open("/mnt", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return upper_store_remove(own, err) < 0 || upper_store_set_aside(own, "s", err) < 0 ? -1 :
	    upper_store_remove(own, err);
}

static void
run_make(void)
{
	struct error err = ERROR_INIT;

	if (make("one", &err) < 0 && err.errnum != EEXIST) {
		(void)fprintf(stderr, "%s: %s\n", err.text, strerror(err.errnum));
		_exit(1);
	}
}

static void
run_restore(void)
{
	struct error err = ERROR_INIT;

	if (restore("one", &err) < 0) {
		(void)fprintf(stderr, "%s: %s\n", err.text, strerror(err.errnum));
		_exit(1);
	}
}

static void
run_reset(void)
{
	struct error err = ERROR_INIT;

	if (reset(&err) < 0)
		_exit(1);
}

static void
change_more(void)
{
	put("text", "again");
	put("later", "x");
	DO(unlink("link1"));
	DO(rename("anew", "renewed"));
	DO(rename("moved/sub", "sub"));
}

static void
expect_same(const char *what, const char *got, const char *wanted)
{
	char line[4096];
	const char *difference = tree_difference(got, wanted, line, sizeof(line));

	cr_assert(!difference, "%s:%s", what, difference);
}

/* As it was, whatever was done since: to the home, or by a commit to what lies below. */
Test(home_snapshot, there_and_back)
{
	struct error err = ERROR_INIT;
	int before = sandbox_count_fds();

	home_make();
	autofree char *wanted = home_text(false);
	cr_assert_eq(make("one", &err), 0, "%s: %s", err.text, strerror(err.errnum));
	cr_expect_eq(make("one", &err), -1);
	cr_expect_eq(err.errnum, EEXIST);
	autofree char *same = home_text(false);
	expect_same("the home itself", same, wanted);
	home_change(change_more);
	cr_assert_eq(make("two", &err), 0, "%s: %s", err.text, strerror(err.errnum));
	autofree char *later = home_text(false);
	cr_expect(strcmp(later, wanted) != 0);
	cr_assert_eq(restore("one", &err), 0, "%s: %s", err.text, strerror(err.errnum));
	/* Renamed directories are whole in the copy, and what was one file below is two. */
	autofree char *wanted_loose = home_text(true);
	home_change(change_more);
	cr_assert_eq(restore("one", &err), 0, "%s: %s", err.text, strerror(err.errnum));
	autofree char *got = home_text(true);
	expect_same("restored again", got, wanted_loose);
	cr_assert_eq(reset(&err), 0, "%s", err.text);
	cr_expect_eq(access("/mnt/s", F_OK), -1);
	sandbox_directory("/mnt/s", 0700, 0);
	cr_assert_eq(restore("one", &err), 0, "%s: %s", err.text, strerror(err.errnum));
	sandbox_directory("/mnt/s/work", 0700, 0);
	autofree char *after = home_text(true);
	expect_same("restored after a reset", after, wanted_loose);
	cr_expect_eq(restore("none", &err), -1);
	cr_expect_eq(err.errnum, ENOENT);
	cr_expect_eq(sandbox_count_fds(), before, "it leaks");
}

/* The copy shows what the home did, renamed directories with what came from below. */
Test(home_snapshot, is_what_was_seen)
{
	struct error err = ERROR_INIT;

	home_make();
	autofree char *wanted = home_text(true);
	cr_assert_eq(make("one", &err), 0, "%s: %s", err.text, strerror(err.errnum));
	cr_assert_eq(restore("one", &err), 0, "%s: %s", err.text, strerror(err.errnum));
	autofree char *got = home_text(true);
	expect_same("restored", got, wanted);
}

Test(home_snapshot, names)
{
	static const struct {
		const char *name;
		bool is_name;
	} rows[] = {
		{ "a", true }, { "2026-11-26T17:40:00Z", true }, { "a.b_c+d", true }, { "", false }, { ".new", false },
		{ "-a", false }, { "a/b", false }, { "..", false }, { "a b", false }, { "a\n", false }, { "\xc3\xa4", false },
		{ "0123456789012345678901234567890123456789012345678901234567890123", true },
		{ "01234567890123456789012345678901234567890123456789012345678901234", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(snapshot_is_name(rows[i].name), rows[i].is_name, "%s", rows[i].name);
}

struct list {
	char text[256];
};

static int
note(const char *name, int64_t since, uint64_t bytes, void *context)
{
	struct list *list = context;
	size_t length = strlen(list->text);

	cr_expect_gt(since, 1000000000);
	cr_expect_gt(bytes, 1000);
	(void)snprintf(list->text + length, sizeof(list->text) - length, "%s ", name);
	return 0;
}

Test(home_snapshot, list_and_delete)
{
	autofd int own = open("/mnt", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct snapshots snapshots = { .own = own, .store = "s", .lower = -1 };
	struct error err = ERROR_INIT;
	struct list list = { "" };

	cr_expect_eq(snapshot_list(&snapshots, note, &list, &err), 0, "%s", err.text);
	cr_expect_eq(snapshot_delete(&snapshots, "b", &err), 0, "%s", err.text);
	home_make();
	cr_assert_eq(make("b", &err), 0);
	cr_assert_eq(make("a", &err), 0);
	cr_expect_eq(snapshot_list(&snapshots, note, &list, &err), 0, "%s", err.text);
	cr_expect_str_eq(list.text, "a b ");
	cr_expect_eq(snapshot_delete(&snapshots, "b", &err), 1, "%s", err.text);
	list.text[0] = '\0';
	cr_expect_eq(snapshot_list(&snapshots, note, &list, &err), 0, "%s", err.text);
	cr_expect_str_eq(list.text, "a ");
	cr_expect_eq(access("/mnt/reset", F_OK), -1);
}

/* Killed while it is made: none is there, or a whole one; and the home is as it was. */
Test(home_snapshot, killed_while_it_is_made)
{
	struct error err = ERROR_INIT;
	long at = kill_begin(), killed = 0;
	char line[4096];

	home_make();
	autofree char *wanted = home_text(true);
	for (; kill_at(run_make, at); at += kill_step(), killed++) {
		autofree char *seen = home_text(true);
		cr_assert(!tree_difference(seen, wanted, line, sizeof(line)), "killed at %ld:%s", at, line);
		if (access("/mnt/s.snapshots/one", F_OK) == 0) {
			cr_assert_eq(restore("one", &err), 0, "%s", err.text);
			autofree char *got = home_text(true);
			cr_assert(!tree_difference(got, wanted, line, sizeof(line)), "killed at %ld, restored:%s", at, line);
		}
		run_make();
		cr_assert_eq(access("/mnt/s.snapshots/one", F_OK), 0);
		cr_assert_eq(access("/mnt/s.snapshots/.new", F_OK), -1);
		autofd int here = open("/mnt", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		cr_assert_eq(path_remove_tree(here, "s.snapshots", &err), 0, "%s", err.text);
	}
	(void)fprintf(stderr, "# snapshot: killed at %ld of its %ld system calls\n", killed, at - 1);
	cr_expect_gt(at, 400);
}

/* Killed while it is put back: the home is as it was before, or as it was then. */
Test(home_snapshot, killed_while_it_is_restored)
{
	long at = kill_begin(), killed = 0;
	char line[4096];

	home_make();
	run_make();
	run_restore();
	autofree char *then = home_text(true);
	for (;; at += kill_step(), killed++) {
		home_change(change_more);
		autofree char *before = home_text(true);
		cr_assert_str_neq(before, then);
		if (!kill_at(run_restore, at))
			break;
		autofree char *seen = home_text(true);
		cr_assert(!strcmp(seen, then) || !tree_difference(seen, before, line, sizeof(line)),
		    "killed at %ld:%s", at, line);
		run_restore();
		autofree char *got = home_text(true);
		cr_assert(!tree_difference(got, then, line, sizeof(line)), "killed at %ld, again:%s", at, line);
		cr_assert_eq(access("/mnt/s/restore", F_OK), -1);
	}
	(void)fprintf(stderr, "# restore: killed at %ld of its %ld system calls\n", killed, at - 1);
	cr_expect_gt(at, 400);
}

/* Killed while it is dropped: all is kept still, or nothing. */
Test(home_snapshot, killed_while_it_is_reset)
{
	long at = kill_begin(), killed = 0;
	char line[4096];

	home_make();
	autofree char *lower = tree_text("/mnt/l", true);
	home_remove();
	for (;; at += kill_step(), killed++) {
		home_make();
		autofree char *before = home_text(true);
		if (!kill_at(run_reset, at))
			break;
		if (access("/mnt/s", F_OK) == 0) {
			autofree char *seen = home_text(true);
			cr_assert(!tree_difference(seen, before, line, sizeof(line)), "killed at %ld:%s", at, line);
		}
		run_reset();
		cr_assert_eq(access("/mnt/s", F_OK), -1);
		cr_assert_eq(access("/mnt/reset", F_OK), -1);
		sandbox_directory("/mnt/s", 0700, 0);
		home_remove();
	}
	cr_expect(strstr(lower, "/old/left"));
	(void)fprintf(stderr, "# reset: killed at %ld of its %ld system calls\n", killed, at - 1);
	cr_expect_gt(at, 100);
}
