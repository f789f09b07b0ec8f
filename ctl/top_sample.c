/*
 * Records, cgroups and procfs -> struct top_sample and struct top_detail.  What is gone while
 * we look is left out.
 */
#include "ctl/top_sample.h"

#include "container/cgroup.h"
#include "lib/own.h"
#include "lib/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t
now_usec(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void
fill_row(struct top_row *row, const struct view *view)
{
	int64_t now = (int64_t)time(NULL), since = view->record.since;

	*row = (struct top_row) {
		.uid = view->record.uid,
		.init_start = view->record.init.start,
		.state = view->state,
		.sessions = view->record.sessions,
		.age = since > 0 && now >= since ? (uint64_t)(now - since) : USAGE_UNKNOWN,
		.usage = view->usage,
		.cpu = USAGE_UNKNOWN,
		.io_read = USAGE_UNKNOWN,
		.io_written = USAGE_UNKNOWN,
	};
	(void)text_escape(view->record.user, row->user, sizeof(row->user));
}

/* Bytes read, or -1: it is gone. */
static ssize_t
read_proc(pid_t pid, const char *file, char *text, size_t size)
{
	char path[64];

	(void)text_format(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	autofd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);
	text[length > 0 ? length : 0] = '\0';
	return length;
}

/* proc(5) stat: its fields from the third on, which stand behind the last ')'. */
enum {
	STAT_STATE = 3,
	STAT_UTIME = 14,
	STAT_STIME,
	STAT_CUTIME, /* of children that were waited for */
	STAT_CSTIME,
	STAT_START = 22,
	STAT_RSS = 24
};

static bool
parse_stat(char *text, struct top_process *process)
{
	uint64_t hertz = (uint64_t)sysconf(_SC_CLK_TCK), page = (uint64_t)sysconf(_SC_PAGESIZE);
	char *at = strrchr(text, ')'), *name = strchr(text, '(');
	uint64_t number[STAT_RSS + 1] = { 0 };

	if (!at || !name || !hertz)
		return false;
	*at = '\0';
	(void)text_escape(name + 1, process->command, sizeof(process->command));
	char *field = strtok_r(at + 1, " ", &at);
	for (int i = STAT_STATE; field && i <= STAT_RSS; i++, field = strtok_r(NULL, " ", &at)) {
		if (i == STAT_STATE)
			process->state = *field;
		else if (!text_to_number(field, UINT64_MAX, &number[i]))
			number[i] = 0; /* a negative one, none of ours */
	}
	process->start = number[STAT_START];
	process->memory = number[STAT_RSS] * page;
	process->cpu_usec = (number[STAT_UTIME] + number[STAT_STIME]) * 1000000 / hertz;
	process->waited_usec = (number[STAT_CUTIME] + number[STAT_CSTIME]) * 1000000 / hertz;
	return process->start != 0;
}

/* The arguments, with a blank between two; a kernel thread's or a zombie's are none. */
static void
read_command(struct top_process *process)
{
	char text[sizeof(process->command)];
	ssize_t length = read_proc(process->pid, "cmdline", text, sizeof(text));

	if (length <= 0)
		return;
	for (ssize_t i = 0; i < length - 1; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	(void)text_escape(text, process->command, sizeof(process->command));
}

/* proc(5) status, NSpid: the pid in each namespace, the innermost last. */
static pid_t
read_inside(pid_t pid)
{
	char text[4096], *cursor = text, *line;
	uint64_t number = 0;

	if (read_proc(pid, "status", text, sizeof(text)) <= 0)
		return 0;
	while ((line = text_next_line(&cursor)))
		if (!strncmp(line, "NSpid:", 6) && strrchr(line, '\t'))
			(void)text_to_number(strrchr(line, '\t') + 1, INT32_MAX, &number);
	return (pid_t)number;
}

static void
fill_rate(struct top_process *process, const struct top_detail *before, int64_t usec)
{
	process->cpu = USAGE_UNKNOWN;
	for (size_t i = 0; i < before->count; i++) {
		const struct top_process *old = &before->process[i];

		if (old->pid == process->pid && old->start == process->start && usec > before->usec)
			process->cpu = (process->cpu_usec - old->cpu_usec) * 1000 /
			    (uint64_t)(usec - before->usec);
	}
}

static bool
read_stat(pid_t pid, struct top_process *process)
{
	char text[1024];

	*process = (struct top_process) { .pid = pid };
	return read_proc(pid, "stat", text, sizeof(text)) > 0 && parse_stat(text, process);
}

static bool
read_process(pid_t pid, struct top_process *process)
{
	if (!read_stat(pid, process))
		return false;
	process->inside = read_inside(pid);
	read_command(process);
	return true;
}

static int
compare_processes(const void *left, const void *right)
{
	const struct top_process *a = left, *b = right;
	uint64_t use = a->cpu == USAGE_UNKNOWN ? 0 : a->cpu, other = b->cpu == USAGE_UNKNOWN ? 0 : b->cpu;

	if (use != other)
		return use > other ? -1 : 1;
	if (a->memory != b->memory)
		return a->memory > b->memory ? -1 : 1;
	return a->pid < b->pid ? -1 : a->pid > b->pid;
}

/* No directory of the container's is left: then neither is a process. */
static int
list_pids(const struct record *record, pid_t **pids, size_t *count, struct error *err)
{
	struct cgroups cgroups = CGROUPS_INIT;
	int rc = cgroups_adopt(&cgroups, (const char (*)[512])record->cgroup,
	    sizeof(record->cgroup) / sizeof(record->cgroup[0]), err);

	*pids = NULL;
	*count = 0;
	if (rc < 0 && err->errnum == ENOENT)
		return 0;
	if (rc == 0)
		rc = cgroups_pids(&cgroups, pids, count, err);
	cgroups_free(&cgroups);
	return rc;
}

static int
read_processes(struct top_detail *detail, const struct top_detail *before, struct error *err)
{
	autofree pid_t *pids = NULL;
	size_t count;

	if (list_pids(&detail->view.record, &pids, &count, err) < 0)
		return -1;
	detail->process = calloc(count + 1, sizeof(*detail->process));
	if (!detail->process)
		return error_set(err, errno, "look at the processes");
	for (size_t i = 0; i < count; i++) {
		struct top_process *process = &detail->process[detail->count];
		if (!read_process(pids[i], process))
			continue;
		fill_rate(process, before, detail->usec);
		detail->count++;
	}
	if (detail->count)
		qsort(detail->process, detail->count, sizeof(*detail->process), compare_processes);
	return 0;
}

/*
 * For v1's cpu without cpuacct, which counts nothing: what the living have used, and those that
 * they waited for, so that a process that ends takes nothing out of the sum.
 */
static int
count_cpu(struct view *view, struct error *err)
{
	autofree pid_t *pids = NULL;
	size_t count;

	if (list_pids(&view->record, &pids, &count, err) < 0)
		return -1;
	view->usage.cpu_usec = 0;
	for (size_t i = 0; i < count; i++) {
		struct top_process process;
		/* No more than that: to read what is a process's memory may take as long as its user likes. */
		if (read_stat(pids[i], &process))
			view->usage.cpu_usec += process.cpu_usec + process.waited_usec;
	}
	return 0;
}

int
top_sample_read(struct top_sample *sample, struct error *err)
{
	autofree uid_t *uids = NULL;
	size_t count;

	if (view_uids(&uids, &count, err) < 0)
		return -1;
	sample->row = calloc(count + 1, sizeof(*sample->row));
	if (!sample->row)
		return error_set(err, errno, "look at the containers");
	sample->usec = now_usec();
	for (size_t i = 0; i < count; i++) {
		struct view view = VIEW_INIT;
		int rc = view_read(uids[i], &view, err);

		if (rc == 0 && view.usage.cpu_usec == USAGE_UNKNOWN)
			rc = count_cpu(&view, err);
		if (rc == 0)
			fill_row(&sample->row[sample->count++], &view);
		view_free(&view);
		if (rc < 0) {
			top_sample_free(sample);
			return -1;
		}
	}
	return 0;
}

int
top_detail_read(uid_t uid, const struct top_detail *before, struct top_detail *detail,
    struct error *err)
{
	*detail = (struct top_detail)TOP_DETAIL_INIT;
	int rc = view_read(uid, &detail->view, err);
	if (rc != 0)
		return rc;
	detail->usec = now_usec();
	if (read_processes(detail, before, err) == 0)
		return 0;
	top_detail_free(detail);
	return -1;
}

void
top_detail_free(struct top_detail *detail)
{
	view_free(&detail->view);
	free(detail->process);
	*detail = (struct top_detail)TOP_DETAIL_INIT;
}
