/*
 * struct policy -> struct plan: what is mounted, hidden and dropped for one user, and in
 * which order.  Pure; the cgroup part is in plan_cgroups.c.
 */
#include "policy/plan.h"

#include "lib/own.h"
#include "lib/places.h"
#include "lib/text.h"
#include "lib/upper_store.h"
#include "policy/draft.h"
#include "policy/plan_devices.h"
#include "policy/plan_process.h"
#include "policy/plan_root.h"

#include <limits.h>
#include <linux/sched.h>
#include <string.h>

/* The mounts that every container has.  A size of SIZE_* is taken from the policy. */
enum fixed_size {
	SIZE_NONE,
	SIZE_TMP,
	SIZE_SHM,
	SIZE_RUNTIME,
	SIZE_RUN,
	SIZE_PTS
};

/* Sockets, locks and pid files; systemd's own default is larger, since it is the host's. */
#define RUN_SIZE (16 * 1024 * 1024)

/* Which containers have it. */
enum fixed_when {
	WHEN_ALWAYS,
	WHEN_OWN_ROOT, /* root = host has the host's /run instead */
	WHEN_UNNESTED  /* who may nest sees all of /proc: the kernel mounts no other where parts are covered */
};

struct fixed_mount {
	enum fixed_when when;
	enum step_kind kind;
	const char *target;
	enum fixed_size size;
	unsigned mode;
	unsigned flags;
	const char *because;
};

static const struct fixed_mount fixed_mounts[] = {
	{ WHEN_ALWAYS, STEP_SLAVE, "/", SIZE_NONE, 0, 0, "the host's later mounts come in, none goes out" },
	{ WHEN_ALWAYS, STEP_PROC, "/proc", SIZE_NONE, 0, 0, "only the container's processes are seen" },
	{ WHEN_ALWAYS, STEP_READ_ONLY, "/sys", SIZE_NONE, 0, 0, "devices and kernel are the host's" },
	{ WHEN_ALWAYS, STEP_DEV, "/dev", SIZE_NONE, 0755, 0, "no device but the harmless ones" },
	{ WHEN_ALWAYS, STEP_BIND, "/dev/log", SIZE_NONE, 0, STEP_F_OPTIONAL, "what su, sudo and cron log in here is the host's log" },
	{ WHEN_ALWAYS, STEP_DEVPTS, "/dev/pts", SIZE_PTS, 0620, 0, "terminals of its own, so that none takes all" },
	{ WHEN_ALWAYS, STEP_TMPFS, "/dev/shm", SIZE_SHM, 01777, 0, "shared memory of its own" },
	{ WHEN_ALWAYS, STEP_TMPFS, "/tmp", SIZE_TMP, 01777, 0, "temporary files of its own" },
	{ WHEN_ALWAYS, STEP_TMPFS, "/var/tmp", SIZE_TMP, 01777, 0, "temporary files of its own" },
	{ WHEN_OWN_ROOT, STEP_TMPFS, "/run", SIZE_RUN, 0755, 0, "the host's services listen there" },
	{ WHEN_OWN_ROOT, STEP_DIRECTORY, "/run/lock", SIZE_NONE, 01777, 0, "as at any boot" },
	{ WHEN_OWN_ROOT, STEP_DIRECTORY, "/run/screen", SIZE_NONE, 01777, 0, "screen(1) makes its sockets there" },
	{ WHEN_ALWAYS, STEP_TMPFS, "/run/user", SIZE_RUNTIME, 0755, 0, "holds XDG_RUNTIME_DIR" },
	{ WHEN_ALWAYS, STEP_HIDE, PLACE_LIB, SIZE_NONE, 0, STEP_F_OPTIONAL, "other users' homes are kept there" },
	{ WHEN_ALWAYS, STEP_HIDE, PLACE_LXCFS, SIZE_NONE, 0, STEP_F_OPTIONAL, "lxcfs shows all cgroups there, to the host's root writable" },
	{ WHEN_OWN_ROOT, STEP_DIRECTORY, PLACE_RUN, SIZE_NONE, 0755, 0, "as on the host" },
	{ WHEN_ALWAYS, STEP_HIDE, PLACE_RUN, SIZE_NONE, 0, 0, "the supervisors' sockets and records are there" },
	{ WHEN_ALWAYS, STEP_MARK, PLACE_MARK, SIZE_NONE, 0444, 0, "su and cron in here must see where they are" },
	{ WHEN_UNNESTED, STEP_READ_ONLY, "/proc/bus", SIZE_NONE, 0, STEP_F_OPTIONAL, "root inside must not set up devices" },
	{ WHEN_UNNESTED, STEP_READ_ONLY, "/proc/fs", SIZE_NONE, 0, STEP_F_OPTIONAL, "root inside must not set up file systems" },
	{ WHEN_UNNESTED, STEP_READ_ONLY, "/proc/irq", SIZE_NONE, 0, STEP_F_OPTIONAL, "root inside must not move interrupts" },
	{ WHEN_UNNESTED, STEP_READ_ONLY, "/proc/sys", SIZE_NONE, 0, 0, "root inside must not set kernel parameters" },
	{ WHEN_UNNESTED, STEP_READ_ONLY, "/proc/sysrq-trigger", SIZE_NONE, 0, STEP_F_OPTIONAL, "root inside must not reboot" },
	{ WHEN_UNNESTED, STEP_MASK, "/proc/acpi", SIZE_NONE, 0, STEP_F_OPTIONAL, "hardware state" },
	{ WHEN_UNNESTED, STEP_MASK, "/proc/kcore", SIZE_NONE, 0, STEP_F_OPTIONAL, "the kernel's memory" },
	{ WHEN_UNNESTED, STEP_MASK, "/proc/keys", SIZE_NONE, 0, STEP_F_OPTIONAL, "keys are per uid, not per container" },
	{ WHEN_UNNESTED, STEP_MASK, "/proc/latency_stats", SIZE_NONE, 0, STEP_F_OPTIONAL, "shows other processes" },
	{ WHEN_UNNESTED, STEP_MASK, "/proc/sched_debug", SIZE_NONE, 0, STEP_F_OPTIONAL, "shows other processes" },
	{ WHEN_UNNESTED, STEP_MASK, "/proc/scsi", SIZE_NONE, 0, STEP_F_OPTIONAL, "removes devices" },
	{ WHEN_UNNESTED, STEP_MASK, "/proc/timer_list", SIZE_NONE, 0, STEP_F_OPTIONAL, "shows other processes" },
	{ WHEN_ALWAYS, STEP_MASK, "/sys/firmware", SIZE_NONE, 0, STEP_F_OPTIONAL, "tables and keys of the firmware" },
};

/* gcc 12's analyzer loses sight of pointers that are stored through plan->step[]. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

/* As a rule the first is enough; one more each time would be a copy for every step. */
static struct step *
make_room(const struct plan *plan)
{
	enum { FIRST = 128 };
	size_t count = plan->count;
	bool is_full = count == 0 || (count >= FIRST && (count & (count - 1)) == 0);

	return is_full ? reallocarray(plan->step, count ? count * 2 : FIRST, sizeof(*plan->step)) : plan->step;
}

int
plan_add(struct plan *plan, struct step step, struct error *err)
{
	struct step *more = make_room(plan);

	if (!more) {
		free(step.target);
		free(step.source);
		free(step.value);
		free(step.groups);
		return error_set(err, ENOMEM, "add a step to the plan");
	}
	plan->step = more;
	plan->step[plan->count++] = step;
	return 0;
}

static uint64_t
fixed_mount_size(const struct policy *policy, enum fixed_size size)
{
	switch (size) {
	case SIZE_TMP: return policy->tmp_size;
	case SIZE_SHM: return policy->shm_size;
	case SIZE_RUNTIME: return policy->runtime_size;
	case SIZE_RUN: return RUN_SIZE;
	case SIZE_PTS: return policy->pts_max;
	case SIZE_NONE: break;
	}
	return 0;
}

static bool
is_wanted(const struct fixed_mount *fixed, const struct policy *policy)
{
	switch (fixed->when) {
	case WHEN_OWN_ROOT: return policy->root != ROOT_HOST;
	case WHEN_UNNESTED: return policy->userns == USERNS_HOST || !policy->nesting;
	case WHEN_ALWAYS: break;
	}
	return true;
}

static int
add_fixed_mounts(struct plan *plan, const struct policy *policy, const struct machine *machine,
    struct error *err)
{
	for (size_t i = 0; i < sizeof(fixed_mounts) / sizeof(fixed_mounts[0]); i++) {
		const struct fixed_mount *fixed = &fixed_mounts[i];
		if (!is_wanted(fixed, policy))
			continue;
		struct draft draft = {
			.step = {
				.phase = PHASE_INSIDE,
				.kind = fixed->kind,
				.size = fixed_mount_size(policy, fixed->size),
				.mode = fixed->mode,
				.gid = fixed->kind == STEP_DEV || fixed->kind == STEP_DEVPTS ? machine->tty_gid : 0,
				.flags = fixed->flags,
				.because = fixed->because,
			},
			.target = fixed->target,
			.source = fixed->kind == STEP_BIND ? fixed->target : NULL,
		};
		if (draft_add(plan, draft, err) < 0)
			return -1;
	}
	return 0;
}

/*
 * sshd writes who is logged in while it is inside already, with the container's names of
 * terminals.  The supervisor makes the files, if the host has such, and reads them.
 */
static int
add_accounting(struct plan *plan, const struct subject *subject, const char *run,
    struct error *err)
{
	static const char *const file[][2] = {
		{ PLACE_UTMP_NAME, PLACE_UTMP },
		{ PLACE_WTMP_NAME, PLACE_WTMP },
	};
	char source[PATH_MAX];

	for (size_t i = 0; i < sizeof(file) / sizeof(file[0]); i++) {
		if (text_format(source, sizeof(source), "%s/%u/%s", run, (unsigned)subject->uid,
		        file[i][0]) < 0)
			return error_set(err, errno, "name the container's %s", file[i][0]);
		struct draft draft = {
			.step = { .phase = PHASE_INSIDE, .kind = STEP_BIND, .flags = STEP_F_OPTIONAL,
			    .because = "terminals have other names in here than on the host" },
			.target = file[i][1],
			.source = source,
		};
		if (draft_add(plan, draft, err) < 0)
			return -1;
	}
	return 0;
}

static int
add_runtime_directory(struct plan *plan, const struct subject *subject,
    const struct machine *machine, struct error *err)
{
	char path[64], variable[96];

	if (text_format(path, sizeof(path), "/run/user/%u", (unsigned)subject->uid) < 0 ||
	    text_format(variable, sizeof(variable), "XDG_RUNTIME_DIR=%s", path) < 0)
		return error_set(err, errno, "name the runtime directory");
	struct draft directory = {
		.step = { .phase = PHASE_INSIDE, .kind = STEP_DIRECTORY, .mode = 0700,
		    .uid = subject->uid, .gid = subject->gid, .because = "XDG_RUNTIME_DIR" },
		.target = path,
	};
	struct draft environment = {
		.step = { .phase = PHASE_SESSION, .kind = STEP_ENVIRONMENT,
		    .because = "programs look for their sockets there" },
		.value = variable,
	};
	/* Its address names a socket in the directory that is covered: nothing listens there. */
	struct draft bus = {
		.step = { .phase = PHASE_SESSION, .kind = STEP_ENVIRONMENT,
		    .because = "unset: the user manager's bus is outside" },
		.value = "DBUS_SESSION_BUS_ADDRESS",
	};
	/* The mount point must be there on the host; without systemd nobody else makes it. */
	struct draft host = {
		.step = { .phase = PHASE_HOST, .kind = STEP_DIRECTORY, .mode = 0755,
		    .because = "mount point of the private one inside" },
		.target = "/run/user",
	};
	if (draft_add(plan, host, err) < 0 || draft_add(plan, directory, err) < 0 ||
	    (machine->has_systemd && draft_add(plan, bus, err) < 0))
		return -1;
	return draft_add(plan, environment, err);
}

/* Where the real cgroup file systems stand, their own part of them and nothing else shows. */
struct cgroup_view {
	struct plan *plan;
	const struct machine *machine;
	struct error *err;
	const struct plan *seen;
	unsigned v1;
	int rc;
};

#define CGROUP_MOUNT "/sys/fs/cgroup"

/* A directory that the user may make cgroups in; its limits' files are root's. */
static bool
is_delegated(const struct plan *plan, const char *directory)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->step[i].kind == STEP_CGROUP_DELEGATE && !strcmp(plan->step[i].target, directory))
			return true;
	return false;
}

static int
add_cgroup_bind(struct cgroup_view *view, const char *directory, const char *target)
{
	bool delegated = is_delegated(view->seen, directory);
	struct draft draft = {
		.step = { .phase = PHASE_INSIDE, .kind = STEP_BIND,
		    .flags = delegated ? 0 : STEP_F_READ_ONLY,
		    .because = delegated ? "programs read their limits there, and set those of their containers"
		                         : "programs read their limits there" },
		.target = target,
		.source = directory,
	};
	return draft_add(view->plan, draft, view->err);
}

/* Where the hierarchy is mounted on the host; false if that is not where programs look. */
static bool
view_mount_point(const struct machine *machine, enum controller controller, char point[256])
{
	const struct controller_place place = controller == CONTROLLER_COUNT ? machine_unified(machine) :
	    machine->place[controller];
	size_t length = strlen(place.root) - place.below;

	memcpy(point, place.root, length);
	point[length] = '\0';
	return strncmp(point, CGROUP_MOUNT, strlen(CGROUP_MOUNT)) == 0;
}

static void
view_cgroup(const char *directory, enum controller controller, void *context)
{
	struct cgroup_view *view = context;
	bool is_v1 = controller != CONTROLLER_COUNT &&
	    view->machine->place[controller].version == CGROUP_V1;
	char target[PATH_MAX], mounted[256];

	if (view->rc < 0 || !view_mount_point(view->machine, is_v1 ? controller : CONTROLLER_COUNT, mounted))
		return;
	if (is_v1 && view->v1++ == 0) {
		struct draft draft = {
			.step = { .phase = PHASE_INSIDE, .kind = STEP_HIDE,
			    .because = "other users' cgroups are there" },
			.target = CGROUP_MOUNT,
		};
		view->rc = draft_add(view->plan, draft, view->err);
	}
	/* "/memory", also where a part of it is mounted further down. */
	const char *name = is_v1 ? mounted + strlen(CGROUP_MOUNT) : "";
	size_t length = name[0] ? 1 + strcspn(name + 1, "/") : 0;
	if (view->rc == 0 && text_format(target, sizeof(target), CGROUP_MOUNT "%.*s", (int)length, name) == 0)
		view->rc = add_cgroup_bind(view, directory, target);
}

static int
add_cgroup_view(struct plan *plan, const struct machine *machine, struct error *err)
{
	struct plan made = PLAN_INIT;
	struct cgroup_view view = { .plan = &made, .seen = plan, .machine = machine, .err = err };

	/* Into a list of its own first: plan_each_cgroup walks the plan that would grow. */
	plan_each_cgroup(plan, view_cgroup, &view);
	for (size_t i = 0; i < made.count && view.rc == 0; i++) {
		view.rc = plan_add(plan, made.step[i], err);
		made.step[i] = (struct step) { .kind = made.step[i].kind };
	}
	plan_free(&made);
	return view.rc;
}

/* "-/path": the path may be missing. */
static const char *
optional_path(const char *path, unsigned *flags)
{
	if (path[0] != '-')
		return path;
	*flags |= STEP_F_OPTIONAL;
	return path + 1;
}

static int
add_paths(struct plan *plan, const struct text_list *paths, enum step_kind kind,
    const char *because, struct error *err)
{
	for (size_t i = 0; i < paths->count; i++) {
		struct draft draft = {
			.step = { .phase = PHASE_INSIDE, .kind = kind, .because = because },
		};
		draft.target = optional_path(paths->item[i], &draft.step.flags);
		if (draft_add(plan, draft, err) < 0)
			return -1;
	}
	return 0;
}

/* Cuts text at the next ':'; returns what is behind it, or NULL. */
static char *
cut(char *text)
{
	char *colon = strchr(text, ':');

	if (!colon)
		return NULL;
	*colon = '\0';
	return colon + 1;
}

static int
add_tmpfs(struct plan *plan, const struct policy *policy, const struct subject *subject,
    struct error *err)
{
	for (size_t i = 0; i < policy->tmpfs.count; i++) {
		struct draft draft = {
			.step = { .phase = PHASE_INSIDE, .kind = STEP_TMPFS, .mode = 0700,
			    .uid = subject->uid, .gid = subject->gid, .size = policy->tmp_size,
			    .because = "policy: tmpfs" },
		};
		autofree char *text = strdup(policy->tmpfs.item[i]);
		if (!text)
			return error_set(err, ENOMEM, "add a tmpfs to the plan");
		char *size = cut(text);
		draft.target = optional_path(text, &draft.step.flags);
		if (size && !text_to_number(size, UINT64_MAX, &draft.step.size))
			return error_set(err, 0, "tmpfs %s: bad size %s", text, size);
		if (draft_add(plan, draft, err) < 0)
			return -1;
	}
	return 0;
}

static int
add_binds(struct plan *plan, const struct policy *policy, struct error *err)
{
	for (size_t i = 0; i < policy->bind.count; i++) {
		struct draft draft = {
			.step = { .phase = PHASE_INSIDE, .kind = STEP_BIND, .because = "policy: bind" },
		};
		autofree char *text = strdup(policy->bind.item[i]);
		if (!text)
			return error_set(err, ENOMEM, "add a bind to the plan");
		char *target = cut(text);
		char *mode = target ? cut(target) : NULL;
		draft.source = optional_path(text, &draft.step.flags);
		draft.target = target && *target ? target : draft.source;
		if (mode && !strcmp(mode, "ro"))
			draft.step.flags |= STEP_F_READ_ONLY;
		if (draft_add(plan, draft, err) < 0)
			return -1;
	}
	return 0;
}

/* Homes that are no user's own: an overlay there would cover the host, not a home. */
static int
check_home(const struct subject *subject, struct error *err)
{
	if (subject->home[0] != '/')
		return error_set(err, 0, "the home \"%s\" is not an absolute path: mend the passwd entry",
		    subject->home);
	if (subject->home[strspn(subject->home, "/")] == '\0')
		return error_set(err, 0, "the home is /: exempt this user, or set home = host for it");
	return 0;
}

static int
add_passthrough(struct plan *plan, const struct policy *policy, const struct subject *subject,
    struct error *err)
{
	for (size_t i = 0; i < policy->home_passthrough.count; i++) {
		char target[PATH_MAX];
		const char *name = policy->home_passthrough.item[i];
		if (text_format(target, sizeof(target), "%s/%s", subject->home, name) < 0)
			return error_set(err, errno, "name %s in the home", name);
		struct draft draft = {
			.step = { .phase = PHASE_INSIDE, .kind = STEP_PASSTHROUGH, .uid = subject->uid,
			    .gid = subject->gid, .because = "sshd outside reads the real one" },
			.target = target,
			.source = name,
		};
		if (draft_add(plan, draft, err) < 0)
			return -1;
	}
	return 0;
}

static const char *const upper_name[] = {
	[HOME_OVERLAY] = UPPER_STORE_HOME,
	[HOME_TEMPLATE] = UPPER_STORE_TEMPLATE,
};

static int
add_home_store(struct plan *plan, const char *lib, const char *own, struct error *err)
{
	const char *const directory[] = { lib, own };

	for (size_t i = 0; i < 2; i++) {
		struct draft draft = {
			.step = { .phase = PHASE_HOST, .kind = STEP_DIRECTORY, .mode = 0700,
			    .because = "what the user changes in the home is kept there" },
			.target = directory[i],
		};
		if (draft_add(plan, draft, err) < 0)
			return -1;
	}
	return 0;
}

static int
add_home(struct plan *plan, const struct policy *policy, const struct subject *subject,
    const char *lib, struct error *err)
{
	char own[PATH_MAX], upper[PATH_MAX];
	bool is_kept = policy->home == HOME_OVERLAY || policy->home == HOME_TEMPLATE;
	struct draft draft = {
		.step = { .phase = PHASE_INSIDE, .kind = STEP_HOME, .home = policy->home,
		    .uid = subject->uid, .gid = subject->gid, .size = policy->home_size,
		    .because = "policy: home" },
		.target = subject->home,
		.source = policy->home == HOME_TEMPLATE ? policy->home_template : subject->home,
	};

	if (policy->home == HOME_HOST && policy->root == ROOT_HOST)
		return 0;
	if (check_home(subject, err) < 0)
		return -1;
	if (policy->home == HOME_HOST)
		return plan_root_bind(plan, subject->home, "policy: home = host", err);
	if (is_kept) {
		if (text_format(own, sizeof(own), "%s/%u", lib, (unsigned)subject->uid) < 0 ||
		    text_format(upper, sizeof(upper), "%s/%s", own, upper_name[policy->home]) < 0)
			return error_set(err, errno, "name the home's upper directory");
		if (add_home_store(plan, lib, own, err) < 0)
			return -1;
		draft.value = upper;
	}
	if (draft_add(plan, draft, err) < 0)
		return -1;
	return add_passthrough(plan, policy, subject, err);
}

static unsigned
path_depth(const char *path)
{
	unsigned depth = 0;

	for (; path && *path; path++)
		depth += path[0] == '/' && path[1] != '/' && path[1] != '\0';
	return depth;
}

/*
 * Mounts go on in the order of their depth, so that each finds what it lies in as it is to
 * be: read_only = / does not catch /tmp, hidden = /home leaves room for one's own home, and
 * a bind to /tmp/x lies in the container's /tmp.
 */
static unsigned
step_depth(const struct step *step)
{
	return path_depth(step->target);
}

static unsigned
step_phase(const struct step *step)
{
	return step->phase;
}

/* A stable insertion sort: the list is short, and equals keep their order. */
static void
sort_steps(struct step *step, size_t count, unsigned (*key)(const struct step *))
{
	for (size_t i = 1; i < count; i++) {
		struct step moving = step[i];
		size_t at = i;
		for (; at > 0 && key(&step[at - 1]) > key(&moving); at--)
			step[at] = step[at - 1];
		step[at] = moving;
	}
}

static bool
lies_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return length > 1 && !strncmp(path, directory, length) && path[length] == '/';
}

/*
 * The host's home needs no mount where the host's root is seen, unless what lies above it is hidden or an
 * empty tmpfs.  As on the host it may be missing.  Comes after all that could cover it.
 */
static int
add_covered_home(struct plan *plan, const struct policy *policy, const struct subject *subject,
    struct error *err)
{
	const struct draft draft = {
		.step = { .phase = PHASE_INSIDE, .kind = STEP_BIND, .flags = STEP_F_OPTIONAL,
		    .because = "policy: home = host; what is above it is covered" },
		.target = subject->home,
		.source = subject->home,
	};
	bool is_covered = false;

	if (policy->home != HOME_HOST || policy->root != ROOT_HOST)
		return 0;
	for (size_t i = 0; i < plan->count; i++)
		if (plan->step[i].phase == PHASE_INSIDE &&
		    (plan->step[i].kind == STEP_HIDE || plan->step[i].kind == STEP_TMPFS))
			is_covered = is_covered || lies_below(subject->home, plan->step[i].target);
	if (!is_covered)
		return 0;
	return check_home(subject, err) < 0 ? -1 : draft_add(plan, draft, err);
}

/* An own root is read-only or the container's own: what is to reach the host's files is bound. */
static int
add_writable(struct plan *plan, const struct policy *policy, struct error *err)
{
	if (policy->root == ROOT_HOST)
		return add_paths(plan, &policy->writable, STEP_WRITABLE, "policy: writable", err);
	for (size_t i = 0; i < policy->writable.count; i++)
		if (plan_root_bind(plan, policy->writable.item[i], "policy: writable", err) < 0)
			return -1;
	return 0;
}

static int
add_mounts(struct plan *plan, const struct policy *policy, const struct subject *subject,
    const struct machine *machine, const struct plan_places *places, struct error *err)
{
	if (add_fixed_mounts(plan, policy, machine, err) < 0 ||
	    plan_root(policy, subject, places, plan, err) < 0 ||
	    add_accounting(plan, subject, places->run, err) < 0 ||
	    add_cgroup_view(plan, machine, err) < 0 ||
	    plan_lxcfs(policy, machine, plan, err) < 0 ||
	    add_runtime_directory(plan, subject, machine, err) < 0 ||
	    add_home(plan, policy, subject, places->lib, err) < 0 ||
	    add_paths(plan, &policy->hidden, STEP_HIDE, "policy: hidden", err) < 0 ||
	    add_tmpfs(plan, policy, subject, err) < 0 ||
	    add_binds(plan, policy, err) < 0 ||
	    add_paths(plan, &policy->read_only, STEP_READ_ONLY, "policy: read_only", err) < 0 ||
	    add_writable(plan, policy, err) < 0 || add_covered_home(plan, policy, subject, err) < 0)
		return -1;
	return 0;
}

static int
add_namespaces(struct plan *plan, const struct policy *policy, const struct subject *subject,
    const struct machine *machine, struct error *err)
{
	bool is_private = policy->userns == USERNS_PRIVATE;
	/* Root inside is to set the host name and the network's addresses, so it must own them. */
	unsigned owned = CLONE_NEWIPC | CLONE_NEWUTS |
	    (policy->network == NETWORK_PRIVATE ? CLONE_NEWNET : 0);
	const struct draft drafts[] = {
		{ .step = { .phase = PHASE_CLONE, .kind = STEP_NAMESPACES,
		    .flags = CLONE_NEWNS | CLONE_NEWPID | (is_private ? 0 : owned),
		    .because = is_private ? "own mounts and processes; root inside owns neither"
		                          : "own mounts, processes, IPC objects and host name" } },
		{ .step = { .phase = PHASE_INSIDE, .kind = STEP_CGROUP_NAMESPACE,
		    .because = "once in the cgroups: the namespace is rooted where we are" } },
		{ .step = { .phase = PHASE_INSIDE, .kind = STEP_HOSTNAME, .because = "policy: hostname" },
		    .value = policy->hostname },
		{ .step = { .phase = PHASE_INSIDE, .kind = STEP_LOOPBACK,
		    .because = "policy: network; localhost is the container's own" } },
	};
	size_t count = sizeof(drafts) / sizeof(drafts[0]) - (policy->network == NETWORK_HOST ? 1 : 0);

	if (is_private && plan_user_namespace(policy, subject, machine, owned, plan, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (draft_add(plan, drafts[i], err) < 0)
			return -1;
	return 0;
}

/*
 * systemd's user manager is a service of the host's systemd, starts whatever the user's files
 * say, and stays in its own cgroups: it would be a way out for all who have one.
 */
static int
check_service(const struct subject *subject, struct error *err)
{
	if (strcmp(subject->service, "systemd-user") != 0)
		return 0;
	return error_set(err, 0, "a contained user has no user manager (user@%u.service): what it "
	    "starts would run outside of the container", (unsigned)subject->uid);
}

int
plan_build(const struct policy *policy, const struct subject *subject,
    const struct machine *machine, const struct plan_places *places, struct plan *plan,
    struct error *err)
{
	const struct draft share = {
		.step = { .phase = PHASE_HOST, .kind = STEP_SHARE,
		    .because = "policy: share_mounts; a private mount passes nothing on" },
		.target = "/",
	};

	if (check_service(subject, err) < 0 ||
	    plan_cgroups(policy, subject, machine, plan, err) < 0 ||
	    plan_devices(policy, subject, machine, plan, err) < 0 ||
	    (policy->share_mounts && draft_add(plan, share, err) < 0) ||
	    add_namespaces(plan, policy, subject, machine, err) < 0 ||
	    plan_cgroups_inside(policy, subject, machine, plan, err) < 0)
		goto fail;
	size_t first = plan->count;
	if (add_mounts(plan, policy, subject, machine, places, err) < 0)
		goto fail;
	sort_steps(plan->step + first, plan->count - first, step_depth);
	if (plan_root_pivot(policy, plan, err) < 0 ||
	    plan_cgroups_session(policy, subject, machine, plan, err) < 0 ||
	    plan_process(policy, subject, machine, plan, err) < 0)
		goto fail;
	sort_steps(plan->step, plan->count, step_phase);
	return 0;
fail:
	plan_free(plan);
	return -1;
}

void
plan_root_ids(const struct plan *plan, uid_t *uid, gid_t *gid)
{
	*uid = 0;
	*gid = 0;
	for (size_t i = 0; i < plan->count; i++)
		if (plan->step[i].kind == STEP_USER_NAMESPACE) {
			*uid = plan->step[i].uid;
			*gid = plan->step[i].gid;
		}
}

void
plan_free(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		free(plan->step[i].target);
		free(plan->step[i].source);
		free(plan->step[i].value);
		free(plan->step[i].groups);
	}
	free(plan->step);
	*plan = (struct plan)PLAN_INIT;
}
