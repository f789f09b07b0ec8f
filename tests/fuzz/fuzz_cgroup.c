/*
 * The texts that tell where a process is and what cgroups there are: /proc/self/cgroup,
 * /proc/cgroups, cgroup.controllers, cgroup.features.  Names of cgroups may be a user's.
 * An input is these four, a NUL between them, and the part of a hierarchy that is mounted.
 */
#include "fuzz.h"

#include "lib/cgroup_host.h"
#include "lib/machine.h"
#include "lib/own.h"

#include <string.h>

static void
check_own(const char *cgroups, const char *controller, const char *part)
{
	char own[64];
	const char *below = NULL;

	if (!machine_find_own(cgroups, controller, own, sizeof(own)))
		return;
	fuzz_check(memchr(own, '\0', sizeof(own)) && !strchr(own, '\n'));
	fuzz_check(strstr(cgroups, own) != NULL, "\"%s\" is made up", own);
	if (!machine_own_below(part, own, &below))
		return;
	/* It is put behind a mount point. */
	fuzz_check(below[0] == '\0' || below[0] == '/', "\"%s\" of \"%s\"", below, own);
}

static void
check_host(const char *cgroups, const char *features, const char *init_cgroup)
{
	const struct cgroup_host_facts facts = { .cgroups = cgroups, .init_cgroup = init_cgroup };
	struct cgroup_host host = { .kind = CGROUP_HOST_FOREIGN };
	char nothing[] = "", options[64];

	cgroup_host_judge(&host, nothing, &facts);
	fuzz_check(host.kind != CGROUP_HOST_OWN, "nothing is mounted");
	cgroup_host_expect_controllers(&host, cgroups);
	fuzz_check(memchr(host.controllers, '\0', sizeof(host.controllers)));
	strncpy(host.features, features, sizeof(host.features) - 1);
	cgroup_host_options(&host, options, sizeof(options));
	fuzz_check(memchr(options, '\0', sizeof(options)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	struct machine machine = { .unified = "/sys/fs/cgroup", .unified_part = "/" };
	autofree char *own = fuzz_until(&input, '\0');
	autofree char *cgroups = fuzz_until(&input, '\0');
	autofree char *controllers = fuzz_until(&input, '\0');
	autofree char *features = fuzz_until(&input, '\0');
	autofree char *part = fuzz_until(&input, '\0');

	check_own(own, NULL, part);
	check_own(own, "pids", part);
	check_host(cgroups, features, own);
	machine_parse_controllers(&machine, controllers);
	for (unsigned i = 0; i < CONTROLLER_COUNT; i++)
		fuzz_check(machine.place[i].version == CGROUP_NONE || strstr(controllers, controller_name(i, CGROUP_V2)));
	return 0;
}
