/*
 * Runs as root in the supervisor, on the host's files and on the container's.  Anybody may
 * hold a read lock on either, since they can be read by all: so no wait here is longer than
 * LOCK_MS, and whoever calls comes again.
 */
#include "container/utmp.h"

#include "lib/own.h"
#include "lib/text.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define LOCK_MS 50
#define LOCK_STEP_MS 5

/* What begins an id of ours.  Others make theirs of the end of a terminal's name. */
#define ID_FIRST '%'
#define ID_DIGITS 64
#define IDS (ID_DIGITS * ID_DIGITS * ID_DIGITS)

static const char mark_text[] = "pam_ctr: mirrored";
_Static_assert(sizeof(mark_text) <= UTMP_MARK, "the mark fits");

static bool
is_line_byte(char byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
	    (byte >= 'A' && byte <= 'Z') || byte == '/' || byte == '-' || byte == '_';
}

void
utmp_line(const struct utmp_record *record, char line[UTMP_LINE + 1])
{
	size_t length = strnlen(record->line, UTMP_LINE);

	for (size_t i = 0; i < length; i++)
		if (!is_line_byte(record->line[i]))
			length = 0;
	memcpy(line, record->line, length);
	line[length] = '\0';
}

bool
utmp_is_of(const struct utmp_record *record, const char *user)
{
	return strncmp(record->user, user, UTMP_USER) == 0;
}

bool
utmp_same_time(const struct utmp_time *a, const struct utmp_time *b)
{
	return a->seconds == b->seconds && a->microseconds == b->microseconds;
}

struct utmp_time
utmp_now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_REALTIME, &time);
	return (struct utmp_time) {
		.seconds = (utmp_number)time.tv_sec,
		.microseconds = (utmp_number)(time.tv_nsec / 1000),
	};
}

int
utmp_rename(char host_line[UTMP_LINE + 1], uid_t uid, const char *line)
{
	bool is_pts = !strncmp(line, "pts/", 4);
	const char *name = is_pts ? line + 4 : line;
	uint64_t number;

	/* pts/3 becomes 3, so that nothing else may be called 3. */
	if (is_pts ? !text_to_number(name, 9999999, &number) : *name >= '0' && *name <= '9')
		return -1;
	if (*name == '\0' || strchr(name, '/'))
		return -1;
	return text_format(host_line, UTMP_LINE + 1, "u%u/%s", (unsigned)uid, name);
}

bool
utmp_is_renamed(const char *host_line, uid_t uid)
{
	char prefix[16];

	return text_format(prefix, sizeof(prefix), "u%u/", (unsigned)uid) == 0 &&
	    !strncmp(host_line, prefix, strlen(prefix));
}

/* As strncpy(3), which is what these fields are made for. */
static void
set_field(char *field, size_t size, const char *text)
{
	size_t length = strnlen(text, size);

	memset(field, 0, size);
	memcpy(field, text, length);
}

struct utmp_record
utmp_translate(const struct utmp_record *inside, const char *user, const char *host_line,
    pid_t pid)
{
	struct utmp_record record = {
		.type = inside->type,
		.pid = pid,
		.termination = inside->termination,
		.exit = inside->exit,
		.time = inside->time,
	};
	size_t length = strnlen(inside->host, UTMP_HOST);

	set_field(record.line, UTMP_LINE, host_line);
	set_field(record.user, UTMP_USER, user);
	memcpy(record.id, inside->id, UTMP_ID);
	memcpy(record.address, inside->address, sizeof(record.address));
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)inside->host[i];
		record.host[i] = byte <= ' ' || byte >= 127 ? '?' : inside->host[i];
	}
	return record;
}

void
utmp_end(struct utmp_record *record, struct utmp_time time)
{
	record->type = UTMP_DEAD;
	record->time = time;
	memset(record->user, 0, UTMP_USER);
	memset(record->host, 0, UTMP_HOST);
	memset(record->address, 0, sizeof(record->address));
}

bool
utmp_is_marked(const struct utmp_record *record)
{
	return memcmp(record->mark, mark_text, sizeof(mark_text)) == 0;
}

void
utmp_mark(struct utmp_record *record)
{
	memcpy(record->mark, mark_text, sizeof(mark_text));
}

/* --- files -------------------------------------------------------------------------- */

/*
 * Of the open file description, not of the process: it is gone with the descriptor, and with
 * none of another file.  It and glibc's F_SETLKW respect each other.  fcntl(2).
 */
static int
lock(int fd, short type, struct error *err)
{
	struct flock whole = { .l_type = type, .l_whence = SEEK_SET };

	for (int waited = 0;; waited += LOCK_STEP_MS) {
		if (fcntl(fd, F_OFD_SETLK, &whole) == 0)
			return 0;
		if ((errno != EAGAIN && errno != EACCES) || waited >= LOCK_MS)
			return error_set(err, errno == EACCES ? EAGAIN : errno, "lock the login records");
		(void)nanosleep(&(struct timespec) { .tv_nsec = LOCK_STEP_MS * 1000000L }, NULL);
	}
}

static void
unlock(int fd)
{
	/* It can't fail but for a bad descriptor, and then there is no lock. */
	(void)lock(fd, F_UNLCK, NULL);
}

/* Whole records in the file, and whether there is a part of one behind them. */
static int
count_records(int fd, size_t *count, bool *odd, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "stat the login records");
	*count = (size_t)st.st_size / UTMP_SIZE;
	*odd = (size_t)st.st_size % UTMP_SIZE != 0;
	return 0;
}

int
utmp_read(int fd, size_t first, size_t max, struct utmp_record **records, size_t *count,
    struct error *err)
{
	bool odd;

	*records = NULL;
	if (count_records(fd, count, &odd, err) < 0)
		return -1;
	*count = *count > first ? *count - first : 0;
	if (*count > max)
		*count = max;
	/* One more: an empty file is no lack of memory. */
	*records = calloc(*count + 1, UTMP_SIZE);
	if (!*records)
		return error_set(err, errno, "read the login records");
	ssize_t length = pread(fd, *records, *count * UTMP_SIZE, (off_t)(first * UTMP_SIZE));
	if (length < 0) {
		(void)error_set(err, errno, "read the login records");
		own_free(records);
		return -1;
	}
	*count = (size_t)length / UTMP_SIZE; /* it may have become shorter meanwhile */
	return 0;
}

static int
write_record(int fd, size_t index, const struct utmp_record *record, struct error *err)
{
	ssize_t length = pwrite(fd, record, UTMP_SIZE, (off_t)(index * UTMP_SIZE));

	if (length == UTMP_SIZE)
		return 0;
	/* Half a record at the end would misplace all that follow: readers count from the start. */
	(void)error_set(err, length < 0 ? errno : ENOSPC, "write a login record");
	size_t whole;
	bool odd;
	if (length > 0 && count_records(fd, &whole, &odd, NULL) == 0 && odd && whole == index)
		(void)!ftruncate(fd, (off_t)(index * UTMP_SIZE));
	return -1;
}

static bool
is_terminal(const struct utmp_record *record)
{
	return record->type >= UTMP_INIT && record->type <= UTMP_DEAD;
}

static size_t
find_line(const struct utmp_record *records, size_t count, const char *line)
{
	size_t i = 0;

	while (i < count && !(is_terminal(&records[i]) &&
	    strncmp(records[i].line, line, UTMP_LINE) == 0))
		i++;
	return i;
}

/* An ended login of ours, whoever's: its place can be had.  Without this the file only grows. */
static size_t
find_ended(const struct utmp_record *records, size_t count)
{
	size_t i = 0;

	while (i < count && !(records[i].type == UTMP_DEAD && records[i].id[0] == ID_FIRST))
		i++;
	return i;
}

static bool
has_id(const struct utmp_record *records, size_t count, const char *id)
{
	for (size_t i = 0; i < count; i++)
		if (is_terminal(&records[i]) && memcmp(records[i].id, id, UTMP_ID) == 0)
			return true;
	return false;
}

/*
 * The id is what pututline(3) finds a record by: two logins of one id overwrite each other.
 * Four bytes can't hold a user and a terminal, so it isn't computed but chosen, under the
 * lock, as one that no record has; the line only says where the search begins.
 */
static void
choose_id(char id[UTMP_ID], const struct utmp_record *records, size_t count, const char *line)
{
	static const char digits[] =
	    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-";
	uint32_t number = 2166136261U;

	for (size_t i = 0; i < UTMP_LINE && line[i]; i++)
		number = (number ^ (unsigned char)line[i]) * 16777619U;
	/* A file has far fewer records than there are ids. */
	for (int tries = 0; tries < IDS; tries++, number++) {
		id[0] = ID_FIRST;
		id[1] = digits[number / ID_DIGITS / ID_DIGITS % ID_DIGITS];
		id[2] = digits[number / ID_DIGITS % ID_DIGITS];
		id[3] = digits[number % ID_DIGITS];
		if (!has_id(records, count, id))
			return;
	}
}

/* A line of a container's own, which has no id that was ever made for the host. */
static bool
is_ours(const char *line)
{
	size_t digits = line[0] == 'u' ? strspn(line + 1, "0123456789") : 0;

	return digits > 0 && line[1 + digits] == '/';
}

static bool
is_taken(const struct utmp_record *record, const struct utmp_record *wanted)
{
	return record->type == UTMP_USER_PROCESS &&
	    strncmp(record->user, wanted->user, UTMP_USER) != 0 && record->pid > 0 &&
	    (kill(record->pid, 0) == 0 || errno == EPERM);
}

static int
put_locked(int fd, struct utmp_record *record, struct error *err)
{
	autofree struct utmp_record *records = NULL;
	size_t count;

	if (utmp_read(fd, 0, UTMP_RECORDS_MAX + 1, &records, &count, err) < 0)
		return -1;
	if (count > UTMP_RECORDS_MAX)
		return error_set(err, E2BIG, "find a place among the login records");
	char line[UTMP_LINE + 1];
	utmp_line(record, line);
	size_t at = find_line(records, count, line);
	bool is_known = at < count && records[at].id[0] != '\0';
	if (at < count && is_taken(&records[at], record))
		return 1;
	if (is_known)
		memcpy(record->id, records[at].id, UTMP_ID);
	else if (is_ours(line) || record->id[0] == '\0' || has_id(records, count, record->id))
		choose_id(record->id, records, count, line);
	if (at == count)
		at = find_ended(records, count);
	return write_record(fd, at, record, err);
}

int
utmp_put(int fd, struct utmp_record *record, struct error *err)
{
	if (lock(fd, F_WRLCK, err) < 0)
		return -1;
	int rc = put_locked(fd, record, err);
	unlock(fd);
	return rc;
}

static int
end_locked(int fd, const struct utmp_record *login, struct utmp_time time, struct error *err)
{
	autofree struct utmp_record *records = NULL;
	size_t count;

	if (utmp_read(fd, 0, UTMP_RECORDS_MAX, &records, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct utmp_record *record = &records[i];
		if (record->type != UTMP_USER_PROCESS ||
		    strncmp(record->line, login->line, UTMP_LINE) != 0 ||
		    strncmp(record->user, login->user, UTMP_USER) != 0 ||
		    !utmp_same_time(&record->time, &login->time))
			continue;
		utmp_end(record, time);
		return write_record(fd, i, record, err);
	}
	return 0;
}

int
utmp_put_end(int fd, const struct utmp_record *login, struct utmp_time time, struct error *err)
{
	if (lock(fd, F_WRLCK, err) < 0)
		return -1;
	int rc = end_locked(fd, login, time, err);
	unlock(fd);
	return rc;
}

int
utmp_replace(int fd, size_t index, const struct utmp_record *before,
    const struct utmp_record *record, struct error *err)
{
	struct utmp_record now;
	int rc = 0;

	if (lock(fd, F_WRLCK, err) < 0)
		return -1;
	if (pread(fd, &now, UTMP_SIZE, (off_t)(index * UTMP_SIZE)) == UTMP_SIZE &&
	    memcmp(&now, before, UTMP_SIZE) == 0)
		rc = write_record(fd, index, record, err);
	unlock(fd);
	return rc;
}

int
utmp_append(int fd, const struct utmp_record *record, struct error *err)
{
	size_t count;
	bool odd;

	if (lock(fd, F_WRLCK, err) < 0)
		return -1;
	int rc = count_records(fd, &count, &odd, err);
	/* What is left of a writer that died half-way; updwtmp(3) drops it, too. */
	if (rc == 0 && odd && ftruncate(fd, (off_t)(count * UTMP_SIZE)) < 0)
		rc = error_set(err, errno, "mend the login records");
	if (rc == 0)
		rc = write_record(fd, count, record, err);
	unlock(fd);
	return rc;
}

int
utmp_put_last(int fd, uid_t uid, const struct utmp_record *record, struct error *err)
{
	struct utmp_last before, last = { .seconds = record->time.seconds };
	const off_t at = (off_t)uid * (off_t)sizeof(last);

	memcpy(last.line, record->line, sizeof(last.line));
	memcpy(last.host, record->host, sizeof(last.host));
	/* sshd's own, with the terminal's name that is seen inside. */
	if (pread(fd, &before, sizeof(before), at) == sizeof(before) && before.seconds == last.seconds)
		return 0;
	ssize_t length = pwrite(fd, &last, sizeof(last), at);
	return length == sizeof(last) ? 0 : error_set(err, length < 0 ? errno : ENOSPC, "write the latest login");
}
