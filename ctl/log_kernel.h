/*
 * System calls that filters refused, from the kernel's messages: /dev/kmsg, as root.
 */
#ifndef CTL_LOG_KERNEL_H
#define CTL_LOG_KERNEL_H

#include "lib/error.h"
#include "lib/subid.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Whose lines are wanted: a user's own, and those of the ids that a container of theirs has. */
struct wanted {
	bool all;
	uid_t uid;
	char user[256];
	struct subid_range ids;
};

/* text: "call refused: user=... uid=... pid=... call=... kind=... program=...". */
typedef void log_kernel_each(int64_t second, const char *text, void *context);

/* /dev/kmsg from its oldest line on, not blocking; the caller's to close. */
int log_kernel_open(struct error *err);

/* What there is; to be called again when poll(2) says that there is more. */
int log_kernel_read(int fd, const struct wanted *wanted, log_kernel_each *each, void *context,
    struct error *err);

/* The pid of the daemon that takes audit records in place of the kernel's log; 0: none. */
uint32_t log_kernel_auditor(void);

#endif
