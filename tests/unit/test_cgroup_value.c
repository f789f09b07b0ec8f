/* container/cgroup_value.c: what counts as "the kernel took it".  Pure. */
#include "container/cgroup_value.h"

#include <criterion/criterion.h>

static const struct {
	const char *file;
	const char *wanted;
	const char *got;
	bool same;
} rows[] = {
	{ "memory.max", "268435456", "268435456\n", true },
	{ "memory.max", "268435457", "268435456\n", true },
	{ "memory.max", "268435456", "268431360\n", false },
	{ "memory.max", "268435456", "max\n", false },
	{ "memory.max", "max", "max\n", true },
	{ "memory.max", "max", "268435456\n", false },
	{ "memory.max", "9223372036854775807", "max\n", true },
	{ "memory.max", "268435456", "", false },
	{ "memory.limit_in_bytes", "-1", "9223372036854771712\n", true },
	{ "memory.limit_in_bytes", "-1", "268435456\n", false },
	{ "memory.memsw.limit_in_bytes", "536870912", "536870912\n", true },
	{ "memory.swap.max", "0", "0\n", true },
	{ "cpu.max", "150000 100000", "150000 100000\n", true },
	{ "cpu.max", "150000 100000", "150000 50000\n", false },
	{ "cpu.max", "max", "max 50000\n", true },
	{ "cpu.max", "max", "150000 100000\n", false },
	{ "cpu.weight", "100", "100\n", true },
	{ "cpu.weight", "100", "99\n", false },
	{ "cpu.cfs_quota_us", "-1", "-1\n", true },
	{ "cpu.cfs_quota_us", "150000", "-1\n", false },
	{ "cpu.shares", "1024", "1024\n", true },
	{ "cpuset.cpus", "0,1,2,3", "0-3\n", true },
	{ "cpuset.cpus", "0-1,8", "0-1,8\n", true },
	{ "cpuset.cpus", "3,0-1", "0-1,3\n", true },
	{ "cpuset.cpus", "0-1", "0\n", false },
	{ "cpuset.cpus", "0-1", "\n", false },
	{ "cpuset.cpus", "0-99999", "0-3\n", false },
	{ "cpuset.cpus", "x", "\n", false },
	{ "pids.max", "40", "40\n", true },
	{ "pids.max", "40", "4\n", false },
	{ "pids.max", "40", "400\n", false },
	{ "pids.max", "max", "max\n", true },
	{ "io.weight", "200", "default 200\n8:0 50\n", true },
	{ "io.weight", "default 200", "default 200\n", true },
	{ "io.weight", "200", "default 100\n8:0 200\n", false },
	{ "blkio.bfq.weight", "200", "200\n", true },
	{ "io.max", "8:0 rbps=1048576", "8:0 rbps=1048576 wbps=max riops=max wiops=max\n", true },
	{ "io.max", "8:0 rbps=1048576 wiops=120",
	    "8:16 rbps=1 wbps=max riops=max wiops=max\n"
	    "8:0 rbps=1048576 wbps=max riops=max wiops=120\n",
	    true },
	{ "io.max", "8:0 rbps=1048576", "8:0 rbps=max wbps=1048576 riops=max wiops=max\n", false },
	{ "io.max", "8:0 rbps=1048576", "18:0 rbps=1048576 wbps=max riops=max wiops=max\n", false },
	{ "io.max", "8:0 rbps=1048576", "", false },
	{ "io.max", "8:0 rbps=max wbps=max", "", true },
	{ "io.max", "8:0 wiops=5", "8:0 rbps=5 wbps=max riops=max\n8:16 wiops=5\n", false },
	{ "blkio.throttle.read_bps_device", "8:0 1048576", "8:0 1048576\n", true },
	{ "blkio.throttle.read_bps_device", "8:0 1048576", "8:16 1\n8:0 1048576\n", true },
	{ "blkio.throttle.read_bps_device", "8:0 1048576", "8:0 1\n", false },
	{ "blkio.throttle.read_bps_device", "8:0 1048576", "", false },
	{ "blkio.throttle.read_bps_device", "8:0 0", "8:16 1\n", true },
	{ "cgroup.type", "threaded", "threaded\n", true },
	{ "cgroup.type", "threaded", "domain invalid\n", false },
};

Test(cgroup_value, compares_by_meaning)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(cgroup_value_matches(rows[i].file, rows[i].wanted, rows[i].got, 4096),
		    rows[i].same, "%s: %s / %s", rows[i].file, rows[i].wanted, rows[i].got);
}

/* Pages of 64 KiB: what is rounded away is larger, and so is "no limit". */
Test(cgroup_value, rounds_to_the_machines_pages)
{
	cr_expect(cgroup_value_matches("memory.max", "131073", "131072", 65536));
	cr_expect(cgroup_value_matches("memory.limit_in_bytes", "-1", "9223372036854710272",
	    65536));
	cr_expect_not(cgroup_value_matches("memory.max", "131072", "126976", 65536));
}
