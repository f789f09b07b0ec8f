/*
 * lib/record.c: a container's record, written and read back; what a user or a remote side
 * chose is in it, and what is not a record is refused.  In a sandbox, as root.
 */
#include "lib/record.h"

#include "lib/own.h"
#include "test_sandbox.h"

#include <stdint.h>
#include <stdlib.h>

TestSuite(record, .init = sandbox_enter);

#define WHOLE "version 1\nuid 1000\ngid 1000\ninit 5 6\n"

static int
open_here(void)
{
	int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	cr_assert(fd >= 0, "%m");
	return fd;
}

static struct record *
record_new(void)
{
	struct record *record = calloc(1, sizeof(*record));

	cr_assert(record != NULL);
	*record = (struct record)RECORD_INIT;
	return record;
}

static void
copy(char *field, size_t size, const char *text)
{
	(void)snprintf(field, size, "%s", text);
}

/* Every string is text, as much of it as fits its field. */
static struct record *
record_of(const char *text, size_t sessions)
{
	struct record *r = record_new();

	r->uid = 1000;
	r->gid = UINT32_MAX - 1;
	copy(r->user, sizeof(r->user), text);
	copy(r->home, sizeof(r->home), text);
	copy(r->policy_path, sizeof(r->policy_path), text);
	copy(r->service, sizeof(r->service), text);
	copy(r->set, sizeof(r->set), text);
	r->init = (struct process_id) { 42, UINT64_MAX };
	r->supervisor = (struct process_id) { INT32_MAX, 7 };
	for (int i = 0; i < RECORD_NAMESPACES; i++)
		r->namespaces[i] = UINT64_C(4026531836) + (uint64_t)i;
	r->since = INT64_MAX;
	r->next_session = UINT32_MAX;
	r->refused_forks = UINT64_MAX;
	r->kill_at_logout = sessions % 2;
	r->grace = 30;
	for (size_t i = 0; i < 8 && text[0]; i++)
		copy(r->cgroup[i], sizeof(r->cgroup[i]), text);
	r->session = calloc(sessions + 1, sizeof(*r->session));
	cr_assert(r->session != NULL);
	r->sessions = sessions;
	for (size_t i = 0; i < sessions; i++) {
		struct record_session *s = &r->session[i];
		copy(s->id, sizeof(s->id), text);
		copy(s->service, sizeof(s->service), text);
		copy(s->tty, sizeof(s->tty), text);
		copy(s->rhost, sizeof(s->rhost), text);
		s->caller = (struct process_id) { (pid_t)i + 1, i };
		s->since = (int64_t)i;
		s->opened = INT64_MAX - (int64_t)i;
		s->session_time = UINT32_MAX;
		s->idle_timeout = i;
	}
	return r;
}

static void
expect_same_sessions(const struct record *a, const struct record *b, const char *what)
{
	cr_assert_eq(a->sessions, b->sessions, "%s: %zu and %zu sessions", what, a->sessions, b->sessions);
	for (size_t i = 0; i < a->sessions; i++) {
		const struct record_session *x = &a->session[i], *y = &b->session[i];
		cr_expect_str_eq(x->id, y->id, "%s", what);
		cr_expect_str_eq(x->service, y->service, "%s", what);
		cr_expect_str_eq(x->tty, y->tty, "%s", what);
		cr_expect_str_eq(x->rhost, y->rhost, "%s", what);
		cr_expect(x->caller.pid == y->caller.pid && x->caller.start == y->caller.start, "%s", what);
		cr_expect_eq(x->since, y->since, "%s", what);
		cr_expect(x->opened == y->opened && x->session_time == y->session_time &&
		    x->idle_timeout == y->idle_timeout, "%s: stay", what);
	}
}

static void
expect_same(const struct record *a, const struct record *b, const char *what)
{
	cr_expect(a->uid == b->uid && a->gid == b->gid, "%s: ids", what);
	cr_expect_str_eq(a->user, b->user, "%s", what);
	cr_expect_str_eq(a->home, b->home, "%s", what);
	cr_expect_str_eq(a->policy_path, b->policy_path, "%s", what);
	cr_expect_str_eq(a->service, b->service, "%s", what);
	cr_expect_str_eq(a->set, b->set, "%s", what);
	cr_expect(a->init.pid == b->init.pid && a->init.start == b->init.start, "%s: init", what);
	cr_expect(a->supervisor.pid == b->supervisor.pid && a->supervisor.start == b->supervisor.start,
	    "%s: supervisor", what);
	cr_expect_eq(memcmp(a->namespaces, b->namespaces, sizeof(a->namespaces)), 0, "%s", what);
	cr_expect_eq(a->since, b->since, "%s", what);
	cr_expect_eq(a->next_session, b->next_session, "%s", what);
	cr_expect_eq(a->refused_forks, b->refused_forks, "%s", what);
	cr_expect_eq(a->kill_at_logout, b->kill_at_logout, "%s", what);
	cr_expect_eq(a->grace, b->grace, "%s", what);
	for (int i = 0; i < 8; i++)
		cr_expect_str_eq(a->cgroup[i], b->cgroup[i], "%s", what);
	expect_same_sessions(a, b, what);
}

static void
expect_round_trip(int directory, const char *text, size_t sessions, const char *what)
{
	struct record *written = record_of(text, sessions);
	struct record *read = record_new();
	struct error err = ERROR_INIT;

	cr_assert_eq(record_write(directory, written, &err), 0, "%s: %s", what, err.text);
	cr_assert_eq(record_read(directory, read, &err), 0, "%s: %s", what, err.text);
	expect_same(written, read, what);
	record_free(read);
	cr_expect(read->sessions == 0 && !read->session && read->uid == (uid_t)-1);
	record_free(read);
	record_free(written);
	free(written);
	free(read);
}

Test(record, hostile_strings_survive)
{
	static const char *const texts[] = { "", "alice", "-", "--", "%", "%00", "%zz", " ", "  a  b  ",
		"\n", "x\nuid 0\ninit 1 1\n", "x session y 1 1 a b c 1", "\t\r\v", "\x01\x7f\x80\xff",
		"\xc3\xa4\xe2\x82\xac", "a-b", "/dev/pts/3" };
	autofd int directory = open_here();

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (size_t sessions = 0; sessions < 4; sessions++)
			expect_round_trip(directory, texts[i], sessions, texts[i]);
	cr_expect_eq(access("record.new", F_OK), -1, "the new file was left");
}

/* Encoded they are three times as long. */
Test(record, full_fields_survive)
{
	static char full[4096];
	autofd int directory = open_here();

	for (size_t i = 0; i < sizeof(full) - 1; i++)
		full[i] = (char)(i % 2 ? '\n' : '\xff');
	expect_round_trip(directory, full, 2, "full fields");
	expect_round_trip(directory, "alice", 700, "many sessions");
}

static int
read_text(int directory, const char *text, struct record *record, struct error *err)
{
	(void)unlink("record");
	sandbox_file("record", text, 0600, 0);
	*err = (struct error)ERROR_INIT;
	return record_read(directory, record, err);
}

Test(record, bad_lines_are_refused)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{ WHOLE, true },
		{ WHOLE "\n\n   \n", true },
		{ WHOLE "kill_at_logout 1\n", true },
		{ WHOLE "cgroup /a\ncgroup /b\n", true },
		{ WHOLE "session a 1 2 b c d 3\n", true },
		{ "", false },
		{ "uid 1000\n", false },
		{ "init 5 6\n", false },
		{ "version 2\nuid 1000\ninit 5 6\n", false },
		{ WHOLE "version\n", false },
		{ WHOLE "unknown 1\n", false },
		{ WHOLE "uid\n", false },
		{ WHOLE "uid -1\n", false },
		{ WHOLE "uid 4294967295\n", false },
		{ WHOLE "uid 1 2\n", false },
		{ WHOLE "gid 0x10\n", false },
		{ WHOLE "grace 4294967296\n", false },
		{ WHOLE "kill_at_logout 2\n", false },
		{ WHOLE "since 9223372036854775808\n", false },
		{ WHOLE "init 2147483648 1\n", false },
		{ WHOLE "init -1 1\n", false },
		{ WHOLE "init 1\n", false },
		{ WHOLE "user\n", false },
		{ WHOLE "user a b\n", false },
		{ WHOLE "user %\n", false },
		{ WHOLE "user %4\n", false },
		{ WHOLE "user %4G\n", false },
		{ WHOLE "user %00\n", false },
		{ WHOLE "namespace mnt\n", false },
		{ WHOLE "namespace nett 5\n", false },
		{ WHOLE "namespace mnt -5\n", false },
		{ WHOLE "cgroup\n", false },
		{ WHOLE "session a 1 2 b c d\n", false },
		{ WHOLE "session a 1 2 b c d 3 4\n", false },
		{ WHOLE "session a x 2 b c d 3\n", false },
		{ WHOLE "session a 0 2 b c d 3\n", false }, /* no process: kill(2) takes 0 for many */
		{ WHOLE "session a 1 2 b c d -3\n", false },
		{ WHOLE "session 12345678901234567890123456789012 1 2 b c d 3\n", false },
		{ WHOLE "cgroup a\ncgroup a\ncgroup a\ncgroup a\ncgroup a\ncgroup a\ncgroup a\n"
		  "cgroup a\ncgroup a\n", false },
		{ WHOLE "\xff\xfe\n", false },
	};
	struct record *record = record_new();
	autofd int directory = open_here();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err;
		int rc = read_text(directory, rows[i].text, record, &err);
		cr_expect_eq(rc, rows[i].good ? 0 : -1, "row %zu: %s", i, err.text);
		if (rc < 0)
			cr_expect(record->session == NULL && err.errnum == EINVAL && err.text[0], "row %zu", i);
		record_free(record);
	}
	free(record);
}

/* As a supervisor of the version before wrote it: an upgrade adopts its container. */
Test(record, that_of_an_earlier_version_is_read)
{
	static const char earlier[] = "version 1\nuid 1000\ngid 1000\nuser alice\nhome /home/alice\n"
	    "policy /etc/pam%5fctr.conf\ndevices -\ninit 5 6\nsupervisor 7 8\nsince 9\nnext_session 2\n"
	    "kill_at_logout 0\ngrace 3\nnamespace mnt 1\ncgroup /sys/fs/cgroup/pids/x/1000\n"
	    "session s1 10 11 sshd ssh 127.0.0.1 12\n";
	struct record *record = record_new();
	autofd int directory = open_here();
	struct error err;

	cr_assert_eq(read_text(directory, earlier, record, &err), 0, "%s", err.text);
	cr_expect_str_eq(record->service, "");
	cr_expect_str_eq(record->set, "");
	cr_expect_eq(record->sessions, 1);
	record_free(record);
	free(record);
}

/* What a field can't hold is refused, not cut. */
Test(record, long_values_are_refused)
{
	static const struct {
		const char *key;
		size_t room;
	} rows[] = { { "user ", 255 }, { "home ", 4095 }, { "policy ", 4095 }, { "service ", 63 }, { "set ", 4095 }, { "cgroup ", 511 } };
	struct record *record = record_new();
	autofd int directory = open_here();
	char text[8192];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t length = rows[i].room - 1; length <= rows[i].room + 1; length++) {
			struct error err;
			int n = snprintf(text, sizeof(text), WHOLE "%s", rows[i].key);
			memset(text + n, 'x', length);
			(void)snprintf(text + (size_t)n + length, sizeof(text) - (size_t)n - length, "\n");
			int rc = read_text(directory, text, record, &err);
			cr_expect_eq(rc, length <= rows[i].room ? 0 : -1, "%s%zu bytes", rows[i].key, length);
			record_free(record);
		}
	}
	free(record);
}

static void
make_missing(void)
{
}

static void
make_users(void)
{
	sandbox_file("record", WHOLE, 0600, SANDBOX_USER);
}

static void
make_fifo(void)
{
	cr_assert_eq(mkfifo("record", 0600), 0, "%m");
}

static void
make_directory(void)
{
	sandbox_directory("record", 0700, 0);
}

static void
make_link(void)
{
	sandbox_file("elsewhere", WHOLE, 0600, 0);
	sandbox_link("elsewhere", "record", 0);
}

static void
make_device(void)
{
	cr_assert_eq(mknod("record", S_IFCHR | 0600, 1 << 8 | 5), 0, "%m");
}

static void
make_nul(void)
{
	sandbox_file("record", WHOLE, 0600, 0);
	cr_assert_eq(truncate("record", sizeof(WHOLE) + 3), 0, "%m");
}

static void
make_large(void)
{
	sandbox_file("record", WHOLE, 0600, 0);
	cr_assert_eq(truncate("record", 1024 * 1024 + 1), 0, "%m");
}

Test(record, what_is_no_file_of_roots_is_refused, .timeout = 20)
{
	static const struct {
		const char *name;
		void (*make)(void);
		int errnum;
	} rows[] = {
		{ "missing", make_missing, ENOENT }, { "a user's", make_users, EACCES },
		{ "fifo", make_fifo, EACCES }, { "directory", make_directory, EACCES },
		{ "link", make_link, ELOOP }, { "device", make_device, EACCES },
		{ "NUL bytes", make_nul, EINVAL }, { "too large", make_large, EACCES },
	};
	struct record *record = record_new();
	autofd int directory = open_here();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = ERROR_INIT;
		rows[i].make();
		cr_expect_eq(record_read(directory, record, &err), -1, "%s", rows[i].name);
		cr_expect_eq(err.errnum, rows[i].errnum, "%s: %d %s", rows[i].name, err.errnum, err.text);
		(void)unlink("record");
		(void)rmdir("record");
	}
	free(record);
}

/* Somebody's link in its place is not followed, a file left by a crash is written anew. */
Test(record, writes_through_no_link)
{
	struct record *record = record_of("alice", 1);
	struct error err = ERROR_INIT;
	struct stat st;
	autofd int directory = open_here();

	sandbox_file("victim", "keep", 0600, 0);
	sandbox_link("victim", "record.new", 0);
	cr_expect_eq(record_write(directory, record, &err), -1);
	cr_expect_eq(err.errnum, ELOOP, "%s", err.text);
	cr_assert_eq(stat("victim", &st), 0);
	cr_expect_eq(st.st_size, 4, "the link was followed");
	cr_assert_eq(unlink("record.new"), 0);
	sandbox_file("record.new", "left over by a crash, and longer than what is written next\n", 0600, 0);
	expect_round_trip(directory, "alice", 0, "over a left one");
	cr_assert_eq(stat("record", &st), 0);
	cr_expect(st.st_uid == 0 && (st.st_mode & 07777) == 0600, "mode %o", st.st_mode);
	record_free(record);
	free(record);
}

/* A full /run: the old record stays whole. */
Test(record, a_full_disk_keeps_the_old_one)
{
	struct record *large = record_of("alice", 700);
	struct record *read = record_new();
	struct error err = ERROR_INIT;

	cr_assert_eq(mkdir("small", 0700), 0);
	cr_assert_eq(sys_mount("small", "/mnt/small", "tmpfs", 0, "mode=0700,size=8192"), 0, "%m");
	autofd int directory = open("small", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	expect_round_trip(directory, "bob", 0, "small");
	cr_expect_eq(record_write(directory, large, &err), -1);
	cr_expect_eq(err.errnum, ENOSPC, "%s", err.text);
	cr_assert_eq(record_read(directory, read, &err), 0, "%s", err.text);
	cr_expect_str_eq(read->user, "bob");
	record_free(read);
	record_free(large);
	free(read);
	free(large);
}
