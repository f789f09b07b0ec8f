/*
 * Text -> the policy of one login: who wins, what a value becomes on this machine, who is
 * exempt, and that the explanation tells it.
 */
#include "test_policy_fixture.h"

static int
resolve(const struct fixture *f, const char *conf, struct policy *policy, struct error *err)
{
	struct policy_text *text = fixture_parse(conf);
	int rc = policy_resolve(text, &f->subject, &f->machine, policy, err);

	/* The origins go with the text; who looks at them keeps it. */
	policy_text_free(text);
	return rc;
}

Test(policy_resolve, precedence)
{
	static const struct {
		const char *conf, *pids;
	} row[] = {
		{ "", "2048" },
		{ "[default]\npids.max = 1\n", "1" },
		{ "[group lab]\npids.max = 2\n[default]\npids.max = 1\n", "2" },
		{ "[group other]\npids.max = 2\n[default]\npids.max = 1\n", "1" },
		{ "[group lab]\npids.max = 2\n[group students]\npids.max = 3\n", "3" },
		{ "[group students]\npids.max = 3\n[group lab]\npids.max = 2\n", "2" },
		{ "[user alice]\npids.max = 4\n[group lab]\npids.max = 2\n", "4" },
		{ "[user bob]\npids.max = 4\n[group lab]\npids.max = 2\n", "2" },
		{ "[service sshd]\npids.max = 5\n[user alice]\npids.max = 4\n", "5" },
		{ "[service cron]\npids.max = 5\n[user alice]\npids.max = 4\n", "4" },
		{ "[host]\npids.max = 9\n[slice s]\npids.max = 8\n", "2048" },
		{ "[user ALICE]\npids.max = 4\n", "2048" },
		{ "[default]\npids.max = none\n", NULL },
		{ "[default]\npids.max = 7\n[user alice]\npids.max = none\n", NULL },
	};
	struct fixture f;
	size_t i;

	fixture_init(&f);
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct error err = ERROR_INIT;
		struct policy policy = POLICY_INIT;
		const char *got;

		cr_assert(resolve(&f, row[i].conf, &policy, &err) == 0, "%s", err.text);
		got = policy.limits.value[LIMIT_PIDS_MAX];
		cr_expect(got == NULL ? row[i].pids == NULL :
		    row[i].pids != NULL && strcmp(got, row[i].pids) == 0, "%s: %s", row[i].conf,
		    got != NULL ? got : "none");
		policy_free(&policy);
	}
}

Test(policy_resolve, lists_replace_as_a_whole)
{
	struct fixture f;
	struct error err = ERROR_INIT;
	struct policy policy = POLICY_INIT;

	fixture_init(&f);
	cr_assert(resolve(&f, "[default]\nhidden = /a, /b\n[user alice]\nhidden = /c\n"
	    "home_passthrough = none\n", &policy, &err) == 0);
	cr_expect(policy.hidden.count == 1);
	cr_expect_str_eq(policy.hidden.item[0], "/c");
	cr_expect(policy.home_passthrough.count == 0);
	policy_free(&policy);
	policy_free(&policy);
}

Test(policy_resolve, slice_and_host)
{
	struct fixture f;
	struct error err = ERROR_INIT;
	struct policy policy = POLICY_INIT;

	fixture_init(&f);
	cr_assert(resolve(&f, "[slice a]\nmemory.max = 1G\n[slice b]\nmemory.max = 2G\n[group "
	    "lab]\nslice = b\n[host]\npids.max = 50%\ncgroup = x\n", &policy, &err) == 0);
	cr_expect_str_eq(policy.slice, "b");
	cr_expect_str_eq(policy.slice_limits.value[LIMIT_MEMORY_MAX], "2147483648");
	cr_expect(policy.slice_limits.value[LIMIT_PIDS_MAX] == NULL, "a slice has no defaults");
	cr_expect_str_eq(policy.host_limits.value[LIMIT_PIDS_MAX], "16384");
	cr_expect_str_eq(policy.host_limits.value[LIMIT_MEMORY_MAX], "7730888704");
	cr_expect_str_eq(policy.cgroup, "x");
	policy_free(&policy);
	cr_assert(resolve(&f, "[slice a]\nmemory.max = 1G\n[group lab]\nslice = a\n[user alice]\n"
	    "slice = none\n", &policy, &err) == 0);
	cr_expect(policy.slice == NULL && policy.slice_limits.value[LIMIT_MEMORY_MAX] == NULL);
	policy_free(&policy);
}

/* A value of the file, on this machine and for this login, as it is explained. */
Test(policy_resolve, values)
{
	static const struct {
		const char *setting, *explained;
	} row[] = {
		{ "memory.max = 50%", "memory.max = 4294967296" },
		{ "memory.max = 100000", "memory.max = 65536" },
		{ "memory.max = 64K", "memory.max = 65536" },
		{ "memory.max = max", "memory.max = max" },
		{ "memory.high = 1%", "memory.high = 85852160" },
		{ "cpu.max = 150%", "cpu.max = 150000 100000" },
		{ "cpu.max = 1 core", "cpu.max = 100000 100000" },
		{ "cpu.max = 16cores", "cpu.max = 1600000 100000" },
		{ "cpu.max = 5000   10000", "cpu.max = 5000 10000" },
		{ "cpu.max = max", "cpu.max = max" },
		{ "cpuset.cpus = 3,2,0", "cpuset.cpus = 0,2-3" },
		{ "cpuset.cpus = 0-1 1-2", "cpuset.cpus = 0-2" },
		{ "pids.max = 100%", "pids.max = 32768" },
		{ "pids.max = 4194304", "pids.max = 4194304" },
		{ "hostname = %h", "hostname = lab1" },
		{ "hostname = %u.%h", "hostname = alice.lab1" },
		{ "hostname = c%U", "hostname = c1000" },
		{ "shm_size = 1%", "shm_size = 85899345" },
		{ "runtime_size = 100%", "runtime_size = 8589934592" },
		{ "grace = 0", "grace = 0" },
		{ "grace = 1h", "grace = 3600" },
		{ "home = template:/srv/a b", "home = template:/srv/a b" },
		{ "tmpfs = /a:1K", "tmpfs = /a:1024" },
	};
	struct fixture f;
	size_t i;

	fixture_init(&f);
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		char conf[256];
		char *printed;

		(void)snprintf(conf, sizeof(conf), "[user alice]\n%s\n", row[i].setting);
		printed = fixture_explain_conf(&f, conf);
		cr_expect(fixture_has_line(printed, row[i].explained), "%s: %s", row[i].setting,
		    printed);
		free(printed);
	}
}

/* Right in itself, but not on this machine or for this login. */
Test(policy_resolve, refusals)
{
	static const struct {
		const char *setting, *text;
	} row[] = {
		{ "cpuset.cpus = 0-4", "t:2: cpuset.cpus: \"0-4\" names a CPU that this machine "
		    "does not have (it has 0-3)" },
		{ "cpuset.cpus = 8191", "t:2: cpuset.cpus: \"8191\" names a CPU that this machine "
		    "does not have (it has 0-3)" },
		{ "hostname = %u%u%u%u%u%u%u%u%u%u%u%u%u", "t:2: hostname: "
		    "\"%u%u%u%u%u%u%u%u%u%u%u%u%u\" makes a hostname of 65 bytes; 1 to 64 can be" },
	};
	struct fixture f;
	size_t i;

	fixture_init(&f);
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct error err = ERROR_INIT;
		struct policy policy = POLICY_INIT;
		char conf[256];

		(void)snprintf(conf, sizeof(conf), "[default]\n%s\n", row[i].setting);
		cr_expect(resolve(&f, conf, &policy, &err) == -1);
		cr_expect_str_eq(err.text, row[i].text);
		cr_expect(policy.hostname == NULL, "a failed policy must be empty");
		/* Overridden by another section it harms nobody. */
		(void)snprintf(conf, sizeof(conf), "[default]\n%s\n[user alice]\ncpuset.cpus = 0\n"
		    "hostname = a\n", row[i].setting);
		cr_expect(resolve(&f, conf, &policy, &err) == 0, "%s", err.text);
		policy_free(&policy);
	}
}

/* Percentages that come to nothing on a tiny machine. */
Test(policy_resolve, tiny_machine)
{
	struct fixture f;
	struct error err = ERROR_INIT;
	struct policy policy = POLICY_INIT;

	fixture_init(&f);
	f.machine.pid_max = 50;
	cr_expect(resolve(&f, "[default]\npids.max = 1%\n", &policy, &err) == -1);
	cr_expect_str_eq(err.text, "t:2: pids.max: \"1%\" leaves no task to log in with");
	f.machine.memory = UINT64_MAX;
	cr_expect(resolve(&f, "[default]\nmemory.max = 100%\n", &policy, &err) == -1);
}

Test(policy_resolve, odd_names_make_hostnames)
{
	struct fixture f;
	struct error err = ERROR_INIT;
	struct policy policy = POLICY_INIT;

	fixture_init(&f);
	(void)snprintf(f.subject.user, sizeof(f.subject.user), "DOM\\b_o.b\xc3\xa9 %%u");
	(void)snprintf(f.machine.hostname, sizeof(f.machine.hostname), "lab_1");
	cr_assert(resolve(&f, "[default]\nhostname = %u-%h\n", &policy, &err) == 0, "%s", err.text);
	cr_expect_str_eq(policy.hostname, "DOM-b-o.b----u-lab-1");
	policy_free(&policy);
}

Test(policy_resolve, exempt)
{
	static const struct {
		const char *exempt;
		uid_t uid;
		bool is;
	} row[] = {
		{ "none", 1000, false }, { "none", 0, true }, { "alice", 1000, true },
		{ "bob", 1000, false }, { "@lab", 1000, true }, { "@sudo", 1000, false },
		{ "lab", 1000, false }, { "@alice2, x,alice", 1000, true },
		{ "@alice", 1000, true },
	};
	struct fixture f;
	size_t i;

	fixture_init(&f);
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct error err = ERROR_INIT;
		struct policy policy = POLICY_INIT;
		char conf[256];

		f.subject.uid = row[i].uid;
		/* The CPU is not there: whoever is exempt must not be locked out by it. */
		(void)snprintf(conf, sizeof(conf), "[host]\nexempt = %s\n[default]\n"
		    "cpuset.cpus = 99\n", row[i].exempt);
		cr_expect(resolve(&f, conf, &policy, &err) == (row[i].is ? 0 : -1), "%s", conf);
		cr_expect(policy.exempt == row[i].is, "%s", conf);
		policy_free(&policy);
	}
	f.subject.uid = 1000;
	char *printed = fixture_explain_conf(&f, "[host]\nexempt = alice, @x\n");
	cr_expect(strstr(printed, "# not contained") != NULL);
	cr_expect(fixture_has_line(printed, "exempt = alice, @x"), "%s", printed);
	free(printed);
}

/* How many lines are explained by a line of their own, not by the profile's. */
static unsigned
count_settings(const char *printed)
{
	unsigned settings = 0;

	for (; (printed = strstr(printed, "# t:")) != NULL; printed++)
		settings += strcspn(printed, "\n") < strcspn(printed, ",");
	return settings;
}

static unsigned
count_lines(const char *text)
{
	unsigned lines = 0;

	for (; *text != '\0'; text++)
		lines += *text == '\n';
	return lines;
}

/*
 * Every key, set to what is not its default: it must show, with its line, and only it and
 * what it needs.
 */
Test(policy_resolve, each_key_counts)
{
	static const struct {
		const char *section, *key, *value, *needs;
	} row[] = {
		{ "host", "exempt", "bob" }, { "host", "cgroup", "other" },
		{ "host", "share_mounts", "no" }, { "default", "slice", "s" },
		{ "default", "profile", "machine" }, { "default", "root", "ephemeral:/x" },
		{ "default", "root_size", "1048576", "root = overlay\n" },
		{ "default", "run", "x, y/z" }, { "default", "setuid", "yes" },
		{ "default", "sudo", "yes", "setuid = yes\nroot = overlay\n" },
		{ "default", "userns", "host", "root = host\nnesting = yes\n" },
		{ "default", "nesting", "yes" }, { "default", "network", "private" },
		{ "default", "hostname", "x" }, { "default", "home", "host" },
		{ "default", "home_size", "1048576" }, { "default", "home_passthrough", ".x" },
		{ "default", "tmp_size", "1048576" }, { "default", "shm_size", "1048576" },
		{ "default", "runtime_size", "1048576" }, { "default", "pts_max", "5" },
		{ "default", "read_only", "/x" }, { "default", "hidden", "/x" },
		{ "default", "writable", "/x" }, { "default", "tmpfs", "/x" },
		{ "default", "bind", "/x:/y" },
		{ "default", "devices", "allow subsystem=tty ID_VENDOR_ID=2341, deny sysname=ttyS*" }, { "default", "logout", "kill" },
		{ "default", "seccomp", "strict" }, { "default", "capabilities", "kill" },
		{ "default", "inheritable", "kill" }, { "default", "ambient", "kill" },
		{ "default", "no_new_privs", "yes" }, { "default", "securebits", "noroot" },
		{ "default", "rlimit.as", "1073741824" }, { "default", "rlimit.core", "5" },
		{ "default", "rlimit.cpu", "3600" }, { "default", "rlimit.data", "1073741824" },
		{ "default", "rlimit.fsize", "1073741824" }, { "default", "rlimit.locks", "50" },
		{ "default", "rlimit.memlock", "65536" }, { "default", "rlimit.msgqueue", "5" },
		{ "default", "rlimit.nice", "5" }, { "default", "rlimit.nofile", "512" },
		{ "default", "rlimit.nproc", "500" }, { "default", "rlimit.rss", "5" },
		{ "default", "rlimit.rtprio", "5" }, { "default", "rlimit.rttime", "5000" },
		{ "default", "rlimit.sigpending", "500" }, { "default", "rlimit.stack", "8388608" },
		{ "default", "core_dumps", "none" }, { "default", "umask", "077" },
		{ "default", "nice", "5" }, { "default", "scheduler", "batch" },
		{ "default", "timer_slack", "50000" }, { "default", "session_keyring", "no" },
		{ "default", "cpu_view", "machine" }, { "default", "lxcfs", "no" },
		{ "host", "contact", "root@lab1" }, { "host", "admission", "queue" },
		{ "host", "admission.committed", "1073741824" }, { "host", "admission.available", "1048576" },
		{ "host", "admission.wait", "5" }, { "default", "banner", "yes" },
		{ "default", "nologin", "until noon" }, { "default", "max_sessions", "5" },
		{ "default", "session_time", "3600" }, { "default", "idle_timeout", "600" },
		{ "default", "grace", "5" }, { "default", "memory.max", "1048576" },
		{ "default", "memory.high", "1048576" }, { "default", "memory.swap.max", "0" },
		{ "default", "memory.oom.group", "1" },
		{ "default", "cpu.max", "5000 10000" }, { "default", "cpu.weight", "5" },
		{ "default", "cpuset.cpus", "0-1" }, { "default", "pids.max", "5" },
		{ "default", "io.weight", "5" }, { "default", "io.max", "8:0 wiops=5" },
	};
	struct fixture f;
	size_t i;

	cr_expect(sizeof(row) / sizeof(row[0]) == POLICY_KEY_COUNT + LIMIT_COUNT);
	fixture_init(&f);
	/* One that can hand on ambient capabilities. */
	(void)snprintf(f.subject.service, sizeof(f.subject.service), "su");
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const char *needs = row[i].needs != NULL ? row[i].needs : "";
		char conf[256], expected[256];
		char *printed, *at;

		(void)snprintf(conf, sizeof(conf), "[slice s]\n[%s]\n%s = %s\n%s",
		    row[i].section, row[i].key, row[i].value, needs);
		printed = fixture_explain_conf(&f, conf);
		cr_expect(count_settings(printed) == 1 + count_lines(needs), "%s: %s", conf,
		    printed);
		(void)snprintf(expected, sizeof(expected), "%s = %s", row[i].key, row[i].value);
		at = strstr(printed, "# t:3\n");
		cr_assert(at != NULL, "%s: %s", conf, printed);
		while (at > printed && at[-1] != '\n')
			at--;
		cr_expect(strncmp(at, expected, strlen(expected)) == 0, "%s: %s", expected,
		    printed);
		free(printed);
	}
}

Test(policy, limit_names)
{
	cr_expect_str_eq(limit_name(LIMIT_MEMORY_MAX), "memory.max");
	cr_expect_str_eq(limit_name(LIMIT_IO_MAX), "io.max");
	cr_expect(limit_controller(LIMIT_MEMORY_SWAP_MAX) == CONTROLLER_MEMORY);
	cr_expect(limit_controller(LIMIT_CPUSET_CPUS) == CONTROLLER_CPUSET);
	cr_expect(limit_controller(LIMIT_IO_WEIGHT) == CONTROLLER_IO);
}

/* Else a full /tmp has the login killed, and goes on being full. */
Test(policy_resolve, built_in_sizes_fit_the_memory)
{
	static const struct {
		const char *conf;
		uint64_t tmp, shm, runtime, home;
	} row[] = {
		{ "[default]\n", 2 * GIB, 4 * GIB, GIB * 8 / 10, 0 },
		{ "[default]\nmemory.max = max\n", 2 * GIB, 4 * GIB, GIB * 8 / 10, 0 },
		{ "[default]\nmemory.max = 6G\n", 2 * GIB, 3 * GIB, GIB * 8 / 10, 0 },
		{ "[default]\nmemory.max = 1G\n", GIB / 2, GIB / 2, GIB / 2, 0 },
		/* Half of it would be 0, which is no limit at all. */
		{ "[default]\nmemory.max = 0\nhome = ephemeral\n", 65536, 65536, 65536, 65536 },
		{ "[default]\nmemory.max = 1G\nhome = ephemeral\n", GIB / 2, GIB / 2, GIB / 2, GIB / 2 },
		{ "[default]\nmemory.max = 1G\ntmp_size = 2G\nhome_size = 3G\n", 2 * GIB, GIB / 2, GIB / 2, 3 * GIB },
	};
	size_t i;

	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct error err = ERROR_INIT;
		struct policy policy = POLICY_INIT;
		struct fixture f;

		fixture_init(&f);
		struct policy_text *text = fixture_parse(row[i].conf);
		cr_assert(policy_resolve(text, &f.subject, &f.machine, &policy, &err) == 0, "%s", err.text);
		cr_expect(policy.tmp_size == row[i].tmp && policy.shm_size == row[i].shm &&
		    policy.runtime_size / 16 == row[i].runtime / 16 && policy.home_size == row[i].home,
		    "row %zu", i);
		policy_free(&policy);
		policy_text_free(text);
	}
}
