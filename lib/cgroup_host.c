/*
 * Runs as root in the supervisor and in ctrctl, as anybody in "ctrctl plan".  Whose the tree is
 * is judged before anything is touched: what cannot be told to be the machine's own is foreign.
 */
#include "lib/cgroup_host.h"

#include "lib/kernel_file.h"
#include "lib/mount_line.h"
#include "lib/own.h"
#include "lib/places.h"
#include "lib/text.h"

#include <stdio.h>
#include <string.h>

/* What pam_ctr can limit by; devices and freezer need no controller on cgroup2. */
static const enum controller expected[] = { CONTROLLER_CPUSET, CONTROLLER_CPU, CONTROLLER_IO,
	CONTROLLER_MEMORY, CONTROLLER_PIDS };

/*
 * nsdelegate: a cgroup namespace's root is a border.  favordynmods: entering a cgroup does not
 * wait for an RCU grace period, which takes a login ten milliseconds.
 */
static const char *const wanted_options[] = { "nsdelegate", "favordynmods" };

static void
copy(char *to, size_t size, const char *from)
{
	(void)snprintf(to, size, "%s", from);
}

/* What the mount table has of cgroups. */
struct found {
	bool v1;
	bool unified;
	bool is_part, is_read_only; /* of the last cgroup2 */
	bool is_covered; /* something else is where cgroup2 belongs */
};

static void
look_at(struct cgroup_host *host, struct found *found, const struct mount_line *mount)
{
	const char *options = mount->super;

	if (!strcmp(mount->type, "cgroup"))
		found->v1 = true;
	if (strcmp(mount->type, "cgroup2") != 0) {
		if (!strcmp(mount->point, CGROUP_HOST_MOUNT))
			found->is_covered = true;
		return;
	}
	if (found->unified && strcmp(mount->point, CGROUP_HOST_MOUNT) != 0)
		return; /* mounted twice: the usual place counts */
	found->unified = true;
	found->is_part = strcmp(mount->root, "/") != 0;
	found->is_read_only = mount_line_list_has(mount->options, ",", "ro") ||
	    mount_line_list_has(mount->super, ",", "ro");
	copy(host->mount, sizeof(host->mount), mount->point);
	if (!strncmp(options, "rw", 2) || !strncmp(options, "ro", 2))
		options += 2;
	copy(host->options, sizeof(host->options), options + (*options == ','));
}

/* True if a line of /proc/cgroups names a hierarchy: 0 is cgroup2's, or nobody's. */
static bool
has_v1_hierarchy(const char *cgroups)
{
	for (const char *line = cgroups; line && *line; line = strchr(line, '\n')) {
		unsigned hierarchy;

		line += *line == '\n';
		if (sscanf(line, "%*s %u", &hierarchy) == 1 && hierarchy)
			return true;
	}
	return false;
}

/* PID 1 of a machine is in the root, until somebody has made an order of its own. */
static bool
is_init_elsewhere(const char *init_cgroup)
{
	const char *line = strstr(init_cgroup, "0::/");

	return line && line[strlen("0::/")] != '\n' && line[strlen("0::/")] != '\0';
}

static const char *
why_foreign(const struct found *found, const struct cgroup_host_facts *facts)
{
	if (facts->has_systemd)
		return "systemd runs here, and is the tree's single writer";
	if (found->v1)
		return "v1 hierarchies are mounted";
	if (found->unified && found->is_part)
		return "what is mounted is a part of another system's tree";
	if (found->unified)
		return found->is_read_only ? "cgroup2 is mounted read-only" : NULL;
	if (has_v1_hierarchy(facts->cgroups))
		return "v1 hierarchies are in use, though none is mounted here";
	if (is_init_elsewhere(facts->init_cgroup))
		return "nothing is mounted, but PID 1 is in a cgroup: the tree is another system's";
	if (found->is_covered)
		return "something else is mounted on " CGROUP_HOST_MOUNT;
	return NULL;
}

void
cgroup_host_judge(struct cgroup_host *host, char *mountinfo, const struct cgroup_host_facts *facts)
{
	struct found found = { .v1 = false };
	char *line;

	copy(host->mount, sizeof(host->mount), CGROUP_HOST_MOUNT);
	while ((line = text_next_line(&mountinfo))) {
		struct mount_line mount;

		if (mount_line_parse(line, &mount))
			look_at(host, &found, &mount);
	}
	host->why = why_foreign(&found, facts);
	host->kind = host->why ? CGROUP_HOST_FOREIGN :
	    found.unified ? CGROUP_HOST_OWN : CGROUP_HOST_MISSING;
}

/*
 * False: the kernel was told to do without it, or it is in a v1 hierarchy.  What has no line is
 * expected: newer kernels list no controller that v1 could not have.
 */
static bool
is_available(const char *cgroups, const char *name)
{
	const size_t length = strlen(name);

	for (const char *line = cgroups; line && *line; line = strchr(line, '\n')) {
		unsigned hierarchy, enabled;

		line += *line == '\n';
		if (!strncmp(line, name, length) && line[length] == '\t')
			return sscanf(line + length, "%u %*u %u", &hierarchy, &enabled) == 2 &&
			    hierarchy == 0 && enabled == 1;
	}
	return true;
}

void
cgroup_host_expect_controllers(struct cgroup_host *host, const char *cgroups)
{
	size_t length = 0;

	host->controllers[0] = '\0';
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		if (is_available(cgroups, controller_name(expected[i], CGROUP_V1)))
			length += (size_t)snprintf(host->controllers + length,
			    sizeof(host->controllers) - length, "%s%s", length ? " " : "",
			    controller_name(expected[i], CGROUP_V2));
}

void
cgroup_host_options(const struct cgroup_host *host, char *options, unsigned long size)
{
	size_t length = 0;

	options[0] = '\0';
	for (size_t i = 0; i < sizeof(wanted_options) / sizeof(wanted_options[0]); i++)
		if (mount_line_list_has(host->features, "\n", wanted_options[i]) && length < size)
			length += (size_t)snprintf(options + length, size - length, "%s%s",
			    length ? "," : "", wanted_options[i]);
}

/* "" where it is missing: an old kernel has no list of features, and a mount may vanish. */
static void
read_line(char *to, size_t size, const char *directory, const char *file)
{
	char path[512];
	autofree char *text = NULL;

	if (text_format(path, sizeof(path), "%s/%s", directory, file) == 0)
		text = kernel_file_read(path, NULL);
	copy(to, size, text ? text : "");
	for (size_t length = strlen(to); length && to[length - 1] == '\n'; length--)
		to[length - 1] = '\0';
}

/* The machine's own root has no type; a cgroup namespace's root has. */
static void
look_inside(struct cgroup_host *host)
{
	char path[512];

	if (text_format(path, sizeof(path), "%s/cgroup.type", host->mount) == 0 &&
	    access(path, F_OK) == 0) {
		host->kind = CGROUP_HOST_FOREIGN;
		host->why = "what is mounted is a part of another system's tree";
	}
	read_line(host->controllers, sizeof(host->controllers), host->mount, "cgroup.controllers");
	read_line(host->enabled, sizeof(host->enabled), host->mount, "cgroup.subtree_control");
}

int
cgroup_host_read(struct cgroup_host *host, struct error *err)
{
	autofree char *mountinfo = kernel_file_read("/proc/self/mountinfo", err);
	/* A kernel that has one of them for nobody to read is judged by what there is. */
	autofree char *cgroups = kernel_file_read("/proc/cgroups", NULL);
	autofree char *init_cgroup = kernel_file_read("/proc/1/cgroup", NULL);
	struct cgroup_host_facts facts = {
		.has_systemd = access(PLACE_SYSTEMD, F_OK) == 0,
		.cgroups = cgroups ? cgroups : "",
		.init_cgroup = init_cgroup ? init_cgroup : "",
	};

	*host = (struct cgroup_host){ .kind = CGROUP_HOST_FOREIGN };
	if (!mountinfo)
		return -1;
	cgroup_host_judge(host, mountinfo, &facts);
	read_line(host->features, sizeof(host->features), "/sys/kernel/cgroup", "features");
	if (host->kind == CGROUP_HOST_OWN)
		look_inside(host);
	else if (host->kind == CGROUP_HOST_MISSING)
		cgroup_host_expect_controllers(host, facts.cgroups);
	return 0;
}

int
cgroup_host_expect(struct machine *machine, struct error *err)
{
	struct cgroup_host host;

	/* With some v1 hierarchies mounted the others stay where they are. */
	for (unsigned i = 0; i < CONTROLLER_COUNT; i++)
		if (machine->place[i].version != CGROUP_NONE)
			return 0;
	if (cgroup_host_read(&host, err) < 0)
		return -1;
	if (host.kind != CGROUP_HOST_MISSING)
		return 0;
	machine->mounts_cgroup2 = true;
	cgroup_host_options(&host, machine->cgroup2_options, sizeof(machine->cgroup2_options));
	copy(machine->unified, sizeof(machine->unified), host.mount);
	copy(machine->unified_part, sizeof(machine->unified_part), "/");
	machine_parse_controllers(machine, host.controllers);
	return 0;
}
