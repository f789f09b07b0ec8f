/*
 * lib/stats.c, in a /run of the test's own: what is counted, by several, and what a kill leaves.
 * Needs root.
 */
#include "lib/stats.h"

#include "lib/places.h"
#include "test_sandbox.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#define UID 2001
#define FILE_OF_UID PLACE_STATS "/2001"

static struct stats_page *
open_page(const char *user)
{
	struct error err = ERROR_INIT;
	struct stats_page *page = stats_open(UID, user, &err);

	cr_assert(page, "%s", err.text);
	return page;
}

static void
read_page(struct stats_page *copy)
{
	struct error err = ERROR_INIT;

	memset(copy, 0, sizeof(*copy));
	cr_assert_eq(stats_read(UID, copy, &err), 0, "%s", err.text);
}

static void
enter(void)
{
	sandbox_enter();
	sandbox_tmpfs("/run");
}

static struct usage
unknown_usage(void)
{
	struct usage usage;

	memset(&usage, 0xff, sizeof(usage));
	return usage;
}

Test(stats, nothing_counted_is_enoent)
{
	struct error err = ERROR_INIT;
	struct stats_page copy = { .uid = 0 };

	enter();
	cr_expect_eq(stats_read(UID, &copy, &err), -1);
	cr_expect_eq(err.errnum, ENOENT);
}

Test(stats, no_page_is_no_fault)
{
	struct usage usage = unknown_usage();
	struct stats_page *none = NULL;

	stats_refused(NULL, STATS_JOIN);
	stats_exempt(NULL);
	stats_login(NULL, STATS_BUILT);
	stats_took(NULL, STATS_MODULE, STATS_BUILT, 1);
	stats_container_ended(NULL, &(struct process_id) { 1, 1 }, &usage);
	stats_close(&none);
}

Test(stats, outlive_who_counts)
{
	struct stat st;

	enter();
	int before = sandbox_count_fds();
	struct stats_page *page = open_page("alice");
	stats_login(page, STATS_BUILT);
	stats_refused(page, STATS_FILTER);
	stats_close(&page);
	cr_expect_null(page);
	page = open_page("alice");
	stats_login(page, STATS_BUILT);
	stats_exempt(page);
	stats_close(&page);
	cr_expect_eq(sandbox_count_fds(), before);
	struct stats_page got;
	read_page(&got);
	cr_expect_eq(got.logins[STATS_BUILT], 2);
	cr_expect_eq(got.logins[STATS_JOINED], 0);
	cr_expect_eq(got.exempt, 1);
	cr_expect_eq(got.refused[STATS_FILTER], 1);
	cr_expect_str_eq(got.user, "alice");
	cr_expect_eq(got.uid, UID);
	cr_expect_gt(got.changed, 0);
	cr_assert_eq(stat(FILE_OF_UID, &st), 0, "%m");
	cr_expect_eq(st.st_mode & 07777, 0600);
	cr_assert_eq(stat(PLACE_STATS, &st), 0, "%m");
	cr_expect_eq(st.st_mode & 07777, 0700);
}

/* Counts from many processes at once, each with a mapping of its own, and no lock. */
Test(stats, several_count_at_once)
{
	enum { PROCESSES = 8, TIMES = 20000 };

	enter();
	for (int i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();
		cr_assert_geq(pid, 0);
		if (pid > 0)
			continue;
		struct error err = ERROR_INIT;
		struct stats_page *page = stats_open(UID, "alice", &err);
		for (int n = 0; n < TIMES && page; n++)
			stats_login(page, STATS_JOINED);
		_exit(page ? 0 : 1);
	}
	for (int i = 0, status; i < PROCESSES; i++) {
		cr_assert_gt(wait(&status), 0);
		cr_expect_eq(status, 0);
	}
	struct stats_page got;
	read_page(&got);
	cr_expect_eq(got.logins[STATS_JOINED], (uint64_t)PROCESSES * TIMES);
}

Test(stats, latencies_fall_into_their_buckets)
{
	static const struct {
		uint64_t usec;
		size_t bucket;
	} rows[] = {
		{ 0, 0 }, { 1000, 0 }, { 1001, 1 }, { 10000000, STATS_BUCKETS - 2 },
		{ 10000001, STATS_BUCKETS - 1 }, { UINT64_MAX / 2, STATS_BUCKETS - 1 },
	};

	enter();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stats_page *page = open_page("alice");
		uint64_t before = page->latency[STATS_MODULE][STATS_BUILT].bucket[rows[i].bucket];
		stats_took(page, STATS_MODULE, STATS_BUILT, rows[i].usec);
		cr_expect_eq(page->latency[STATS_MODULE][STATS_BUILT].bucket[rows[i].bucket], before + 1,
		    "row %zu", i);
		stats_close(&page);
	}
	for (size_t i = 1; i < STATS_BUCKETS; i++)
		cr_expect_lt(stats_bound[i - 1], stats_bound[i]);
}

Test(stats, another_user_of_the_uid_begins_at_0)
{
	enter();
	struct stats_page *page = open_page("alice");
	stats_login(page, STATS_BUILT);
	stats_took(page, STATS_MODULE, STATS_BUILT, 1);
	stats_close(&page);
	page = open_page("mallory");
	cr_expect_str_eq(page->user, "mallory");
	cr_expect_eq(page->logins[STATS_BUILT], 0);
	cr_expect_eq(page->latency[STATS_MODULE][STATS_BUILT].bucket[0], 1, "summed over all users");
	stats_close(&page);
}

Test(stats, a_container_is_added_once)
{
	struct usage usage = unknown_usage();
	const struct process_id first = { 5, 100 }, second = { 4, 200 };

	enter();
	struct stats_page *page = open_page("alice");
	usage.cpu_usec = 7;
	usage.pressure[USAGE_PRESSURE_IO][USAGE_FULL] = 3;
	stats_container_ended(page, &first, &usage);
	stats_container_ended(page, &first, &usage); /* by a successor */
	usage.oom_kills = 1;
	stats_container_ended(page, &second, &usage);
	struct stats_page got;
	read_page(&got);
	const struct stats_ended *ended = &got.ended[got.ended_now & 1];
	cr_expect_eq(ended->cpu_usec, 14);
	cr_expect_eq(ended->oom_kills, 1);
	cr_expect_eq(ended->pressure[USAGE_PRESSURE_IO][USAGE_FULL], 6);
	cr_expect_eq(ended->pressure[USAGE_PRESSURE_IO][USAGE_SOME], USAGE_UNKNOWN);
	cr_expect_eq(ended->io_read, USAGE_UNKNOWN);
	cr_expect(stats_has_ended(ended, &first) && stats_has_ended(ended, &second));
	cr_expect_not(stats_has_ended(ended, &(struct process_id) { 6, 300 }));
	cr_expect_not(stats_has_ended(ended, &(struct process_id) { 6, 0 }), "a start that nobody knows");
	stats_close(&page);
}

/* What a kill leaves is a whole sum: killed anywhere, cpu and io are of the same containers. */
Test(stats, a_kill_leaves_a_whole_sum, .timeout = 60)
{
	enter();
	for (int round = 0; round < 60; round++) {
		pid_t pid = fork();
		cr_assert_geq(pid, 0);
		if (pid == 0) {
			struct error err = ERROR_INIT;
			struct usage usage = unknown_usage();
			struct stats_page *page = stats_open(UID, "alice", &err);
			usage.cpu_usec = usage.io_read = usage.oom_kills = 1;
			for (uint64_t start = page ? page->ended[page->ended_now & 1].init.start + 1 : 1;; start++)
				stats_container_ended(page, &(struct process_id) { 1, start }, &usage);
		}
		(void)nanosleep(&(struct timespec) { .tv_nsec = 1000000 + round * 77777 }, NULL);
		cr_assert_eq(kill(pid, SIGKILL), 0);
		cr_assert_eq(waitpid(pid, NULL, 0), pid);
		struct error err = ERROR_INIT;
		struct stats_page got = { .uid = 0 };
		if (stats_read(UID, &got, &err) < 0 && err.errnum == ENOENT)
			continue; /* killed before there was a page */
		cr_assert(err.errnum == 0, "%s", err.text);
		const struct stats_ended *ended = &got.ended[got.ended_now & 1];
		if (ended->cpu_usec == USAGE_UNKNOWN)
			continue;
		cr_expect_eq(ended->cpu_usec, ended->io_read);
		cr_expect_eq(ended->cpu_usec, ended->oom_kills);
		cr_expect_eq(ended->cpu_usec, ended->init.start, "all of them");
	}
}

static void
expect_refused(const char *what)
{
	struct error err = ERROR_INIT;
	struct stats_page *page = stats_open(UID, "alice", &err);

	cr_expect_null(page, "%s", what);
	cr_expect(err.text[0], "%s: no reason", what);
	stats_close(&page);
}

Test(stats, what_is_not_roots_is_not_used)
{
	enter();
	sandbox_directory(PLACE_STATS, 0700, SANDBOX_USER);
	expect_refused("a user's directory");
	cr_assert_eq(chown(PLACE_STATS, 0, 0), 0);
	sandbox_file(FILE_OF_UID, "", 0600, SANDBOX_USER);
	expect_refused("a user's file");
	cr_assert_eq(unlink(FILE_OF_UID), 0);
	sandbox_file("/run/elsewhere", "", 0600, 0);
	sandbox_link("/run/elsewhere", FILE_OF_UID, 0);
	expect_refused("a link");
	cr_assert_eq(unlink(FILE_OF_UID), 0);
	cr_assert_eq(mkfifo(FILE_OF_UID, 0600), 0);
	expect_refused("a fifo");
}

/* A full /run is an error, not a SIGBUS at the first count. */
Test(stats, no_room_is_an_error)
{
	static char block[4096];

	sandbox_enter();
	cr_assert_eq(sys_mount("sandbox", "/run", "tmpfs", 0, "mode=0755,size=16k"), 0, "%m");
	int fd = open("/run/full", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (write(fd, block, sizeof(block)) > 0)
		continue;
	own_close(&fd);
	expect_refused("a full file system");
}

Test(stats, another_version_is_left_to_who_has_it)
{
	enter();
	struct stats_page *old = open_page("alice");
	(void)strcpy(old->magic, "pam_ctr stats 0");
	struct stats_page *page = open_page("alice");
	stats_login(old, STATS_BUILT);
	stats_login(page, STATS_JOINED);
	struct stats_page got;
	read_page(&got);
	cr_expect_eq(got.logins[STATS_BUILT], 0);
	cr_expect_eq(got.logins[STATS_JOINED], 1);
	stats_close(&old);
	stats_close(&page);
}
