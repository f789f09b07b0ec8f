/*
 * Records of /dev/kmsg: who was killed for memory, whose fork or system call was refused.  A
 * program's name in them is its user's.  A socket gives one record a read, as the device does.
 * An input: records, a NUL behind each.
 */
#include "fuzz.h"

#include "container/kernel_log.h"
#include "ctl/log_kernel.h"
#include "lib/own.h"

#include <string.h>
#include <sys/socket.h>

#define RECORDS_MAX 16

static const char cgroup[][512] = { "/pam_ctr/1000", "" };

static void
check_event(const struct kernel_event *event)
{
	fuzz_check(memchr(event->program, '\0', sizeof(event->program)));
	fuzz_check(event->pid >= 0, "%d", event->pid);
	fuzz_check(event->kind == KERNEL_OOM_KILL || event->has_cgroup);
}

/* What is found must be about the container; and the record is not read past its end. */
static void
check_record(const char *text)
{
	struct kernel_event event;
	autofree char *copy = fuzz_text((const uint8_t *)text, strlen(text));

	if (!kernel_log_parse(copy, cgroup[0], &event))
		return;
	check_event(&event);
	fuzz_check(!event.has_cgroup || strstr(text, cgroup[0]), "%s", text);
}

static void
each_refusal(int64_t second, const char *text, void *context)
{
	(void)second;
	(void)context;
	fuzz_check(!strncmp(text, "call ", 5) && fuzz_is_printable(text), "%s", text);
}

static int
open_records(struct fuzz_input input)
{
	int pair[2];

	fuzz_check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	for (int i = 0; i < RECORDS_MAX && input.left > 0; i++) {
		autofree char *record = fuzz_until(&input, '\0');
		fuzz_check(send(pair[0], record, strlen(record), 0) >= 0);
	}
	own_close(&pair[0]);
	return pair[1];
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	struct kernel_log log = KERNEL_LOG_INIT;
	struct kernel_event event;
	struct error err = ERROR_INIT;
	const struct wanted all = { .all = true };
	const struct wanted some = { .uid = 1000, .user = "alice", .ids = { 100000, 100000, 65536 } };

	for (struct fuzz_input rest = input; rest.left > 0;) {
		autofree char *record = fuzz_until(&rest, '\0');
		check_record(record);
	}
	log.fd = open_records(input);
	while (kernel_log_next(&log, cgroup, 2, &event))
		check_event(&event);
	kernel_log_close(&log);
	autofd int refused = open_records(input);
	fuzz_check(log_kernel_read(refused, size % 2 ? &all : &some, each_refusal, NULL, &err) == 0, "%s",
	    err.text);
	own_close(&refused);
	fuzz_same_descriptors();
	return 0;
}
