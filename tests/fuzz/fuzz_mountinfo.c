/*
 * /proc/self/mountinfo: names in it are whatever users mounted by fusermount, or called their
 * directories.  Two readers go through it, one for cgroups and one for procfs; places that come
 * of it are paths below which root makes directories.
 */
#include "fuzz.h"

#include "container/mountinfo.h"
#include "lib/cgroup_host.h"
#include "lib/machine.h"
#include "lib/own.h"

#include <string.h>

static void
check_place(const struct controller_place *place)
{
	fuzz_check(memchr(place->root, '\0', sizeof(place->root)));
	fuzz_check(memchr(place->part, '\0', sizeof(place->part)));
	fuzz_check(place->root[0] == '\0' || place->root[0] == '/', "\"%s\"", place->root);
}

static void
check_machine(const char *text)
{
	struct machine machine = { .cpus = 1 };
	autofree char *copy = fuzz_text((const uint8_t *)text, strlen(text));

	machine_parse_mounts(&machine, copy);
	struct controller_place unified = machine_unified(&machine);
	check_place(&unified);
	for (unsigned i = 0; i < CONTROLLER_COUNT; i++) {
		check_place(&machine.place[i]);
		fuzz_check(machine.place[i].version != CGROUP_V2, "what cgroup2 has is not told here");
	}
	if (unified.root[0]) /* else nobody asks what cgroup2 offers */
		machine_parse_controllers(&machine, "cpuset cpu io memory pids\n");
	for (unsigned i = 0; i < CONTROLLER_COUNT; i++)
		check_place(&machine.place[i]);
}

/* Each word of ours: what a container's root is made of. */
static void
check_mounts(const char *text)
{
	autofree char *copy = fuzz_text((const uint8_t *)text, strlen(text));
	const char *end = copy + strlen(copy);
	char *cursor = copy;
	struct mountinfo mount;

	while (mountinfo_next(&cursor, &mount)) {
		fuzz_check(mount.point >= copy && mount.point <= end && mount.type >= copy && mount.type <= end);
		fuzz_check(mount.point[0] == '/', "\"%s\"", mount.point);
	}
}

static void
check_host(const char *text)
{
	const struct cgroup_host_facts facts = { .cgroups = "#subsys_name\thierarchy\ncpu\t0\t1\t1\n",
		.init_cgroup = "0::/\n" };
	struct cgroup_host host = { .kind = CGROUP_HOST_FOREIGN };
	autofree char *copy = fuzz_text((const uint8_t *)text, strlen(text));

	cgroup_host_judge(&host, copy, &facts);
	fuzz_check(host.kind != CGROUP_HOST_FOREIGN || host.why != NULL);
	fuzz_check(memchr(host.mount, '\0', sizeof(host.mount)));
	fuzz_check(memchr(host.options, '\0', sizeof(host.options)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = fuzz_text(data, size);

	check_machine(text);
	check_mounts(text);
	check_host(text);
	return 0;
}
