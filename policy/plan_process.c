/*
 * struct policy -> the steps that make a caller the session's first process.  Pure.  What needs
 * the host's root (limits that are raised) goes before the user namespace; what takes power away
 * goes last.
 */
#include "policy/plan_process.h"

#include "lib/places.h"
#include "lib/text.h"
#include "policy/draft.h"
#include "policy/key.h"
#include "policy/process_value.h"
#include "policy/word.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static int
add_text(struct plan *plan, struct step step, const char *target, const char *value,
    struct error *err)
{
	struct draft draft = { .step = step, .target = target, .value = value };

	draft.step.phase = PHASE_SESSION;
	return draft_add(plan, draft, err);
}

/*
 * A core_pattern that is a pipe or a socket runs a program as the host's root over what the user
 * made of a process.  1 is the one value at which the kernel starts none; 0 it ignores.
 */
static int
add_core(struct plan *plan, const struct policy *policy, const struct machine *machine,
    struct error *err)
{
	const struct step step = {
		.kind = STEP_RLIMIT, .number = RLIMIT_CORE, .limit = { 1, 1 },
		.because = policy->core_dumps == CORE_DUMPS_NONE ? "policy: core_dumps" :
		    "the host's core_pattern would run a program as the host's root",
	};

	if (policy->core_dumps == CORE_DUMPS_FILE && machine->core == CORE_TO_FILE)
		return 0;
	if (policy->core_dumps == CORE_DUMPS_NONE && machine->core == CORE_TO_SOCKET)
		return error_set(err, 0, "core_dumps = none: this host's kernel.core_pattern is a socket, "
		    "to which Linux sends every dump, whatever its limit; set it to a file's name");
	return add_text(plan, step, "core", "1:1", err);
}

static int
add_rlimits(struct plan *plan, const struct policy *policy, const struct machine *machine,
    struct error *err)
{
	bool has_core = policy->core_dumps == CORE_DUMPS_NONE || machine->core != CORE_TO_FILE;

	for (int i = 0; i < LIMITED_COUNT; i++) {
		const struct key *key = key_at((size_t)(POLICY_KEY_RLIMIT_AS + i));
		struct rlimit_numbers numbers;
		if (!policy->rlimit[i] || (i == LIMITED_CORE && has_core))
			continue;
		numbers = rlimit_numbers(key->type, policy->rlimit[i]);
		struct step step = {
			.kind = STEP_RLIMIT, .number = numbers.resource,
			.limit = { numbers.soft, numbers.hard }, .because = "policy: rlimit",
		};
		if (add_text(plan, step, strchr(key->name, '.') + 1, policy->rlimit[i], err) < 0)
			return -1;
	}
	return add_core(plan, policy, machine, err);
}

static int
add_attributes(struct plan *plan, const struct policy *policy, struct error *err)
{
	static const int scheduler[] = {
		[SCHEDULER_OTHER] = SCHED_NORMAL, [SCHEDULER_BATCH] = SCHED_BATCH,
		[SCHEDULER_IDLE] = SCHED_IDLE,
	};
	struct step umask = { .kind = STEP_UMASK, .because = "policy: umask" };
	struct step nice = { .kind = STEP_NICE, .because = "policy: nice" };
	struct step class = { .kind = STEP_SCHEDULER, .number = scheduler[policy->scheduler],
	    .because = "policy: scheduler" };
	struct step slack = { .kind = STEP_TIMER_SLACK, .because = "policy: timer_slack" };

	if (policy->umask) {
		umask.mode = (unsigned)strtoul(policy->umask, NULL, 8);
		if (add_text(plan, umask, NULL, policy->umask, err) < 0)
			return -1;
	}
	if (policy->nice) {
		nice.number = (int)strtol(policy->nice, NULL, 10);
		if (add_text(plan, nice, NULL, policy->nice, err) < 0)
			return -1;
	}
	if (policy->scheduler != SCHEDULER_NONE && add_text(plan, class, NULL,
	        word_at(VALUE_SCHEDULER, policy->scheduler), err) < 0)
		return -1;
	if (!policy->timer_slack)
		return 0;
	if (!text_to_number(policy->timer_slack, UINT64_MAX, &slack.limit[0]))
		return error_set(err, EINVAL, "timer_slack %s", policy->timer_slack);
	return add_text(plan, slack, NULL, policy->timer_slack, err);
}

static int
add_securebits(struct plan *plan, const struct policy *policy, struct error *err)
{
	struct step step = { .kind = STEP_SECUREBITS, .because = "policy: securebits" };
	char words[256] = "";
	size_t length = 0;

	if (policy->securebits.count == 0)
		return 0;
	for (size_t i = 0; i < policy->securebits.count && length < sizeof(words); i++) {
		const char *word = policy->securebits.item[i];
		step.number |= (int)securebits_of(word);
		length += (size_t)snprintf(words + length, sizeof(words) - length, "%s%s",
		    length > 0 ? " " : "", word);
	}
	return add_text(plan, step, NULL, words, err);
}

static int
add_capabilities(struct plan *plan, const struct policy *policy, uid_t uid, struct error *err)
{
	const struct step bounding = { .kind = STEP_BOUNDING, .capabilities = policy->capabilities,
	    .because = "policy: capabilities; all that a program can come to have" };
	const struct step inheritable = { .kind = STEP_INHERITABLE,
	    .capabilities = policy->inheritable | policy->ambient,
	    .because = "programs whose files have them inheritable, setcap(8)" };
	const struct step ambient = { .kind = STEP_AMBIENT, .capabilities = policy->ambient, .uid = uid,
	    .because = "policy: ambient; given once the caller is the user" };
	/* nosuid can't be had where the root is the host's own. */
	const struct step no_new_privs = { .kind = STEP_NO_NEW_PRIVS,
	    .because = policy->no_new_privs == NO_NEW_PRIVS_YES ? "policy: no_new_privs" :
	        "policy: setuid = no; nothing gains a right, whatever mount it lies on" };

	if (add_text(plan, bounding, NULL, NULL, err) < 0 || add_securebits(plan, policy, err) < 0 ||
	    (inheritable.capabilities && add_text(plan, inheritable, NULL, NULL, err) < 0) ||
	    (policy->ambient && add_text(plan, ambient, NULL, NULL, err) < 0))
		return -1;
	bool wanted = policy->no_new_privs == NO_NEW_PRIVS_YES || (!policy->setuid &&
	    (policy->no_new_privs == NO_NEW_PRIVS_AUTO || policy->root == ROOT_HOST));
	return wanted ? add_text(plan, no_new_privs, NULL, NULL, err) : 0;
}

/* Whoever is root inside mounts and unshares, too; more user namespaces are another limit's matter. */
static int
add_filter(struct plan *plan, const struct policy *policy, struct error *err)
{
	bool mounts = policy->nesting || policy->capabilities >> CAP_SYS_ADMIN & 1;
	const struct step filter = { .kind = STEP_SECCOMP, .flags = mounts ? STEP_F_NESTING : 0,
	    .because = "policy: seccomp; last, since it may refuse what the other steps need" };

	return policy->seccomp ? add_text(plan, filter, NULL, policy->seccomp, err) : 0;
}

int
plan_process(const struct policy *policy, const struct subject *subject,
    const struct machine *machine, struct plan *plan, struct error *err)
{
	const struct step keyring = { .kind = STEP_KEYRING, .uid = subject->uid,
	    .because = "another login's keys are that login's" };

	if (add_rlimits(plan, policy, machine, err) < 0 || add_attributes(plan, policy, err) < 0 ||
	    (policy->session_keyring && add_text(plan, keyring, NULL, NULL, err) < 0))
		return -1;
	return add_capabilities(plan, policy, subject->uid, err) < 0 ||
	    add_filter(plan, policy, err) < 0 ? -1 : 0;
}

/* In /proc; what this lxcfs is too old for is not there. */
static const char *const lxcfs_files[] = {
	"cpuinfo", "diskstats", "loadavg", "meminfo", "slabinfo", "stat", "swaps", "uptime",
};

static int
add_lxcfs(struct plan *plan, const char *path, struct error *err)
{
	char source[128];

	if (text_format(source, sizeof(source), PLACE_LXCFS "%s", path) < 0)
		return error_set(err, errno, "name lxcfs's %s", path);
	struct draft draft = {
		.step = { .phase = PHASE_INSIDE, .kind = STEP_BIND,
		    .flags = STEP_F_OPTIONAL | STEP_F_ANSWERS,
		    .because = "policy: lxcfs; the container's own share is told" },
		.target = path,
		.source = source,
	};
	return draft_add(plan, draft, err);
}

int
plan_lxcfs(const struct policy *policy, const struct machine *machine, struct plan *plan,
    struct error *err)
{
	char path[64];

	/* A procfs of which a part is covered lets no nested user namespace mount another. */
	if (policy->lxcfs == LXCFS_NO || !machine->has_lxcfs ||
	    (policy->nesting && policy->userns == USERNS_PRIVATE))
		return 0;
	for (size_t i = 0; i < sizeof(lxcfs_files) / sizeof(lxcfs_files[0]); i++)
		if (text_format(path, sizeof(path), "/proc/%s", lxcfs_files[i]) < 0 ||
		    add_lxcfs(plan, path, err) < 0)
			return -1;
	return add_lxcfs(plan, "/sys/devices/system/cpu", err);
}
