/*
 * ctrctl log: what pam_ctr's module and supervisors said, from the host's syslog, and what
 * filters refused, from the kernel's log, in the order of time; followed, as it comes.
 */
#include "ctl/account.h"
#include "ctl/attention.h"
#include "ctl/command.h"
#include "ctl/json.h"
#include "ctl/log_file.h"
#include "ctl/log_kernel.h"
#include "ctl/log_line.h"
#include "lib/own.h"
#include "lib/text.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum source {
	SOURCE_SYSLOG,
	SOURCE_KERNEL
};

struct entry {
	int64_t second;
	size_t number; /* in the order in which they were read */
	enum source source;
	char *text;    /* owned */
};

struct log {
	struct wanted wanted;
	bool follow;      /* entries are printed as they come, and not kept */
	struct json *json; /* NULL: lines */
	bool in_list;     /* objects are elements of one, and else each by itself */
	int64_t latest;   /* the time of a line that has none is that of the one before */
	struct entry *entry; /* owned */
	size_t count, printed;
	bool failed;      /* no memory */
};

static const char *const source_name[] = { [SOURCE_SYSLOG] = "pam_ctr", [SOURCE_KERNEL] = "kernel" };

static void
format_time(int64_t second, char *text, size_t size)
{
	time_t when = (time_t)second;
	struct tm local;

	if (second <= 0 || !localtime_r(&when, &local) || strftime(text, size, "%F %T", &local) == 0)
		(void)text_format(text, size, "%-19s", "-");
}

static void
print_json(const struct entry *entry, struct json *json)
{
	char event[64], key[32], value[1024];
	const char *cursor = entry->text;

	log_event(entry->text, event, sizeof(event));
	json_object(json, NULL);
	if (entry->second > 0)
		json_number(json, "time", (uint64_t)entry->second);
	else
		json_null(json, "time");
	json_text(json, "source", source_name[entry->source]);
	json_text(json, "event", event);
	json_text(json, "text", entry->text);
	json_object(json, "fields");
	while (log_field(&cursor, key, sizeof(key), value, sizeof(value)))
		json_text(json, key, value);
	json_object_end(json);
	json_object_end(json);
}

/* Somebody was refused something. */
static bool
is_bad(const char *text)
{
	static const char *const events[] = { "limit hit", "login refused", "session failed",
		"call refused", "call killed", "device refused", "connection refused" };
	char event[64];

	log_event(text, event, sizeof(event));
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (!strcmp(event, events[i]))
			return true;
	return false;
}

static void
print_entry(struct log *log, const struct entry *entry)
{
	char when[32], text[4 * LOG_TEXT_MAX];

	log->printed++;
	if (log->json) {
		struct json alone = { .out = log->json->out };
		print_json(entry, log->in_list ? log->json : &alone);
		return;
	}
	enum attention attention = is_bad(entry->text) ? ATTENTION_WARNING : ATTENTION_NONE;

	format_time(entry->second, when, sizeof(when));
	(void)printf("%s  %s%s%s\n", when, attention_begin(attention, stdout),
	    log_escape(entry->text, text, sizeof(text)), attention_end(attention, stdout));
}

static void
keep(struct log *log, const struct entry *entry)
{
	struct entry *more = reallocarray(log->entry, log->count + 1, sizeof(*more));

	if (more)
		log->entry = more;
	char *text = more ? strdup(entry->text) : NULL;
	log->failed = log->failed || !text;
	if (!text)
		return;
	log->entry[log->count] = *entry;
	log->entry[log->count].text = text;
	log->entry[log->count].number = log->count;
	log->count++;
}

static void
take(struct log *log, int64_t second, enum source source, const char *text)
{
	const struct entry entry = {
		.second = second > 0 ? second : log->latest,
		.source = source,
		.text = (char *)(uintptr_t)text,
	};

	log->latest = entry.second;
	if (log->follow)
		print_entry(log, &entry);
	else
		keep(log, &entry);
}

static void
take_line(const char *text, void *context)
{
	struct log *log = context;
	struct log_line line;

	if (log_line_parse(text, (int64_t)time(NULL), &line) &&
	    (log->wanted.all || log_is_of(line.text, log->wanted.user, log->wanted.uid)))
		take(log, line.second, SOURCE_SYSLOG, line.text);
}

static void
take_refusal(int64_t second, const char *text, void *context)
{
	take(context, second, SOURCE_KERNEL, text);
}

static int
compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	if (a->second != b->second)
		return a->second < b->second ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

static void
print_kept(struct log *log)
{
	if (log->count > 1)
		qsort(log->entry, log->count, sizeof(*log->entry), compare_entries);
	for (size_t i = 0; i < log->count; i++) {
		print_entry(log, &log->entry[i]);
		free(log->entry[i].text);
	}
	free(log->entry);
	log->entry = NULL;
	log->count = 0;
}

/* Until standard output is gone; each of the two may be missing (-1), but not both. */
static int
follow(struct log *log, struct log_file *file, int kernel, struct error *err)
{
	struct pollfd ready[] = {
		{ .fd = file->fd < 0 ? -1 : log_file_poll_fd(file), .events = POLLIN },
		{ .fd = kernel, .events = POLLIN },
		{ .fd = STDOUT_FILENO, .events = 0 }, /* POLLERR: nobody reads it any more */
	};

	log->follow = true;
	while (fflush(stdout) == 0 && !(ready[2].revents & (POLLERR | POLLHUP))) {
		if (poll(ready, sizeof(ready) / sizeof(ready[0]), -1) < 0 && errno != EINTR)
			return error_set(err, errno, "wait for the log");
		if (ready[0].revents && log_file_more(file, take_line, log, err) < 0)
			return -1;
		if (ready[0].revents & POLLHUP)
			return error_set(err, 0, "journalctl has ended");
		if (ready[1].revents && log_kernel_read(kernel, &log->wanted, take_refusal, log, err) < 0)
			return -1;
	}
	return 0;
}

/* Without one of the two the other is shown all the same, and what is missing is told. */
static int
read_all(struct log *log, struct log_file *file, int kernel, const struct error *no_file)
{
	struct error err = ERROR_INIT;

	if (file->fd < 0)
		(void)complain_error("log", no_file);
	else if (log_file_read(file, take_line, log, &err) < 0)
		return complain_error("log", &err);
	log->latest = 0;
	if (kernel >= 0 && log_kernel_read(kernel, &log->wanted, take_refusal, log, &err) < 0)
		return complain_error("log", &err);
	return log->failed ? complain(CTL_FAILED, "log: no memory") : CTL_OK;
}

static void
note_auditor(const char *user)
{
	uint32_t daemon = log_kernel_auditor();

	if (daemon != 0)
		(void)complain(CTL_OK, "note: the audit daemon (pid %u) has the refused calls since its start: "
		    "ausearch -m SECCOMP%s%s", daemon, user ? " -ui " : "", user ? user : "");
}

static int
show(struct log *log, const struct options *options, struct log_file *file, int kernel,
    const struct error *no_file)
{
	struct error err = ERROR_INIT;
	const char *user = options->operand[0];
	int code = read_all(log, file, kernel, no_file);

	if (code != CTL_OK)
		return code;
	/* What is followed has no end, so that it can't be one list. */
	log->in_list = log->json && !options->follow;
	if (log->in_list)
		json_list(log->json, NULL);
	print_kept(log);
	if (log->in_list)
		json_list_end(log->json);
	note_auditor(user);
	if (options->follow)
		return follow(log, file, kernel, &err) < 0 ? complain_error("log", &err) : CTL_OK;
	if (file->fd < 0)
		return CTL_FAILED;
	return log->printed > 0 ? CTL_OK : complain(CTL_NO, "log: there is nothing%s%s in %s and the "
	    "kernel's log", user ? " of " : "", user ? user : "", file->path[0] ? file->path : "the journal");
}

int
command_log(const struct options *options)
{
	struct json json = { .out = stdout };
	struct log log = { .wanted = { .all = !options->operand[0] },
		.json = options->json ? &json : NULL };
	struct log_file file = LOG_FILE_INIT;
	struct error err = ERROR_INIT, ignored = ERROR_INIT;
	int code = caller_check("log");

	if (code != CTL_OK)
		return code;
	if (!log.wanted.all) {
		if (account_uid(options->operand[0], &log.wanted.uid, &err) < 0)
			return complain(CTL_NO, "log: %s", err.text);
		account_name(log.wanted.uid, log.wanted.user, sizeof(log.wanted.user));
		/* Without a range there was never a container with ids of its own. */
		(void)subid_find(log.wanted.user, log.wanted.uid, &log.wanted.ids, &ignored);
	}
	autofd int kernel = log_kernel_open(&ignored);
	if (log_file_open(&file, options->file, options->follow, &err) < 0)
		own_close(&file.fd);
	code = show(&log, options, &file, kernel, &err);
	log_file_close(&file);
	return output_end(code);
}
