/*
 * filter_table yes|no FILTER: reads what the probe of system calls (syscalls.c) told without a
 * filter, and writes what it should tell under FILTER, for logins with or without nesting, by
 * the filter's text: a call that the text lets pass is answered as without, one that it refuses
 * as the text says.  With "-" for FILTER only the calls' names are added, as they are after
 * FILTER, so that tests can compare the two line by line.
 *
 * It takes the text's rules as they are read, and nothing that was compiled: that is what the
 * probe is about.  Needs no right but to read the text.
 *
 * Left out are calls that the kernel lets past all filters: uretprobe and uprobe of x86-64, by which
 * it returns from probes that it put into a program itself.
 */
#include "filter/build.h"

#include <errno.h>
#include <inttypes.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#define X32_BIT 0x40000000U
#define URETPROBE 335
#define UPROBE 336
#define HIGHEST 1000 /* more than libseccomp knows of any of these architectures */
#define LINE_SIZE 512

/* How the probe calls, what that is to libseccomp, and how much of an argument is looked at. */
static const struct {
	const char *name;
	uint32_t token;
	uint32_t bits;
	uint64_t width;
} abis[] = {
	{ "x86_64", SCMP_ARCH_X86_64, 0, UINT64_MAX },
	{ "x32", SCMP_ARCH_X32, X32_BIT, UINT32_MAX },
	{ "int80", SCMP_ARCH_X86, 0, UINT32_MAX },
	{ "i386", SCMP_ARCH_X86, 0, UINT32_MAX },
};

#define ABIS (sizeof(abis) / sizeof(abis[0]))

/* One line of the probe's. */
struct tried {
	size_t abi;
	uint32_t number; /* without the bits */
	char result[32];
	uint64_t argument[6];
};

static bool
line_read(const char *line, struct tried *tried)
{
	char abi[16];
	uint64_t *argument = tried->argument;

	if (sscanf(line, "%15s %" SCNu32 " %31s %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64
	    " %" SCNx64, abi, &tried->number, tried->result, &argument[0], &argument[1], &argument[2],
	    &argument[3], &argument[4], &argument[5]) != 9)
		return false;
	for (tried->abi = 0; tried->abi < ABIS; tried->abi++)
		if (!strcmp(abis[tried->abi].name, abi))
			return true;
	return false;
}

/* "": there is none. */
static void
name_find(const struct tried *tried, char name[FILTER_NAME_MAX])
{
	char *known = seccomp_syscall_resolve_num_arch(abis[tried->abi].token,
	    (int)(tried->number | abis[tried->abi].bits));

	(void)snprintf(name, FILTER_NAME_MAX, "%s", known ? known : "");
	free(known);
}

/* Newer than libseccomp: pam_ctr.seccomp(5) promises ENOSYS. */
static bool
is_beyond(const struct tried *tried)
{
	struct tried other = *tried;
	char name[FILTER_NAME_MAX];

	for (other.number = HIGHEST; other.number > 0; other.number--) {
		name_find(&other, name);
		if (name[0] != '\0')
			break;
	}
	return tried->number > other.number;
}

static bool
test_holds(const struct test *test, uint64_t argument, uint64_t width)
{
	uint64_t masked = argument & test->mask & width, value = test->value & width;

	switch (test->op) {
	case TEST_EQ: return masked == value;
	case TEST_NE: return masked != value;
	case TEST_LT: return masked < value;
	case TEST_LE: return masked <= value;
	case TEST_GT: return masked > value;
	case TEST_GE: return masked >= value;
	}
	return false;
}

static bool
condition_holds(const struct condition *condition, const struct tried *tried)
{
	for (size_t i = 0; i < condition->tests; i++)
		if (!test_holds(&condition->test[i], tried->argument[condition->test[i].argument],
		    abis[tried->abi].width))
			return false;
	return true;
}

/* NULL: none of that kind that holds. */
static const struct condition *
condition_find(const struct call *call, const struct tried *tried, bool is_giving)
{
	for (size_t i = 0; i < call->conditions; i++)
		if (verdict_lets(call->condition[i].verdict) == is_giving &&
		    condition_holds(&call->condition[i], tried))
			return &call->condition[i];
	return NULL;
}

/*
 * What i386 can also do by socketcall(2) has its arguments in memory then: its tests say nothing,
 * and libseccomp treats both ways alike.
 */
static bool
is_by_mux(const struct ruleset *ruleset, const struct tried *tried, const struct call *call,
    struct verdict *verdict)
{
	const char *mux = compile_mux(abis[tried->abi].token, call->name);
	const struct call *by = mux ? ruleset_find(ruleset, mux) : NULL;

	if (!mux || call->conditions == 0)
		return false;
	*verdict = by && verdict_lets(by->whole) ? by->whole : ruleset->fallback;
	return true;
}

static struct verdict
verdict_of(const struct ruleset *ruleset, const struct tried *tried, const char *name)
{
	const struct call *call = name[0] != '\0' ? ruleset_find(ruleset, name) : NULL;

	if (!call)
		return is_beyond(tried) ? (struct verdict) { VERDICT_ERRNO, ENOSYS } : ruleset->fallback;
	struct verdict verdict;
	if (is_by_mux(ruleset, tried, call, &verdict))
		return verdict;
	const struct condition *taking = condition_find(call, tried, false);
	if (taking)
		return taking->verdict;
	const struct condition *giving = condition_find(call, tried, true);
	if (giving && !verdict_lets(call->whole))
		return giving->verdict;
	return call->whole.kind == VERDICT_NONE ? ruleset->fallback : call->whole;
}

static void
result_set(struct tried *tried, struct verdict verdict)
{
	if (verdict.kind == VERDICT_ERRNO)
		(void)snprintf(tried->result, sizeof(tried->result), "errno=%d", verdict.errnum);
	else if (!verdict_lets(verdict))
		(void)snprintf(tried->result, sizeof(tried->result), "killed");
}

static bool
is_past_filters(const struct tried *tried)
{
	return abis[tried->abi].token == SCMP_ARCH_X86_64 &&
	    (tried->number == URETPROBE || tried->number == UPROBE);
}

/* -1: a line is none of the probe's. */
static int
table_write(const struct ruleset *ruleset, FILE *from, FILE *to)
{
	char line[LINE_SIZE], name[FILTER_NAME_MAX];
	struct tried tried;

	while (fgets(line, sizeof(line), from)) {
		if (!line_read(line, &tried)) {
			(void)fprintf(stderr, "filter_table: what is this? %s", line);
			return -1;
		}
		if (is_past_filters(&tried))
			continue;
		name_find(&tried, name);
		if (ruleset)
			result_set(&tried, verdict_of(ruleset, &tried, name));
		(void)fprintf(to, "%s %" PRIu32 " %s %s", abis[tried.abi].name, tried.number,
		    name[0] != '\0' ? name : "-", tried.result);
		for (size_t i = 0; i < 6; i++)
			(void)fprintf(to, " %" PRIx64, tried.argument[i]);
		(void)fputc('\n', to);
	}
	return fflush(to) == 0 ? 0 : -1;
}

int
main(int argc, char **argv)
{
	struct filter *filter = NULL;
	bool nesting = argc == 3 && !strcmp(argv[1], "yes");

	if (argc != 3 || (!nesting && strcmp(argv[1], "no") != 0)) {
		(void)fputs("usage: filter_table yes|no FILTER <TABLE\n", stderr);
		return 2;
	}
	if (strcmp(argv[2], "-") != 0) {
		filter = filter_build(argv[2], nesting, stderr);
		if (!filter)
			return 1;
	}
	int rc = table_write(filter ? &filter->ruleset : NULL, stdin, stdout);
	filter_free(filter);
	return rc < 0 ? 1 : 0;
}
