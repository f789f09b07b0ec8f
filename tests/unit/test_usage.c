/*
 * lib/usage.c, on directories with files as the kernel's of cgroup v2 and v1.  Needs root.
 */
#include "lib/usage.h"

#include "test_sandbox.h"

static const char directories[3][512] = { "/mnt/group", "/mnt/missing", "" };

static void
make(const char *const (*file)[2], size_t count)
{
	sandbox_enter();
	sandbox_directory("/mnt/group", 0755, 0);
	for (size_t i = 0; i < count; i++) {
		char path[128];
		(void)snprintf(path, sizeof(path), "/mnt/group/%s", file[i][0]);
		sandbox_file(path, file[i][1], 0644, 0);
	}
}

#define MAKE(files) make(files, sizeof(files) / sizeof((files)[0]))

Test(usage, of_version_2)
{
	static const char *const files[][2] = {
		{ "memory.current", "4096\n" }, { "memory.max", "max\n" },
		{ "memory.events", "low 0\noom 3\noom_kill 2\noom_group_kill 9\n" },
		{ "cpu.stat", "usage_usec 17\nuser_usec 1\n" }, { "cpu.max", "150000 100000\n" },
		{ "io.stat", "8:0 rbytes=1 wbytes=2 rios=9\n8:16 rbytes=10 wbytes=20\n" },
		{ "cpu.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n"
		    "full avg10=1.50 avg60=0.00 avg300=0.00 total=6\n" },
		{ "memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=x\n" },
	};
	struct usage usage;

	MAKE(files);
	usage_read(directories, 3, &usage);
	cr_expect_eq(usage.memory, 4096);
	cr_expect_eq(usage.memory_max, USAGE_UNLIMITED);
	cr_expect_eq(usage.oom_kills, 2);
	cr_expect_eq(usage.cpu_usec, 17);
	cr_expect_eq(usage.cpu_max, 1500);
	cr_expect_eq(usage.io_read, 11);
	cr_expect_eq(usage.io_written, 22);
	cr_expect_eq(usage.pressure[USAGE_PRESSURE_CPU][USAGE_SOME], 5);
	cr_expect_eq(usage.pressure[USAGE_PRESSURE_CPU][USAGE_FULL], 6);
	cr_expect_eq(usage.pressure[USAGE_PRESSURE_MEMORY][USAGE_SOME], USAGE_UNKNOWN, "no number");
	cr_expect_eq(usage.pressure[USAGE_PRESSURE_IO][USAGE_FULL], USAGE_UNKNOWN, "no file");
	cr_expect_eq(usage.pids, USAGE_UNKNOWN);
}

Test(usage, of_version_1)
{
	static const char *const files[][2] = {
		{ "memory.usage_in_bytes", "8192\n" }, { "memory.limit_in_bytes", "9223372036854771712\n" },
		{ "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n" },
		{ "cpuacct.usage", "17999\n" }, { "cpu.cfs_quota_us", "-1\n" },
		{ "blkio.throttle.io_service_bytes_recursive",
		    "8:0 Read 1\n8:0 Write 2\n8:0 Total 3\nTotal 3\n" },
	};
	struct usage usage;

	MAKE(files);
	usage_read(directories, 3, &usage);
	cr_expect_eq(usage.memory, 8192);
	cr_expect_eq(usage.memory_max, USAGE_UNLIMITED);
	cr_expect_eq(usage.oom_kills, 4);
	cr_expect_eq(usage.cpu_usec, 17);
	cr_expect_eq(usage.cpu_max, USAGE_UNLIMITED);
	cr_expect_eq(usage.io_read, 1);
	cr_expect_eq(usage.io_written, 2);
	cr_expect_eq(usage.pressure[USAGE_PRESSURE_CPU][USAGE_SOME], USAGE_UNKNOWN);
}
