/*
 * The cgroup part of the plan: which hierarchies a container uses, which directories it has
 * in them, and who enters where.  Pure.  How a limit is written is plan_limits.c's.
 */
#include "policy/plan_boot.h"
#include "policy/plan_devices.h"
#include "policy/plan_limits.h"

#include "lib/text.h"

#include <errno.h>
#include <string.h>

/* The template's last name; sessions put their id in its place. */
#define SESSION "session"
/*
 * What a user may make below the container: enough for pods and their containers, little
 * enough that walking and removing them takes no time.  Sessions' leaves count, too.
 */
#define NESTED_DEPTH "16"
#define NESTED_COUNT "512"

static const char handed_down[] = "controllers are handed down level by level";

static const char leaf_counts[] = "a session's leaf counts its own processes";

static const char *const level_because[LEVEL_COUNT] = {
	[LEVEL_HOST] = "all containers together leave the host room",
	[LEVEL_SLICE] = "a budget shared by the users of the slice",
	[LEVEL_CONTAINER] = "the user's own limit",
};

/* The limit's first value on any level, or NULL: is its controller needed at all? */
static bool
is_limited(const struct layout *layout, enum limit limit)
{
	for (unsigned level = 0; level < LEVEL_COUNT; level++)
		if (plan_limits_value(layout, level, limit) || plan_limits_gone(layout, level, limit))
			return true;
	return false;
}

static struct hierarchy *
hierarchy_use(struct layout *layout, enum cgroup_version version, enum controller controller,
    const char *root)
{
	for (size_t i = 0; i < layout->count; i++)
		if (strcmp(layout->hierarchy[i].root, root) == 0)
			return &layout->hierarchy[i];
	struct hierarchy *new = &layout->hierarchy[layout->count++];
	*new = (struct hierarchy){ .version = version, .controller = controller, .root = root };
	return new;
}

static const char unit_missing[] = "systemd owns this machine's cgroups, and its unit "
    "pam_ctr.service, below which ours are, is not running: systemctl enable --now pam_ctr";

/* The limit's controller is nowhere to be had: what is to be done about it? */
static int
refuse_controller(const struct layout *layout, const struct machine *machine, enum limit limit,
    struct error *err)
{
	const enum controller controller = limit_controller(limit);
	unsigned level = 0;

	if (machine->lacks_unit)
		return error_set(err, 0, "%s", unit_missing);
	while (!plan_limits_value(layout, level, limit))
		level++;
	if (machine->is_delegated)
		return plan_limits_refuse(layout, level, limit, err,
		    "the controller \"%s\" is not handed down to %s, the part of the cgroup tree "
		    "that is ours: have it enabled above, or say %s = none",
		    controller_name(controller, CGROUP_V2), machine->unified, limit_name(limit));
	return plan_limits_refuse(layout, level, limit, err,
	    "this machine has no cgroup controller \"%s\": mount cgroup2 on /sys/fs/cgroup (or the v1 "
	    "hierarchy \"%s\"), or remove the limit", controller_name(controller, CGROUP_V2),
	    controller_name(controller, CGROUP_V1));
}

/* Takes in one controller's hierarchy, if a limit needs it. */
static int
layout_add_controller(struct layout *layout, const struct machine *machine,
    enum controller controller, struct error *err)
{
	const struct controller_place *place = &machine->place[controller];

	for (unsigned limit = 0; limit < LIMIT_COUNT; limit++) {
		if (limit_controller(limit) != controller || !is_limited(layout, limit))
			continue;
		if (place->version == CGROUP_NONE)
			return refuse_controller(layout, machine, limit, err);
		hierarchy_use(layout, place->version,
		    place->version == CGROUP_V2 ? CONTROLLER_COUNT : controller, place->root)
		    ->uses[controller] = true;
	}
	return 0;
}

/*
 * Tracking: every process of a container must be found in one hierarchy.  That is where
 * pids is; without such a controller cgroup2 serves, which needs none to hold processes.
 */
static int
layout_add_tracking(struct layout *layout, const struct machine *machine, struct error *err)
{
	const struct controller_place *pids = &machine->place[CONTROLLER_PIDS];
	struct hierarchy *hierarchy;

	if (pids->version != CGROUP_NONE) {
		hierarchy = hierarchy_use(layout, pids->version,
		    pids->version == CGROUP_V2 ? CONTROLLER_COUNT : CONTROLLER_PIDS, pids->root);
		hierarchy->uses[CONTROLLER_PIDS] = true;
	} else if (machine->unified[0]) {
		hierarchy = hierarchy_use(layout, CGROUP_V2, CONTROLLER_COUNT, machine->unified);
	} else if (machine->lacks_unit) {
		return error_set(err, 0, "%s", unit_missing);
	} else {
		return error_set(err, 0, "no cgroups on this machine: a container needs cgroup2, "
		    "or the v1 hierarchy \"pids\": mount -t cgroup2 cgroup2 /sys/fs/cgroup");
	}
	hierarchy->tracks = true;
	return 0;
}

/*
 * Who may nest gets cgroups, too: on cgroup2, where delegating is safe, and not to root of the
 * host's ids, whom no file's owner would keep from the limits.
 */
static void
layout_add_nesting(struct layout *layout, const struct policy *policy, const struct machine *machine)
{
	if (!policy->nesting || policy->userns != USERNS_PRIVATE ||
	    machine->place[CONTROLLER_PIDS].version != CGROUP_V2)
		return;
	layout->nests = true;
	for (unsigned i = 0; i < CONTROLLER_DEVICES; i++)
		if (machine->place[i].version == CGROUP_V2)
			hierarchy_use(layout, CGROUP_V2, CONTROLLER_COUNT, machine->place[i].root)
			    ->uses[i] = true;
}

/*
 * Devices: v1's controller where somebody mounted it, else a program on cgroup2's directory.
 * Without either only logins that have no rules for devices are let in, plan_devices().
 */
static void
layout_add_devices(struct layout *layout, const struct machine *machine)
{
	const struct controller_place *place = &machine->place[CONTROLLER_DEVICES];

	if (place->version == CGROUP_V1)
		hierarchy_use(layout, CGROUP_V1, CONTROLLER_DEVICES, place->root)->devices = true;
	else if (machine->unified[0])
		hierarchy_use(layout, CGROUP_V2, CONTROLLER_COUNT, machine->unified)->devices = true;
}

/*
 * Shares: whatever the policy says, each container is one competitor for the CPUs, and all of them together are
 * one beside the host's.  Else a user with 300 sessions (setsid(2), by the kernel's autogroups) has 300.
 */
static void
layout_add_shares(struct layout *layout, const struct machine *machine)
{
	const struct controller_place *cpu = &machine->place[CONTROLLER_CPU];

	if (cpu->version != CGROUP_NONE)
		hierarchy_use(layout, cpu->version,
		    cpu->version == CGROUP_V2 ? CONTROLLER_COUNT : CONTROLLER_CPU, cpu->root)
		    ->uses[CONTROLLER_CPU] = true;
}

/* cgroup2 comes first: its directory is needed for the clone, and records keep the order. */
static void
layout_sort(struct layout *layout)
{
	for (size_t i = 1; i < layout->count; i++) {
		struct hierarchy first = layout->hierarchy[i];

		if (first.version != CGROUP_V2)
			continue;
		memmove(&layout->hierarchy[1], &layout->hierarchy[0], i * sizeof(first));
		layout->hierarchy[0] = first;
	}
}

static int
layout_name(struct layout *layout, const struct policy *policy, uid_t uid, struct error *err)
{
	const char *parent = layout->path[LEVEL_HOST];
	const size_t size = sizeof(layout->path[0]);

	if (text_format(layout->path[LEVEL_HOST], size, "/%s", policy->cgroup) < 0)
		return error_set(err, errno, "cgroup %s", policy->cgroup);
	if (policy->slice) {
		if (text_format(layout->path[LEVEL_SLICE], size, "%s/%s.slice", parent,
			policy->slice) < 0)
			return error_set(err, errno, "slice %s", policy->slice);
		parent = layout->path[LEVEL_SLICE];
	}
	if (text_format(layout->path[LEVEL_CONTAINER], size, "%s/%ju", parent, (uintmax_t)uid) < 0)
		return error_set(err, errno, "cgroup of uid %ju", (uintmax_t)uid);
	return 0;
}

/* before: what a container that lives has; NULL for a new one. */
static int
layout_build(struct layout *layout, const struct policy *before, const struct policy *policy,
    const struct subject *subject, const struct machine *machine, struct error *err)
{
	*layout = (struct layout){
		.limits = {
			[LEVEL_HOST] = &policy->host_limits,
			[LEVEL_SLICE] = policy->slice ? &policy->slice_limits : NULL,
			[LEVEL_CONTAINER] = &policy->limits,
		},
		.uid = subject->uid,
		.gid = subject->gid,
		.lives = before != NULL,
		.cpus_online = machine->cpus_online[0] ? machine->cpus_online : "0",
	};
	if (before) {
		layout->before[LEVEL_HOST] = &before->host_limits;
		layout->before[LEVEL_SLICE] = policy->slice ? &before->slice_limits : NULL;
		layout->before[LEVEL_CONTAINER] = &before->limits;
	}
	if (layout_name(layout, policy, subject->uid, err) < 0)
		return -1;
	for (unsigned i = 0; i < CONTROLLER_COUNT; i++)
		if (layout_add_controller(layout, machine, i, err) < 0)
			return -1;
	if (layout_add_tracking(layout, machine, err) < 0)
		return -1;
	layout_add_shares(layout, machine);
	layout_add_nesting(layout, policy, machine);
	layout_add_devices(layout, machine);
	layout_sort(layout);
	return 0;
}

/* "+memory +pids" into the directory's cgroup.subtree_control; nothing if nothing is used. */
static int
add_enable(struct builder *b, enum phase phase, const char *directory, bool only_pids,
    const char *because)
{
	char target[768], value[128] = "";
	size_t length = 0;

	if (b->hierarchy->version != CGROUP_V2)
		return 0;
	for (unsigned i = 0; i < CONTROLLER_COUNT; i++) {
		if (!b->hierarchy->uses[i] || (only_pids && i != CONTROLLER_PIDS))
			continue;
		length += (size_t)snprintf(value + length, sizeof(value) - length, "%s+%s",
		    length ? " " : "", controller_name(i, CGROUP_V2));
	}
	if (!length)
		return 0;
	if (text_format(target, sizeof(target), "%s/cgroup.subtree_control", directory) < 0)
		return error_set(b->err, errno, "%s/cgroup.subtree_control", directory);
	return plan_limits_add_step(b, (struct step){
		.phase = phase,
		.kind = STEP_CGROUP_ENABLE,
		.because = because,
	}, target, NULL, value);
}

/*
 * In a container or a pod, in whatever an admin handed over, the cgroup that is ours may be
 * the one that PID 1 and sshd sit in: as nested runtimes do, they are moved down once.
 */
static int
add_vacate(struct builder *b, const struct machine *machine)
{
	char leaf[768];

	if (b->hierarchy->version != CGROUP_V2 || !machine->is_delegated)
		return 0;
	if (text_format(leaf, sizeof(leaf), "%s/" CGROUP_HOST, b->hierarchy->root) < 0)
		return error_set(b->err, errno, "%s/" CGROUP_HOST, b->hierarchy->root);
	return plan_limits_add_step(b, (struct step){
		.phase = PHASE_HOST,
		.kind = STEP_CGROUP_VACATE,
		.because = "a cgroup with processes hands nothing down, and above this one nothing is ours",
	}, b->hierarchy->root, NULL, leaf);
}

static int
builder_enter_level(struct builder *b, enum level level)
{
	b->level = level;
	b->because = level_because[level];
	if (text_format(b->directory, sizeof(b->directory), "%s%s", b->hierarchy->root,
		b->layout->path[level]) < 0)
		return error_set(b->err, errno, "cgroup below %s", b->hierarchy->root);
	return 0;
}

static int
add_device_list(struct builder *b)
{
	return plan_limits_add_step(b, (struct step){
		.phase = PHASE_HOST,
		.kind = STEP_DEVICE_LIST,
		.because = "a device node of another number does not open, wherever it is",
	}, b->directory, NULL, PLAN_DEVICE_LIST);
}

/* The container's processes are in a cgroup of their own, beside those that its user makes. */
static bool
is_nested(const struct builder *b)
{
	return b->layout->nests && b->hierarchy->tracks;
}

static int
add_set(struct builder *b, const char *file, const char *value, const char *because)
{
	char target[768];

	if (text_format(target, sizeof(target), "%s/%s", b->directory, file) < 0)
		return error_set(b->err, errno, "%s/%s", b->directory, file);
	return plan_limits_add_step(b, (struct step){
		.phase = PHASE_HOST,
		.kind = STEP_CGROUP_SET,
		.because = because,
	}, target, NULL, value);
}

/*
 * The cgroup namespace will be rooted in the container's directory, and whoever moves a
 * process needs to write cgroup.procs of the common ancestor: so it is this directory that is
 * the user's, with its limits' files root's.  Controllers are handed down once init has left it.
 */
static int
add_delegation(struct builder *b)
{
	char login[768];

	if (text_format(login, sizeof(login), "%s/" CGROUP_LOGIN, b->directory) < 0)
		return error_set(b->err, errno, "%s/" CGROUP_LOGIN, b->directory);
	if (add_set(b, "cgroup.max.depth", NESTED_DEPTH, "nesting: what the user makes has an end") < 0 ||
	    add_set(b, "cgroup.max.descendants", NESTED_COUNT,
		"nesting: what the user makes has an end") < 0 ||
	    plan_limits_add_step(b, (struct step){
		.phase = PHASE_HOST,
		.kind = STEP_CGROUP_MAKE,
		.because = "init and the sessions: a cgroup with processes hands nothing down",
	    }, login, NULL, NULL) < 0)
		return -1;
	return plan_limits_add_step(b, (struct step){
		.phase = PHASE_HOST,
		.kind = STEP_CGROUP_DELEGATE,
		.uid = b->layout->uid,
		.gid = b->layout->gid,
		.because = "nesting: containers inside have limits of their own, below these",
	}, b->directory, NULL, NULL);
}

/* One directory: made, limited, and on cgroup2 opened for what comes below. */
static int
add_level(struct builder *b, enum level level)
{
	bool own = level == LEVEL_CONTAINER;

	if (builder_enter_level(b, level) < 0 ||
	    plan_limits_add_step(b, (struct step){
		.phase = PHASE_HOST,
		.kind = STEP_CGROUP_MAKE,
		.flags = own ? STEP_F_FRESH : 0,
		.because = own ? "the container; init lives here" : b->because,
	    }, b->directory, NULL, NULL) < 0)
		return -1;
	for (unsigned limit = 0; limit < LIMIT_COUNT && (own || !b->own_only); limit++)
		if (plan_limits_add(b, limit) < 0)
			return -1;
	if (!own)
		return add_enable(b, PHASE_HOST, b->directory, false, handed_down);
	/* What is the container's own beside its limits stays as it was built. */
	if (b->layout->lives)
		return 0;
	if (b->hierarchy->devices && add_device_list(b) < 0)
		return -1;
	if (is_nested(b))
		return add_delegation(b);
	/*
	 * Only pids, which is a threaded controller: the kernel takes no process into a
	 * cgroup that hands down any other, and init and the sessions' memory are here.
	 */
	return b->hierarchy->tracks ?
	    add_enable(b, PHASE_HOST, b->directory, true, leaf_counts) : 0;
}

static int
add_enter(struct builder *b, enum phase phase, const char *directory, const char *file,
    const char *because)
{
	char target[768];

	if (text_format(target, sizeof(target), "%s%s", directory, file) < 0)
		return error_set(b->err, errno, "%s%s", directory, file);
	return plan_limits_add_step(b, (struct step){
		.phase = phase,
		.kind = STEP_CGROUP_ENTER,
		.because = because,
	}, target, NULL, NULL);
}

/* Writing a pid to cgroup.procs waits for an RCU grace period: neither of these does. */
static int
add_init_enters(struct builder *b)
{
	if (b->hierarchy->version == CGROUP_V2)
		return add_enter(b, PHASE_CLONE, b->directory, "",
		    "CLONE_INTO_CGROUP: born there, none of the milliseconds that a move takes");
	return add_enter(b, PHASE_INSIDE, b->directory, "/tasks",
	    "the process itself writes \"0\": a hundredth of the time of cgroup.procs");
}

static int
add_hierarchies(struct builder *b, const struct machine *machine)
{
	const struct layout *layout = b->layout;

	for (size_t i = 0; i < layout->count; i++) {
		b->hierarchy = &layout->hierarchy[i];
		if ((!layout->lives && add_vacate(b, machine) < 0) ||
		    add_enable(b, PHASE_HOST, b->hierarchy->root, false, handed_down) < 0)
			return -1;
		for (unsigned level = 0; level < LEVEL_COUNT; level++)
			if (layout->limits[level] && add_level(b, level) < 0)
				return -1;
	}
	return 0;
}

int
plan_cgroups(const struct policy *policy, const struct subject *subject,
    const struct machine *machine, struct plan *plan, struct error *err)
{
	struct layout layout;
	struct builder b = { .plan = plan, .err = err, .layout = &layout };

	if (layout_build(&layout, NULL, policy, subject, machine, err) < 0 ||
	    plan_cgroup_mount(machine, plan, err) < 0 || add_hierarchies(&b, machine) < 0)
		return -1;
	for (size_t i = 0; i < layout.count; i++) {
		b.hierarchy = &layout.hierarchy[i];
		if (builder_enter_level(&b, LEVEL_CONTAINER) < 0 || add_init_enters(&b) < 0)
			return -1;
	}
	return 0;
}

/* Where the sessions' leaves are made. */
static int
builder_enter_login(struct builder *b)
{
	if (builder_enter_level(b, LEVEL_CONTAINER) < 0)
		return -1;
	if (!is_nested(b))
		return 0;
	size_t length = strlen(b->directory);
	if (text_format(b->directory + length, sizeof(b->directory) - length, "/" CGROUP_LOGIN) < 0)
		return error_set(b->err, errno, "%s/" CGROUP_LOGIN, b->directory);
	return 0;
}

/* Once the namespace is rooted in the container's directory, init leaves it for good. */
static int
add_settling(struct builder *b)
{
	char container[sizeof(b->directory)];

	if (builder_enter_level(b, LEVEL_CONTAINER) < 0)
		return -1;
	memcpy(container, b->directory, sizeof(container));
	if (builder_enter_login(b) < 0 ||
	    add_enter(b, PHASE_INSIDE, b->directory, "/cgroup.procs",
		"nesting: the process itself writes \"0\", once its namespace is rooted above") < 0 ||
	    add_enable(b, PHASE_INSIDE, container, false, handed_down) < 0)
		return -1;
	return add_enable(b, PHASE_INSIDE, b->directory, true, leaf_counts);
}

int
plan_cgroups_inside(const struct policy *policy, const struct subject *subject,
    const struct machine *machine, struct plan *plan, struct error *err)
{
	struct layout layout;
	struct builder b = { .plan = plan, .err = err, .layout = &layout };

	if (layout_build(&layout, NULL, policy, subject, machine, err) < 0)
		return -1;
	for (size_t i = 0; i < layout.count; i++) {
		b.hierarchy = &layout.hierarchy[i];
		if (is_nested(&b) && add_settling(&b) < 0)
			return -1;
	}
	return 0;
}

int
plan_cgroups_live(const struct policy *before, const struct policy *policy,
    const struct subject *subject, const struct machine *machine, bool with_shared,
    struct plan *plan, struct error *err)
{
	struct layout layout;
	struct builder b = { .plan = plan, .err = err, .layout = &layout, .own_only = !with_shared };

	if (layout_build(&layout, before, policy, subject, machine, err) < 0)
		return -1;
	return add_hierarchies(&b, machine);
}

static int
add_leaf_set(struct builder *b, const char *file, const char *value, const char *because)
{
	char target[768];

	if (text_format(target, sizeof(target), "%s/" SESSION "/%s", b->directory, file) < 0)
		return error_set(b->err, errno, "%s/" SESSION "/%s", b->directory, file);
	return plan_limits_add_step(b, (struct step){
		.phase = PHASE_SESSION,
		.kind = STEP_CGROUP_SET,
		.because = because,
	}, target, NULL, value);
}

static int
add_leaf(struct builder *b)
{
	const char *pids = plan_limits_value(b->layout, LEVEL_CONTAINER, LIMIT_PIDS_MAX);
	char leaf[768];

	if (text_format(leaf, sizeof(leaf), "%s/" SESSION, b->directory) < 0)
		return error_set(b->err, errno, "%s/" SESSION, b->directory);
	if (plan_limits_add_step(b, (struct step){
		.phase = PHASE_SESSION,
		.kind = STEP_CGROUP_MAKE,
		.because = "the session's own leaf, to tell its processes from the others'",
	    }, leaf, NULL, NULL) < 0)
		return -1;
	/*
	 * Below a cgroup that has processes (init) and hands down pids, a new cgroup is
	 * "domain invalid" and takes nobody in until it is made part of its parent's domain.
	 */
	if (b->hierarchy->version == CGROUP_V2 && add_leaf_set(b, "cgroup.type", "threaded",
		"memory is accounted to the container, where init is") < 0)
		return -1;
	if (pids && add_leaf_set(b, "pids.max", pids,
		"below the container's, so that the next login finds room to fork") < 0)
		return -1;
	return add_enter(b, PHASE_SESSION, leaf,
	    b->hierarchy->version == CGROUP_V2 ? "/cgroup.procs" : "/tasks",
	    "the caller itself writes \"0\"");
}

int
plan_cgroups_session(const struct policy *policy, const struct subject *subject,
    const struct machine *machine, struct plan *plan, struct error *err)
{
	struct layout layout;
	struct builder b = { .plan = plan, .err = err, .layout = &layout };

	if (layout_build(&layout, NULL, policy, subject, machine, err) < 0)
		return -1;
	for (size_t i = 0; i < layout.count; i++) {
		b.hierarchy = &layout.hierarchy[i];
		if (builder_enter_login(&b) < 0)
			return -1;
		if (b.hierarchy->tracks) {
			if (add_leaf(&b) < 0)
				return -1;
		} else if (add_enter(&b, PHASE_SESSION, b.directory,
			       b.hierarchy->version == CGROUP_V2 ? "/cgroup.procs" : "/tasks",
			       "the caller itself writes \"0\"") < 0) {
			return -1;
		}
	}
	return 0;
}

void
plan_each_cgroup(const struct plan *plan,
    void (*each)(const char *directory, enum controller controller, void *context), void *context)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->step[i];

		if (step->kind == STEP_CGROUP_MAKE && (step->flags & STEP_F_FRESH))
			each(step->target, step->controller, context);
	}
}
