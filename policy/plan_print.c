/*
 * A plan as text, for people and for tests: what is printed is what is built.  Pure.
 */
#include "policy/plan.h"

#include "policy/capability.h"

#include <linux/sched.h>

static const char *const phase_name[] = {
	[PHASE_HOST] = "host",
	[PHASE_CLONE] = "clone",
	[PHASE_INSIDE] = "inside",
	[PHASE_SESSION] = "session",
};

static const char *const kind_name[] = {
	[STEP_CGROUP_MAKE] = "cgroup-make",
	[STEP_CGROUP_VACATE] = "cgroup-vacate",
	[STEP_CGROUP_ENABLE] = "cgroup-enable",
	[STEP_CGROUP_SET] = "cgroup-set",
	[STEP_CGROUP_ENTER] = "cgroup-enter",
	[STEP_CGROUP_DELEGATE] = "cgroup-delegate",
	[STEP_CGROUP_MOUNT] = "cgroup-mount",
	[STEP_CGROUP_OPTIONS] = "cgroup-options",
	[STEP_DEVICE_LIST] = "device-list",
	[STEP_DEVICES] = "devices",
	[STEP_SHARE] = "share-mounts",
	[STEP_NAMESPACES] = "namespaces",
	[STEP_USER_NAMESPACE] = "user-namespace",
	[STEP_LOOPBACK] = "loopback",
	[STEP_CGROUP_NAMESPACE] = "cgroup-namespace",
	[STEP_HOSTNAME] = "hostname",
	[STEP_SLAVE] = "slave-mounts",
	[STEP_ROOT] = "root",
	[STEP_ACCOUNT] = "account",
	[STEP_PIVOT] = "pivot",
	[STEP_PROC] = "proc",
	[STEP_MASK] = "mask",
	[STEP_DEV] = "dev",
	[STEP_DEVPTS] = "devpts",
	[STEP_TMPFS] = "tmpfs",
	[STEP_DIRECTORY] = "directory",
	[STEP_READ_ONLY] = "read-only",
	[STEP_WRITABLE] = "writable",
	[STEP_BIND] = "bind",
	[STEP_HIDE] = "hide",
	[STEP_HOME] = "home",
	[STEP_PASSTHROUGH] = "passthrough",
	[STEP_MARK] = "mark",
	[STEP_RLIMIT] = "rlimit",
	[STEP_UMASK] = "umask",
	[STEP_NICE] = "nice",
	[STEP_SCHEDULER] = "scheduler",
	[STEP_TIMER_SLACK] = "timer-slack",
	[STEP_KEYRING] = "session-keyring",
	[STEP_BOUNDING] = "bounding-set",
	[STEP_SECUREBITS] = "securebits",
	[STEP_INHERITABLE] = "inheritable",
	[STEP_AMBIENT] = "ambient",
	[STEP_NO_NEW_PRIVS] = "no-new-privs",
	[STEP_SECCOMP] = "seccomp",
	[STEP_ENVIRONMENT] = "environment",
};

static const char *const home_name[] = {
	[HOME_OVERLAY] = "overlay",
	[HOME_EPHEMERAL] = "ephemeral",
	[HOME_TEMPLATE] = "template",
	[HOME_HOST] = "host",
};

static const char *const root_name[] = {
	[ROOT_HOST] = "host",
	[ROOT_READ_ONLY] = "read-only",
	[ROOT_OVERLAY] = "overlay",
	[ROOT_EPHEMERAL] = "ephemeral",
};

static const struct {
	unsigned flag;
	const char *name;
} namespaces[] = {
	{ CLONE_NEWNS, "mnt" }, { CLONE_NEWPID, "pid" }, { CLONE_NEWIPC, "ipc" },
	{ CLONE_NEWUTS, "uts" }, { CLONE_NEWCGROUP, "cgroup" }, { CLONE_NEWNET, "net" },
	{ CLONE_NEWUSER, "user" },
};

const char *
step_kind_name(enum step_kind kind)
{
	return kind_name[kind];
}

static void
print_namespaces(unsigned flags, FILE *out)
{
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
		if (flags & namespaces[i].flag)
			(void)fprintf(out, " %s", namespaces[i].name);
}

/* Values may have several lines (io.max), and paths any byte but '/' and NUL. */
static void
print_text(const char *name, const char *text, FILE *out)
{
	if (!text)
		return;
	(void)fprintf(out, " %s", name);
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;
		if (byte < ' ' || byte == 127 || byte == '\\')
			(void)fprintf(out, "\\x%02x", byte);
		else
			(void)fputc(byte, out);
	}
}

static bool
has_owner(enum step_kind kind)
{
	return kind == STEP_TMPFS || kind == STEP_DIRECTORY || kind == STEP_HOME ||
	    kind == STEP_PASSTHROUGH || kind == STEP_ROOT || kind == STEP_USER_NAMESPACE || kind == STEP_DEVICES ||
	    kind == STEP_CGROUP_DELEGATE;
}

static const char *
value_name(enum step_kind kind)
{
	if (kind == STEP_HOME || kind == STEP_ROOT)
		return "upper=";
	return kind == STEP_USER_NAMESPACE ? "gids=" : "value=";
}

static const struct {
	unsigned flag;
	const char *name;
} flag_names[] = {
	{ STEP_F_READ_ONLY, "read-only" }, { STEP_F_OPTIONAL, "if-there" }, { STEP_F_NOSUID, "nosuid" },
	{ STEP_F_SUDO, "sudo" }, { STEP_F_NESTING, "nesting" },
	{ STEP_F_ANSWERS, "if-it-answers" },
};

static bool
is_capability_set(enum step_kind kind)
{
	return kind == STEP_BOUNDING || kind == STEP_INHERITABLE || kind == STEP_AMBIENT;
}

static void
print_step(const struct step *step, FILE *out)
{
	char names[CAPABILITY_TEXT_MAX];

	(void)fprintf(out, "%-7s %-16s", phase_name[step->phase], kind_name[step->kind]);
	if (step->kind == STEP_NAMESPACES || step->kind == STEP_USER_NAMESPACE)
		print_namespaces(step->flags, out);
	print_text("", step->target, out);
	print_text(step->kind == STEP_USER_NAMESPACE ? "uids=" : "from=", step->source, out);
	if (step->kind == STEP_HOME)
		(void)fprintf(out, " home=%s", home_name[step->home]);
	if (step->kind == STEP_ROOT)
		(void)fprintf(out, " root=%s", root_name[step->root]);
	print_text(value_name(step->kind), step->value, out);
	print_text("groups=", step->groups, out);
	if (step->size)
		(void)fprintf(out, " size=%llu", (unsigned long long)step->size);
	if (step->mode)
		(void)fprintf(out, " mode=%04o", step->mode);
	if (has_owner(step->kind))
		(void)fprintf(out, " owner=%u:%u", (unsigned)step->uid, (unsigned)step->gid);
	if (is_capability_set(step->kind))
		(void)fprintf(out, " %s", capability_format(step->capabilities, names, sizeof(names)));
	for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++)
		if (step->flags & flag_names[i].flag)
			(void)fprintf(out, " %s", flag_names[i].name);
	if (step->because)
		(void)fprintf(out, "  # %s", step->because);
	(void)fputc('\n', out);
}

void
plan_print(const struct plan *plan, FILE *out)
{
	for (size_t i = 0; i < plan->count; i++)
		print_step(&plan->step[i], out);
}
