/*
 * container/utmp.c: the records against glibc's own, the host's names for the container's
 * terminals, and the changes to files, also while glibc's pututline(3) writes to them.  Files
 * are temporary ones of the test's; needs no root.
 */
#include "container/utmp.h"

#include "lib/own.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <utmp.h>

#define SAME(ours, theirs) \
	(offsetof(struct utmp_record, ours) == offsetof(struct utmp, theirs) && \
	    sizeof(((struct utmp_record *)0)->ours) == sizeof(((struct utmp *)0)->theirs))

Test(utmp, layout_is_glibcs)
{
	cr_expect_eq(sizeof(struct utmp_record), sizeof(struct utmp));
	cr_expect(offsetof(struct utmp_record, type) == offsetof(struct utmp, ut_type));
	cr_expect(SAME(pid, ut_pid));
	cr_expect(SAME(line, ut_line));
	cr_expect(SAME(id, ut_id));
	cr_expect(SAME(user, ut_user));
	cr_expect(SAME(host, ut_host));
	cr_expect(offsetof(struct utmp_record, termination) == offsetof(struct utmp, ut_exit));
	cr_expect(SAME(session, ut_session));
	cr_expect(SAME(time, ut_tv));
	cr_expect(SAME(address, ut_addr_v6));
	cr_expect_eq(UTMP_USER_PROCESS, USER_PROCESS);
	cr_expect_eq(UTMP_DEAD, DEAD_PROCESS);
	cr_expect_eq(UTMP_INIT, INIT_PROCESS);
	cr_expect_eq(UTMP_LOGIN, LOGIN_PROCESS);
}

static const struct {
	char line[40];
	char name[40]; /* on the host; "" if it is no terminal's name */
} names[] = {
	{ "pts/0", "u2001/0" },
	{ "pts/4094", "u2001/4094" },
	{ "tty1", "u2001/tty1" },
	{ "console", "u2001/console" },
	{ "hostpts3", "u2001/hostpts3" },
	{ "", "" },
	{ "pts/", "" },
	{ "pts/x", "" },
	{ "pts/-1", "" },
	{ "pts/0/1", "" },
	{ "pts/99999999", "" },
	{ "0", "" }, /* would be pts/0's */
	{ "../null", "" },
	{ "a/b", "" },
	{ "u2002/0", "" }, /* would be another user's */
	{ "tty\x1b[2J", "" },
	{ "tty 1", "" },
	{ "abcdefghijklmnopqrstuvwxyz012345", "" }, /* all 32 bytes: no room for a new name */
};

Test(utmp, names_of_terminals)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct utmp_record record = { .type = UTMP_USER_PROCESS };
		char line[UTMP_LINE + 1], host_line[UTMP_LINE + 1] = "";
		memcpy(record.line, names[i].line, UTMP_LINE);
		utmp_line(&record, line);
		int rc = utmp_rename(host_line, 2001, line);
		cr_expect_eq(rc, names[i].name[0] ? 0 : -1, "%s", names[i].line);
		if (rc == 0) {
			cr_expect_str_eq(host_line, names[i].name);
			cr_expect(utmp_is_renamed(host_line, 2001));
			cr_expect_not(utmp_is_renamed(host_line, 200));
			cr_expect_not(utmp_is_renamed(host_line, 20011));
		}
	}
}

Test(utmp, the_longest_name_fits)
{
	char host_line[UTMP_LINE + 1];

	cr_expect_eq(utmp_rename(host_line, 4294967294U, "pts/9999999"), 0);
	cr_expect_str_eq(host_line, "u4294967294/9999999");
}

Test(utmp, a_hostile_record_is_translated)
{
	struct utmp_record hostile;

	memset(&hostile, 0x1b, sizeof(hostile));
	hostile.type = UTMP_USER_PROCESS;
	struct utmp_record is = utmp_translate(&hostile, "alice", "u2001/0", 1234);
	cr_expect_str_eq(is.line, "u2001/0");
	cr_expect_str_eq(is.user, "alice");
	cr_expect_eq(is.pid, 1234);
	cr_expect(utmp_same_time(&is.time, &hostile.time));
	for (size_t i = 0; i < UTMP_HOST; i++)
		cr_expect_eq(is.host[i], '?');
	cr_expect_eq(is.session, 0);
	cr_expect_not(utmp_is_marked(&is));
	char line[UTMP_LINE + 1];
	utmp_line(&hostile, line);
	cr_expect_str_eq(line, "");
}

Test(utmp, a_user_of_32_letters_and_more)
{
	struct utmp_record record = { .type = UTMP_USER_PROCESS };
	const char *longer = "abcdefghijklmnopqrstuvwxyz0123456789";

	memcpy(record.user, longer, UTMP_USER);
	cr_expect(utmp_is_of(&record, longer));
	cr_expect_not(utmp_is_of(&record, "abcdefghijklmnopqrstuvwxyz"));
	record.user[31] = 'x';
	cr_expect_not(utmp_is_of(&record, longer));
	struct utmp_record empty = { .type = UTMP_USER_PROCESS };
	cr_expect_not(utmp_is_of(&empty, "alice"));
}

/* --- files -------------------------------------------------------------------------- */

static int
open_file(char path[32])
{
	strcpy(path, "/tmp/test_utmp.XXXXXX");
	int fd = mkostemp(path, O_CLOEXEC);

	cr_assert_geq(fd, 0);
	return fd;
}

static struct utmp_record
login_of(const char *user, const char *line, pid_t pid)
{
	struct utmp_record inside = { .type = UTMP_USER_PROCESS, .time = { .seconds = 1000 + pid } };

	memcpy(inside.id, "ts/0", UTMP_ID); /* what every container's sshd writes for pts/0 */
	return utmp_translate(&inside, user, line, pid);
}

static size_t
read_all(int fd, struct utmp_record **records)
{
	size_t count = 0;

	cr_assert_eq(utmp_read(fd, 0, UTMP_RECORDS_MAX, records, &count, NULL), 0);
	return count;
}

Test(utmp, ids_of_all_users_and_terminals_differ)
{
	char path[32], line[UTMP_LINE + 1];
	autofd int fd = open_file(path);
	autofree struct utmp_record *records = NULL;
	struct utmp_record other = login_of("root", "pts/0", getpid());

	cr_assert_eq(utmp_append(fd, &other, NULL), 0);
	for (int i = 0; i < 400; i++) {
		(void)snprintf(line, sizeof(line), "u%d/%d", 2001 + i % 2, i / 2);
		struct utmp_record record = login_of(i % 2 ? "bob" : "alice", line, 100 + i);
		cr_assert_eq(utmp_put(fd, &record, NULL), 0);
	}
	size_t count = read_all(fd, &records);
	cr_assert_eq(count, 401);
	for (size_t a = 0; a < count; a++)
		for (size_t b = a + 1; b < count; b++)
			cr_assert_neq(memcmp(records[a].id, records[b].id, UTMP_ID), 0);
	unlink(path);
}

Test(utmp, an_id_that_another_record_has_is_passed_over)
{
	char path[32];
	autofd int fd = open_file(path);
	autofree struct utmp_record *records = NULL;
	struct utmp_record alice = login_of("alice", "u2001/0", 5), other, again;

	cr_assert_eq(utmp_put(fd, &alice, NULL), 0);
	/* The file anew, and in it somebody else with the id that alice would have had. */
	other = alice;
	memcpy(other.line, "u2002/0", 8);
	cr_assert_eq(pwrite(fd, &other, sizeof(other), 0), (ssize_t)sizeof(other));
	again = login_of("alice", "u2001/0", 5);
	cr_assert_eq(utmp_put(fd, &again, NULL), 0);
	cr_expect_eq(read_all(fd, &records), 2);
	cr_expect_neq(memcmp(again.id, other.id, UTMP_ID), 0);
	cr_expect_eq(memcmp(records[1].id, again.id, UTMP_ID), 0);
	unlink(path);
}

Test(utmp, a_line_keeps_its_record_and_its_id)
{
	char path[32];
	autofd int fd = open_file(path);
	autofree struct utmp_record *records = NULL;
	/* What getty leaves on a console: the id is init's, and what it looks for later. */
	struct utmp_record getty = { .type = UTMP_LOGIN, .pid = 77, .line = "tty1", .id = "1" };
	struct utmp_record alice = login_of("alice", "tty1", getpid());

	cr_assert_eq(utmp_append(fd, &getty, NULL), 0);
	cr_assert_eq(utmp_put(fd, &alice, NULL), 0);
	cr_expect_eq(memcmp(alice.id, "1\0\0", UTMP_ID), 0);
	cr_assert_eq(utmp_put_end(fd, &alice, (struct utmp_time) { .seconds = 9 }, NULL), 0);
	alice.time.seconds++;
	cr_assert_eq(utmp_put(fd, &alice, NULL), 0);
	cr_expect_eq(read_all(fd, &records), 1);
	cr_expect_eq(records[0].type, UTMP_USER_PROCESS);
	cr_expect_str_eq(records[0].user, "alice");
	unlink(path);
}

Test(utmp, a_living_login_of_somebody_else_stays)
{
	char path[32];
	autofd int fd = open_file(path);
	autofree struct utmp_record *before = NULL, *after = NULL, *last = NULL;
	struct utmp_record root = login_of("root", "pts/3", getpid());
	struct utmp_record alice = login_of("alice", "pts/3", getpid());

	cr_assert_eq(utmp_put(fd, &root, NULL), 0);
	cr_expect_eq(read_all(fd, &before), 1);
	cr_expect_eq(utmp_put(fd, &alice, NULL), 1);
	cr_expect_eq(read_all(fd, &after), 1);
	cr_expect_eq(memcmp(before, after, UTMP_SIZE), 0);
	/* A record whose process is gone is nobody's. */
	pid_t gone = fork();
	if (gone == 0)
		_exit(0);
	cr_assert_eq(waitpid(gone, NULL, 0), gone);
	root.pid = gone;
	cr_assert_eq(utmp_put(fd, &root, NULL), 0);
	cr_expect_eq(utmp_put(fd, &alice, NULL), 0);
	cr_expect_eq(read_all(fd, &last), 1);
	cr_expect_str_eq(last[0].user, "alice");
	unlink(path);
}

Test(utmp, only_the_same_login_is_ended)
{
	char path[32];
	autofd int fd = open_file(path);
	autofree struct utmp_record *records = NULL, *ended = NULL;
	struct utmp_record alice = login_of("alice", "u2001/0", 5);
	struct utmp_time end = { .seconds = 77, .microseconds = 8 };

	cr_assert_eq(utmp_put(fd, &alice, NULL), 0);
	struct utmp_record other = alice;
	other.time.microseconds++;
	cr_expect_eq(utmp_put_end(fd, &other, end, NULL), 0);
	cr_expect_eq(read_all(fd, &records), 1);
	cr_expect_eq(records[0].type, UTMP_USER_PROCESS);
	cr_expect_eq(utmp_put_end(fd, &alice, end, NULL), 0);
	cr_expect_eq(read_all(fd, &ended), 1);
	cr_expect_eq(ended[0].type, UTMP_DEAD);
	cr_expect(utmp_same_time(&ended[0].time, &end));
	cr_expect_str_eq(ended[0].user, "");
	cr_expect_eq(memcmp(ended[0].id, alice.id, UTMP_ID), 0);
	unlink(path);
}

Test(utmp, ended_logins_make_room)
{
	char path[32], line[UTMP_LINE + 1];
	autofd int fd = open_file(path);
	autofree struct utmp_record *records = NULL;

	for (int i = 0; i < 50; i++) {
		(void)snprintf(line, sizeof(line), "u%d/0", 3000 + i);
		struct utmp_record record = login_of("alice", line, 5);
		cr_assert_eq(utmp_put(fd, &record, NULL), 0);
		cr_assert_eq(utmp_put_end(fd, &record, utmp_now(), NULL), 0);
	}
	cr_expect_eq(read_all(fd, &records), 1);
	unlink(path);
}

Test(utmp, replace_only_what_was_seen)
{
	char path[32];
	autofd int fd = open_file(path);
	autofree struct utmp_record *records = NULL;
	struct utmp_record seen = login_of("alice", "pts/0", 5), now = seen, new = seen;

	now.pid = 6;
	utmp_mark(&new);
	cr_assert_eq(utmp_append(fd, &now, NULL), 0);
	cr_expect_eq(utmp_replace(fd, 0, &seen, &new, NULL), 0);
	cr_expect_eq(utmp_replace(fd, 7, &seen, &new, NULL), 0);
	cr_expect_eq(read_all(fd, &records), 1);
	cr_expect_eq(records[0].pid, 6);
	cr_expect_not(utmp_is_marked(&records[0]));
	cr_expect_eq(utmp_replace(fd, 0, &now, &new, NULL), 0);
	cr_expect_eq(pread(fd, &now, sizeof(now), 0), (ssize_t)sizeof(now));
	cr_expect(utmp_is_marked(&now));
	unlink(path);
}

Test(utmp, append_mends_half_a_record)
{
	char path[32];
	autofd int fd = open_file(path);
	autofree struct utmp_record *records = NULL;
	struct utmp_record alice = login_of("alice", "u2001/0", 5);

	cr_assert_eq(utmp_append(fd, &alice, NULL), 0);
	cr_assert_eq(pwrite(fd, "half", 4, UTMP_SIZE), 4);
	cr_assert_eq(utmp_append(fd, &alice, NULL), 0);
	cr_assert_eq(pwrite(fd, "half", 4, (off_t)2 * UTMP_SIZE), 4);
	autofd int appending = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
	cr_assert_eq(utmp_append(appending, &alice, NULL), 0);
	cr_expect_eq(lseek(fd, 0, SEEK_END), 3 * UTMP_SIZE);
	cr_expect_eq(read_all(fd, &records), 3);
	for (int i = 0; i < 3; i++)
		cr_expect_eq(memcmp(&records[i], &alice, UTMP_SIZE), 0);
	unlink(path);
}

/* glibc's own structure says whether the place and the size are right. */
Test(utmp, the_latest_login_is_where_lastlog_looks)
{
	struct utmp_record record = login_of("alice", "u2001/0", 5);
	struct error err = ERROR_INIT;
	struct lastlog last;
	char path[32];
	autofd int fd = open_file(path);

	record.time.seconds = 1700000000;
	(void)snprintf(record.host, sizeof(record.host), "here");
	cr_expect_eq(utmp_put_last(fd, 2001, &record, &err), 0, "%s", err.text);
	cr_assert_eq(pread(fd, &last, sizeof(last), (off_t)(2001 * sizeof(last))), (ssize_t)sizeof(last));
	cr_expect_eq(last.ll_time, 1700000000);
	cr_expect_str_eq(last.ll_line, "u2001/0");
	cr_expect_str_eq(last.ll_host, "here");
	cr_assert_eq(lseek(fd, 0, SEEK_END), (off_t)(2002 * sizeof(last)), "nobody else's is written");
	(void)snprintf(record.line, sizeof(record.line), "pts/0");
	cr_expect_eq(utmp_put_last(fd, 2001, &record, &err), 0);
	cr_assert_eq(pread(fd, &last, sizeof(last), (off_t)(2001 * sizeof(last))), (ssize_t)sizeof(last));
	cr_expect_str_eq(last.ll_line, "u2001/0", "what is there of that login stays");
	cr_expect_eq(utmp_put_last(-1, 2001, &record, &err), -1);
	cr_expect_eq(err.errnum, EBADF);
	unlink(path);
}

Test(utmp, any_bytes_can_be_read)
{
	char path[32], line[UTMP_LINE + 1];
	autofd int fd = open_file(path);
	autofd int random = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	char bytes[9 * UTMP_SIZE + 17];

	for (int round = 0; round < 200; round++) {
		autofree struct utmp_record *records = NULL;
		cr_assert_eq(read(random, bytes, sizeof(bytes)), (ssize_t)sizeof(bytes));
		for (int i = 0; i < 9; i++) {
			bytes[i * UTMP_SIZE] = (char)(i % 9);
			bytes[i * UTMP_SIZE + 1] = 0;
		}
		cr_assert_eq(pwrite(fd, bytes, sizeof(bytes), 0), (ssize_t)sizeof(bytes));
		size_t count = read_all(fd, &records);
		cr_assert_eq(count, 9);
		for (size_t i = 0; i < count; i++) {
			utmp_line(&records[i], line);
			struct utmp_record is = utmp_translate(&records[i], "alice", "u2001/1", 3);
			cr_assert_eq(utmp_put_end(fd, &is, is.time, NULL), 0);
			cr_assert_eq(utmp_put(fd, &is, NULL), 0);
		}
		cr_assert_eq(ftruncate(fd, 0), 0);
	}
	unlink(path);
}

static int64_t
now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* As glibc's writer, and as any user who can read the file. */
static void
expect_patience(short type)
{
	char path[32];
	autofd int fd = open_file(path);
	struct utmp_record alice = login_of("alice", "u2001/0", 5);
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };
	struct error err = ERROR_INIT;
	int ready[2];

	cr_assert_eq(pipe2(ready, O_CLOEXEC), 0);
	pid_t holder = fork();
	if (holder == 0) {
		(void)alarm(15);
		int own = open(path, type == F_RDLCK ? O_RDONLY : O_RDWR);
		if (own < 0 || fcntl(own, F_SETLKW, &lock) < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	char byte;
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	int64_t before = now_ms();
	cr_expect_eq(utmp_put(fd, &alice, &err), -1);
	cr_expect_eq(err.errnum, EAGAIN);
	cr_expect_lt(now_ms() - before, 1000, "gives up soon");
	cr_expect_eq(lseek(fd, 0, SEEK_END), 0, "and has written nothing");
	kill(holder, SIGKILL);
	cr_assert_eq(waitpid(holder, NULL, 0), holder);
	cr_expect_eq(utmp_put(fd, &alice, &err), 0);
	unlink(path);
}

Test(utmp, a_writers_lock_is_respected, .timeout = 20)
{
	expect_patience(F_WRLCK);
}

Test(utmp, a_readers_lock_does_not_hold_us_up, .timeout = 20)
{
	expect_patience(F_RDLCK);
}

#define WRITERS 3
#define EACH 60

static _Noreturn void
write_as_glibc(const char *path, int writer)
{
	if (utmpname(path) != 0)
		_exit(1);
	for (int i = 0; i < EACH; i++) {
		struct utmp record = { .ut_type = USER_PROCESS, .ut_pid = 1 };
		/* A line and an id of four bytes, each used once. */
		char name[32];
		(void)snprintf(name, sizeof(name), "%d%03d", writer, i);
		memcpy(record.ut_line, name, 4);
		memcpy(record.ut_id, name, 4);
		memcpy(record.ut_user, "glibc", 5);
		setutent();
		if (!pututline(&record))
			_exit(1);
	}
	_exit(0);
}

Test(utmp, nothing_is_lost_beside_pututline, .timeout = 120)
{
	char path[32], line[UTMP_LINE + 1];
	autofd int fd = open_file(path);
	autofree struct utmp_record *records = NULL;
	pid_t writer[WRITERS];
	int ours = 0, theirs = 0;

	for (int i = 0; i < WRITERS; i++) {
		writer[i] = fork();
		if (writer[i] == 0)
			write_as_glibc(path, i);
	}
	for (int i = 0; i < EACH; i++) {
		struct error err = ERROR_INIT;
		(void)snprintf(line, sizeof(line), "u2001/%d", i);
		struct utmp_record record = login_of("alice", line, 5);
		int rc;
		do
			rc = utmp_put(fd, &record, &err);
		while (rc < 0 && err.errnum == EAGAIN);
		cr_assert_eq(rc, 0);
	}
	for (int i = 0; i < WRITERS; i++) {
		int status;
		cr_assert_eq(waitpid(writer[i], &status, 0), writer[i]);
		cr_expect_eq(status, 0);
	}
	size_t count = read_all(fd, &records);
	for (size_t i = 0; i < count; i++) {
		ours += !strcmp(records[i].user, "alice");
		theirs += !strcmp(records[i].user, "glibc");
	}
	cr_expect_eq(ours, EACH);
	cr_expect_eq(theirs, WRITERS * EACH);
	unlink(path);
}
