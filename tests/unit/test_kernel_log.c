/*
 * container/kernel_log.c: records as kernels write them, and as a user would like them to be read.
 */
#include "container/kernel_log.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define KILLED(limit, of, task) "6,1,2,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0," \
	"oom_memcg=" limit ",task_memcg=" of ",task=" task

static bool
parse(const char *text, const char *cgroup, struct kernel_event *event)
{
	char record[1024];

	(void)snprintf(record, sizeof(record), "%s", text);
	memset(event, 0, sizeof(*event));
	return kernel_log_parse(record, cgroup, event);
}

Test(kernel_log, kills)
{
	static const struct {
		const char *text, *cgroup, *program; /* program NULL: not about this cgroup */
		pid_t pid;
		enum oom_cause cause;
	} row[] = {
		{ KILLED("/pam_ctr/1000", "/pam_ctr/1000", "python3,pid=42,uid=1000\n SUBSYSTEM=x\n"),
		    "/pam_ctr/1000", "python3", 42, OOM_OWN },
		{ KILLED("/pam_ctr/1000", "/pam_ctr/1000/login", "a,pid=42,uid=1000"), "/pam_ctr/1000", "a", 42,
		    OOM_OWN },
		{ KILLED("/pam_ctr/1000/login", "/pam_ctr/1000/login", "a,pid=42,uid=1000"), "/pam_ctr/1000", "a", 42,
		    OOM_OWN },
		{ KILLED("/pod/pam_ctr/1000", "/pod/pam_ctr/1000", "a,pid=42,uid=1000"), "/pam_ctr/1000", "a", 42,
		    OOM_OWN },
		{ KILLED("/pam_ctr/lab.slice", "/pam_ctr/lab.slice/1000", "a,pid=42,uid=1000"),
		    "/pam_ctr/lab.slice/1000", "a", 42, OOM_SHARED },
		{ KILLED("/pam_ctr", "/pam_ctr/1000", "a,pid=42,uid=1000"), "/pam_ctr/1000", "a", 42, OOM_SHARED },
		{ "6,1,2,-;oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,"
		  "task_memcg=/pam_ctr/1000,task=a,pid=42,uid=1000", "/pam_ctr/1000", "a", 42, OOM_HOST },
		/* another's */
		{ KILLED("/pam_ctr/1000", "/pam_ctr/1000", "a,pid=42,uid=1000"), "/pam_ctr/100", NULL, 0, OOM_OWN },
		{ KILLED("/pam_ctr/1000", "/pam_ctr/1000", "a,pid=42,uid=1000"), "/am_ctr/1000", NULL, 0, OOM_OWN },
		{ KILLED("/pam_ctr/1000", "/pam_ctr/1001", "a,pid=42,uid=1000"), "/pam_ctr/1000", NULL, 0, OOM_OWN },
		{ KILLED("/pam_ctr/1000", "/pam_ctr/1000", "a,pid=42,uid=1000"), "", NULL, 0, OOM_OWN },
		/* names that lie */
		{ KILLED("/pam_ctr/1000", "/pam_ctr/1000", "a,pid=1,uid=0,pid=42,uid=1000"), "/pam_ctr/1000",
		    "a,pid=1,uid=0", 42, OOM_OWN },
		{ KILLED("/pam_ctr/1001", "/pam_ctr/1001", "/pam_ctr/1000,pid=42,uid=1001"), "/pam_ctr/1000", NULL, 0,
		    OOM_OWN },
		{ KILLED("/pam_ctr/1001", "/pam_ctr/1001", "x,task=y,pid=42,uid=1001"), "/pam_ctr/1001", "x,task=y",
		    42, OOM_OWN },
		{ KILLED("/pam_ctr/1000", "/pam_ctr/1000", "\\x1b[31m\\x5cx,pid=42,uid=1000"), "/pam_ctr/1000",
		    "\033[31m\\x", 42, OOM_OWN },
		{ KILLED("/pam_ctr/1000", "/pam_ctr/1000", ",pid=42,uid=1000"), "/pam_ctr/1000", "", 42, OOM_OWN },
		/* torn */
		{ KILLED("/pam_ctr/1000", "/pam_ctr/1000", "a,pid=42"), "/pam_ctr/1000", NULL, 0, OOM_OWN },
		{ KILLED("/pam_ctr/1000", "/pam_ctr/1000", "a,pid=x,uid=1"), "/pam_ctr/1000", NULL, 0, OOM_OWN },
		{ KILLED("/pam_ctr/1000", "/pam_ctr/1000", "a,pid=,uid=1"), "/pam_ctr/1000", NULL, 0, OOM_OWN },
		{ "6,1,2,-;oom-kill:constraint=CONSTRAINT_MEMCG", "/pam_ctr/1000", NULL, 0, OOM_OWN },
		{ "6,1,2,-;x oom-kill:constraint=,oom_memcg=/pam_ctr/1000,task_memcg=/pam_ctr/1000,task=a,pid=1,uid=1",
		    "/pam_ctr/1000", NULL, 0, OOM_OWN },
		{ "", "/pam_ctr/1000", NULL, 0, OOM_OWN },
		{ ";", "/pam_ctr/1000", NULL, 0, OOM_OWN },
	};
	struct kernel_event event;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		bool is_ours = parse(row[i].text, row[i].cgroup, &event);
		cr_expect(is_ours == (row[i].program != NULL), "row %zu", i);
		if (!is_ours || row[i].program == NULL)
			continue;
		cr_expect(event.kind == KERNEL_OOM_KILL && event.pid == row[i].pid && event.cause == row[i].cause,
		    "row %zu: pid %d cause %d", i, (int)event.pid, (int)event.cause);
		cr_expect_str_eq(event.program, row[i].program, "row %zu: %s", i, event.program);
	}
}

/* The cgroup is not in it. */
Test(kernel_log, kills_without_a_cgroup)
{
	static const struct {
		const char *text, *program; /* NULL: no kill */
		pid_t pid;
	} row[] = {
		{ "3,1,2,-;Memory cgroup out of memory: Killed process 42 (python3) total-vm:1kB, anon-rss:1kB, UID:1\n",
		    "python3", 42 },
		{ "3,1,2,-;Memory cgroup out of memory: Killed process 42 (a) total-vm:) total-vm:1kB", "a) total-vm:", 42 },
		{ "3,1,2,-;Memory cgroup out of memory: Killed process 42 (\\x1b) total-vm:1kB", "\033", 42 },
		{ "3,1,2,-;Memory cgroup out of memory: Killed process 42 (a)", NULL, 0 },
		{ "3,1,2,-;Memory cgroup out of memory: Killed process x (a) total-vm:1kB", NULL, 0 },
		{ "3,1,2,-;x: Memory cgroup out of memory: Killed process 42 (a) total-vm:1kB", NULL, 0 },
	};
	struct kernel_event event;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		bool is_kill = parse(row[i].text, "/pam_ctr/1000", &event);
		cr_expect(is_kill == (row[i].program != NULL), "row %zu", i);
		if (!is_kill || row[i].program == NULL)
			continue;
		cr_expect(!event.has_cgroup && event.cause == OOM_UNKNOWN && event.pid == row[i].pid, "row %zu", i);
		cr_expect_str_eq(event.program, row[i].program, "row %zu: %s", i, event.program);
	}
}

Test(kernel_log, forks_refused)
{
	struct kernel_event event;

	cr_expect(parse("6,1,2,-;cgroup: fork rejected by pids controller in /pam_ctr/1000/s1\n", "/pam_ctr/1000",
	    &event));
	cr_expect(event.kind == KERNEL_FORK_REFUSED);
	cr_expect(!parse("6,1,2,-;cgroup: fork rejected by pids controller in /pam_ctr/1000/s1\n", "/pam_ctr/100",
	    &event));
	cr_expect(!parse("6,1,2,-;my cgroup: fork rejected by pids controller in /pam_ctr/1000\n", "/pam_ctr/1000",
	    &event));
}
