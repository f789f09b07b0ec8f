/*
 * policy/plan_boot.c: which steps a host still needs.  Pure.
 */
#include "policy/plan_boot.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEATURES "nsdelegate\nfavordynmods\nmemory_localevents"
#define ALL "cpuset cpu io memory hugetlb pids rdma misc"
#define AT "/sys/fs/cgroup"

struct row {
	const char *name;
	struct cgroup_host host;
	bool has_run;
	const char *wanted; /* as plan_print() has it, without the reasons */
};

static const struct row rows[] = {
	{ "nothing is there",
	    { .kind = CGROUP_HOST_MISSING, .mount = AT, .features = FEATURES, .controllers = "cpu memory" },
	    false,
	    "host    cgroup-mount     " AT " from=cgroup2 value=nsdelegate,favordynmods\n"
	    "host    cgroup-enable    " AT "/cgroup.subtree_control value=+cpu if-there\n"
	    "host    cgroup-enable    " AT "/cgroup.subtree_control value=+memory if-there\n"
	    "host    directory        /run/pam_ctr mode=0700 owner=0:0\n" },
	{ "nothing is there, an old kernel",
	    { .kind = CGROUP_HOST_MISSING, .mount = AT, .features = "nsdelegate" }, true,
	    "host    cgroup-mount     " AT " from=cgroup2 value=nsdelegate\n" },
	{ "mounted by fstab",
	    { .kind = CGROUP_HOST_OWN, .mount = AT, .options = "nsdelegate", .features = FEATURES,
		.controllers = ALL }, true,
	    "host    cgroup-options   " AT " value=nsdelegate,favordynmods\n"
	    "host    cgroup-enable    " AT "/cgroup.subtree_control value=+cpu\n"
	    "host    cgroup-enable    " AT "/cgroup.subtree_control value=+cpuset\n"
	    "host    cgroup-enable    " AT "/cgroup.subtree_control value=+memory\n"
	    "host    cgroup-enable    " AT "/cgroup.subtree_control value=+pids\n"
	    "host    cgroup-enable    " AT "/cgroup.subtree_control value=+io\n" },
	{ "options that are there are kept, none is added but favordynmods",
	    { .kind = CGROUP_HOST_OWN, .mount = AT, .options = "memory_recursiveprot", .features = FEATURES,
		.controllers = ALL, .enabled = ALL }, true,
	    "host    cgroup-options   " AT " value=memory_recursiveprot,favordynmods\n" },
	{ "no options yet",
	    { .kind = CGROUP_HOST_OWN, .mount = AT, .features = FEATURES, .controllers = ALL,
		.enabled = ALL }, true,
	    "host    cgroup-options   " AT " value=favordynmods\n" },
	{ "a kernel that does not know it",
	    { .kind = CGROUP_HOST_OWN, .mount = AT, .features = "nsdelegate", .controllers = ALL,
		.enabled = ALL }, true, "" },
	{ "some are handed down",
	    { .kind = CGROUP_HOST_OWN, .mount = AT, .options = "favordynmods", .features = FEATURES,
		.controllers = "cpu memory pids", .enabled = "memory" }, true,
	    "host    cgroup-enable    " AT "/cgroup.subtree_control value=+cpu\n"
	    "host    cgroup-enable    " AT "/cgroup.subtree_control value=+pids\n" },
	{ "nothing is to do",
	    { .kind = CGROUP_HOST_OWN, .mount = AT, .options = "nsdelegate,favordynmods",
		.features = FEATURES, .controllers = ALL, .enabled = "cpuset cpu io memory pids" }, true, "" },
	{ "a foreign tree is left alone",
	    { .kind = CGROUP_HOST_FOREIGN, .mount = AT, .features = FEATURES, .controllers = ALL }, false,
	    "host    directory        /run/pam_ctr mode=0700 owner=0:0\n" },
};

/* What plan_print() says, each line up to its reason; the caller's. */
static char *
printed(const struct plan *plan)
{
	char *text = NULL, *to;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	plan_print(plan, out);
	(void)fclose(out);
	to = text;
	for (const char *from = text; *from;) {
		const char *reason = strstr(from, "  # "), *end = strchr(from, '\n');
		size_t length = (size_t)((reason && reason < end ? reason : end) - from);

		memmove(to, from, length);
		to += length;
		*to++ = '\n';
		from = end + 1;
	}
	*to = '\0';
	return text;
}

Test(plan_boot, has_what_is_missing)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct error err = ERROR_INIT;
		struct plan plan = PLAN_INIT;

		cr_assert_eq(plan_boot(&row->host, "/run/pam_ctr", row->has_run, &plan, &err), 0, "%s: %s",
		    row->name, err.text);
		char *text = printed(&plan);
		cr_expect_str_eq(text, row->wanted, "%s:\n%s", row->name, text);
		free(text);
		plan_free(&plan);
	}
}

/* The first login's plan begins as a boot's does; elsewhere there is no such step. */
Test(plan_boot, first_login_mounts)
{
	struct machine machine = { .mounts_cgroup2 = true, .unified = AT,
		.cgroup2_options = "nsdelegate,favordynmods" };
	const struct subject subject = { .uid = 1000, .gid = 1000 };
	struct policy policy = { .cgroup = (char *)(uintptr_t)"pam_ctr" };
	struct error err = ERROR_INIT;
	struct plan plan = PLAN_INIT;

	machine.place[CONTROLLER_PIDS] = (struct controller_place){ .version = CGROUP_V2, .root = AT };
	cr_assert_eq(plan_cgroups(&policy, &subject, &machine, &plan, &err), 0, "%s", err.text);
	cr_assert_gt(plan.count, 2);
	cr_expect_eq(plan.step[0].kind, STEP_CGROUP_MOUNT);
	cr_expect_str_eq(plan.step[0].target, AT);
	cr_expect_str_eq(plan.step[0].value, "nsdelegate,favordynmods");
	cr_expect_eq(plan.step[1].kind, STEP_CGROUP_ENABLE);
	plan_free(&plan);

	machine.mounts_cgroup2 = false;
	cr_assert_eq(plan_cgroups(&policy, &subject, &machine, &plan, &err), 0, "%s", err.text);
	for (size_t i = 0; i < plan.count; i++)
		cr_expect_neq(plan.step[i].kind, STEP_CGROUP_MOUNT);
	plan_free(&plan);
}
