/*
 * ctrctl log: what filters refused, from the kernel's messages (dev-kmsg of the kernel's ABI
 * documents).  A program's name in there is its user's; the kernel quotes or encodes it.
 */
#include "ctl/account.h"
#include "ctl/command.h"
#include "ctl/table.h"
#include "filter/verdict.h"
#include "lib/own.h"
#include "lib/subid.h"
#include "lib/text.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define RECORD_SIZE 8192
#define SECCOMP_MARK "audit: type=1326 "

/* Whose lines are wanted: a user's own, and those of the ids that a container of theirs has. */
struct wanted {
	bool all;
	uid_t uid;
	struct subid_range ids;
};

struct refusal {
	long long second;
	uint32_t uid, pid, arch, code;
	int number;
	char program[64];
};

/* "name=" at the beginning of a word, and what follows it; NULL: there is none. */
static const char *
field(const char *line, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = line; (at = strstr(at, name)); at += length)
		if (at > line && at[-1] == ' ')
			return at + length;
	return NULL;
}

static bool
field_number(const char *line, const char *name, int base, uint32_t *number)
{
	const char *value = field(line, name);
	char *end;

	if (!value)
		return false;
	errno = 0;
	unsigned long long read = strtoull(value, &end, base);
	*number = (uint32_t)read;
	return errno == 0 && end != value && read <= UINT32_MAX;
}

/* "\"name\"", or hexadecimal without quotes where the name has odd bytes. */
static void
field_text(const char *line, const char *name, char *text, size_t size)
{
	const char *value = field(line, name);

	*text = '\0';
	if (value && *value == '"')
		(void)text_format(text, size, "%.*s", (int)strcspn(value + 1, "\""), value + 1);
	else if (value)
		(void)text_format(text, size, "%.*s", (int)strcspn(value, " \n"), value);
}

static bool
refusal_parse(const char *line, struct refusal *refusal)
{
	uint32_t number;
	const char *stamp = strstr(line, "audit(");

	if (!stamp || !field_number(line, "uid=", 10, &refusal->uid) ||
	    !field_number(line, "pid=", 10, &refusal->pid) ||
	    !field_number(line, "arch=", 16, &refusal->arch) ||
	    !field_number(line, "syscall=", 10, &number) ||
	    !field_number(line, "code=", 16, &refusal->code))
		return false;
	refusal->second = strtoll(stamp + strlen("audit("), NULL, 10);
	refusal->number = (int)number;
	field_text(line, "exe=", refusal->program, sizeof(refusal->program));
	return true;
}

static bool
is_wanted(const struct wanted *wanted, uid_t uid)
{
	return wanted->all || uid == wanted->uid || (uid - wanted->ids.uid < wanted->ids.count);
}

static void
name_user(uid_t uid, char *text, size_t size)
{
	struct passwd *account = getpwuid(uid);

	if (account)
		(void)text_format(text, size, "%s", account->pw_name);
	else
		(void)text_format(text, size, "%u", (unsigned)uid);
}

/* The record's errno is not told: no more than that it was one. */
static const char *
what_happened(uint32_t code)
{
	switch (code & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ERRNO: return "refused";
	case SECCOMP_RET_LOG: return "allowed";
	case SECCOMP_RET_KILL_PROCESS:
	case SECCOMP_RET_KILL_THREAD: return "killed";
	default: return "?";
	}
}

static int
add_refusal(struct table *table, const struct refusal *refusal)
{
	struct table_row *row = table_add(table);
	char text[TABLE_CELL], call[FILTER_NAME_MAX];
	const char *architecture;
	time_t when = (time_t)refusal->second;
	struct tm local;

	if (!row)
		return -1;
	if (localtime_r(&when, &local) && strftime(text, sizeof(text), "%F %T", &local) > 0)
		table_set(row, 0, text);
	name_user(refusal->uid, text, sizeof(text));
	table_set(row, 1, text);
	(void)text_format(text, sizeof(text), "%u", refusal->pid);
	table_set(row, 2, text);
	table_set(row, 3, call_name(refusal->arch, refusal->number, call, &architecture));
	table_set(row, 4, architecture);
	table_set(row, 5, what_happened(refusal->code));
	table_set(row, 6, refusal->program);
	return 0;
}

/* One record a read(2); EPIPE: some were overwritten meanwhile, and the next is read then. */
static int
read_records(int fd, const struct wanted *wanted, struct table *table, struct error *err)
{
	char record[RECORD_SIZE];

	for (;;) {
		struct refusal refusal;
		ssize_t length = read(fd, record, sizeof(record) - 1);

		if (length < 0 && errno == EAGAIN)
			return 0;
		if (length < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (length <= 0)
			return length < 0 ? error_set(err, errno, "read /dev/kmsg") : 0;
		record[length] = '\0';
		record[strcspn(record, "\n")] = '\0';
		const char *text = strchr(record, ';');
		/* Only the kernel's own: whoever may write to /dev/kmsg has another facility. */
		if (!text || strtoul(record, NULL, 10) > 7 ||
		    strncmp(text + 1, SECCOMP_MARK, strlen(SECCOMP_MARK)) != 0)
			continue;
		if (refusal_parse(text, &refusal) && is_wanted(wanted, refusal.uid) &&
		    add_refusal(table, &refusal) < 0)
			return error_set(err, ENOMEM, "read /dev/kmsg");
	}
}

/* The pid of the daemon that takes audit records in place of the kernel's log; 0: none. */
static uint32_t
audit_daemon(void)
{
	struct {
		struct nlmsghdr head;
		char data[1024];
	} message = { .head = { .nlmsg_len = NLMSG_LENGTH(0), .nlmsg_type = AUDIT_GET,
		.nlmsg_flags = NLM_F_REQUEST } };
	struct audit_status status = { .pid = 0 };
	autofd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	struct pollfd poll_on = { .fd = fd, .events = POLLIN };

	if (fd < 0 || send(fd, &message, message.head.nlmsg_len, 0) < 0 || poll(&poll_on, 1, 1000) != 1)
		return 0;
	ssize_t length = recv(fd, &message, sizeof(message), MSG_DONTWAIT);
	if (length >= (ssize_t)NLMSG_LENGTH(offsetof(struct audit_status, rate_limit)) &&
	    message.head.nlmsg_type == AUDIT_GET)
		memcpy(&status, NLMSG_DATA(&message.head), offsetof(struct audit_status, rate_limit));
	return status.pid;
}

static int
print_log(const struct wanted *wanted, const char *user)
{
	static const char *const title[] = { "TIME", "USER", "PID", "CALL", "KIND", "ANSWER", "PROGRAM" };
	struct error err = ERROR_INIT;
	struct table table = TABLE_INIT;
	struct table_row *head = table_add(&table);
	autofd int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int rc = fd < 0 ? error_set(&err, errno, "open /dev/kmsg") : 0;

	for (size_t i = 0; head && i < sizeof(title) / sizeof(title[0]); i++)
		table_set(head, i, title[i]);
	if (rc == 0)
		rc = head ? read_records(fd, wanted, &table, &err) : error_set(&err, ENOMEM, "read the log");
	size_t found = table.count;
	if (rc == 0 && found > 1)
		table_print(&table, 0, table_terminal_width(stdout), stdout);
	table_free(&table);
	uint32_t daemon = audit_daemon();
	if (daemon != 0)
		(void)complain(CTL_OK, "note: the audit daemon (pid %u) has the records since its start: "
		    "ausearch -m SECCOMP%s%s", daemon, user ? " -ui " : "", user ? user : "");
	if (rc < 0)
		return complain_error("log", &err);
	if (found > 1)
		return CTL_OK;
	return complain(CTL_NO, "log: the kernel's log has no refused call%s%s", user ? " of " : "",
	    user ? user : "");
}

int
command_log(const struct options *options)
{
	struct wanted wanted = { .all = !options->operand[0] };
	struct error err = ERROR_INIT, ignored = ERROR_INIT;
	int code = caller_check("log");

	if (code != CTL_OK)
		return code;
	if (!wanted.all) {
		if (account_uid(options->operand[0], &wanted.uid, &err) < 0)
			return complain(CTL_NO, "log: %s", err.text);
		/* Without a range there was never a container with ids of its own. */
		(void)subid_find(options->operand[0], wanted.uid, &wanted.ids, &ignored);
	}
	return output_end(print_log(&wanted, options->operand[0]));
}
