/*
 * lib/process_attributes.c in processes that are lost to it afterwards: what is applied is what
 * the kernel then says, and what can't be is refused before anything is touched.  Needs root.
 */
#include "lib/process_attributes.h"
#include "lib/sys.h"
#include "tests/system/test_namespace.h"

#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/securebits.h>
#include <sys/stat.h>

#define BIT(capability) (UINT64_C(1) << (capability))
#define USER 65534

static void
set_up(void)
{
	if (geteuid() != 0)
		cr_skip_test("needs root");
}

TestSuite(process_attributes, .init = set_up, .timeout = 60);

/* Runs function in a child. */
static void
expect_in_child(int (*function)(void))
{
	pid_t child = fork();

	if (child == 0) {
		int line = function();
		if (line)
			(void)fprintf(stderr, "line %d: %m\n", line);
		_exit(line != 0);
	}
	cr_expect_eq(namespace_finish(child), 0);
}

static uint64_t
set_of(const char *name)
{
	char line[128];
	uint64_t set = UINT64_MAX;
	FILE *status = fopen("/proc/self/status", "re");

	while (status && fgets(line, sizeof(line), status))
		if (!strncmp(line, name, strlen(name)))
			set = strtoull(line + strlen(name) + 1, NULL, 16);
	if (status)
		(void)fclose(status);
	return set;
}

static int
apply_limits(void)
{
	struct error err = ERROR_INIT;
	struct rlimit limit;
	const struct wire_process process = {
		.rlimits = 1U << RLIMIT_NOFILE | 1U << RLIMIT_CORE,
		.rlimit = { [RLIMIT_NOFILE] = { 100, 200 }, [RLIMIT_CORE] = { 1, 1 } },
		.flags = WIRE_PROCESS_NICE | WIRE_PROCESS_UMASK | WIRE_PROCESS_SCHEDULER | WIRE_PROCESS_TIMER_SLACK,
		.nice = 7, .umask = 027, .scheduler = SCHED_BATCH, .timer_slack = 123456,
	};

	MUST(attributes_check(&process, &err) == 0 && attributes_apply_host(&process, &err) == 0);
	MUST(sys_prlimit(0, RLIMIT_NOFILE, NULL, &limit) == 0 && limit.rlim_cur == 100 && limit.rlim_max == 200);
	MUST(sys_prlimit(0, RLIMIT_CORE, NULL, &limit) == 0 && limit.rlim_cur == 1 && limit.rlim_max == 1);
	errno = 0;
	MUST(nice(0) == 7 && errno == 0 && umask(0) == 027 && sched_getscheduler(0) == SCHED_BATCH);
	MUST(prctl(PR_GET_TIMERSLACK) == 123456);
	return 0;
}

Test(process_attributes, limits_and_priorities)
{
	expect_in_child(apply_limits);
}

/* What the policy does not name is as the caller has it. */
static int
apply_nothing(void)
{
	const struct wire_process none = { .rlimits = 0 };
	struct error err = ERROR_INIT;
	struct rlimit before, after;

	MUST(sys_prlimit(0, RLIMIT_NOFILE, NULL, &before) == 0);
	(void)umask(031);
	MUST(attributes_check(&none, &err) == 0 && attributes_apply_host(&none, &err) == 0);
	MUST(sys_prlimit(0, RLIMIT_NOFILE, NULL, &after) == 0 && after.rlim_cur == before.rlim_cur &&
	    after.rlim_max == before.rlim_max);
	MUST(umask(0) == 031);
	return 0;
}

Test(process_attributes, nothing_is_nothing)
{
	expect_in_child(apply_nothing);
}

/* A hard limit that the caller may not raise: told before anything is changed. */
static int
ask_for_too_much(void)
{
	struct error err = ERROR_INIT;
	struct rlimit low = { 50, 60 }, after;
	const struct wire_process process = {
		.rlimits = 1U << RLIMIT_NOFILE,
		.rlimit = { [RLIMIT_NOFILE] = { 100, 200 } },
		.flags = WIRE_PROCESS_UMASK, .umask = 027,
	};

	MUST(sys_prlimit(0, RLIMIT_NOFILE, &low, NULL) == 0);
	MUST(setresuid(USER, USER, USER) == 0);
	(void)umask(031);
	MUST(attributes_check(&process, &err) == -1 && strstr(err.text, "nofile"));
	MUST(sys_prlimit(0, RLIMIT_NOFILE, NULL, &after) == 0 && after.rlim_cur == 50 && after.rlim_max == 60);
	MUST(umask(0) == 031);
	return 0;
}

Test(process_attributes, refused_before_anything_is_touched)
{
	expect_in_child(ask_for_too_much);
}

static int
drop(void)
{
	const uint64_t kept = BIT(CAP_KILL) | BIT(CAP_SETUID) | BIT(CAP_SETGID);
	const struct wire_process process = { .inheritable = BIT(CAP_KILL), .securebits = SECBIT_NOROOT,
		.flags = WIRE_PROCESS_NO_NEW_PRIVS };
	struct error err = ERROR_INIT;
	uint64_t permitted = set_of("CapPrm:");

	MUST(attributes_apply_last(&process, kept, &err) == 0);
	MUST(set_of("CapBnd:") == kept && set_of("CapInh:") == BIT(CAP_KILL));
	MUST(set_of("CapPrm:") == permitted && set_of("CapAmb:") == 0);
	MUST(prctl(PR_GET_SECUREBITS) == SECBIT_NOROOT && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	/* What the caller has goes with its change of ids. */
	MUST(setresuid(USER, USER, USER) == 0 && set_of("CapPrm:") == 0 && set_of("CapEff:") == 0);
	return 0;
}

Test(process_attributes, capabilities_are_dropped)
{
	expect_in_child(drop);
}

/* Whoever comes later in the stack as root must not undo what the policy set. */
static int
keep_limits(void)
{
	const struct wire_process process = {
		.rlimits = 1U << RLIMIT_NOFILE, .rlimit = { [RLIMIT_NOFILE] = { 100, 200 } },
		.flags = WIRE_PROCESS_NICE, .nice = 7,
	};
	const struct rlimit more = { 100, 300 };
	struct error err = ERROR_INIT;

	MUST(attributes_apply_host(&process, &err) == 0 &&
	    attributes_apply_last(&process, UINT64_MAX, &err) == 0);
	MUST(sys_prlimit(0, RLIMIT_NOFILE, &more, NULL) == -1 && errno == EPERM);
	MUST(setpriority(PRIO_PROCESS, 0, 3) == -1 && errno == EACCES);
	MUST((set_of("CapPrm:") & (BIT(CAP_SYS_RESOURCE) | BIT(CAP_SYS_NICE))) == 0);
	return 0;
}

Test(process_attributes, limits_are_kept)
{
	expect_in_child(keep_limits);
}

static int
hand_on(void)
{
	const struct wire_process process = { .inheritable = BIT(CAP_KILL) | BIT(CAP_CHOWN),
		.ambient = BIT(CAP_KILL) };
	struct error err = ERROR_INIT;

	MUST(attributes_apply_last(&process, BIT(CAP_KILL) | BIT(CAP_CHOWN), &err) == 0);
	MUST(setresgid(USER, USER, USER) == 0 && setresuid(USER, USER, USER) == 0);
	MUST(attributes_raise_ambient(&process, &err) == 0);
	MUST(set_of("CapAmb:") == BIT(CAP_KILL) && set_of("CapPrm:") == BIT(CAP_KILL));
	MUST(set_of("CapInh:") == (BIT(CAP_KILL) | BIT(CAP_CHOWN)));
	return 0;
}

Test(process_attributes, ambient_is_handed_on)
{
	expect_in_child(hand_on);
}

static int
part_keyrings(void)
{
	const struct wire_process process = { .flags = WIRE_PROCESS_KEYRING, .uid = USER };
	struct error err = ERROR_INIT;
	uid_t real, effective, saved;
	long first = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
	long another;

	if (first < 0 && errno == ENOSYS)
		return 0;
	MUST(attributes_apply_last(&process, UINT64_MAX, &err) == 0);
	another = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
	MUST(another > 0 && another != first);
	MUST(getresuid(&real, &effective, &saved) == 0 && real == 0 && effective == 0 && saved == 0);
	return 0;
}

Test(process_attributes, keyrings_are_parted)
{
	expect_in_child(part_keyrings);
}
