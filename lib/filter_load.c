/*
 * Runs as root inside foreign programs (sshd's monitor, su, login, cron), which live on under
 * the filter.  Plain system calls: no libseccomp is ever loaded there.
 */
#include "lib/filter_load.h"

#include "lib/filter_entry.h"
#include "lib/own.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void *
filter_read(int fd, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || st.st_size < 0 || st.st_size > FILTER_ENTRY_MAX) {
		(void)error_set(err, EINVAL, "read the compiled filter");
		return NULL;
	}
	size_t size = (size_t)st.st_size;
	autofree void *bytes = malloc(size + 1);
	if (!bytes || pread(fd, bytes, size, 0) != st.st_size) {
		(void)error_set(err, errno, "read the compiled filter");
		return NULL;
	}
	if (filter_entry_check(bytes, size, err) < 0) {
		(void)error_prefix(err, "the compiled filter");
		return NULL;
	}
	return take_ptr(&bytes);
}

/*
 * SECCOMP_FILTER_FLAG_SPEC_ALLOW is not set: whether programs under a filter run with less
 * speculation is the kernel's word (spec_store_bypass_disable=), not a login's.
 */
static int
program_load(const void *entry, const struct filter_entry_program *program, struct error *err)
{
	const char *code = (const char *)entry + program->offset;
	struct sock_fprog loaded = {
		.len = (unsigned short)program->count,
		.filter = (struct sock_filter *)(uintptr_t)code,
	};
	unsigned flags = program->logs ? SECCOMP_FILTER_FLAG_LOG : 0;

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &loaded) != 0)
		return error_set(err, errno, "load the system call filter");
	return 0;
}

int
filter_load(const void *entry, struct error *err)
{
	const struct filter_entry_head *head = entry;

	for (uint32_t i = 0; i < head->programs; i++)
		if (program_load(entry, &head->program[i], err) < 0)
			return -1;
	if (syscall((long)head->probe_number, head->probe_argument, 0, 0, 0, 0) != -1 ||
	    errno != (int)head->probe_errno)
		return error_set(err, EPERM, "load the system call filter: calls are not answered by it");
	return 0;
}
