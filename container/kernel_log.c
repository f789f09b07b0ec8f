/*
 * /dev/kmsg: a record a read, Documentation/ABI/testing/dev-kmsg.
 */
#include "container/kernel_log.h"

#include "lib/own.h"
#include "lib/text.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* proc_ns.h: the inode of the PID namespace that a kernel begins with. */
#define FIRST_PID_NAMESPACE 0xEFFFFFFCU
/* At one go: who floods the log shall not keep us busy. */
#define RECORDS_MAX 512

/* The cgroup's end in the kernel's name of it or of one below, or NULL. */
static const char *
end_of(const char *path, const char *cgroup)
{
	size_t length = strlen(cgroup);
	const char *end = NULL;

	for (const char *at = path; length > 1 && (at = strstr(at, cgroup)); at++)
		if (at[length] == '/' || at[length] == '\0')
			end = at + length;
	return end;
}

/* Bytes that are not printable, and backslashes, are "\xNN" in the log. */
static void
unescape(const char *text, char *out, size_t size)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;

	for (; *text && n + 1 < size; text++) {
		const char *high = text[0] == '\\' && text[1] == 'x' && text[2] ? strchr(hex, text[2]) : NULL;
		const char *low = high && text[3] ? strchr(hex, text[3]) : NULL;
		out[n++] = low ? (char)((high - hex) << 4 | (low - hex)) : *text;
		text += low ? 3 : 0;
	}
	out[n] = '\0';
}

/* Cuts text at the last appearance of mark, and returns what is after it, or NULL. */
static char *
cut_last(char *text, const char *mark)
{
	char *last = NULL;

	for (char *at = text; (at = strstr(at, mark)); at++)
		last = at;
	if (!last)
		return NULL;
	*last = '\0';
	return last + strlen(mark);
}

static char *
cut_first(char *text, const char *mark)
{
	char *at = strstr(text, mark);

	if (!at)
		return NULL;
	*at = '\0';
	return at + strlen(mark);
}

/*
 * "...,oom_memcg=PATH,task_memcg=PATH,task=NAME,pid=N,uid=N": paths are looked for from the front,
 * where nothing of a user's comes before them, numbers from the end, after the name.
 */
static bool
parse_kill(char *text, const char *cgroup, struct kernel_event *event)
{
	char *host = strstr(text, ",global_oom,task_memcg=");
	char *limit = host ? NULL : cut_first(text, ",oom_memcg=");
	char *of = host ? host + strlen(",global_oom,task_memcg=") :
	    limit ? cut_first(limit, ",task_memcg=") : NULL;
	char *name = of ? cut_first(of, ",task=") : NULL;
	uint64_t pid;

	if (!name || !cut_last(name, ",uid="))
		return false;
	const char *number = cut_last(name, ",pid=");
	const char *end = end_of(of, cgroup);
	if (!number || !end || !text_to_number(number, INT32_MAX, &pid))
		return false;
	*event = (struct kernel_event){
		.kind = KERNEL_OOM_KILL,
		.has_cgroup = true,
		.cause = host ? OOM_HOST : end_of(limit, cgroup) ? OOM_OWN : OOM_SHARED,
		.pid = (pid_t)pid,
	};
	unescape(name, event->program, sizeof(event->program));
	return true;
}

/* "N (NAME) total-vm:...": the line that is always there. */
static bool
parse_killed(char *text, struct kernel_event *event)
{
	char *name = cut_first(text, " (");
	uint64_t pid;

	if (!name || !cut_last(name, ") total-vm:") || !text_to_number(text, INT32_MAX, &pid))
		return false;
	*event = (struct kernel_event){ .kind = KERNEL_OOM_KILL, .cause = OOM_UNKNOWN, .pid = (pid_t)pid };
	unescape(name, event->program, sizeof(event->program));
	return true;
}

bool
kernel_log_parse(char *record, const char *cgroup, struct kernel_event *event)
{
	static const char killed[] = "oom-kill:constraint=";
	static const char victim[] = "Memory cgroup out of memory: Killed process ";
	static const char refused[] = "cgroup: fork rejected by pids controller in ";
	char *text = strchr(record, ';');

	if (!text)
		return false;
	text++;
	text[strcspn(text, "\n")] = '\0';
	if (!strncmp(text, killed, strlen(killed)))
		return parse_kill(text, cgroup, event);
	if (!strncmp(text, victim, strlen(victim)))
		return parse_killed(text + strlen(victim), event);
	if (strncmp(text, refused, strlen(refused)) != 0 || !end_of(text + strlen(refused), cgroup))
		return false;
	*event = (struct kernel_event){ .kind = KERNEL_FORK_REFUSED, .has_cgroup = true };
	return true;
}

void
kernel_log_open(struct kernel_log *log)
{
	struct stat st;

	*log = (struct kernel_log)KERNEL_LOG_INIT;
	autofd int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || lseek(fd, 0, SEEK_END) < 0)
		return;
	log->is_ours = stat("/proc/self/ns/pid", &st) == 0 && st.st_ino == FIRST_PID_NAMESPACE;
	log->fd = take_fd(&fd);
}

void
kernel_log_close(struct kernel_log *log)
{
	own_close(&log->fd);
}

/* EPIPE: records were lost, and the next read has the oldest that is there. */
bool
kernel_log_next(struct kernel_log *log, const char (*cgroup)[512], int count,
    struct kernel_event *event)
{
	char record[8192], copy[8192];

	for (int i = 0; log->fd >= 0 && i < RECORDS_MAX; i++) {
		ssize_t length = read(log->fd, record, sizeof(record) - 1);
		if (length < 0 && errno == EPIPE)
			continue;
		if (length <= 0)
			return false;
		record[length] = '\0';
		if (!strstr(record, ";oom-kill:") && !strstr(record, ";Memory cgroup out of memory:") &&
		    !strstr(record, ";cgroup: fork rejected"))
			continue;
		for (int k = 0; k < count && cgroup[k][0]; k++) {
			memcpy(copy, record, (size_t)length + 1);
			if (kernel_log_parse(copy, cgroup[k], event))
				return true;
		}
	}
	return false;
}
