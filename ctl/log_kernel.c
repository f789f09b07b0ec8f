/*
 * What filters refused, from the kernel's messages (dev-kmsg of the kernel's ABI documents).  A
 * program's name in there is its user's; the kernel quotes or encodes it.
 */
#include "ctl/log_kernel.h"

#include "ctl/account.h"
#include "filter/verdict.h"
#include "lib/own.h"
#include "lib/text.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define RECORD_SIZE 8192
#define SECCOMP_MARK "audit: type=1326 "

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

static void
tell(const struct refusal *refusal, log_kernel_each *each, void *context)
{
	char text[1024], user[256], shown[3 * sizeof(user)], call[FILTER_NAME_MAX];
	char program[4 * sizeof(refusal->program)];
	const char *architecture;

	account_name(refusal->uid, user, sizeof(user));
	const char *name = call_name(refusal->arch, refusal->number, call, &architecture);
	(void)snprintf(text, sizeof(text), "call %s: user=%s uid=%u pid=%u call=%s kind=%s program=\"%s\"",
	    what_happened(refusal->code), text_escape(user, shown, sizeof(shown)), refusal->uid,
	    refusal->pid, name, architecture, text_escape(refusal->program, program, sizeof(program)));
	each(refusal->second, text, context);
}

int
log_kernel_open(struct error *err)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? error_set(err, errno, "open /dev/kmsg") : fd;
}

/* One record a read(2); EPIPE: some were overwritten meanwhile, and the next is read then. */
int
log_kernel_read(int fd, const struct wanted *wanted, log_kernel_each *each, void *context,
    struct error *err)
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
		if (refusal_parse(text, &refusal) && is_wanted(wanted, refusal.uid))
			tell(&refusal, each, context);
	}
}

uint32_t
log_kernel_auditor(void)
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
