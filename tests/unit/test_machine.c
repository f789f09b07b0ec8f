/*
 * lib/machine.c: where controllers are found, from recorded and from hostile mount tables.
 * Pure but for the last test, which only reads.
 */
#include "lib/machine.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define V2 CGROUP_V2
#define V1 CGROUP_V1
#define NO CGROUP_NONE

/* The order of enum controller: cpu, cpuset, memory, pids, io. */
struct row {
	const char *name;
	const char *mountinfo;
	const char *controllers; /* of cgroup2; NULL: not read */
	const char *unified;
	enum cgroup_version version[CONTROLLER_COUNT];
	const char *root[CONTROLLER_COUNT];
};

static const char v1_only[] =
    "24 1 0:22 / /proc rw,nosuid shared:12 - proc proc rw\n"
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
    "34 31 0:31 / /sys/fs/cgroup/cpuset rw,nosuid - cgroup cgroup rw,cpuset\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory\n"
    "38 31 0:35 / /sys/fs/cgroup/blkio rw,nosuid - cgroup cgroup rw,blkio\n"
    "39 31 0:36 / /sys/fs/cgroup/pids rw,nosuid - cgroup cgroup rw,pids\n"
    "42 31 0:38 / /sys/fs/cgroup/devices rw,nosuid - cgroup cgroup rw,devices\n"
    "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n";

static const char hybrid[] =
    "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
    "33 31 0:30 / /sys/fs/cgroup/cpuacct rw,relatime - cgroup cgroup rw,cpuacct\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    "39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

static const char v2_only[] =
    "21 27 0:19 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw\n"
    "29 21 0:26 / /sys/fs/cgroup rw,nosuid,nodev shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";

static const struct row rows[] = {
	{ "v2 only", v2_only, "cpuset cpu io memory hugetlb pids rdma misc\n", "/sys/fs/cgroup",
	    { V2, V2, V2, V2, V2, NO },
	    { "/sys/fs/cgroup", "/sys/fs/cgroup", "/sys/fs/cgroup", "/sys/fs/cgroup",
		"/sys/fs/cgroup", "" } },
	{ "v1 only, cpu mounted with cpuacct", v1_only, NULL, "",
	    { V1, V1, V1, V1, V1, V1 },
	    { "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/cpuset", "/sys/fs/cgroup/memory",
		"/sys/fs/cgroup/pids", "/sys/fs/cgroup/blkio", "/sys/fs/cgroup/devices" } },
	{ "hybrid, cgroup2 has nothing of ours", hybrid, "hugetlb\n", "/sys/fs/cgroup/unified",
	    { V1, NO, V1, V1, NO, NO },
	    { "/sys/fs/cgroup/cpu", "", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids", "", "" } },
	{ "hybrid, cgroup2 wins what it has", hybrid, "pids io", "/sys/fs/cgroup/unified",
	    { V1, NO, V1, V2, V2, NO },
	    { "/sys/fs/cgroup/cpu", "", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/unified",
		"/sys/fs/cgroup/unified", "" } },
	{ "none", "24 1 0:22 / /proc rw - proc proc rw\n", NULL, "",
	    { NO, NO, NO, NO, NO, NO }, { "", "", "", "", "", "" } },
	{ "empty", "", NULL, "", { NO, NO, NO, NO, NO, NO }, { "", "", "", "", "", "" } },
	{ "cgroup2 without controllers", v2_only, "\n", "/sys/fs/cgroup",
	    { NO, NO, NO, NO, NO, NO }, { "", "", "", "", "", "" } },
	{ "a part of a hierarchy, and the whole one after it",
	    "50 1 0:36 /docker/ab /part rw - cgroup cgroup rw,pids\n"
	    "51 1 0:36 / /whole rw - cgroup cgroup rw,pids\n"
	    "52 1 0:36 /docker/cd /late rw - cgroup cgroup rw,pids\n", NULL, "",
	    { NO, NO, NO, V1, NO, NO }, { "", "", "", "/whole", "", "" } },
	{ "only a part of a hierarchy",
	    "50 1 0:36 /docker/ab /part rw - cgroup2 cgroup rw\n", "pids", "/part",
	    { NO, NO, NO, V2, NO, NO }, { "", "", "", "/part", "", "" } },
	{ "a writable mount before a read-only one",
	    "50 1 0:36 / /ro ro,nosuid - cgroup cgroup rw,pids\n"
	    "51 1 0:36 / /rw rw,nosuid - cgroup cgroup rw,pids\n", NULL, "",
	    { NO, NO, NO, V1, NO, NO }, { "", "", "", "/rw", "", "" } },
	{ "several optional fields, none, and a lone dash as source",
	    "50 1 0:36 / /a rw shared:1 master:2 propagate_from:3 unbindable - cgroup - rw,pids\n"
	    "51 1 0:37 / /b rw - cgroup cgroup rw,memory\n", NULL, "",
	    { NO, NO, V1, V1, NO, NO }, { "", "", "/b", "/a", "", "" } },
	{ "escaped names",
	    "50 1 0:36 / /a\\040-\\040cgroup2\\011x\\134040\\012 rw - cgroup cgroup rw,pids\n",
	    NULL, "",
	    { NO, NO, NO, V1, NO, NO }, { "", "", "", "/a - cgroup2\tx\\040\n", "", "" } },
	{ "names that only look like ours",
	    "50 1 0:36 / /mnt/pids rw - fuse.cgroup cgroup rw,pids\n"
	    "51 1 0:36 / /mnt/b rw - fuse cgroup2 rw,cgroup2\n"
	    "52 1 0:36 / /mnt/-\\040cgroup2 rw - tmpfs cgroup2 rw,pids\n"
	    "53 1 0:36 / /mnt/c rw - cgroup cgroup rw,pidsx,xpids,name=pids\n", NULL, "",
	    { NO, NO, NO, NO, NO, NO }, { "", "", "", "", "", "" } },
	{ "a part that was deleted, and a name that only says so",
	    "50 1 0:36 /docker/ab//deleted /part rw - cgroup cgroup rw,pids\n"
	    "51 1 0:36 / /here\\040(deleted) rw - cgroup cgroup rw,pids\n", NULL, "",
	    { NO, NO, NO, V1, NO, NO }, { "", "", "", "/here (deleted)", "", "" } },
	{ "lines cut short anywhere",
	    "\n50\n50 1\n50 1 0:36\n50 1 0:36 /\n50 1 0:36 / /x\n50 1 0:36 / /x rw\n"
	    "50 1 0:36 / /x rw -\n50 1 0:36 / /x rw - cgroup\n50 1 0:36 / /x rw - cgroup c\n"
	    "50 1 0:36 / /x rw  cgroup c rw,pids\n- - - - - - - -\n"
	    "50 1 0:36 / relative rw - cgroup c rw,pids\n"
	    "50 1 0:36 / /end\\04 rw - cgroup c rw,pids", NULL, "",
	    { NO, NO, NO, V1, NO, NO }, { "", "", "", "/end\\04", "", "" } },
};

Test(machine, finds_controllers)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct machine machine = { .memory = 0 };
		char *text = strdup(row->mountinfo);

		machine_parse_mounts(&machine, text);
		if (row->controllers)
			machine_parse_controllers(&machine, row->controllers);
		cr_expect_str_eq(machine.unified, row->unified, "%s: %s", row->name,
		    machine.unified);
		for (unsigned c = 0; c < CONTROLLER_COUNT; c++) {
			cr_expect_eq(machine.place[c].version, row->version[c], "%s: %s version %d",
			    row->name, controller_name(c, V2), machine.place[c].version);
			cr_expect_str_eq(machine.place[c].root, row->root[c] ? row->root[c] : "", "%s: %s root %s",
			    row->name, controller_name(c, V2), machine.place[c].root);
		}
		free(text);
	}
}

/* What is mounted later on the same place is what a path leads to, better or not. */
Test(machine, later_mount_covers)
{
	struct machine machine = { .memory = 0 };
	char text[] = "50 1 0:36 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
		      "51 1 0:36 /docker/a\\040b /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids\n";

	machine_parse_mounts(&machine, text);
	cr_expect_str_eq(machine.place[CONTROLLER_PIDS].root, "/sys/fs/cgroup/pids");
	cr_expect_str_eq(machine.place[CONTROLLER_PIDS].part, "/docker/a b");
}

static const struct {
	const char *text;
	const char *controller;
	const char *own; /* NULL: none */
} owns[] = {
	{ "0::/x/y\n", NULL, "/x/y" },
	{ "8:pids:/a\n2:cpu,cpuacct:/b:c\n0::/\n", "cpuacct", "/b:c" },
	{ "8:pids:/a\n2:cpu,cpuacct:/b:c\n0::/\n", NULL, "/" },
	{ "8:pids:/a\n", NULL, NULL },
	{ "8:pids:/a\n", "pid", NULL },
	{ "9:name=systemd:/a\n0::/last", "systemd", NULL },
	{ "9:name=systemd:/a\n0::/last", NULL, "/last" },
	{ "no colon\n0:one\n0::/x", NULL, "/x" },
	{ "0::/a/b (deleted)\n", NULL, "/a/b (deleted)" },
	{ "0::/far-too-long-a-name", NULL, NULL },
	{ "", NULL, NULL },
};

Test(machine, finds_its_own_cgroup)
{
	for (size_t i = 0; i < sizeof(owns) / sizeof(owns[0]); i++) {
		char own[16] = "?";
		bool found = machine_find_own(owns[i].text, owns[i].controller, own, sizeof(own));

		cr_expect_eq(found, owns[i].own != NULL, "%s", owns[i].text);
		if (found)
			cr_expect_str_eq(own, owns[i].own, "%s: %s", owns[i].text, own);
	}
}

static const struct {
	const char *part, *own;
	const char *below; /* NULL: not seen */
} belows[] = {
	{ "/", "/", "" },
	{ "/", "/x/y", "/x/y" },
	{ "/x", "/x", "" },
	{ "/x", "/x/y", "/y" },
	{ "/x", "/xy", NULL },
	{ "/x", "/x (deleted)", NULL },
	{ "/x (deleted)", "/x (deleted)/y", "/y" },
	{ "/x/y", "/x", NULL },
	{ "/../z", "/x", NULL },
	{ "/..", "/../z", NULL },
	{ "/", "/../z", NULL },
};

Test(machine, sees_its_own_cgroup_below_a_mount)
{
	for (size_t i = 0; i < sizeof(belows) / sizeof(belows[0]); i++) {
		const char *below = NULL;
		bool seen = machine_own_below(belows[i].part, belows[i].own, &below);

		cr_expect_eq(seen, belows[i].below != NULL, "%s below %s", belows[i].own, belows[i].part);
		if (seen)
			cr_expect_str_eq(below, belows[i].below);
	}
}

/* A name is never cut: half a path is another path. */
Test(machine, passes_over_long_names)
{
	struct machine machine = { .memory = 0 };
	char text[6000], name[5001];
	size_t fits = sizeof(machine.place[0].root) - 1;

	memset(name, 'x', sizeof(name) - 1);
	name[0] = '/';
	name[sizeof(name) - 1] = '\0';
	(void)snprintf(text, sizeof(text), "50 1 0:36 / %s rw - cgroup c rw,pids\n", name);
	machine_parse_mounts(&machine, text);
	cr_expect_eq(machine.place[CONTROLLER_PIDS].version, NO);
	cr_expect_str_eq(machine.place[CONTROLLER_PIDS].root, "");

	name[fits + 1] = '\0';
	(void)snprintf(text, sizeof(text), "50 1 0:36 / %s rw - cgroup c rw,pids\n", name);
	machine_parse_mounts(&machine, text);
	cr_expect_eq(machine.place[CONTROLLER_PIDS].version, NO);

	name[fits] = '\0';
	(void)snprintf(text, sizeof(text), "50 1 0:36 / %s rw - cgroup c rw,pids\n", name);
	machine_parse_mounts(&machine, text);
	cr_expect_eq(machine.place[CONTROLLER_PIDS].version, V1);
	cr_expect_str_eq(machine.place[CONTROLLER_PIDS].root, name);
}

Test(machine, fifty_thousand_mounts, .timeout = 10)
{
	static const char line[] = "50 1 0:36 / /mnt/a\\040-\\040b rw shared:1 - tmpfs - rw\n";
	const size_t count = 50000, length = strlen(line);
	char *text = malloc(count * length + sizeof(v2_only));
	struct machine machine = { .memory = 0 };

	cr_assert_not_null(text);
	for (size_t i = 0; i < count; i++)
		memcpy(text + i * length, line, length);
	memcpy(text + count * length, v2_only, sizeof(v2_only));
	machine_parse_mounts(&machine, text);
	cr_expect_str_eq(machine.unified, "/sys/fs/cgroup");
	free(text);
}

Test(machine, names_controllers)
{
	cr_expect_str_eq(controller_name(CONTROLLER_IO, V2), "io");
	cr_expect_str_eq(controller_name(CONTROLLER_IO, V1), "blkio");
	cr_expect_str_eq(controller_name(CONTROLLER_PIDS, V1), "pids");
	cr_expect_str_eq(controller_name(CONTROLLER_COUNT, V2), "cgroup2");
}

Test(machine, reads_this_machine)
{
	struct machine machine;
	struct error err = ERROR_INIT;
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	cr_assert_eq(machine_read(&machine, &err), 0, "%s", err.text);
	cr_expect_geq(machine.memory, (uint64_t)16 << 20);
	cr_expect_geq(machine.pid_max, 100);
	cr_expect_leq(machine.pid_max, 1 << 22);
	cr_expect_eq(machine.cpus, (unsigned)online);
	cr_expect_neq(machine.hostname[0], '\0');
	for (unsigned c = 0; c < CONTROLLER_COUNT; c++)
		cr_expect_eq(machine.place[c].version == NO, machine.place[c].root[0] == '\0');
}
