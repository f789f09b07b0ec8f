/*
 * lib/cgroup_host.c: whose the cgroup tree is, from recorded and from hostile mount tables.  Pure.
 */
#include "lib/cgroup_host.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MISSING CGROUP_HOST_MISSING
#define OWN CGROUP_HOST_OWN
#define FOREIGN CGROUP_HOST_FOREIGN

#define PROC "24 1 0:22 / /proc rw,nosuid shared:12 - proc proc rw\n"
#define V2(options) "29 21 0:26 / /sys/fs/cgroup rw,nosuid,nodev - cgroup2 cgroup2 " options "\n"
#define V1 "39 31 0:36 / /sys/fs/cgroup/pids rw,nosuid - cgroup cgroup rw,pids\n"

static const char no_v1[] =
    "#subsys_name\thierarchy\tnum_cgroups\tenabled\n"
    "cpuset\t0\t1\t1\ncpu\t0\t1\t1\nblkio\t0\t1\t1\nmemory\t0\t1\t1\npids\t0\t1\t1\n";
static const char some_v1[] =
    "#subsys_name\thierarchy\tnum_cgroups\tenabled\n"
    "cpuset\t3\t1\t1\ncpu\t0\t1\t1\nblkio\t0\t1\t1\nmemory\t0\t1\t0\npids\t0\t1\t1\n";

struct row {
	const char *name;
	const char *mountinfo;
	bool has_systemd;
	const char *cgroups;
	const char *init_cgroup;
	enum cgroup_host_kind kind;
	const char *mount;
	const char *options;
	const char *why; /* a part of it */
};

static const struct row rows[] = {
	{ "nothing mounted", PROC, false, no_v1, "", MISSING, CGROUP_HOST_MOUNT, "", NULL },
	{ "nothing mounted, PID 1 in the root", PROC, false, no_v1, "0::/\n", MISSING,
	    CGROUP_HOST_MOUNT, "", NULL },
	{ "an empty mount table", "", false, "", "", MISSING, CGROUP_HOST_MOUNT, "", NULL },
	{ "nothing mounted, PID 1 in somebody's cgroup", PROC, false, no_v1, "0::/docker/ab\n",
	    FOREIGN, CGROUP_HOST_MOUNT, "", "PID 1 is in a cgroup" },
	{ "nothing mounted, v1 in use", PROC, false, some_v1, "3:cpuset:/\n0::/\n", FOREIGN,
	    CGROUP_HOST_MOUNT, "", "v1 hierarchies are in use" },
	{ "nothing mounted, systemd", PROC, true, no_v1, "0::/init.scope\n", FOREIGN,
	    CGROUP_HOST_MOUNT, "", "systemd" },
	{ "a tmpfs in its place",
	    PROC "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n", false, no_v1, "",
	    FOREIGN, CGROUP_HOST_MOUNT, "", "something else is mounted" },
	{ "cgroup2 alone", PROC V2("rw,nsdelegate"), false, no_v1, "0::/\n", OWN, CGROUP_HOST_MOUNT,
	    "nsdelegate", NULL },
	{ "cgroup2 without options", PROC V2("rw"), false, no_v1, "0::/\n", OWN, CGROUP_HOST_MOUNT, "",
	    NULL },
	{ "cgroup2 with several", V2("rw,nsdelegate,favordynmods,memory_recursiveprot"), false, no_v1,
	    "0::/\n", OWN, CGROUP_HOST_MOUNT, "nsdelegate,favordynmods,memory_recursiveprot", NULL },
	{ "PID 1 in a cgroup of one's own making does not matter once it is mounted", V2("rw"), false,
	    no_v1, "0::/boot\n", OWN, CGROUP_HOST_MOUNT, "", NULL },
	{ "cgroup2 over the tmpfs of a boot script",
	    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n" V2("rw"), false, no_v1,
	    "", OWN, CGROUP_HOST_MOUNT, "", NULL },
	{ "systemd's", V2("rw,nsdelegate,memory_recursiveprot"), true, no_v1, "0::/init.scope\n",
	    FOREIGN, CGROUP_HOST_MOUNT, "nsdelegate,memory_recursiveprot", "single writer" },
	{ "hybrid", V1 "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n", false,
	    some_v1, "0::/\n", FOREIGN, "/sys/fs/cgroup/unified", "", "v1 hierarchies are mounted" },
	{ "v1", V1, false, some_v1, "", FOREIGN, CGROUP_HOST_MOUNT, "", "v1 hierarchies are mounted" },
	{ "a hierarchy with a name and no controller",
	    V2("rw") "40 31 0:37 / /sys/fs/cgroup/elogind rw - cgroup cgroup rw,xattr,name=elogind\n",
	    false, no_v1, "0::/\n", FOREIGN, CGROUP_HOST_MOUNT, "", "v1 hierarchies are mounted" },
	{ "read-only, the mount", "29 21 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup2 rw\n", false,
	    no_v1, "", FOREIGN, CGROUP_HOST_MOUNT, "", "read-only" },
	{ "read-only, the file system", V2("ro,nsdelegate"), false, no_v1, "", FOREIGN,
	    CGROUP_HOST_MOUNT, "nsdelegate", "read-only" },
	{ "a part of a tree",
	    "29 21 0:26 /lxc/a /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n", false, no_v1, "",
	    FOREIGN, CGROUP_HOST_MOUNT, "nsdelegate", "a part of another system's tree" },
	{ "elsewhere alone", "29 21 0:26 / /cgroup rw - cgroup2 none rw,favordynmods\n", false, no_v1,
	    "", OWN, "/cgroup", "favordynmods", NULL },
	{ "elsewhere, and then in the usual place",
	    "29 21 0:26 / /a rw - cgroup2 none rw\n" V2("rw,nsdelegate")
	    "30 21 0:26 /x /b ro - cgroup2 none rw\n", false, no_v1, "", OWN, CGROUP_HOST_MOUNT,
	    "nsdelegate", NULL },
	{ "names that only look like it",
	    "50 1 0:36 / /mnt/\\040-\\040cgroup2\\040x\\040rw rw - tmpfs cgroup2 rw\n"
	    "51 1 0:36 / /sys/fs/cgroup2 rw - fuse.cgroup2 cgroup2 rw\n", false, no_v1, "", MISSING,
	    CGROUP_HOST_MOUNT, "", NULL },
	{ "lines cut short", "50\n50 1 0:36 / /x rw - cgroup2\n\n- - -\n", false, no_v1, "", MISSING,
	    CGROUP_HOST_MOUNT, "", NULL },
};

Test(cgroup_host, judges)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct cgroup_host host = { .why = NULL };
		const struct cgroup_host_facts facts = { .has_systemd = row->has_systemd,
			.cgroups = row->cgroups, .init_cgroup = row->init_cgroup };
		char *text = strdup(row->mountinfo);

		cgroup_host_judge(&host, text, &facts);
		cr_expect_eq(host.kind, row->kind, "%s: kind %d, %s", row->name, (int)host.kind,
		    host.why ? host.why : "");
		cr_expect_str_eq(host.mount, row->mount, "%s: mount %s", row->name, host.mount);
		cr_expect_str_eq(host.options, row->options, "%s: options %s", row->name, host.options);
		cr_expect_eq(host.why == NULL, row->why == NULL, "%s: why", row->name);
		if (host.why && row->why)
			cr_expect(strstr(host.why, row->why), "%s: %s", row->name, host.why);
		free(text);
	}
}

Test(cgroup_host, expects_controllers)
{
	static const struct {
		const char *cgroups, *wanted;
	} cases[] = {
		{ no_v1, "cpuset cpu io memory pids" },
		{ some_v1, "cpu io pids" },
		{ "", "cpuset cpu io memory pids" },
		{ "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t0\t1\t1\n", "cpuset cpu io memory pids" },
		{ "cpu\t0\t1\ncpuset\ngarbage", "cpuset io memory pids" }, /* without a tab it is no line of it */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cgroup_host host = { .why = NULL };

		cgroup_host_expect_controllers(&host, cases[i].cgroups);
		cr_expect_str_eq(host.controllers, cases[i].wanted, "%zu: %s", i, host.controllers);
	}
}

Test(cgroup_host, options_are_what_the_kernel_knows)
{
	static const struct {
		const char *features, *wanted;
	} cases[] = {
		{ "nsdelegate\nfavordynmods\nmemory_localevents", "nsdelegate,favordynmods" },
		{ "nsdelegate\nmemory_localevents", "nsdelegate" },
		{ "nofavordynmods\nfavordynmods2", "" },
		{ "", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cgroup_host host = { .why = NULL };
		char options[64];

		(void)snprintf(host.features, sizeof(host.features), "%s", cases[i].features);
		cgroup_host_options(&host, options, sizeof(options));
		cr_expect_str_eq(options, cases[i].wanted, "%s", options);
	}
}

/* What is the kernel's own text on this machine is understood. */
Test(cgroup_host, reads_this_machine)
{
	struct cgroup_host host;
	struct error err = ERROR_INIT;

	cr_assert_eq(cgroup_host_read(&host, &err), 0, "%s", err.text);
	cr_expect_eq(host.kind == FOREIGN, host.why != NULL);
	cr_expect_eq(host.mount[0], '/');
}
