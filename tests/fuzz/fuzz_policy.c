/*
 * A policy file: the administrator's own text, but one that a wrong hand or a broken disk may have
 * made anything of.  A file that is taken must come to the same policy when what "ctrctl
 * explain" prints of it, and what the supervisor keeps of it, are read again; a plan of it can
 * be made and printed; and of what is refused each fault is one line.
 */
#include "fuzz.h"

#include "policy/live.h"
#include "policy/plan.h"
#include "policy/policy.h"

#include "lib/own.h"

#include <string.h>

static struct subject_group groups[] = { { 1000, "alice" }, { 2000, "students" }, { 2001, "lab" } };

static const struct subject subject = { .uid = 1000, .gid = 1000, .user = "alice", .home = "/home/alice",
	.shell = "/bin/bash", .service = "sshd", .tty = "pts/0", .groups = groups, .groups_count = 3,
	.subuid = 231072, .subgid = 231072 };

static const struct machine machine = { .memory = UINT64_C(8) << 30, .pid_max = 32768, .cpus = 4,
	.cap_last = 40, .tty_gid = 5, .hostname = "lab1", .unified = "/sys/fs/cgroup", .unified_part = "/",
	.place = { [CONTROLLER_CPU] = { CGROUP_V2, "/sys/fs/cgroup", "/", 0 },
	    [CONTROLLER_CPUSET] = { CGROUP_V2, "/sys/fs/cgroup", "/", 0 },
	    [CONTROLLER_MEMORY] = { CGROUP_V2, "/sys/fs/cgroup", "/", 0 },
	    [CONTROLLER_PIDS] = { CGROUP_V1, "/sys/fs/cgroup/pids", "/", 0 },
	    [CONTROLLER_IO] = { CGROUP_V2, "/sys/fs/cgroup", "/", 0 } } };

enum printer { EXPLAIN, LIVE };

/* Without the comments, which tell the file's name and line. */
static void
strip(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from += *from == '\n') {
		size_t length = strcspn(from, "\n"), kept = length;
		for (size_t i = 0; i < length; i++)
			if (from[i] == '#' && (i == 0 || from[i - 1] == ' ')) {
				kept = i;
				break;
			}
		while (kept > 0 && from[kept - 1] == ' ')
			kept--;
		memmove(to, from, kept);
		to += kept;
		*to++ = '\n';
		from += length;
	}
	*to = '\0';
}

static char *
print(enum printer printer, const struct policy_text *text, const struct policy *policy)
{
	char *printed = NULL;
	size_t length;
	FILE *out = open_memstream(&printed, &length);

	fuzz_check(out != NULL);
	if (printer == EXPLAIN)
		policy_explain(text, policy, out);
	else
		fuzz_check(live_print(policy, out) == 0);
	fuzz_check(fclose(out) == 0);
	fuzz_check(strlen(printed) == length, "a NUL was printed");
	return printed;
}

/* What is printed of the policy, read as a policy, is printed the same. */
static void
read_again(enum printer printer, const struct policy_text *text, const struct policy *policy)
{
	struct error err = ERROR_INIT;
	struct policy other = POLICY_INIT;
	autofree char *first = print(printer, text, policy);
	struct policy_text *again = policy_parse("printed", first, strlen(first), NULL, &err);

	fuzz_check(again != NULL, "%s\n%s", err.text, first);
	fuzz_check(policy_resolve(again, &subject, &machine, &other, &err) == 0, "%s\n%s", err.text, first);
	autofree char *second = print(printer, again, &other);
	strip(first);
	strip(second);
	fuzz_check(!strcmp(first, second), "%s--- and then\n%s", first, second);
	policy_free(&other);
	policy_text_free(again);
}

static int
count_change(const struct live_change *change, void *context)
{
	(void)change;
	++*(unsigned *)context;
	return 0;
}

static void
check_policy(const struct policy_text *text, const struct policy *policy)
{
	static const struct plan_places places = { .run = "/run/pam_ctr", .lib = "/var/lib/pam_ctr" };
	struct error err = ERROR_INIT;
	struct plan plan = PLAN_INIT;
	char *printed;
	size_t length;
	unsigned changes = 0;

	if (policy->exempt)
		return;
	read_again(EXPLAIN, text, policy);
	read_again(LIVE, text, policy);
	fuzz_check(live_compare(policy, policy, count_change, &changes) == 0 && changes == 0,
	    "a policy differs from itself");
	if (plan_build(policy, &subject, &machine, &places, &plan, &err) < 0) {
		fuzz_check(err.text[0]);
		plan_free(&plan);
		return;
	}
	FILE *out = open_memstream(&printed, &length);
	fuzz_check(out != NULL);
	plan_print(&plan, out);
	fuzz_check(fclose(out) == 0 && length > 0);
	free(printed);
	plan_free(&plan);
}

static void
check_faults(const struct policy_faults *faults)
{
	/* A hundred, and one line that says that there are more. */
	fuzz_check(faults->count > 0 && faults->count <= 101);
	for (size_t i = 0; i < faults->count && i < 100; i++)
		fuzz_check(!strncmp(faults->item[i], "fuzz", 4) && !strchr(faults->item[i], '\n'), "\"%s\"",
		    faults->item[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = ERROR_INIT;
	struct policy_faults faults = POLICY_FAULTS_INIT;
	struct policy policy = POLICY_INIT;
	autofree char *copy = fuzz_text(data, size);
	struct policy_text *text = policy_parse("fuzz", copy, size, &faults, &err);

	if (!text) {
		check_faults(&faults);
		fuzz_check(err.text[0]);
	} else if (policy_resolve(text, &subject, &machine, &policy, &err) == 0) {
		check_policy(text, &policy);
	} else {
		fuzz_check(err.text[0]);
	}
	policy_free(&policy);
	policy_faults_free(&faults);
	policy_text_free(text);
	return 0;
}
