/*
 * Pure: what is there is in struct cgroup_host and struct machine.
 */
#include "policy/plan_boot.h"

#include "lib/mount_line.h"
#include "lib/text.h"
#include "policy/draft.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int
add_mount(const char *mount, const char *options, struct plan *plan, struct error *err)
{
	struct draft draft = {
		.step = { .phase = PHASE_HOST, .kind = STEP_CGROUP_MOUNT,
		    .controller = CONTROLLER_COUNT,
		    .because = "no hierarchy is mounted on this host" },
		.target = mount,
		.source = "cgroup2",
		.value = options,
	};

	return draft_add(plan, draft, err);
}

int
plan_cgroup_mount(const struct machine *machine, struct plan *plan, struct error *err)
{
	if (!machine->mounts_cgroup2)
		return 0;
	return add_mount(machine->unified, machine->cgroup2_options, plan, err);
}

/*
 * Options are set anew as a whole, so those that are there are kept.  nsdelegate is not added:
 * where it is missing, somebody may rely on writing across a namespace's border.
 */
static int
add_options(const struct cgroup_host *host, struct plan *plan, struct error *err)
{
	static const char favor[] = "favordynmods";
	char options[sizeof(host->options) + sizeof(favor) + 1];
	struct draft draft = {
		.step = { .phase = PHASE_HOST, .kind = STEP_CGROUP_OPTIONS,
		    .controller = CONTROLLER_COUNT,
		    .because = "entering a cgroup does not wait for an RCU grace period" },
		.target = host->mount,
		.value = options,
	};

	if (!mount_line_list_has(host->features, "\n", favor) ||
	    mount_line_list_has(host->options, ",", favor))
		return 0;
	(void)snprintf(options, sizeof(options), "%s%s%s", host->options,
	    host->options[0] ? "," : "", favor);
	return draft_add(plan, draft, err);
}

/*
 * One step each: a controller that cannot be handed down keeps no other from it.  Of a tree
 * that is not mounted yet it is not known for certain which there will be.
 */
static int
add_controller(const struct cgroup_host *host, const char *name, struct plan *plan,
    struct error *err)
{
	char target[sizeof(host->mount) + sizeof("/cgroup.subtree_control")], value[32];
	struct draft draft = {
		.step = { .phase = PHASE_HOST, .kind = STEP_CGROUP_ENABLE,
		    .controller = CONTROLLER_COUNT,
		    .flags = host->kind == CGROUP_HOST_MISSING ? STEP_F_OPTIONAL : 0,
		    .because = "controllers are handed down level by level" },
		.target = target,
		.value = value,
	};

	if (!mount_line_list_has(host->controllers, " ", name) ||
	    mount_line_list_has(host->enabled, " ", name))
		return 0;
	(void)snprintf(target, sizeof(target), "%s/cgroup.subtree_control", host->mount);
	(void)snprintf(value, sizeof(value), "+%s", name);
	return draft_add(plan, draft, err);
}

static int
add_run(const char *run, struct plan *plan, struct error *err)
{
	struct draft draft = {
		.step = { .phase = PHASE_HOST, .kind = STEP_DIRECTORY, .mode = 0700,
		    .because = "the supervisors' sockets and records are there" },
		.target = run,
	};

	return draft_add(plan, draft, err);
}

int
plan_boot(const struct cgroup_host *host, const char *run, bool has_run, struct plan *plan,
    struct error *err)
{
	char options[64];
	int rc = 0;

	if (host->kind == CGROUP_HOST_MISSING) {
		cgroup_host_options(host, options, sizeof(options));
		rc = add_mount(host->mount, options, plan, err);
	}
	if (rc == 0 && host->kind == CGROUP_HOST_OWN)
		rc = add_options(host, plan, err);
	for (unsigned i = 0; rc == 0 && i < CONTROLLER_DEVICES && host->kind != CGROUP_HOST_FOREIGN; i++)
		rc = add_controller(host, controller_name(i, CGROUP_V2), plan, err);
	if (rc == 0 && !has_run)
		rc = add_run(run, plan, err);
	if (rc < 0)
		plan_free(plan);
	return rc;
}
