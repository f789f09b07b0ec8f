/*
 * What goes into which program, handed to libseccomp.  Runs in the helper and in ctrctl, never
 * in a login.
 */
#include "filter/compile.h"

#include "filter/border.h"
#include "filter/ranges.h"
#include "lib/own.h"

#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define BINARY_TREE 2 /* SCMP_FLTATR_CTL_OPTIMIZE; a search in place of some four hundred comparisons */

enum part {
	PART_ABSENT,
	PART_REFUSE,
	PART_LIST
};

static const struct architectures families[] = {
	{ { SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32 }, 3 },
	{ { SCMP_ARCH_AARCH64, SCMP_ARCH_ARM }, 2 },
	{ { SCMP_ARCH_S390X, SCMP_ARCH_S390 }, 2 },
	{ { SCMP_ARCH_MIPS64, SCMP_ARCH_MIPS, SCMP_ARCH_MIPS64N32 }, 3 },
	{ { SCMP_ARCH_MIPSEL64, SCMP_ARCH_MIPSEL, SCMP_ARCH_MIPSEL64N32 }, 3 },
	{ { SCMP_ARCH_PPC64, SCMP_ARCH_PPC }, 2 },
};

static const struct {
	uint32_t token;
	const char *name;
} names[] = {
	{ SCMP_ARCH_X86_64, "x86_64" }, { SCMP_ARCH_X86, "x86" }, { SCMP_ARCH_X32, "x32" },
	{ SCMP_ARCH_AARCH64, "aarch64" }, { SCMP_ARCH_ARM, "arm" }, { SCMP_ARCH_S390X, "s390x" },
	{ SCMP_ARCH_S390, "s390" }, { SCMP_ARCH_RISCV64, "riscv64" }, { SCMP_ARCH_PPC64LE, "ppc64le" },
	{ SCMP_ARCH_PPC64, "ppc64" }, { SCMP_ARCH_PPC, "ppc" }, { SCMP_ARCH_MIPS64, "mips64" },
	{ SCMP_ARCH_MIPSEL64, "mipsel64" },
};

/* In the order of enum test_op. */
static const enum scmp_compare compare[] = {
	[TEST_EQ] = SCMP_CMP_MASKED_EQ, [TEST_NE] = SCMP_CMP_NE, [TEST_LT] = SCMP_CMP_LT,
	[TEST_LE] = SCMP_CMP_LE, [TEST_GT] = SCMP_CMP_GT, [TEST_GE] = SCMP_CMP_GE,
};

void
architectures_of(uint32_t native, struct architectures *architectures)
{
	if (native == 0)
		native = seccomp_arch_native();
	*architectures = (struct architectures) { { native }, 1 };
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (families[i].token[0] == native)
			*architectures = families[i];
}

const char *
architecture_name(uint32_t token)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].token == token)
			return names[i].name;
	return "another";
}

bool
compile_knows(const char *name)
{
	return seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR;
}

const char *
compile_mux(uint32_t token, const char *name)
{
	int number = seccomp_syscall_resolve_name_arch(token, name);

	/* libseccomp's own numbers for the parts of the two; seccomp.h has them as __PNR_. */
	if (number <= -100 && number > -200)
		return "socketcall";
	return number <= -200 && number > -300 ? "ipc" : NULL;
}

static bool
exists(uint32_t token, const char *name)
{
	int number = seccomp_syscall_resolve_name_arch(token, name);

	if (number >= 0)
		return true;
	const char *mux = compile_mux(token, name);
	return mux && seccomp_syscall_resolve_name_arch(token, mux) >= 0;
}

static uint32_t
action_of(struct verdict verdict)
{
	switch (verdict.kind) {
	case VERDICT_ALLOW: return SCMP_ACT_ALLOW;
	case VERDICT_LOG: return SCMP_ACT_LOG;
	case VERDICT_ERRNO: return SCMP_ACT_ERRNO((uint32_t)verdict.errnum);
	case VERDICT_KILL: return SCMP_ACT_KILL_PROCESS;
	case VERDICT_NONE: break;
	}
	return SCMP_ACT_KILL_PROCESS;
}

/* One call's place in the three programs, on one architecture. */
struct placing {
	const struct ruleset *ruleset;
	uint32_t token;
	enum part part;
	uint32_t fallback; /* the program's action for all else */
	scmp_filter_ctx context;
	struct ranges *ranges; /* what needs no rule */
	struct error *err;
};

/* Allowed whatever its arguments are, and by one way alone. */
static bool
is_plain(const struct placing *placing, const char *name, uint32_t action, int number)
{
	return placing->part == PART_LIST && action == SCMP_ACT_ALLOW && number >= 0 &&
	    !compile_mux(placing->token, name);
}

static int
rule_add(const struct placing *placing, const char *name, uint32_t action,
    const struct condition *condition)
{
	struct scmp_arg_cmp argument[FILTER_TESTS_MAX];
	unsigned count = 0;

	/* libseccomp takes a rule that says what the default says for a mistake. */
	if (action == placing->fallback)
		return 0;
	int number = seccomp_syscall_resolve_name_arch(placing->token, name);
	if (!condition && is_plain(placing, name, action, number))
		return ranges_take(placing->ranges, placing->token, (uint32_t)number, placing->err);
	for (size_t i = 0; condition && i < condition->tests; i++) {
		const struct test *test = &condition->test[i];

		argument[count++] = test->op == TEST_EQ ?
		    (struct scmp_arg_cmp) { test->argument, SCMP_CMP_MASKED_EQ, test->mask, test->value } :
		    (struct scmp_arg_cmp) { test->argument, compare[test->op], test->value, 0 };
	}
	int rc = seccomp_rule_add_array(placing->context, action, seccomp_syscall_resolve_name(name),
	    count, argument);
	return rc < 0 ? error_set(placing->err, -rc, "add a rule for %s", name) : 0;
}

static bool
is_mux(const char *name)
{
	return !strcmp(name, "socketcall") || !strcmp(name, "ipc");
}

/* ENOSYS without a test, but for the call that loads the next program. */
static bool
is_absent(const struct call *call)
{
	return call->whole.kind == VERDICT_ERRNO && call->whole.errnum == ENOSYS &&
	    strcmp(call->name, "seccomp") != 0;
}

/* By name, or by the call that it can be reached through. */
static bool
mux_lets(const struct placing *placing, const char *mux)
{
	const struct call *call = ruleset_find(placing->ruleset, mux);

	return call && verdict_lets(call->whole);
}

static int
place_absent(const struct placing *placing, const struct call *call)
{
	return is_absent(call) ? rule_add(placing, call->name, SCMP_ACT_ERRNO(ENOSYS), NULL) : 0;
}

/* What reaches the call through another that "list" allows must be refused here. */
static bool
is_refused_here(const struct placing *placing, const struct call *call, const char *mux)
{
	bool is_taken = (call->whole.kind == VERDICT_ERRNO || call->whole.kind == VERDICT_KILL) &&
	    !is_absent(call);

	return is_taken && (is_mux(call->name) || (mux && mux_lets(placing, mux)));
}

static int
place_refuse(const struct placing *placing, const struct call *call, const char *mux)
{
	if (is_refused_here(placing, call, mux))
		return rule_add(placing, call->name, action_of(call->whole), NULL);
	/* Through socketcall the arguments are in memory, where a filter sees none of them. */
	for (size_t i = 0; i < call->conditions && !mux; i++) {
		const struct condition *condition = &call->condition[i];

		if (condition->verdict.kind != VERDICT_ALLOW &&
		    rule_add(placing, call->name, action_of(condition->verdict), condition) < 0)
			return -1;
	}
	return 0;
}

static int
place_list(const struct placing *placing, const struct call *call, const char *mux)
{
	if (is_absent(call))
		return rule_add(placing, call->name, SCMP_ACT_ALLOW, NULL);
	if (is_refused_here(placing, call, mux))
		return 0;
	if (call->whole.kind != VERDICT_NONE && !call_gives(call))
		return rule_add(placing, call->name, action_of(call->whole), NULL);
	if (mux)
		return call_gives(call) && mux_lets(placing, mux) ?
		    rule_add(placing, call->name, SCMP_ACT_ALLOW, NULL) : 0;
	for (size_t i = 0; i < call->conditions; i++) {
		const struct condition *condition = &call->condition[i];

		if (condition->verdict.kind == VERDICT_ALLOW &&
		    rule_add(placing, call->name, SCMP_ACT_ALLOW, condition) < 0)
			return -1;
	}
	return 0;
}

static int
place(const struct placing *placing, const struct call *call)
{
	const char *mux = compile_mux(placing->token, call->name);

	if (!exists(placing->token, call->name))
		return 0;
	switch (placing->part) {
	case PART_ABSENT: return place_absent(placing, call);
	case PART_REFUSE: return place_refuse(placing, call, mux);
	case PART_LIST: return place_list(placing, call, mux);
	}
	return 0;
}

/* By it a login proves that its programs are asked. */
static int
add_probe(const struct placing *placing)
{
	const struct condition probe = {
		.test = { { .argument = 0, .op = TEST_EQ, .mask = UINT32_MAX, .value = FILTER_PROBE } },
		.tests = 1,
	};

	return rule_add(placing, "prctl", SCMP_ACT_ERRNO(FILTER_PROBE_ERRNO), &probe);
}

static int
context_only(scmp_filter_ctx context, uint32_t token, struct error *err)
{
	static const struct {
		enum scmp_filter_attr attribute;
		uint32_t value;
	} set[] = {
		{ SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS) },
		{ SCMP_FLTATR_CTL_OPTIMIZE, BINARY_TREE },
	};
	int rc = 0;

	for (size_t i = 0; i < sizeof(set) / sizeof(set[0]); i++)
		if ((rc = seccomp_attr_set(context, set[i].attribute, set[i].value)) < 0)
			return error_set(err, -rc, "set up libseccomp");
	if (token != seccomp_arch_native() && ((rc = seccomp_arch_add(context, token)) < 0 ||
	    (rc = seccomp_arch_remove(context, SCMP_ARCH_NATIVE)) < 0))
		return error_set(err, -rc, "compile for %s", architecture_name(token));
	return 0;
}

/* One architecture's rules of one program; NULL with err. */
static scmp_filter_ctx
part_build(struct placing *placing)
{
	bool is_built;

	placing->context = seccomp_init(placing->fallback);
	if (!placing->context) {
		(void)error_set(placing->err, ENOMEM, "start libseccomp");
		return NULL;
	}
	is_built = context_only(placing->context, placing->token, placing->err) == 0 &&
	    (placing->part != PART_ABSENT || add_probe(placing) == 0);
	for (size_t i = 0; i < placing->ruleset->count && is_built; i++)
		is_built = place(placing, &placing->ruleset->call[i]) == 0;
	if (is_built)
		return placing->context;
	seccomp_release(placing->context);
	return NULL;
}

static int
export(scmp_filter_ctx context, struct program *program, struct error *err)
{
	autofd int file = memfd_create("filter", MFD_CLOEXEC);
	struct stat st;
	int rc;

	if (file < 0)
		return error_set(err, errno, "make room for a program");
	rc = seccomp_export_bpf(context, file);
	if (rc < 0 || fstat(file, &st) < 0)
		return error_set(err, rc < 0 ? -rc : errno, "take libseccomp's program");
	size_t size = (size_t)st.st_size;
	program->code = malloc(size > 0 ? size : 1);
	if (!program->code)
		return error_set(err, errno, "take libseccomp's program");
	if (pread(file, program->code, size, 0) != st.st_size)
		return error_set(err, errno, "read libseccomp's program");
	program->count = size / sizeof(*program->code);
	return 0;
}

static int
part_compile(const struct ruleset *ruleset, const struct architectures *architectures,
    enum part part, struct program *program, struct error *err)
{
	struct ranges ranges = RANGES_INIT;
	scmp_filter_ctx all = NULL;
	int rc = 0;

	for (size_t i = 0; i < architectures->count && rc == 0; i++) {
		struct placing placing = { .ruleset = ruleset, .token = architectures->token[i],
			.part = part, .ranges = &ranges, .err = err,
			.fallback = part == PART_LIST ? action_of(ruleset->fallback) : SCMP_ACT_ALLOW };
		scmp_filter_ctx one = part_build(&placing);

		if (!one) {
			rc = -1;
		} else if (!all) {
			all = one;
		} else if ((rc = seccomp_merge(all, one)) < 0) {
			seccomp_release(one);
			rc = error_set(err, -rc, "join the architectures' programs");
		}
	}
	if (rc == 0)
		rc = export(all, program, err);
	if (rc == 0)
		rc = ranges_add(program, &ranges, err);
	if (all)
		seccomp_release(all);
	ranges_free(&ranges);
	return rc;
}

/* A program less is a few nanoseconds less at each call. */
static bool
has_part(const struct ruleset *ruleset, enum part part)
{
	if (part != PART_REFUSE)
		return true;
	for (size_t i = 0; i < ruleset->count; i++)
		if (ruleset->call[i].conditions > 0 || !verdict_lets(ruleset->call[i].whole))
			return true;
	return false;
}

static int
check(const struct ruleset *ruleset, struct error *err)
{
	const struct call *loader = ruleset_find(ruleset, "seccomp");

	if (loader && loader->conditions > 0)
		return error_set(err, 0, "the call seccomp can't be tested: a filter is loaded by it in three "
		    "parts, the last one after the tests");
	return 0;
}

int
compile_ruleset(const struct ruleset *ruleset, const struct architectures *architectures,
    struct compiled *compiled, struct error *err)
{
	*compiled = (struct compiled)COMPILED_INIT;
	if (check(ruleset, err) < 0)
		return -1;
	for (enum part part = PART_ABSENT; part <= PART_LIST; part++) {
		struct program *program = &compiled->program[compiled->count];

		if (!has_part(ruleset, part))
			continue;
		compiled->count++;
		if (part_compile(ruleset, architectures, part, program, err) < 0)
			goto fail;
		program->logs = part != PART_ABSENT && ruleset->logs;
		/* To the list all that is newer passes; the other program answers it. */
		if (part != PART_REFUSE && border_add(program, architectures, part == PART_LIST ?
		    SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(ENOSYS), err) < 0)
			goto fail;
		if (program->count > BPF_MAXINSNS) {
			(void)error_set(err, 0, "the filter is too long: %zu instructions, %d can be",
			    program->count, BPF_MAXINSNS);
			goto fail;
		}
	}
	return 0;
fail:
	compiled_free(compiled);
	return -1;
}

void
compiled_free(struct compiled *compiled)
{
	for (size_t i = 0; i < PROGRAMS_MAX; i++)
		free(compiled->program[i].code);
	*compiled = (struct compiled)COMPILED_INIT;
}
