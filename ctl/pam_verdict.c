/*
 * Follows libpam/pam_dispatch.c: an impression is made of what modules return, and a login is
 * let in where it is good at the end.
 */
#include "ctl/pam_verdict.h"

#include <stdint.h>
#include <string.h>

#define MODULE "pam_ctr.so"

enum impression { UNDECIDED, GOOD, BAD, IMPRESSIONS };

/* What is known of pam_ctr.so on the way to an entry. */
enum asked { NOT_ASKED, ENTERED, REFUSED, ASKEDS };

/* What a way through the stack has brought so far. */
struct state {
	enum impression impression;
	enum asked asked;
};

struct walk {
	const struct pam_stack *stack;
	struct pam_verdict *verdict;
	bool seen[PAM_STACK_MAX + 1][IMPRESSIONS][ASKEDS];
	enum impression entered[PAM_STACK_MAX + 1]; /* by level: what it was before the substack */
};

/* Some modules never return some values; ours has two, and libpam a third where its file is gone. */
static bool
can_return(const struct pam_entry *entry, size_t code)
{
	if (!strcmp(entry->module, MODULE))
		return code == 0 || code == PAM_STACK_SESSION_ERR || code == PAM_STACK_UNKNOWN;
	if (!strcmp(entry->module, "pam_permit.so"))
		return code == 0;
	return strcmp(entry->module, "pam_deny.so") != 0 || code != 0;
}

/* The entry behind all of those that are on this one's level or deeper. */
static size_t
end_of_level(const struct pam_stack *stack, size_t at)
{
	size_t next = at + 1;

	while (next < stack->count && stack->entry[next].level >= stack->entry[at].level)
		next++;
	return next;
}

/* Where jumping over count entries leads, a substack being one; SIZE_MAX: too far, which fails. */
static size_t
jump_from(const struct pam_stack *stack, size_t at, int count)
{
	unsigned level = stack->entry[at].level;
	size_t next = at + 1;

	for (; count > 0; count--) {
		if (next >= stack->count || stack->entry[next].level < level)
			return SIZE_MAX;
		do
			next++;
		while (next < stack->count && stack->entry[next].level > level);
	}
	return next;
}

/* An OK: a first good impression stays until something is bad. */
static enum impression
impress(enum impression before, size_t code)
{
	if (code == PAM_STACK_IGNORE || before == BAD)
		return before;
	if (code == 0)
		return GOOD;
	return before == GOOD ? BAD : before;
}

static void visit(struct walk *walk, size_t at, struct state state, size_t by);

/* One return value of one entry: what comes of it, and where it goes on. */
static void
follow(struct walk *walk, size_t at, size_t code, struct state state, size_t by)
{
	const struct pam_stack *stack = walk->stack;
	int action = stack->entry[at].action[code];
	size_t next = at + 1;

	switch (action) {
	case PAM_ACTION_IGNORE:
		break;
	case PAM_ACTION_OK:
	case PAM_ACTION_DONE:
		state.impression = impress(state.impression, code);
		if (action == PAM_ACTION_DONE && state.impression == GOOD)
			next = end_of_level(stack, at);
		break;
	case PAM_ACTION_BAD:
	case PAM_ACTION_DIE:
		state.impression = BAD;
		if (action == PAM_ACTION_DIE)
			next = end_of_level(stack, at);
		break;
	case PAM_ACTION_RESET:
		state.impression = walk->entered[stack->entry[at].level];
		break;
	default:
		next = jump_from(stack, at, action);
		if (next == SIZE_MAX) {
			state.impression = BAD;
			next = stack->count;
		}
	}
	visit(walk, next, state, next > at + 1 ? at : by);
}

static void
judge_end(struct walk *walk, struct state state, size_t by)
{
	if (state.impression != GOOD)
		return;
	if (state.asked == NOT_ASKED && !walk->verdict->may_be_skipped) {
		walk->verdict->may_be_skipped = true;
		walk->verdict->skipped_by = by;
	}
	if (state.asked == REFUSED)
		walk->verdict->may_be_ignored = true;
}

/* Each state of each entry once: the depth is that of the stack. */
static void
visit(struct walk *walk, size_t at, struct state state, size_t by)
{
	const struct pam_stack *stack = walk->stack;

	if (walk->seen[at][state.impression][state.asked])
		return;
	walk->seen[at][state.impression][state.asked] = true;
	if (at == stack->count) {
		judge_end(walk, state, by);
		return;
	}
	const struct pam_entry *entry = &stack->entry[at];
	bool is_module = !strcmp(entry->module, MODULE);
	if (entry->is_substack) {
		enum impression before = walk->entered[entry->level + 1];
		walk->entered[entry->level + 1] = state.impression;
		visit(walk, at + 1, state, by);
		walk->entered[entry->level + 1] = before;
		return;
	}
	for (size_t code = 0; code < PAM_STACK_CODES; code++) {
		struct state after = state;
		if (!can_return(entry, code))
			continue;
		if (is_module && state.asked != ENTERED)
			after.asked = code == 0 ? ENTERED : REFUSED;
		follow(walk, at, code, after, by);
	}
}

void
pam_verdict_of(const struct pam_stack *stack, struct pam_verdict *verdict)
{
	*verdict = (struct pam_verdict) { .has_module = false };
	for (size_t i = 0; i < stack->count; i++)
		if (!strcmp(stack->entry[i].module, MODULE)) {
			verdict->has_module = true;
			verdict->at = i;
			verdict->may_be_missing = stack->entry[i].may_be_missing;
		}
	if (!verdict->has_module)
		return;
	struct walk walk = { .stack = stack, .verdict = verdict };
	visit(&walk, 0, (struct state) { UNDECIDED, NOT_ASKED }, SIZE_MAX);
}

/* Behind the module the caller is root of the container at the most, and sees its files. */
static const struct {
	const char *module, *why;
	bool is_serious;
} after[] = {
	{ "pam_permit.so", NULL, false }, { "pam_deny.so", NULL, false }, { "pam_motd.so", NULL, false },
	{ "pam_mail.so", NULL, false }, { "pam_echo.so", NULL, false }, { "pam_umask.so", NULL, false },
	{ "pam_unix.so", NULL, false }, { "pam_warn.so", NULL, false }, { "pam_debug.so", NULL, false },
	{ "pam_selinux.so", NULL, false }, { "pam_lastlog.so", NULL, false },
	{ "pam_env.so", "reads its files as they are inside", false },
	{ "pam_limits.so", "sets the limits of /etc/security/limits.conf over the policy's rlimit.*", false },
	{ "pam_exec.so", "runs its program inside, as the container's root", false },
	{ "pam_keyinit.so", "makes another session keyring in place of the container's", false },
	{ "pam_mkhomedir.so", "makes the home inside, where it may not last", true },
	{ "pam_oddjob_mkhomedir.so", "makes the home after it was needed", true },
	{ "pam_loginuid.so", "has no right to set the audit id any more, and may refuse the login", true },
	{ "pam_systemd.so", "moves the login to a cgroup of its own, or fails", true },
	{ "pam_elogind.so", "moves the login to a cgroup of its own, or fails", true },
	{ "pam_cgroup.so", "moves the login to another cgroup, out of its limits", true },
	{ "pam_cgfs.so", "moves the login to another cgroup, out of its limits", true },
	{ "pam_namespace.so", "mounts over the container's own directories, or fails", true },
	{ "pam_mount.so", "mounts inside, or fails", true },
	{ "pam_xauth.so", "copies cookies between homes, one of which is not there", true },
};

const char *
pam_verdict_after(const char *module, bool *is_serious)
{
	for (size_t i = 0; i < sizeof(after) / sizeof(after[0]); i++)
		if (!strcmp(module, after[i].module)) {
			*is_serious = after[i].is_serious;
			return after[i].why;
		}
	*is_serious = false;
	return "runs inside, with the rights of the container's root at the most";
}
