/*
 * The record's text form: "key value" lines, one fact a line, and one "session" line each.
 * Written by a supervisor only; read by its successor and by ctrctl.  Both are root, and
 * still each number is range-checked and each string bounded.
 */
#include "lib/record.h"

#include "lib/own.h"
#include "lib/path.h"
#include "lib/sys.h"
#include "lib/text.h"
#include "lib/text_stream.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define RECORD_VERSION 1
#define RECORD_MAX (1024 * 1024)
#define SESSION_FIELDS 7

const char *const record_namespace[RECORD_NAMESPACES] = {
	"mnt", "pid", "ipc", "uts", "cgroup", "user", "net"
};

/*
 * One word, whatever it holds; an empty one is "-".  PAM's items are what a remote side or a user chose:
 * blanks and control bytes must not make fields.
 */
static void
print_word(FILE *out, const char *text)
{
	if (*text == '\0')
		(void)fputc('-', out);
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;
		if (byte > ' ' && byte < 127 && byte != '%' && byte != '-')
			(void)fputc(byte, out);
		else
			(void)fprintf(out, "%%%02x", byte);
	}
}

static void
print_field(FILE *out, const char *name, const char *text)
{
	(void)fprintf(out, "%s ", name);
	print_word(out, text);
	(void)fputc('\n', out);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
decode(const char *text, char *out, size_t size)
{
	size_t n = 0;

	if (!strcmp(text, "-"))
		text = "";
	for (; *text; text++) {
		if (n + 1 >= size)
			return false;
		if (*text != '%') {
			out[n++] = *text;
			continue;
		}
		int high = hex_digit(text[1]);
		int low = high < 0 ? -1 : hex_digit(text[2]);
		if (low < 0 || (high | low) == 0)
			return false;
		out[n++] = (char)(high << 4 | low);
		text += 2;
	}
	out[n] = '\0';
	return true;
}

static void
print_session(FILE *out, const struct record_session *session)
{
	const char *const words[] = { session->service, session->tty, session->rhost };

	(void)fputs("session ", out);
	print_word(out, session->id);
	(void)fprintf(out, " %d %llu", (int)session->caller.pid, (unsigned long long)session->caller.start);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		(void)fputc(' ', out);
		print_word(out, words[i]);
	}
	(void)fprintf(out, " %lld\nstay %lld %llu %llu\n", (long long)session->since,
	    (long long)session->opened, (unsigned long long)session->session_time,
	    (unsigned long long)session->idle_timeout);
}

static void
print_record(FILE *out, const struct record *record)
{
	(void)fprintf(out, "version %d\nuid %u\ngid %u\n", RECORD_VERSION, (unsigned)record->uid,
	    (unsigned)record->gid);
	print_field(out, "user", record->user);
	print_field(out, "home", record->home);
	print_field(out, "policy", record->policy_path);
	print_field(out, "devices", record->devices);
	print_field(out, "service", record->service);
	print_field(out, "set", record->set);
	(void)fprintf(out, "init %d %llu\nsupervisor %d %llu\n", (int)record->init.pid,
	    (unsigned long long)record->init.start, (int)record->supervisor.pid,
	    (unsigned long long)record->supervisor.start);
	(void)fprintf(out, "since %lld\nnext_session %u\nkill_at_logout %d\ngrace %u\n",
	    (long long)record->since, record->next_session, record->kill_at_logout ? 1 : 0,
	    record->grace);
	/* Only where it says something: the version before does not know it. */
	if (record->refused_forks)
		(void)fprintf(out, "refused_forks %llu\n", (unsigned long long)record->refused_forks);
	for (int i = 0; i < RECORD_NAMESPACES; i++)
		(void)fprintf(out, "namespace %s %llu\n", record_namespace[i],
		    (unsigned long long)record->namespaces[i]);
	for (size_t i = 0; i < 8 && record->cgroup[i][0]; i++)
		print_field(out, "cgroup", record->cgroup[i]);
	for (size_t i = 0; i < record->sessions; i++)
		print_session(out, &record->session[i]);
}

int
record_write_text(int directory, const char *name, const char *text, size_t length,
    struct error *err)
{
	char new[32];

	if (text_format(new, sizeof(new), "%s.new", name) < 0)
		return error_set(err, errno, "name %s", name);
	autofd int fd = openat(directory, new, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd < 0)
		return error_set(err, errno, "create %s", new);
	for (size_t done = 0; done < length;) {
		ssize_t n = write(fd, text + done, length - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(err, errno, "write %s", new);
		done += (size_t)n;
	}
	if (renameat(directory, new, directory, name) < 0)
		return error_set(err, errno, "rename %s to %s", new, name);
	return 0;
}

int
record_write(int directory, const struct record *record, struct error *err)
{
	struct text_stream stream;
	size_t length = 0;
	FILE *out = text_stream_open(&stream);

	if (!out)
		return error_set(err, errno, "write the record");
	print_record(out, record);
	autofree char *text = text_stream_close(&stream, out, &length);
	if (!text)
		return error_set(err, errno, "write the record");
	return record_write_text(directory, RECORD_NAME, text, length, err);
}

/* The fields of one line after its key; each taker fails on anything but what it expects. */
struct fields {
	char *field[SESSION_FIELDS];
	size_t count;
};

static bool
is_number(const struct fields *fields, size_t index, uint64_t max, uint64_t *number)
{
	return index < fields->count && text_to_number(fields->field[index], max, number);
}

static bool
read_process(const struct fields *fields, size_t index, struct process_id *process)
{
	uint64_t pid;

	if (!is_number(fields, index, INT32_MAX, &pid) ||
	    !is_number(fields, index + 1, UINT64_MAX, &process->start))
		return false;
	process->pid = (pid_t)pid;
	return true;
}

static bool
read_namespace(const struct fields *fields, struct record *record)
{
	for (int i = 0; i < RECORD_NAMESPACES; i++)
		if (fields->count == 2 && !strcmp(fields->field[0], record_namespace[i]))
			return is_number(fields, 1, UINT64_MAX, &record->namespaces[i]);
	return false;
}

static bool
read_cgroup(const struct fields *fields, struct record *record)
{
	for (size_t i = 0; i < 8 && fields->count == 1; i++)
		if (!record->cgroup[i][0])
			return decode(fields->field[0], record->cgroup[i], sizeof(record->cgroup[i]));
	return false;
}

static bool
read_session(const struct fields *fields, struct record *record)
{
	struct record_session session = { .since = 0 };
	uint64_t since;

	if (fields->count != SESSION_FIELDS ||
	    !decode(fields->field[0], session.id, sizeof(session.id)) ||
	    !read_process(fields, 1, &session.caller) || session.caller.pid == 0 ||
	    !decode(fields->field[3], session.service, sizeof(session.service)) ||
	    !decode(fields->field[4], session.tty, sizeof(session.tty)) ||
	    !decode(fields->field[5], session.rhost, sizeof(session.rhost)) ||
	    !is_number(fields, 6, INT64_MAX, &since))
		return false;
	session.since = (int64_t)since;
	struct record_session *more = realloc(record->session,
	    (record->sessions + 1) * sizeof(*more));
	if (!more)
		return false;
	record->session = more;
	record->session[record->sessions++] = session;
	return true;
}

/* How long the session of the line before may stay; a record of an older version has none. */
static bool
read_stay(const struct fields *fields, struct record *record)
{
	uint64_t opened;

	if (fields->count != 3 || record->sessions == 0)
		return false;
	struct record_session *session = &record->session[record->sessions - 1];
	if (!is_number(fields, 0, INT64_MAX, &opened) ||
	    !is_number(fields, 1, UINT32_MAX, &session->session_time) ||
	    !is_number(fields, 2, UINT32_MAX, &session->idle_timeout))
		return false;
	session->opened = (int64_t)opened;
	return true;
}

/* One number of the record: where it goes and how large it may be. */
#define NUMBER(key, field_, max_) \
	if (!strcmp(name, key)) { \
		if (fields->count != 1 || !is_number(fields, 0, max_, &number)) \
			return false; \
		record->field_ = (__typeof__(record->field_))number; \
		return true; \
	}

static bool
read_numbers(const char *name, const struct fields *fields, struct record *record)
{
	uint64_t number;

	NUMBER("uid", uid, UINT32_MAX - 1)
	NUMBER("gid", gid, UINT32_MAX - 1)
	NUMBER("since", since, INT64_MAX)
	NUMBER("next_session", next_session, UINT32_MAX)
	NUMBER("refused_forks", refused_forks, UINT64_MAX)
	NUMBER("kill_at_logout", kill_at_logout, 1)
	NUMBER("grace", grace, UINT32_MAX)
	return !strcmp(name, "version") && is_number(fields, 0, UINT64_MAX, &number) &&
	    number == RECORD_VERSION;
}

static bool
read_line(const char *name, const struct fields *fields, struct record *record)
{
	bool one = fields->count == 1;

	if (!strcmp(name, "user"))
		return one && decode(fields->field[0], record->user, sizeof(record->user));
	if (!strcmp(name, "home"))
		return one && decode(fields->field[0], record->home, sizeof(record->home));
	if (!strcmp(name, "policy"))
		return one && decode(fields->field[0], record->policy_path,
		    sizeof(record->policy_path));
	if (!strcmp(name, "service"))
		return one && decode(fields->field[0], record->service, sizeof(record->service));
	if (!strcmp(name, "set"))
		return one && decode(fields->field[0], record->set, sizeof(record->set));
	if (!strcmp(name, "devices"))
		return one && decode(fields->field[0], record->devices, sizeof(record->devices));
	if (!strcmp(name, "init"))
		return read_process(fields, 0, &record->init);
	if (!strcmp(name, "supervisor"))
		return read_process(fields, 0, &record->supervisor);
	if (!strcmp(name, "namespace"))
		return read_namespace(fields, record);
	if (!strcmp(name, "cgroup"))
		return read_cgroup(fields, record);
	if (!strcmp(name, "session"))
		return read_session(fields, record);
	if (!strcmp(name, "stay"))
		return read_stay(fields, record);
	return read_numbers(name, fields, record);
}

static int
parse_record(char *text, struct record *record, struct error *err)
{
	for (char *line, *cursor = text; (line = text_next_line(&cursor));) {
		struct fields fields = { .count = 0 };
		char *at = NULL;
		char *name = strtok_r(line, " ", &at);
		char *field;
		while (name && (field = strtok_r(NULL, " ", &at))) {
			if (fields.count == SESSION_FIELDS)
				return error_set(err, EINVAL, "read the record: %s has too many fields", name);
			fields.field[fields.count++] = field;
		}
		if (name && !read_line(name, &fields, record))
			return error_set(err, EINVAL, "read the record: bad line %.32s", name);
	}
	if (record->uid == (uid_t)-1 || record->init.pid == 0)
		return error_set(err, EINVAL, "read the record: it is not whole");
	return 0;
}

char *
record_read_text(int directory, const char *name, struct error *err)
{
	struct stat st;
	autofree char *text = NULL;
	autofd int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		(void)error_set(err, errno, "open the %s", name);
	else if (!S_ISREG(st.st_mode) || st.st_uid != 0 || st.st_size > RECORD_MAX)
		(void)error_set(err, EACCES, "read the %s: it is not a file of root's", name);
	else if (!(text = calloc(1, (size_t)st.st_size + 1)))
		(void)error_set(err, errno, "read the %s", name);
	else {
		ssize_t length = read(fd, text, (size_t)st.st_size);
		if (length != st.st_size)
			(void)error_set(err, length < 0 ? errno : EIO, "read the %s", name);
		else if (memchr(text, '\0', (size_t)length))
			(void)error_set(err, EINVAL, "read the %s: it is not text", name);
		else
			return take_ptr(&text);
	}
	return NULL;
}

int
record_read(int directory, struct record *record, struct error *err)
{
	autofree char *text = record_read_text(directory, RECORD_NAME, err);

	if (!text)
		return -1;
	if (parse_record(text, record, err) < 0) {
		record_free(record);
		return -1;
	}
	return 0;
}

void
record_free(struct record *record)
{
	free(record->session);
	*record = (struct record)RECORD_INIT;
}
