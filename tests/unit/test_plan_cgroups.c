/*
 * policy/plan_cgroups.c and plan_limits.c: policy and machine -> the steps, as text, one a
 * line.  Pure: the machines are made up.
 */
#include "policy/plan.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct setting {
	enum limit limit;
	const char *value; /* NULL ends */
};

struct row {
	const char *name;
	const struct machine *machine;
	const char *slice;
	struct setting host[3];
	struct setting shared[3];
	struct setting user[4];
	bool nests;
	const char *steps; /* NULL: refused */
	const char *error; /* a part of it */
};

#define V1(name) { CGROUP_V1, "/v1/" name }
#define V2(root) { CGROUP_V2, root }
#define NONE { CGROUP_NONE, "" }

static const struct machine v2 = {
	.unified = "/cg",
	.place = { V2("/cg"), V2("/cg"), V2("/cg"), V2("/cg"), V2("/cg") },
};
static const struct machine v1 = {
	.place = { V1("cpu"), V1("cpuset"), V1("memory"), V1("pids"), V1("blkio") },
};
static const struct machine v1_together = {
	.place = { V1("cpu,pids"), NONE, V1("memory"), V1("cpu,pids"), NONE },
};
/* With two controllers of each: what is used is told from what is there. */
static const struct machine hybrid_pids = {
	.unified = "/cg", .place = { NONE, NONE, V2("/cg"), V2("/cg"), NONE },
};
static const struct machine v1_pids = { .place = { NONE, NONE, NONE, V1("pids"), NONE } };
/* Like the machine of many a CI: cgroup2 is there, and has nothing that is needed. */
static const struct machine hybrid = {
	.unified = "/v1/unified",
	.place = { V1("cpu"), NONE, V1("memory"), V1("pids"), NONE, V1("devices") },
};
static const struct machine hybrid_io = {
	.unified = "/v1/unified",
	.place = { V1("cpu"), NONE, V1("memory"), V1("pids"), V2("/v1/unified") },
};
static const struct machine bare_v2 = { .unified = "/cg" };
static const struct machine nothing = { .unified = "" };
/* A pod: the root of its own mount, with its processes in it; io was not handed down. */
static const struct machine pod = {
	.unified = "/cg", .is_delegated = true,
	.place = { V2("/cg"), NONE, V2("/cg"), V2("/cg"), NONE },
};
static const struct machine no_unit = { .has_systemd = true, .lacks_unit = true };

static const struct row rows[] = {
	{ .name = "v2, no limit: pids tracks", .machine = &v2, .steps =
	    "host enable /cg/cgroup.subtree_control +cpu +pids\n"
	    "host make /cg/ctr\n"
	    "host enable /cg/ctr/cgroup.subtree_control +cpu +pids\n"
	    "host fresh /cg/ctr/1000\n"
	    "host devices /cg/ctr/1000\n"
	    "host enable /cg/ctr/1000/cgroup.subtree_control +pids\n"
	    "clone enter /cg/ctr/1000\n"
	    "session make /cg/ctr/1000/session\n"
	    "session set /cg/ctr/1000/session/cgroup.type threaded\n"
	    "session enter /cg/ctr/1000/session/cgroup.procs\n" },
	{ .name = "v2, killed together", .machine = &hybrid_pids,
	    .user = { { LIMIT_MEMORY_MAX, "1048576" }, { LIMIT_MEMORY_OOM_GROUP, "1" } }, .steps =
	    "host enable /cg/cgroup.subtree_control +memory +pids\n"
	    "host make /cg/ctr\n"
	    "host enable /cg/ctr/cgroup.subtree_control +memory +pids\n"
	    "host fresh /cg/ctr/1000\n"
	    "host set /cg/ctr/1000/memory.max 1048576\n"
	    "host set /cg/ctr/1000/memory.oom.group 1\n"
	    "host devices /cg/ctr/1000\n"
	    "host enable /cg/ctr/1000/cgroup.subtree_control +pids\n"
	    "clone enter /cg/ctr/1000\n"
	    "session make /cg/ctr/1000/session\n"
	    "session set /cg/ctr/1000/session/cgroup.type threaded\n"
	    "session enter /cg/ctr/1000/session/cgroup.procs\n" },
	{ .name = "v2, limits on all levels", .machine = &v2, .slice = "lab",
	    .host = { { LIMIT_PIDS_MAX, "9000" } },
	    .shared = { { LIMIT_CPU_MAX, "400000 100000" } },
	    .user = { { LIMIT_MEMORY_HIGH, "1048576" }, { LIMIT_PIDS_MAX, "40" },
		{ LIMIT_IO_MAX, "8:0 rbps=5\n8:16 wiops=7" } }, .steps =
	    "host enable /cg/cgroup.subtree_control +cpu +memory +pids +io\n"
	    "host make /cg/ctr\n"
	    "host set /cg/ctr/pids.max 9000\n"
	    "host enable /cg/ctr/cgroup.subtree_control +cpu +memory +pids +io\n"
	    "host make /cg/ctr/lab.slice\n"
	    "host set /cg/ctr/lab.slice/cpu.max 400000 100000\n"
	    "host enable /cg/ctr/lab.slice/cgroup.subtree_control +cpu +memory +pids +io\n"
	    "host fresh /cg/ctr/lab.slice/1000\n"
	    "host set /cg/ctr/lab.slice/1000/memory.high 1048576\n"
	    "host set /cg/ctr/lab.slice/1000/pids.max 72\n"
	    "host set /cg/ctr/lab.slice/1000/io.max 8:0 rbps=5\n"
	    "host set /cg/ctr/lab.slice/1000/io.max 8:16 wiops=7\n"
	    "host devices /cg/ctr/lab.slice/1000\n"
	    "host enable /cg/ctr/lab.slice/1000/cgroup.subtree_control +pids\n"
	    "clone enter /cg/ctr/lab.slice/1000\n"
	    "session make /cg/ctr/lab.slice/1000/session\n"
	    "session set /cg/ctr/lab.slice/1000/session/cgroup.type threaded\n"
	    "session set /cg/ctr/lab.slice/1000/session/pids.max 40\n"
	    "session enter /cg/ctr/lab.slice/1000/session/cgroup.procs\n" },
	{ .name = "v2, io.weight has a second name", .machine = &v2,
	    .user = { { LIMIT_IO_WEIGHT, "200" } }, .steps =
	    "host enable /cg/cgroup.subtree_control +cpu +pids +io\n"
	    "host make /cg/ctr\n"
	    "host enable /cg/ctr/cgroup.subtree_control +cpu +pids +io\n"
	    "host fresh /cg/ctr/1000\n"
	    "host set /cg/ctr/1000/io.weight|/cg/ctr/1000/io.bfq.weight 200\n"
	    "host devices /cg/ctr/1000\n"
	    "host enable /cg/ctr/1000/cgroup.subtree_control +pids\n"
	    "clone enter /cg/ctr/1000\n"
	    "session make /cg/ctr/1000/session\n"
	    "session set /cg/ctr/1000/session/cgroup.type threaded\n"
	    "session enter /cg/ctr/1000/session/cgroup.procs\n" },
	{ .name = "v1, no limit: pids tracks, cpu shares", .machine = &v1, .steps =
	    "host make /v1/pids/ctr\n"
	    "host fresh /v1/pids/ctr/1000\n"
	    "host make /v1/cpu/ctr\n"
	    "host fresh /v1/cpu/ctr/1000\n"
	    "inside enter /v1/pids/ctr/1000/tasks\n"
	    "inside enter /v1/cpu/ctr/1000/tasks\n"
	    "session make /v1/pids/ctr/1000/session\n"
	    "session enter /v1/pids/ctr/1000/session/tasks\n"
	    "session enter /v1/cpu/ctr/1000/tasks\n" },
	{ .name = "v1, memory with swap", .machine = &v1,
	    .host = { { LIMIT_MEMORY_MAX, "1000" } },
	    .user = { { LIMIT_MEMORY_MAX, "500" }, { LIMIT_MEMORY_SWAP_MAX, "100" } }, .steps =
	    "host make /v1/memory/ctr\n"
	    "host set /v1/memory/ctr/memory.memsw.limit_in_bytes -1 optional\n"
	    "host set /v1/memory/ctr/memory.limit_in_bytes 1000\n"
	    "host fresh /v1/memory/ctr/1000\n"
	    "host set /v1/memory/ctr/1000/memory.limit_in_bytes 500\n"
	    "host set /v1/memory/ctr/1000/memory.memsw.limit_in_bytes 600\n"
	    "host make /v1/pids/ctr\n"
	    "host fresh /v1/pids/ctr/1000\n"
	    "host make /v1/cpu/ctr\n"
	    "host fresh /v1/cpu/ctr/1000\n"
	    "inside enter /v1/memory/ctr/1000/tasks\n"
	    "inside enter /v1/pids/ctr/1000/tasks\n"
	    "inside enter /v1/cpu/ctr/1000/tasks\n"
	    "session enter /v1/memory/ctr/1000/tasks\n"
	    "session make /v1/pids/ctr/1000/session\n"
	    "session enter /v1/pids/ctr/1000/session/tasks\n"
	    "session enter /v1/cpu/ctr/1000/tasks\n" },
	{ .name = "v1, all else, cpu.max no higher than the slice's", .machine = &v1_together,
	    .slice = "lab",
	    .shared = { { LIMIT_CPU_MAX, "100000 50000" } },
	    .user = { { LIMIT_CPU_MAX, "300000 100000" }, { LIMIT_CPU_WEIGHT, "50" },
		{ LIMIT_PIDS_MAX, "max" } }, .steps =
	    "host make /v1/cpu,pids/ctr\n"
	    "host make /v1/cpu,pids/ctr/lab.slice\n"
	    "host set /v1/cpu,pids/ctr/lab.slice/cpu.cfs_quota_us -1\n"
	    "host set /v1/cpu,pids/ctr/lab.slice/cpu.cfs_period_us 50000\n"
	    "host set /v1/cpu,pids/ctr/lab.slice/cpu.cfs_quota_us 100000\n"
	    "host fresh /v1/cpu,pids/ctr/lab.slice/1000\n"
	    "host set /v1/cpu,pids/ctr/lab.slice/1000/cpu.cfs_period_us 50000\n"
	    "host set /v1/cpu,pids/ctr/lab.slice/1000/cpu.cfs_quota_us 100000\n"
	    "host set /v1/cpu,pids/ctr/lab.slice/1000/cpu.shares 512\n"
	    "host set /v1/cpu,pids/ctr/lab.slice/1000/pids.max max\n"
	    "inside enter /v1/cpu,pids/ctr/lab.slice/1000/tasks\n"
	    "session make /v1/cpu,pids/ctr/lab.slice/1000/session\n"
	    "session set /v1/cpu,pids/ctr/lab.slice/1000/session/pids.max max\n"
	    "session enter /v1/cpu,pids/ctr/lab.slice/1000/session/tasks\n" },
	{ .name = "v1, io and cpuset", .machine = &v1,
	    .user = { { LIMIT_CPUSET_CPUS, "0-1" }, { LIMIT_IO_WEIGHT, "5000" },
		{ LIMIT_IO_MAX, "8:0 rbps=5 wiops=max" } }, .steps =
	    "host make /v1/cpuset/ctr\n"
	    "host fresh /v1/cpuset/ctr/1000\n"
	    "host set /v1/cpuset/ctr/1000/cpuset.cpus 0-1\n"
	    "host make /v1/blkio/ctr\n"
	    "host fresh /v1/blkio/ctr/1000\n"
	    "host set /v1/blkio/ctr/1000/blkio.bfq.weight|/v1/blkio/ctr/1000/blkio.weight 1000\n"
	    "host set /v1/blkio/ctr/1000/blkio.throttle.read_bps_device 8:0 5\n"
	    "host set /v1/blkio/ctr/1000/blkio.throttle.write_iops_device 8:0 0\n"
	    "host make /v1/pids/ctr\n"
	    "host fresh /v1/pids/ctr/1000\n"
	    "host make /v1/cpu/ctr\n"
	    "host fresh /v1/cpu/ctr/1000\n"
	    "inside enter /v1/cpuset/ctr/1000/tasks\n"
	    "inside enter /v1/blkio/ctr/1000/tasks\n"
	    "inside enter /v1/pids/ctr/1000/tasks\n"
	    "inside enter /v1/cpu/ctr/1000/tasks\n"
	    "session enter /v1/cpuset/ctr/1000/tasks\n"
	    "session enter /v1/blkio/ctr/1000/tasks\n"
	    "session make /v1/pids/ctr/1000/session\n"
	    "session enter /v1/pids/ctr/1000/session/tasks\n"
	    "session enter /v1/cpu/ctr/1000/tasks\n" },
	{ .name = "hybrid: cgroup2 without our controllers is left alone", .machine = &hybrid,
	    .user = { { LIMIT_PIDS_MAX, "4194304" } }, .steps =
	    "host make /v1/pids/ctr\n"
	    "host fresh /v1/pids/ctr/1000\n"
	    "host set /v1/pids/ctr/1000/pids.max 4194304\n"
	    "host make /v1/cpu/ctr\n"
	    "host fresh /v1/cpu/ctr/1000\n"
	    "host make /v1/devices/ctr\n"
	    "host fresh /v1/devices/ctr/1000\n"
	    "host devices /v1/devices/ctr/1000\n"
	    "inside enter /v1/pids/ctr/1000/tasks\n"
	    "inside enter /v1/cpu/ctr/1000/tasks\n"
	    "inside enter /v1/devices/ctr/1000/tasks\n"
	    "session make /v1/pids/ctr/1000/session\n"
	    "session set /v1/pids/ctr/1000/session/pids.max 4194304\n"
	    "session enter /v1/pids/ctr/1000/session/tasks\n"
	    "session enter /v1/cpu/ctr/1000/tasks\n"
	    "session enter /v1/devices/ctr/1000/tasks\n" },
	{ .name = "hybrid: cgroup2 has io, and comes first", .machine = &hybrid_io,
	    .user = { { LIMIT_CPU_WEIGHT, "1" }, { LIMIT_IO_MAX, "8:0 rbps=5" } }, .steps =
	    "host enable /v1/unified/cgroup.subtree_control +io\n"
	    "host make /v1/unified/ctr\n"
	    "host enable /v1/unified/ctr/cgroup.subtree_control +io\n"
	    "host fresh /v1/unified/ctr/1000\n"
	    "host set /v1/unified/ctr/1000/io.max 8:0 rbps=5\n"
	    "host devices /v1/unified/ctr/1000\n"
	    "host make /v1/cpu/ctr\n"
	    "host fresh /v1/cpu/ctr/1000\n"
	    "host set /v1/cpu/ctr/1000/cpu.shares 10\n"
	    "host make /v1/pids/ctr\n"
	    "host fresh /v1/pids/ctr/1000\n"
	    "clone enter /v1/unified/ctr/1000\n"
	    "inside enter /v1/cpu/ctr/1000/tasks\n"
	    "inside enter /v1/pids/ctr/1000/tasks\n"
	    "session enter /v1/unified/ctr/1000/cgroup.procs\n"
	    "session enter /v1/cpu/ctr/1000/tasks\n"
	    "session make /v1/pids/ctr/1000/session\n"
	    "session enter /v1/pids/ctr/1000/session/tasks\n" },
	{ .name = "no pids controller: cgroup2 tracks without it", .machine = &bare_v2, .steps =
	    "host make /cg/ctr\n"
	    "host fresh /cg/ctr/1000\n"
	    "host devices /cg/ctr/1000\n"
	    "clone enter /cg/ctr/1000\n"
	    "session make /cg/ctr/1000/session\n"
	    "session set /cg/ctr/1000/session/cgroup.type threaded\n"
	    "session enter /cg/ctr/1000/session/cgroup.procs\n" },

	{ .name = "v2, nesting: a cgroup for the processes, the one around it is the user's",
	    .machine = &hybrid_pids, .nests = true,
	    .user = { { LIMIT_PIDS_MAX, "40" } }, .steps =
	    "host enable /cg/cgroup.subtree_control +memory +pids\n"
	    "host make /cg/ctr\n"
	    "host enable /cg/ctr/cgroup.subtree_control +memory +pids\n"
	    "host fresh /cg/ctr/1000\n"
	    "host set /cg/ctr/1000/pids.max 72\n"
	    "host devices /cg/ctr/1000\n"
	    "host set /cg/ctr/1000/cgroup.max.depth 16\n"
	    "host set /cg/ctr/1000/cgroup.max.descendants 512\n"
	    "host make /cg/ctr/1000/login\n"
	    "host delegate /cg/ctr/1000 1000:1000\n"
	    "clone enter /cg/ctr/1000\n"
	    "inside enter /cg/ctr/1000/login/cgroup.procs\n"
	    "inside enable /cg/ctr/1000/cgroup.subtree_control +memory +pids\n"
	    "inside enable /cg/ctr/1000/login/cgroup.subtree_control +pids\n"
	    "session make /cg/ctr/1000/login/session\n"
	    "session set /cg/ctr/1000/login/session/cgroup.type threaded\n"
	    "session set /cg/ctr/1000/login/session/pids.max 40\n"
	    "session enter /cg/ctr/1000/login/session/cgroup.procs\n" },
	{ .name = "v1, nesting: nothing is delegated", .machine = &v1_pids, .nests = true, .steps =
	    "host make /v1/pids/ctr\n"
	    "host fresh /v1/pids/ctr/1000\n"
	    "inside enter /v1/pids/ctr/1000/tasks\n"
	    "session make /v1/pids/ctr/1000/session\n"
	    "session enter /v1/pids/ctr/1000/session/tasks\n" },
	{ .name = "a pod: who sits in its cgroup moves down", .machine = &pod,
	    .user = { { LIMIT_MEMORY_MAX, "1048576" } }, .steps =
	    "host vacate /cg /cg/pam_ctr-host\n"
	    "host enable /cg/cgroup.subtree_control +cpu +memory +pids\n"
	    "host make /cg/ctr\n"
	    "host enable /cg/ctr/cgroup.subtree_control +cpu +memory +pids\n"
	    "host fresh /cg/ctr/1000\n"
	    "host set /cg/ctr/1000/memory.max 1048576\n"
	    "host devices /cg/ctr/1000\n"
	    "host enable /cg/ctr/1000/cgroup.subtree_control +pids\n"
	    "clone enter /cg/ctr/1000\n"
	    "session make /cg/ctr/1000/session\n"
	    "session set /cg/ctr/1000/session/cgroup.type threaded\n"
	    "session enter /cg/ctr/1000/session/cgroup.procs\n" },

	{ .name = "a controller that a pod was not given", .machine = &pod,
	    .user = { { LIMIT_IO_WEIGHT, "50" } },
	    .error = "p.conf:7: io.weight: the controller \"io\" is not handed down to /cg, the part" },
	{ .name = "systemd's unit is not running", .machine = &no_unit,
	    .error = "its unit pam_ctr.service, below which ours are, is not running" },
	{ .name = "and there is a limit", .machine = &no_unit, .user = { { LIMIT_PIDS_MAX, "40" } },
	    .error = "its unit pam_ctr.service, below which ours are, is not running" },
	{ .name = "no pids controller, but a limit", .machine = &bare_v2,
	    .user = { { LIMIT_PIDS_MAX, "40" } },
	    .error = "p.conf:7: pids.max: this machine has no cgroup controller \"pids\": mount" },
	{ .name = "no cgroups at all", .machine = &nothing, .error = "no cgroups on this machine" },
	{ .name = "no cpuset", .machine = &hybrid, .host = { { LIMIT_CPUSET_CPUS, "0" } },
	    .error = "p.conf:3: cpuset.cpus: this machine has no cgroup controller \"cpuset\"" },
	{ .name = "v1's name of io is told, too", .machine = &hybrid,
	    .user = { { LIMIT_IO_WEIGHT, "1" } }, .error = "hierarchy \"blkio\"" },
	{ .name = "v1 has no memory.high", .machine = &v1,
	    .user = { { LIMIT_MEMORY_HIGH, "1000" } },
	    .error = "p.conf:7: memory.high: cgroup v1 has no such limit" },
	{ .name = "v1 kills nobody together", .machine = &v1,
	    .user = { { LIMIT_MEMORY_OOM_GROUP, "1" } },
	    .error = "p.conf:7: memory.oom.group: cgroup v1 kills one process at a time" },
	{ .name = "v1 has no swap limit of its own", .machine = &v1,
	    .user = { { LIMIT_MEMORY_SWAP_MAX, "1000" } },
	    .error = "p.conf:7: memory.swap.max: cgroup v1 limits swap only together" },
	{ .name = "the memory.max of another level is not enough", .machine = &v1,
	    .host = { { LIMIT_MEMORY_MAX, "1000" } },
	    .user = { { LIMIT_MEMORY_SWAP_MAX, "1000" } }, .error = "set memory.max, too" },
	{ .name = "nor is a memory.max that is none", .machine = &v1,
	    .user = { { LIMIT_MEMORY_MAX, "max" }, { LIMIT_MEMORY_SWAP_MAX, "1000" } },
	    .error = "set memory.max, too" },
	{ .name = "not an io.max", .machine = &v1, .user = { { LIMIT_IO_MAX, "8:0 speed=1" } },
	    .error = "p.conf:7: io.max: expected rbps" },
};

static void
limits_fill(struct limits *limits, const struct setting *setting, size_t count, unsigned line)
{
	for (size_t i = 0; i < count && setting[i].value; i++) {
		limits->value[setting[i].limit] = (char *)(uintptr_t)setting[i].value;
		limits->origin[setting[i].limit] = (struct origin){ "p.conf", line };
	}
}

static const char *
kind_text(const struct step *step)
{
	switch ((int)step->kind) {
	case STEP_CGROUP_MAKE: return step->flags & STEP_F_FRESH ? "fresh" : "make";
	case STEP_CGROUP_ENABLE: return "enable";
	case STEP_CGROUP_SET: return "set";
	case STEP_CGROUP_ENTER: return "enter";
	case STEP_CGROUP_DELEGATE: return "delegate";
	case STEP_CGROUP_VACATE: return "vacate";
	case STEP_DEVICE_LIST: return "devices";
	default: return "?";
	}
}

static void
plan_render(const struct plan *plan, char *text, size_t size)
{
	static const char *const phase[] = { "host", "clone", "inside", "session" };
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < plan->count && length < size; i++) {
		const struct step *step = &plan->step[i];
		/* The same list in each of them; the golden plans have it. */
		const char *value = step->kind == STEP_DEVICE_LIST ? NULL : step->value;

		char owner[32] = "";

		if (step->kind == STEP_CGROUP_DELEGATE)
			(void)snprintf(owner, sizeof(owner), " %u:%u", step->uid, step->gid);
		length += (size_t)snprintf(text + length, size - length, "%s %s %s%s%s%s%s%s%s\n",
		    phase[step->phase], kind_text(step), step->target, step->source ? "|" : "",
		    step->source ? step->source : "", value ? " " : "", value ? value : "", owner,
		    step->flags & STEP_F_OPTIONAL ? " optional" : "");
	}
}

static int
row_build(const struct row *row, struct plan *plan, struct error *err)
{
	struct subject subject = { .uid = 1000, .gid = 1000 };
	struct policy policy = {
		.cgroup = (char[]){ "ctr" }, .slice = (char *)(uintptr_t)row->slice,
		.nesting = row->nests, .userns = row->nests ? USERNS_PRIVATE : USERNS_HOST,
	};

	limits_fill(&policy.host_limits, row->host, 3, 3);
	limits_fill(&policy.slice_limits, row->shared, 3, 5);
	limits_fill(&policy.limits, row->user, 4, 7);
	if (plan_cgroups(&policy, &subject, row->machine, plan, err) < 0 ||
	    plan_cgroups_inside(&policy, &subject, row->machine, plan, err) < 0)
		return -1;
	return plan_cgroups_session(&policy, &subject, row->machine, plan, err);
}

/* Each line of steps in order; sessions' steps come last in both. */
Test(plan_cgroups, steps)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct plan plan = PLAN_INIT;
		struct error err = ERROR_INIT;
		char text[8192];
		int rc = row_build(row, &plan, &err);

		if (row->error) {
			cr_expect_eq(rc, -1, "%s: not refused", row->name);
			cr_expect_not_null(strstr(err.text, row->error), "%s: %s", row->name,
			    err.text);
		} else {
			cr_expect_eq(rc, 0, "%s: %s", row->name, err.text);
			plan_render(&plan, text, sizeof(text));
			cr_expect_str_eq(text, row->steps, "%s:\n%s", row->name, text);
		}
		plan_free(&plan);
	}
}

/* Whoever prints a plan shows why, and v1's steps say whose they are. */
Test(plan_cgroups, every_step_has_a_reason_and_its_controller)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct plan plan = PLAN_INIT;

		if (!rows[i].steps)
			continue;
		cr_assert_eq(row_build(&rows[i], &plan, NULL), 0);
		for (size_t s = 0; s < plan.count; s++) {
			const struct step *step = &plan.step[s];
			bool unified = strncmp(step->target, "/cg", 3) == 0 ||
			    strncmp(step->target, "/v1/unified", 11) == 0;

			cr_expect_not_null(step->because, "%s", step->target);
			cr_expect_eq(step->controller == CONTROLLER_COUNT, unified, "%s: %d",
			    step->target, step->controller);
		}
		plan_free(&plan);
	}
}

struct seen {
	unsigned count;
	char directory[4][64];
};

static void
see(const char *directory, enum controller controller, void *context)
{
	struct seen *seen = context;

	(void)controller;
	(void)snprintf(seen->directory[seen->count++ % 4], 64, "%s", directory);
}

Test(plan_cgroups, each_cgroup_is_the_containers_own)
{
	const struct row row = { .machine = &hybrid_io, .slice = "lab",
	    .user = { { LIMIT_IO_MAX, "8:0 rbps=5" } } };
	struct plan plan = PLAN_INIT;
	struct seen seen = { .count = 0 };

	cr_assert_eq(row_build(&row, &plan, NULL), 0);
	plan_each_cgroup(&plan, see, &seen);
	cr_assert_eq(seen.count, 3);
	cr_expect_str_eq(seen.directory[0], "/v1/unified/ctr/lab.slice/1000");
	cr_expect_str_eq(seen.directory[1], "/v1/pids/ctr/lab.slice/1000");
	cr_expect_str_eq(seen.directory[2], "/v1/cpu/ctr/lab.slice/1000");
	plan_free(&plan);
}

/* Names that do not fit are refused, never cut. */
Test(plan_cgroups, long_names_are_refused)
{
	char slice[600];
	const struct row row = { .machine = &v2, .slice = slice };
	struct plan plan = PLAN_INIT;
	struct error err = ERROR_INIT;

	memset(slice, 'x', sizeof(slice) - 1);
	slice[sizeof(slice) - 1] = '\0';
	cr_expect_eq(row_build(&row, &plan, &err), -1);
	cr_expect_neq(err.text[0], '\0');
	plan_free(&plan);
}

struct live_row {
	const char *name;
	const struct machine *machine;
	struct setting before[4];
	struct setting after[4];
	struct setting host[2], host_before[2];
	bool with_shared;
	const char *steps;
};

static const struct live_row live_rows[] = {
	{ .name = "v2: a limit more, one less; what is shared is left alone", .machine = &v2,
	    .before = { { LIMIT_MEMORY_HIGH, "65536" } },
	    .after = { { LIMIT_PIDS_MAX, "40" } },
	    .host = { { LIMIT_MEMORY_MAX, "131072" } },
	    .steps =
	    "host enable /cg/cgroup.subtree_control +cpu +memory +pids\n"
	    "host make /cg/ctr\n"
	    "host enable /cg/ctr/cgroup.subtree_control +cpu +memory +pids\n"
	    "host fresh /cg/ctr/1000\n"
	    "host set /cg/ctr/1000/memory.high max\n"
	    "host set /cg/ctr/1000/pids.max 72\n" },
	{ .name = "v2: with what is shared, whose limit is gone", .machine = &v2, .with_shared = true,
	    .host_before = { { LIMIT_MEMORY_MAX, "131072" } },
	    .steps =
	    "host enable /cg/cgroup.subtree_control +cpu +memory +pids\n"
	    "host make /cg/ctr\n"
	    "host set /cg/ctr/memory.max max\n"
	    "host enable /cg/ctr/cgroup.subtree_control +cpu +memory +pids\n"
	    "host fresh /cg/ctr/1000\n" },
	{ .name = "v2: weights and CPUs go back to what is usual", .machine = &v2,
	    .before = { { LIMIT_CPU_WEIGHT, "7" }, { LIMIT_CPUSET_CPUS, "1" }, { LIMIT_IO_WEIGHT, "9" } },
	    .steps =
	    "host enable /cg/cgroup.subtree_control +cpu +cpuset +pids +io\n"
	    "host make /cg/ctr\n"
	    "host enable /cg/ctr/cgroup.subtree_control +cpu +cpuset +pids +io\n"
	    "host fresh /cg/ctr/1000\n"
	    "host set /cg/ctr/1000/cpu.weight 100\n"
	    "host set /cg/ctr/1000/cpuset.cpus 0-3\n"
	    "host set /cg/ctr/1000/io.weight|/cg/ctr/1000/io.bfq.weight 100\n" },
	{ .name = "v2: all of a device's old rates are opened before the new one", .machine = &v2,
	    .before = { { LIMIT_IO_MAX, "8:0 rbps=1\n8:16 wiops=2" } },
	    .after = { { LIMIT_IO_MAX, "8:0 wbps=3" } },
	    .steps =
	    "host enable /cg/cgroup.subtree_control +cpu +pids +io\n"
	    "host make /cg/ctr\n"
	    "host enable /cg/ctr/cgroup.subtree_control +cpu +pids +io\n"
	    "host fresh /cg/ctr/1000\n"
	    "host set /cg/ctr/1000/io.max 8:0 rbps=max wbps=max riops=max wiops=max\n"
	    "host set /cg/ctr/1000/io.max 8:16 rbps=max wbps=max riops=max wiops=max\n"
	    "host set /cg/ctr/1000/io.max 8:0 wbps=3\n" },
	{ .name = "v1: memory with swap is opened first; cpu comes new", .machine = &v1,
	    .before = { { LIMIT_MEMORY_MAX, "131072" } },
	    .after = { { LIMIT_MEMORY_MAX, "65536" }, { LIMIT_CPU_MAX, "50000 100000" } },
	    .steps =
	    "host make /v1/cpu/ctr\n"
	    "host fresh /v1/cpu/ctr/1000\n"
	    "host set /v1/cpu/ctr/1000/cpu.cfs_quota_us -1\n"
	    "host set /v1/cpu/ctr/1000/cpu.cfs_period_us 100000\n"
	    "host set /v1/cpu/ctr/1000/cpu.cfs_quota_us 50000\n"
	    "host make /v1/memory/ctr\n"
	    "host fresh /v1/memory/ctr/1000\n"
	    "host set /v1/memory/ctr/1000/memory.memsw.limit_in_bytes -1 optional\n"
	    "host set /v1/memory/ctr/1000/memory.limit_in_bytes 65536\n"
	    "host make /v1/pids/ctr\n"
	    "host fresh /v1/pids/ctr/1000\n" },
	{ .name = "v1: limits that are no more", .machine = &v1,
	    .before = { { LIMIT_CPU_MAX, "50000 100000" }, { LIMIT_MEMORY_MAX, "65536" },
	        { LIMIT_CPU_WEIGHT, "7" } },
	    .steps =
	    "host make /v1/cpu/ctr\n"
	    "host fresh /v1/cpu/ctr/1000\n"
	    "host set /v1/cpu/ctr/1000/cpu.cfs_quota_us -1\n"
	    "host set /v1/cpu/ctr/1000/cpu.shares 1024\n"
	    "host make /v1/memory/ctr\n"
	    "host fresh /v1/memory/ctr/1000\n"
	    "host set /v1/memory/ctr/1000/memory.memsw.limit_in_bytes -1 optional\n"
	    "host set /v1/memory/ctr/1000/memory.limit_in_bytes -1\n"
	    "host make /v1/pids/ctr\n"
	    "host fresh /v1/pids/ctr/1000\n" },
};

/* The order matters: a v1 sum may never be below its part, a new cgroup is limited before anyone is in it. */
Test(plan_cgroups, live_steps)
{
	struct subject subject = { .uid = 1000, .gid = 1000 };

	for (size_t i = 0; i < sizeof(live_rows) / sizeof(live_rows[0]); i++) {
		const struct live_row *row = &live_rows[i];
		struct policy before = { .cgroup = (char[]){ "ctr" } }, after = before;
		struct machine machine = *row->machine;
		struct plan plan = PLAN_INIT;
		struct error err = ERROR_INIT;
		char text[8192];

		(void)snprintf(machine.cpus_online, sizeof(machine.cpus_online), "0-3");
		limits_fill(&before.limits, row->before, 4, 7);
		limits_fill(&after.limits, row->after, 4, 7);
		limits_fill(&before.host_limits, row->host_before, 2, 3);
		limits_fill(&after.host_limits, row->host, 2, 3);
		cr_assert_eq(plan_cgroups_live(&before, &after, &subject, &machine, row->with_shared, &plan,
		    &err), 0, "%s: %s", row->name, err.text);
		plan_render(&plan, text, sizeof(text));
		cr_expect_str_eq(text, row->steps, "%s:\n%s", row->name, text);
		plan_free(&plan);
	}
}
