/*
 * What a container uses, from the files of its cgroups: the kernel's, of either version; and with
 * nesting the directories below are a user's to fill.  A number that no file tells stays unknown.
 * An input: files, each its number in the table below (one byte) and its text with a NUL.
 */
#include "fuzz.h"

#include "ctl/human.h"
#include "lib/own.h"
#include "lib/sys.h"
#include "lib/usage.h"

#include <string.h>
#include <sys/stat.h>

#define FILES_MAX 12

static const char *const name[] = {
	"memory.current", "memory.usage_in_bytes", "memory.peak", "memory.max_usage_in_bytes", "memory.max",
	"memory.limit_in_bytes", "memory.high", "memory.swap.current", "memory.swap.max", "memory.events",
	"memory.oom_control", "cpu.stat", "cpuacct.usage", "cpu.weight", "cpu.shares", "pids.current",
	"pids.max", "pids.events", "memory.memsw.usage_in_bytes", "memory.memsw.limit_in_bytes", "cpu.max",
	"cpu.cfs_quota_us", "cpu.cfs_period_us", "cpuset.cpus.effective", "cpuset.effective_cpus", "io.stat",
	"blkio.throttle.io_service_bytes_recursive", "cpu.pressure", "memory.pressure", "io.pressure",
	"cgroup.freeze", "freezer.state",
};
#define NAMES (sizeof(name) / sizeof(name[0]))

static void
check_human(uint64_t number)
{
	char text[HUMAN_MAX];

	fuzz_check(fuzz_is_printable(human_number(number, text, sizeof(text))));
	fuzz_check(fuzz_is_printable(human_bytes(number, text, sizeof(text))));
	fuzz_check(fuzz_is_printable(human_cpus(number, text, sizeof(text))));
	fuzz_check(fuzz_is_printable(human_usec(number, text, sizeof(text))));
	fuzz_check(fuzz_is_printable(human_seconds(number, text, sizeof(text))));
}

static void
check_usage(const struct usage *usage, const bool written[NAMES])
{
	fuzz_check(memchr(usage->cpuset, '\0', sizeof(usage->cpuset)) && !strchr(usage->cpuset, '\n'));
	fuzz_check(usage->memory == USAGE_UNKNOWN || written[0] || written[1]);
	fuzz_check(usage->cpu_weight == USAGE_UNKNOWN || written[13] || written[14]);
	fuzz_check(usage->io_read == USAGE_UNKNOWN || written[25] || written[26]);
	check_human(usage->memory);
	check_human(usage->swap_max);
	check_human(usage->cpu_max);
	check_human(usage->cpu_usec);
	check_human(usage->io_read);
	check_human(usage->pressure[USAGE_PRESSURE_IO][USAGE_SOME]);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_sandbox(NULL);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char here[][512] = { ".", "" };
	struct fuzz_input input = { data, size };
	bool written[NAMES] = { false };
	struct usage usage;

	for (int i = 0; i < FILES_MAX && input.left > 0; i++) {
		unsigned which = fuzz_byte(&input) % NAMES;
		autofree char *text = fuzz_until(&input, '\0');
		fuzz_write(name[which], text, strlen(text));
		written[which] = true;
	}
	usage_read(here, 2, &usage);
	check_usage(&usage, written);
	(void)usage_is_frozen(here, 2);
	for (size_t i = 0; i < NAMES; i++)
		if (written[i])
			fuzz_check(unlinkat(AT_FDCWD, name[i], 0) == 0);
	fuzz_same_descriptors();
	return 0;
}
