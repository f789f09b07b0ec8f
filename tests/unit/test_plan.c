/*
 * policy/plan.c, plan_print.c: policy -> the list of steps, whole and in order.  Pure; what
 * plans look like is in tests/data/plan, and PAM_CTR_WRITE_GOLDEN=1 writes it anew.
 */
#include "policy/plan_boot.h"

#include <sys/resource.h>

#include "lib/places.h"
#include "test_policy_fixture.h"

#include <linux/capability.h>
#include <linux/sched.h>

#define PLANS "tests/data/plan/"

static const struct plan_places places = { .run = PLACE_RUN, .lib = PLACE_LIB };

#define V1(name) { CGROUP_V1, "/sys/fs/cgroup/" name }
#define V2 { CGROUP_V2, "/sys/fs/cgroup" }

static const struct controller_place on_v1[CONTROLLER_COUNT] = {
	V1("cpu"), V1("cpuset"), V1("memory"), V1("pids"), V1("blkio"), V1("devices")
};
static const struct controller_place on_v2[CONTROLLER_COUNT] = { V2, V2, V2, V2, V2 };

/* A root of one's own, over another tree, in a network of its own. */
static const char own[] =
    "[user alice]\nprofile = machine\nroot = overlay:/srv/tree\nroot_size = 4G\nnetwork = private\n"
    "home = host\nwritable = /srv/data, -/srv/more\nrun = nscd\nnesting = yes\n";

/* Every key that makes a step, so that each kind of step is there. */
static const char full[] =
    "[host]\nshare_mounts = yes\nmemory.max = 4G\npids.max = 1000\n"
    "[slice lab]\nmemory.max = 2G\n"
    "[user alice]\nslice = lab\nhostname = %u-%h\nmemory.max = 1G\npids.max = 100\n"
    "cpu.max = 1 core\ncpuset.cpus = 0-1\nio.max = 8:0 rbps=1M\n"
    "home_passthrough = .ssh, .config/git\n"
    "read_only = /srv, /var, -/opt\nhidden = /home, -/srv/exams\nwritable = /srv/data\n"
    "tmpfs = /scratch:1G, -/cache\nbind = /data, /data/old:/tmp/old:ro, -/net/x:/mnt/x\n"
    "inheritable = net_raw\nambient = net_bind_service\nsecurebits = noroot\n"
    "rlimit.nofile = 512:1024\numask = 077\nnice = 5\nscheduler = batch\ntimer_slack = 1ms\n"
    "devices = allow group=lab subsystem=tty ID_VENDOR_ID=2341, deny user=bob sysname=x, allow devnode=/dev/fuse access=r\n";

/* A section that no row has: the golden plans are those of shared. */
#define SEALED "[user alice]\nprofile = sealed\n"
#define SHARED "[group alice]\nprofile = shared\n"

/* A pod is a part of a cgroup2 tree that its own processes sit in. */
enum where { ON_V1, ON_V2, IN_POD };

static void
plan_make(const char *conf, enum where where, struct plan *plan)
{
	struct fixture f;
	struct error err = ERROR_INIT;
	struct policy policy = POLICY_INIT;
	char shared[2048];

	(void)snprintf(shared, sizeof(shared), SHARED "%s", conf);
	struct policy_text *text = fixture_parse(shared);
	fixture_init(&f);
	/* One that can hand on ambient capabilities. */
	(void)snprintf(f.subject.service, sizeof(f.subject.service), "su");
	memcpy(f.machine.place, where == ON_V1 ? on_v1 : on_v2, sizeof(on_v1));
	(void)snprintf(f.machine.unified, sizeof(f.machine.unified), "%s",
	    where == ON_V1 ? "/sys/fs/cgroup/unified" : "/sys/fs/cgroup");
	f.machine.is_delegated = where == IN_POD;
	f.machine.tty_gid = 5;
	f.subject.subuid = 100000;
	f.subject.subgid = 200000;
	cr_assert_eq(policy_resolve(text, &f.subject, &f.machine, &policy, &err), 0, "%s", err.text);
	cr_assert_eq(plan_build(&policy, &f.subject, &f.machine, &places, plan, &err), 0, "%s", err.text);
	policy_free(&policy);
	policy_text_free(text);
}

static char *
plan_text(const struct plan *plan)
{
	char *printed = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&printed, &length);

	cr_assert(out != NULL);
	plan_print(plan, out);
	cr_assert_eq(fclose(out), 0);
	return printed;
}

static char *
plan_of(const char *conf, enum where where)
{
	struct plan plan = PLAN_INIT;

	plan_make(conf, where, &plan);
	char *printed = plan_text(&plan);
	plan_free(&plan);
	return printed;
}

/* The number of the first line that two texts do not share; 0: they are the same. */
static int
differing_line(const char *a, const char *b)
{
	int line = 1;

	for (; *a && *a == *b; a++, b++)
		line += *a == '\n';
	return *a == *b ? 0 : line;
}

static void
expect_golden(const char *name, const char *conf, enum where where)
{
	char path[128];
	autofree char *printed = plan_of(conf, where);
	autofree char *again = plan_of(conf, where);

	(void)snprintf(path, sizeof(path), PLANS "%s.txt", name);
	cr_expect_str_eq(printed, again, "%s: two plans of one policy differ", name);
	if (getenv("PAM_CTR_WRITE_GOLDEN")) {
		FILE *out = fopen(path, "we");
		cr_assert(out && fputs(printed, out) >= 0 && fclose(out) == 0, "%s: %m", path);
	}
	autofree char *golden = fixture_read(path, NULL);
	int line = differing_line(printed, golden);
	cr_expect_eq(line, 0, "line %d is not as in %s:\n%s", line, path, printed);
}

Test(plan, is_as_written_down)
{
	expect_golden("v1-default", "", ON_V1);
	expect_golden("v2-default", "", ON_V2);
	expect_golden("v1-full", full, ON_V1);
	expect_golden("v2-full", full, ON_V2);
	expect_golden("v2-template", "[user alice]\nhome = template:/srv/skel\n", ON_V2);
	expect_golden("v2-ephemeral", "[user alice]\nhome = ephemeral\nhome_size = 64M\n", ON_V2);
	expect_golden("v2-host", "[user alice]\nhome = host\n", ON_V2);
	expect_golden("v1-sealed", SEALED, ON_V1);
	expect_golden("v2-sealed", SEALED, ON_V2);
	expect_golden("v2-machine", "[user alice]\nprofile = machine\n", ON_V2);
	expect_golden("v2-base", own, ON_V2);
	expect_golden("v2-pod", "", IN_POD);
}

Test(plan, every_kind_has_a_name_of_its_own)
{
	for (unsigned kind = 0; kind <= STEP_ENVIRONMENT; kind++) {
		struct step step = { .phase = PHASE_INSIDE, .kind = kind, .because = "" };
		struct plan plan = { .step = &step, .count = 1 };
		const char *name = step_kind_name(kind);
		cr_assert(name && name[0], "kind %u", kind);
		for (unsigned other = 0; other < kind; other++)
			cr_expect_str_neq(name, step_kind_name(other), "kinds %u and %u", other, kind);
		autofree char *printed = plan_text(&plan);
		cr_expect(strstr(printed, name), "%s is printed as %s", name, printed);
	}
}

/* What no user's policy asks for. */
static void
plan_make_boot(struct plan *plan)
{
	static const struct cgroup_host host = { .kind = CGROUP_HOST_OWN, .mount = "/sys/fs/cgroup",
		.features = "favordynmods" };
	struct machine machine = { .mounts_cgroup2 = true, .unified = "/sys/fs/cgroup" };
	struct error err = ERROR_INIT;

	cr_assert_eq(plan_boot(&host, "/run/pam_ctr", true, plan, &err), 0, "%s", err.text);
	cr_assert_eq(plan_cgroup_mount(&machine, plan, &err), 0, "%s", err.text);
}

/* A step of a kind that no policy makes could not have been tested. */
Test(plan, the_full_policy_has_every_kind)
{
	struct plan plan[] = { PLAN_INIT, PLAN_INIT, PLAN_INIT, PLAN_INIT, PLAN_INIT, PLAN_INIT };

	plan_make(full, ON_V1, &plan[0]);
	plan_make(full, ON_V2, &plan[1]);
	plan_make(own, ON_V2, &plan[2]);
	plan_make(SEALED, ON_V2, &plan[3]);
	plan_make("", IN_POD, &plan[4]);
	plan_make_boot(&plan[5]);
	for (unsigned kind = 0; kind <= STEP_ENVIRONMENT; kind++) {
		bool found = false;
		for (size_t p = 0; p < sizeof(plan) / sizeof(plan[0]); p++)
			for (size_t i = 0; i < plan[p].count; i++)
				found |= plan[p].step[i].kind == kind;
		cr_expect(found, "no step %s", step_kind_name(kind));
	}
	for (size_t p = 0; p < sizeof(plan) / sizeof(plan[0]); p++)
		plan_free(&plan[p]);
}

static size_t
find_step(const struct plan *plan, enum step_kind kind, const char *target)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->step[i].kind == kind && plan->step[i].phase == PHASE_INSIDE &&
		    (!target || (plan->step[i].target && !strcmp(plan->step[i].target, target))))
			return i;
	cr_assert(false, "no step %s %s", step_kind_name(kind), target ? target : "");
	return 0;
}

static bool
has_step(const struct plan *plan, enum step_kind kind, const char *target)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->step[i].kind == kind && plan->step[i].target && !strcmp(plan->step[i].target, target))
			return true;
	return false;
}

/* Where the host's root is seen the host's home is there, unless what is above it is hidden. */
Test(plan, covered_home)
{
	static const struct {
		const char *conf;
		bool is_bound;
	} rows[] = {
		{ "[user alice]\nprofile = shared\nhome = host\n", false },
		{ "[user alice]\nprofile = shared\nhome = host\nhidden = /home\n", true },
		{ "[user alice]\nprofile = shared\nhome = host\ntmpfs = /home\n", true },
		{ "[user alice]\nprofile = shared\nhome = host\nhidden = /home/alic\n", false },
		{ "[user alice]\nprofile = shared\nhome = host\nread_only = /home\n", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct plan plan = PLAN_INIT;

		plan_make(rows[i].conf, ON_V2, &plan);
		cr_expect_eq(has_step(&plan, STEP_BIND, "/home/alice"), rows[i].is_bound, "%s", rows[i].conf);
		if (has_step(&plan, STEP_HIDE, "/home"))
			cr_expect_lt(find_step(&plan, STEP_HIDE, "/home"),
			    find_step(&plan, STEP_BIND, "/home/alice"), "%s", rows[i].conf);
		plan_free(&plan);
	}
}

/* What is mounted later lies in what was mounted before. */
Test(plan, order)
{
	static const struct {
		const char *why;
		enum step_kind first;
		const char *first_target;
		enum step_kind then;
		const char *then_target;
	} rows[] = {
		{ "in the cgroups before their namespace", STEP_CGROUP_ENTER, NULL, STEP_CGROUP_NAMESPACE, NULL },
		{ "nothing is mounted before nothing goes out", STEP_SLAVE, "/", STEP_PROC, "/proc" },
		{ "nothing is mounted before nothing goes out", STEP_SLAVE, "/", STEP_READ_ONLY, "/var" },
		{ "/var/tmp stays writable", STEP_READ_ONLY, "/var", STEP_TMPFS, "/var/tmp" },
		{ "hidden = /home leaves room for the home", STEP_HIDE, "/home", STEP_HOME, "/home/alice" },
		{ "in the new home", STEP_HOME, "/home/alice", STEP_PASSTHROUGH, "/home/alice/.ssh" },
		{ "a bind into /tmp lies in the new one", STEP_TMPFS, "/tmp", STEP_BIND, "/tmp/old" },
		{ "terminals lie in the new /dev", STEP_DEV, "/dev", STEP_DEVPTS, "/dev/pts" },
		{ "masks lie in the new /proc", STEP_PROC, "/proc", STEP_MASK, "/proc/kcore" },
		{ "what is there of the host's is hidden first", STEP_HIDE, PLACE_RUN, STEP_MARK, PLACE_MARK },
		{ "in the new one", STEP_TMPFS, "/run/user", STEP_DIRECTORY, "/run/user/1000" },
		{ "writable below read-only", STEP_READ_ONLY, "/srv", STEP_WRITABLE, "/srv/data" },
		{ "own cgroups after all", STEP_HIDE, "/sys/fs/cgroup", STEP_BIND, "/sys/fs/cgroup/memory" },
		{ "/sys is read-only, and its cgroups go on it", STEP_READ_ONLY, "/sys", STEP_HIDE, "/sys/fs/cgroup" },
	};
	struct plan plan = PLAN_INIT;

	plan_make(full, ON_V1, &plan);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t first = find_step(&plan, rows[i].first, rows[i].first_target);
		size_t then = find_step(&plan, rows[i].then, rows[i].then_target);
		cr_expect_lt(first, then, "%s: step %zu is after %zu", rows[i].why, first, then);
	}
	plan_free(&plan);
}

Test(plan, order_in_a_root_of_ones_own)
{
	static const struct {
		const char *why;
		enum step_kind first;
		const char *first_target;
		enum step_kind then;
		const char *then_target;
	} rows[] = {
		{ "the host's later mounts come in", STEP_SLAVE, "/", STEP_ROOT, "/" },
		{ "all of it lies in the own root", STEP_ROOT, "/", STEP_PROC, "/proc" },
		{ "all of it lies in the own root", STEP_ROOT, "/", STEP_BIND, "/home/alice" },
		{ "the host's services in the own /run", STEP_TMPFS, "/run", STEP_BIND, "/run/nscd" },
		{ "the mark needs its directory", STEP_DIRECTORY, PLACE_RUN, STEP_HIDE, PLACE_RUN },
		{ "the host's tree is needed until all is there", STEP_MARK, PLACE_MARK, STEP_PIVOT, "/" },
		{ "the host's tree is needed until all is there", STEP_BIND, "/srv/data", STEP_PIVOT, "/" },
	};
	struct plan plan = PLAN_INIT;

	plan_make(own, ON_V2, &plan);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t first = find_step(&plan, rows[i].first, rows[i].first_target);
		size_t then = find_step(&plan, rows[i].then, rows[i].then_target);
		cr_expect_lt(first, then, "%s: step %zu is after %zu", rows[i].why, first, then);
	}
	plan_free(&plan);
}

static const struct step *
only_step(const struct plan *plan, enum step_kind kind)
{
	const struct step *found = NULL;

	for (size_t i = 0; i < plan->count; i++)
		if (plan->step[i].kind == kind) {
			cr_assert(!found, "two steps %s", step_kind_name(kind));
			found = &plan->step[i];
		}
	cr_assert(found != NULL, "no step %s", step_kind_name(kind));
	return found;
}

Test(plan, root_inside_owns_what_it_may_change_and_nothing_else)
{
	struct plan plan = PLAN_INIT;
	uid_t uid;
	gid_t gid;

	plan_make(SEALED, ON_V2, &plan);
	const struct step *ids = only_step(&plan, STEP_USER_NAMESPACE);
	const struct step *host = only_step(&plan, STEP_NAMESPACES);
	cr_expect_eq(ids->flags & ~(unsigned)STEP_F_NESTING, CLONE_NEWUTS | CLONE_NEWIPC);
	cr_expect_eq(host->flags, CLONE_NEWNS | CLONE_NEWPID, "its mounts and init must stay the host's");
	cr_expect_str_eq(ids->source, "0 100000 1000\n1000 1000 1\n1001 101001 64535\n", "%s", ids->source);
	cr_expect(strstr(ids->value, "5 5 1\n"), "no terminals for the group tty: %s", ids->value);
	cr_expect(!(ids->flags & STEP_F_NESTING));
	cr_expect(only_step(&plan, STEP_ROOT)->flags & STEP_F_NOSUID);
	plan_root_ids(&plan, &uid, &gid);
	cr_expect(uid == 100000 && gid == 200000);
	plan_free(&plan);
	plan_make("", ON_V2, &plan);
	plan_root_ids(&plan, &uid, &gid);
	cr_expect(uid == 0 && gid == 0);
	plan_free(&plan);
}

static unsigned
depth_of(const char *path)
{
	unsigned depth = 0;

	for (; *path; path++)
		depth += path[0] == '/' && path[1] != '/' && path[1] != '\0';
	return depth;
}

Test(plan, every_step_is_whole)
{
	for (enum where where = ON_V1; where <= ON_V2; where++) {
		struct plan plan = PLAN_INIT;
		unsigned phase = PHASE_HOST, depth = 0;
		bool slave = false;
		plan_make(full, where, &plan);
		for (size_t i = 0; i < plan.count; i++) {
			const struct step *step = &plan.step[i];
			cr_expect(step->because && step->because[0], "step %zu has no reason", i);
			cr_expect_geq(step->phase, phase, "step %zu is in an earlier phase", i);
			phase = step->phase;
			slave |= step->kind == STEP_SLAVE;
			if (!slave || step->phase != PHASE_INSIDE)
				continue;
			cr_assert(step->target && step->target[0] == '/', "step %zu", i);
			cr_expect_geq(depth_of(step->target), depth, "step %zu %s lies above the one before", i,
			    step->target);
			depth = depth_of(step->target);
		}
		cr_expect_eq(phase, PHASE_SESSION);
		plan_free(&plan);
		plan_free(&plan);
	}
}

Test(plan, the_bounding_set_lacks_what_reaches_the_host)
{
	static const unsigned gone[] = { CAP_SYS_ADMIN, CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_BOOT,
		CAP_SYS_TIME, CAP_SYS_PTRACE, CAP_SYSLOG, CAP_MKNOD, CAP_DAC_READ_SEARCH, CAP_NET_ADMIN,
		CAP_BPF, CAP_PERFMON, CAP_CHECKPOINT_RESTORE, CAP_MAC_ADMIN, CAP_MAC_OVERRIDE };
	static const unsigned kept[] = { CAP_SETUID, CAP_SETGID, CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER,
		CAP_KILL, CAP_NET_RAW, CAP_AUDIT_WRITE };
	struct plan plan = PLAN_INIT;
	const struct step *step = NULL;

	plan_make("", ON_V2, &plan);
	for (size_t i = 0; i < plan.count; i++)
		if (plan.step[i].kind == STEP_BOUNDING)
			step = &plan.step[i];
	cr_assert(step != NULL);
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		cr_expect_eq(step->capabilities >> gone[i] & 1, 0, "capability %u", gone[i]);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		cr_expect_eq(step->capabilities >> kept[i] & 1, 1, "su and sudo need capability %u", kept[i]);
	plan_free(&plan);
}

Test(plan, homes_that_are_no_ones_own_are_refused)
{
	static const struct {
		const char *home;
		const char *conf;
		const char *why; /* NULL: taken */
	} rows[] = {
		{ "/", SHARED, "the home is /" },
		{ "///", SHARED, "the home is /" },
		{ "", SHARED, "not an absolute path" },
		{ "home/alice", SHARED, "not an absolute path" },
		{ "/", SHARED "home = host\n", NULL },
		{ "", SHARED "home = host\n", NULL },
		{ "/home/alice/", SHARED, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f;
		struct error err = ERROR_INIT;
		struct policy policy = POLICY_INIT;
		struct plan plan = PLAN_INIT;
		struct policy_text *text = fixture_parse(rows[i].conf);
		fixture_init(&f);
		memcpy(f.machine.place, on_v2, sizeof(on_v2));
		(void)snprintf(f.subject.home, sizeof(f.subject.home), "%s", rows[i].home);
		cr_assert_eq(policy_resolve(text, &f.subject, &f.machine, &policy, &err), 0, "%s", err.text);
		int rc = plan_build(&policy, &f.subject, &f.machine, &places, &plan, &err);
		cr_expect_eq(rc, rows[i].why ? -1 : 0, "home \"%s\": %s", rows[i].home, err.text);
		if (rows[i].why) {
			cr_expect(strstr(err.text, rows[i].why), "home \"%s\": %s", rows[i].home, err.text);
			cr_expect(plan.count == 0 && !plan.step, "half a plan is left");
		}
		plan_free(&plan);
		policy_free(&policy);
		policy_text_free(text);
	}
}

/* One step, one line: no text of a policy can print a second one. */
Test(plan, text_cannot_forge_lines)
{
	static const char forged[] = "/a\nsession environment EVIL=1\r\x1b[2J\\";
	struct step step = { .phase = PHASE_INSIDE, .kind = STEP_BIND, .because = "",
		.target = (char *)(uintptr_t)forged, .source = (char *)(uintptr_t)forged,
		.value = (char *)(uintptr_t)forged };
	struct plan plan = { .step = &step, .count = 1 };
	autofree char *printed = plan_text(&plan);

	cr_expect_eq(strchr(printed, '\n'), printed + strlen(printed) - 1, "%s", printed);
	cr_expect(!strpbrk(printed, "\r\x1b"), "%s", printed);
	cr_expect(strstr(printed, "/a\\x0asession"), "%s", printed);
}

/* Neither of a crash's ways to the host's root: a program that the kernel runs, core(5). */
Test(plan, no_core_goes_to_a_program)
{
	static const struct {
		const char *conf;
		enum core_target core;
		uint64_t soft; /* UINT64_MAX: no step; 0: refused */
	} row[] = {
		{ "", CORE_TO_FILE, UINT64_MAX }, { "", CORE_TO_PROGRAM, 1 }, { "", CORE_TO_SOCKET, 1 },
		{ "core_dumps = none", CORE_TO_FILE, 1 }, { "core_dumps = none", CORE_TO_PROGRAM, 1 },
		{ "core_dumps = none", CORE_TO_SOCKET, 0 },
		{ "rlimit.core = 5K", CORE_TO_FILE, 5120 }, { "rlimit.core = 5K", CORE_TO_PROGRAM, 1 },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct fixture f;
		struct error err = ERROR_INIT;
		struct policy policy = POLICY_INIT;
		struct plan plan = PLAN_INIT;
		char conf[128];
		uint64_t soft = UINT64_MAX;

		fixture_init(&f);
		memcpy(f.machine.place, on_v2, sizeof(on_v2));
		f.machine.core = row[i].core;
		(void)snprintf(conf, sizeof(conf), "[default]\nprofile = shared\n%s\n", row[i].conf);
		struct policy_text *text = fixture_parse(conf);
		cr_assert_eq(policy_resolve(text, &f.subject, &f.machine, &policy, &err), 0, "%s", err.text);
		if (plan_build(&policy, &f.subject, &f.machine, &places, &plan, &err) < 0)
			soft = strstr(err.text, "kernel.core_pattern is a socket") ? 0 : soft;
		for (size_t s = 0; s < plan.count; s++)
			if (plan.step[s].kind == STEP_RLIMIT && plan.step[s].number == RLIMIT_CORE)
				soft = plan.step[s].limit[0];
		cr_expect_eq(soft, row[i].soft, "row %zu: %llu", i, (unsigned long long)soft);
		plan_free(&plan);
		policy_free(&policy);
		policy_text_free(text);
	}
}

/* Nothing of the user's is started by a manager that is outside. */
Test(plan, systemd_starts_nothing_outside)
{
	struct fixture f;
	struct error err = ERROR_INIT;
	struct policy policy = POLICY_INIT;
	struct plan plan = PLAN_INIT;
	struct policy_text *text = fixture_parse(SHARED);
	bool unset = false;

	fixture_init(&f);
	memcpy(f.machine.place, on_v2, sizeof(on_v2));
	f.machine.has_systemd = true;
	cr_assert_eq(policy_resolve(text, &f.subject, &f.machine, &policy, &err), 0, "%s", err.text);
	cr_assert_eq(plan_build(&policy, &f.subject, &f.machine, &places, &plan, &err), 0, "%s", err.text);
	for (size_t i = 0; i < plan.count; i++)
		unset |= plan.step[i].kind == STEP_ENVIRONMENT &&
		    !strcmp(plan.step[i].value, "DBUS_SESSION_BUS_ADDRESS");
	cr_expect(unset, "the user manager's bus is not there");
	plan_free(&plan);

	(void)snprintf(f.subject.service, sizeof(f.subject.service), "systemd-user");
	cr_expect_eq(plan_build(&policy, &f.subject, &f.machine, &places, &plan, &err), -1);
	cr_expect_not_null(strstr(err.text, "no user manager (user@1000.service)"), "%s", err.text);
	policy_free(&policy);
	policy_text_free(text);
}
