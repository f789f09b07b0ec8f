/*
 * Values of what a session's processes are: capabilities, limits and the rest; what profiles keep;
 * and how they get into a kit.  Pure.
 */
#include "test_policy_fixture.h"

#include "container/kit_process.h"
#include "policy/capability.h"
#include "policy/plan.h"

#include <linux/capability.h>
#include <sched.h>
#include <sys/resource.h>

Test(policy_process, as_they_are_explained)
{
	static const struct {
		const char *setting, *explained;
	} row[] = {
		{ "capabilities = cap_kill chown", "capabilities = chown kill" },
		{ "capabilities = 5", "capabilities = kill" },
		{ "capabilities = none", "capabilities = none" },
		{ "inheritable = net_raw", "inheritable = net_raw" },
		{ "securebits = noroot, no_cap_ambient_raise", "securebits = noroot, no_cap_ambient_raise" },
		{ "rlimit.nofile = 512", "rlimit.nofile = 512:512" },
		{ "rlimit.nofile = 512:1024", "rlimit.nofile = 512:1024" },
		{ "rlimit.as = 1G:unlimited", "rlimit.as = 1073741824:unlimited" },
		{ "rlimit.cpu = 10m", "rlimit.cpu = 600:600" },
		{ "rlimit.nice = 5:-5", "rlimit.nice = 5:-5" },
		{ "rlimit.rttime = 5000", "rlimit.rttime = 5000:5000" },
		{ "rlimit.core = 0", "rlimit.core = 0:0" },
		{ "umask = 27", "umask = 027" },
		{ "umask = 0077", "umask = 077" },
		{ "nice = -5", "nice = -5" },
		{ "nice = 19", "nice = 19" },
		{ "timer_slack = 50us", "timer_slack = 50000" },
		{ "timer_slack = 4s", "timer_slack = 4000000000" },
		{ "scheduler = idle", "scheduler = idle" },
		{ "no_new_privs = yes", "no_new_privs = yes" },
		{ "seccomp = my_own-2", "seccomp = my_own-2" },
		{ "seccomp = none", "seccomp = none" },
	};
	struct fixture f;

	fixture_init(&f);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		char conf[256];

		(void)snprintf(conf, sizeof(conf), "[default]\n%s\n", row[i].setting);
		char *printed = fixture_explain_conf(&f, conf);
		cr_expect(fixture_has_line(printed, row[i].explained), "%s: %s", row[i].setting, printed);
		free(printed);
	}
}

Test(policy_process, faults)
{
	static const struct {
		const char *conf, *fault;
	} row[] = {
		{ "capabilities = frobnicate", "\"frobnicate\" is no capability" },
		{ "capabilities = 64", "\"64\" is no capability" },
		{ "capabilities = kill all", "\"all\" stands first" },
		{ "capabilities = kill none", "\"none\" stands alone" },
		{ "capabilities = kill +chown", "mixes names" },
		{ "capabilities = -kill chown", "mixes names" },
		{ "inheritable = +kill", "kill" },
		{ "profile = shared\ncapabilities = +sys_admin", "would be the host's" },
		{ "profile = shared\ncapabilities = all", "would be the host's" },
		{ "profile = shared\ncapabilities = +net_admin", "over the host's network" },
		{ "securebits = keep_caps", "sshd would keep" },
		{ "securebits = no_setuid_fixup", "sshd would keep" },
		{ "securebits = frob", "is none of noroot" },
		{ "rlimit.nofile = 5", "is too little" },
		{ "rlimit.nofile = 100:99", "beyond the hard one" },
		{ "rlimit.nofile = unlimited", "is more than the kernel gives" },
		{ "rlimit.nofile = 64:", "is not SOFT or SOFT:HARD" },
		{ "rlimit.as = 64", "is too little" },
		{ "rlimit.as = x", "is not SOFT or SOFT:HARD" },
		{ "rlimit.cpu = 5", "is too little" },
		{ "rlimit.nice = 20", "is not SOFT or SOFT:HARD" },
		{ "rlimit.nice = -5:5", "beyond the hard one" },
		{ "rlimit.nice = unlimited", "is not SOFT" },
		{ "umask = 0177", "takes the user's own files" },
		{ "umask = 8", "is not an octal mask" },
		{ "umask = 00022", "is not an octal mask" },
		{ "nice = 20", "20" },
		{ "nice = -21", "-21" },
		{ "nice = 1x", "1x" },
		{ "timer_slack = 0", "is not a time" },
		{ "timer_slack = 5s", "is not a time" },
		{ "timer_slack = 5x", "is not a time" },
		{ "scheduler = fifo", "is none of" },
		{ "no_new_privs = maybe", "is none of" },
		{ "no_new_privs = yes\nsetuid = yes\nprofile = machine", "no program gains a right" },
		{ "core_dumps = none\nrlimit.core = 5", "no core is written" },
		{ "session_keyring = x", "is neither" },
		{ "cpu_view = x", "\"x\"" },
		{ "lxcfs = x", "\"x\"" },
		{ "seccomp = Default", "is not the name of a system call filter" },
		{ "seccomp = ../x", "is not the name" },
		{ "seccomp = a b", "is not the name" },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct error err = ERROR_INIT;
		char conf[256];

		(void)snprintf(conf, sizeof(conf), "[default]\n%s\n", row[i].conf);
		struct policy_text *text = policy_parse("t", conf, strlen(conf), NULL, &err);
		cr_expect(text == NULL, "%s passes", row[i].conf);
		cr_expect(strstr(err.text, row[i].fault) != NULL, "%s: %s", row[i].conf, err.text);
		policy_text_free(text);
	}
}

static int
resolve(struct fixture *f, const char *conf, struct policy *policy, struct error *err)
{
	struct policy_text *text = fixture_parse(conf);
	int rc = policy_resolve(text, &f->subject, &f->machine, policy, err);

	policy_text_free(text);
	return rc;
}

/* What reaches the host's kernel is in no profile, and in shared nobody can put it there. */
Test(policy_process, profiles_keep_what_logins_need)
{
	static const struct {
		const char *conf;
		uint64_t has, lacks;
	} row[] = {
#define BIT(name) CAPABILITY(CAP_##name)
#define OF_HOST (BIT(SYS_MODULE) | BIT(SYS_RAWIO) | BIT(SYS_BOOT) | BIT(SYS_TIME) | BIT(MAC_ADMIN) | \
	BIT(MAC_OVERRIDE) | BIT(BPF) | BIT(PERFMON) | BIT(SYSLOG) | BIT(MKNOD) | BIT(DAC_READ_SEARCH) | \
	BIT(AUDIT_CONTROL) | BIT(SYS_PACCT) | BIT(NET_ADMIN))
		{ "profile = shared", BIT(SETUID) | BIT(SETGID) | BIT(NET_RAW) | BIT(AUDIT_WRITE) | BIT(CHOWN),
		    OF_HOST | BIT(SYS_ADMIN) | BIT(SYS_PTRACE) },
		{ "profile = sealed", BIT(SETUID) | BIT(SYS_PTRACE), OF_HOST | BIT(SYS_ADMIN) },
		{ "profile = machine", BIT(SETUID) | BIT(SYS_CHROOT), OF_HOST | BIT(SYS_ADMIN) },
		{ "profile = machine\nnesting = yes", BIT(SYS_ADMIN), OF_HOST },
		{ "profile = sealed\nnetwork = private", BIT(NET_ADMIN), BIT(SYS_ADMIN) },
		{ "profile = shared\ncapabilities = -net_raw", BIT(SETUID), BIT(NET_RAW) },
		{ "profile = sealed\ncapabilities = +mknod", BIT(MKNOD) | BIT(SETUID), BIT(SYS_ADMIN) },
		{ "profile = sealed\ncapabilities = profile -chown", BIT(SETUID), BIT(CHOWN) },
		{ "profile = sealed\ncapabilities = kill", BIT(KILL), ~BIT(KILL) },
		{ "profile = sealed\ncapabilities = none", 0, UINT64_MAX },
	};
	struct fixture f;

	fixture_init(&f);
	f.machine.cap_last = 40;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct error err = ERROR_INIT;
		struct policy policy = POLICY_INIT;
		char conf[256];

		(void)snprintf(conf, sizeof(conf), "[default]\n%s\n", row[i].conf);
		cr_assert_eq(resolve(&f, conf, &policy, &err), 0, "%s: %s", row[i].conf, err.text);
		cr_expect_eq(policy.capabilities & row[i].has, row[i].has, "%s: %llx", row[i].conf,
		    (unsigned long long)policy.capabilities);
		cr_expect_eq(policy.capabilities & row[i].lacks, 0, "%s: %llx", row[i].conf,
		    (unsigned long long)policy.capabilities);
		policy_free(&policy);
	}
}

/* Known to libcap, and not to the kernel that runs. */
Test(policy_process, what_this_kernel_lacks)
{
	struct fixture f;
	struct error err = ERROR_INIT;
	struct policy policy = POLICY_INIT;

	fixture_init(&f);
	f.machine.cap_last = CAP_AUDIT_READ;
	cr_expect_eq(resolve(&f, "[default]\ncapabilities = kill bpf\n", &policy, &err), -1);
	cr_expect(strstr(err.text, "the running kernel does not have (its last is 37)"), "%s", err.text);
}

Test(policy_process, ambient_by_who_can_hand_it_on)
{
	static const struct {
		const char *service;
		bool lives;
	} row[] = {
		{ "su", true }, { "su-l", true }, { "login", true }, { "remote", true }, { "ctrctl", true },
		{ "sshd", false }, { "cron", false }, { "atd", false }, { "sudo", false }, { "", false },
	};
	struct fixture f;

	fixture_init(&f);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct error err = ERROR_INIT;
		struct policy policy = POLICY_INIT;

		(void)snprintf(f.subject.service, sizeof(f.subject.service), "%s", row[i].service);
		cr_expect_eq(resolve(&f, "[default]\nambient = kill\n", &policy, &err),
		    row[i].lives ? 0 : -1, "%s: %s", row[i].service, err.text);
		policy_free(&policy);
	}
}

Test(policy_process, cpus_by_the_share)
{
	static const struct {
		const char *conf, *cpus; /* NULL: all */
		uid_t uid;
	} row[] = {
		{ "cpu.max = 1 core", "0", 1000 }, { "cpu.max = 1 core", "1", 1001 },
		{ "cpu.max = 150%", "0-1", 1000 }, { "cpu.max = 4 cores", NULL, 1000 },
		{ "cpu.max = 400%\n", NULL, 1000 }, { "cpu.max = max", NULL, 1000 }, { "", NULL, 1000 },
		{ "cpu.max = 1 core\ncpu_view = machine", NULL, 1000 },
		{ "cpu.max = 1 core\ncpuset.cpus = 2-3", "2-3", 1000 },
	};
	struct fixture f;

	fixture_init(&f);
	f.machine.place[CONTROLLER_CPUSET].version = CGROUP_V2;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct error err = ERROR_INIT;
		struct policy policy = POLICY_INIT;
		char conf[256];

		f.subject.uid = row[i].uid;
		(void)snprintf(conf, sizeof(conf), "[default]\n%s\n", row[i].conf);
		cr_assert_eq(resolve(&f, conf, &policy, &err), 0, "%s", err.text);
		const char *cpus = policy.limits.value[LIMIT_CPUSET_CPUS];
		cr_expect(cpus && row[i].cpus ? !strcmp(cpus, row[i].cpus) : cpus == row[i].cpus, "%s, uid %u: %s",
		    row[i].conf, (unsigned)row[i].uid, cpus ? cpus : "all");
		policy_free(&policy);
	}
}

Test(policy_process, into_a_kit)
{
	const struct step step[] = {
		{ .kind = STEP_RLIMIT, .number = RLIMIT_NOFILE, .limit = { 5, UINT64_MAX } },
		{ .kind = STEP_RLIMIT, .number = 999, .limit = { 5, 6 } },
		{ .kind = STEP_UMASK, .mode = 027 }, { .kind = STEP_NICE, .number = -3 },
		{ .kind = STEP_SCHEDULER, .number = SCHED_IDLE }, { .kind = STEP_TIMER_SLACK, .limit = { 7, 0 } },
		{ .kind = STEP_KEYRING, .uid = 1000 }, { .kind = STEP_BOUNDING, .capabilities = 0x21 },
		{ .kind = STEP_SECUREBITS, .number = 1 }, { .kind = STEP_INHERITABLE, .capabilities = 0x20 },
		{ .kind = STEP_AMBIENT, .capabilities = 1, .uid = 1000 }, { .kind = STEP_NO_NEW_PRIVS },
		{ .kind = STEP_HOSTNAME }, { .kind = STEP_SECCOMP },
	};
	struct wire_kit kit = { .bounding = UINT64_MAX };

	for (size_t i = 0; i < sizeof(step) / sizeof(step[0]); i++)
		kit_take_process(&step[i], &kit);
	const struct wire_process *process = &kit.process;
	cr_expect(process->rlimits == 1U << RLIMIT_NOFILE && process->rlimit[RLIMIT_NOFILE][0] == 5 &&
	    process->rlimit[RLIMIT_NOFILE][1] == UINT64_MAX);
	cr_expect(process->umask == 027 && process->nice == -3 && process->scheduler == SCHED_IDLE &&
	    process->timer_slack == 7 && process->uid == 1000);
	cr_expect(kit.bounding == 0x21 && process->securebits == 1 && process->inheritable == 0x20 &&
	    process->ambient == 1);
	cr_expect_eq(process->flags, WIRE_PROCESS_UMASK | WIRE_PROCESS_NICE | WIRE_PROCESS_SCHEDULER |
	    WIRE_PROCESS_TIMER_SLACK | WIRE_PROCESS_KEYRING | WIRE_PROCESS_NO_NEW_PRIVS);
}

Test(policy_process, sets_as_text)
{
	char text[CAPABILITY_TEXT_MAX];
	unsigned number;

	cr_expect_str_eq(capability_format(0, text, sizeof(text)), "none");
	cr_expect_str_eq(capability_format(CAPABILITY(CAP_KILL) | CAPABILITY(CAP_CHOWN), text, sizeof(text)),
	    "chown kill");
	cr_expect_gt(strlen(capability_format(UINT64_MAX, text, sizeof(text))), 300);
	cr_expect(capability_find("cap_chown", &number) && number == CAP_CHOWN);
	cr_expect(!capability_find("cap_", &number) && !capability_find("", &number) &&
	    !capability_find("-1", &number) && !capability_find("63", &number));
}
