/*
 * filter/text.c, argument.c and ruleset.c: texts in memory become rules, or faults with their
 * lines.  Pure.
 */
#include "filter/argument.h"
#include "filter/compile.h"
#include "filter/group.h"
#include "filter/text.h"
#include "lib/own.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#define HIGHEST 1200 /* more numbers than any architecture has */

/* Texts by their names: { "name", "text" } pairs, the last NULL. */
struct texts {
	const char *const *pair;
};

static int
texts_read(void *context, const char *name, struct filter_text *text, struct error *err)
{
	const struct texts *texts = context;

	for (const char *const *pair = texts->pair; *pair; pair += 2)
		if (!strcmp(pair[0], name)) {
			*text = (struct filter_text) { pair[0], pair[0], pair[1], strlen(pair[1]) };
			return 0;
		}
	return error_set(err, ENOENT, "there is no filter \"%s\"", name);
}

static size_t
parse(const char *const *pair, bool nesting, struct ruleset *ruleset, char **faults)
{
	struct texts texts = { pair };
	const struct filter_reader reader = { .read = texts_read, .is_call = compile_knows,
		.context = &texts, .nesting = nesting };
	size_t size;
	FILE *to = open_memstream(faults, &size);

	cr_assert(to != NULL);
	size_t count = text_parse(&reader, pair[0], ruleset, to);
	cr_assert_eq(fclose(to), 0);
	return count;
}

/* "allow", "log", "E2BIG", "kill", "-": no line says so; and the number of lines with tests. */
static void
verdict_text(const struct ruleset *ruleset, const char *name, char text[48])
{
	static const char *const word[] = { [VERDICT_NONE] = "-", [VERDICT_ALLOW] = "allow",
		[VERDICT_LOG] = "log", [VERDICT_KILL] = "kill" };
	const struct call *call = ruleset_find(ruleset, name);
	char buffer[24];

	(void)snprintf(text, 48, "%s%s", !call ? "-" : call->whole.kind == VERDICT_ERRNO ?
	    errno_name(call->whole.errnum, buffer) : word[call->whole.kind],
	    call && call->conditions == 1 ? "+1" : call && call->conditions == 2 ? "+2" :
	    call && call->conditions ? "+n" : "");
}

/* glibc's own function has all that its headers have. */
Test(filter_text, every_error_has_its_name)
{
	char buffer[24];

	for (int errnum = 1; errnum <= 4096; errnum++) {
#ifdef __GLIBC__
		const char *known = strerrorname_np(errnum);
#else
		const char *known = errnum == EPERM ? "EPERM" : errnum == EHWPOISON ? "EHWPOISON" : NULL;
#endif
		const char *name = errno_name(errnum, buffer);

		if (known)
			cr_expect_str_eq(name, known, "%d: %s", errnum, name);
		cr_expect_eq(errno_parse(name), name == buffer ? -1 : errnum, "%d: %s", errnum, name);
	}
	cr_expect_str_eq(errno_name(0, buffer), "errno 0");
	cr_expect_str_eq(errno_name(-1, buffer), "errno -1");
	cr_expect_str_eq(errno_name(4096, buffer), "errno 4096");
	cr_expect_eq(errno_parse(""), -1);
	cr_expect_eq(errno_parse("errno 1"), -1);
	cr_expect_eq(errno_parse("eperm"), -1);
}

Test(filter_text, what_lines_come_to)
{
	static const struct {
		const char *text, *call, *verdict;
	} row[] = {
		{ "allow mkdir", "mkdir", "allow" },
		{ "allow mkdir", "rmdir", "-" },
		{ "  allow\tmkdir rmdir # all", "rmdir", "allow" },
		{ "deny mkdir", "mkdir", "EPERM" },
		{ "deny mkdir ENOSYS", "mkdir", "ENOSYS" },
		{ "deny ENOSYS mkdir", "mkdir", "ENOSYS" },
		{ "kill mkdir", "mkdir", "kill" },
		{ "log mkdir", "mkdir", "log" },
		{ "allow @mount", "pivot_root", "allow" },
		{ "allow @mount\ndeny mount", "mount", "EPERM" },
		{ "deny mount\nallow @mount", "mount", "allow" },
		{ "allow mkdir\nforget mkdir", "mkdir", "-" },
		{ "allow @mount\nforget @mount", "umount2", "-" },
		{ "allow ioctl\ndeny ioctl int1==TIOCSTI", "ioctl", "allow+1" },
		{ "deny ioctl int1==TIOCSTI\nallow ioctl", "ioctl", "allow+1" },
		{ "allow socket int0==1\nallow socket int0==2", "socket", "-+2" },
		{ "allow socket int0==1\nallow socket", "socket", "allow" },
		{ "allow socket int0==1\ndeny socket EPERM", "socket", "EPERM" },
		{ "allow socket\nallow socket int0==1", "socket", "allow" },
		{ "nesting: allow mount", "mount", "-" },
		{ "no-nesting: allow mount", "mount", "allow" },
		{ "include other", "chroot", "E2BIG" },
		{ "include other\nallow chroot", "chroot", "allow" },
		{ "allow chroot\ninclude other", "chroot", "E2BIG" },
		{ "nesting: include other", "chroot", "-" },
		{ "default kill\ndefault errno EPERM\nallow mkdir", "mkdir", "allow" },
		{ "\r\nallow mkdir\r", "mkdir", "allow" },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		char text[256], got[48];
		autofree char *faults = NULL;
		struct ruleset ruleset;

		(void)snprintf(text, sizeof(text), "default errno EPERM\n%s\n", row[i].text);
		const char *const pairs[] = { "t", text, "other", "deny chroot E2BIG", NULL };
		cr_expect_eq(parse(pairs, false, &ruleset, &faults), 0, "%s: %s", row[i].text, faults);
		verdict_text(&ruleset, row[i].call, got);
		cr_expect_str_eq(got, row[i].verdict, "%s: %s is %s", row[i].text, row[i].call, got);
		ruleset_free(&ruleset);
	}
}

Test(filter_text, nesting_is_the_logins)
{
	const char *const pairs[] = { "t", "default kill\nlogging yes\nnesting: allow mount\nno-nesting: allow "
		"chroot\nnesting: logging no\n", NULL };
	autofree char *faults = NULL;
	struct ruleset ruleset;
	char got[48];

	cr_expect_eq(parse(pairs, true, &ruleset, &faults), 0, "%s", faults);
	verdict_text(&ruleset, "mount", got);
	cr_expect_str_eq(got, "allow");
	verdict_text(&ruleset, "chroot", got);
	cr_expect_str_eq(got, "-");
	cr_expect(!ruleset.logs && ruleset.fallback.kind == VERDICT_KILL);
	ruleset_free(&ruleset);
}

Test(filter_text, faults)
{
	static const struct {
		const char *text, *fault;
	} row[] = {
		{ "allow mkdir", "no line says \"default errno EPERM\"" },
		{ "", "no line says" },
		{ "default", "t:1: default is one of" },
		{ "default errno", "t:1: default is one of" },
		{ "default errno ENONE", "t:1: default is one of" },
		{ "default kill EPERM", "t:1: default is one of" },
		{ "default errno EPERM EPERM", "t:1: default is one of" },
		{ "default kill\n\nfrobnicate mkdir", "t:3: \"frobnicate\" is none of" },
		{ "nesting:", "t:1: \"\" is none of" },
		{ "default kill\nallow", "t:2: names no call" },
		{ "default kill\nforget", "t:2: names no call" },
		{ "default kill\nallow frobnicate", "t:2: there is no system call \"frobnicate\"" },
		{ "default kill\nforget frobnicate", "t:2: there is no system call" },
		{ "default kill\nallow @frobnicate", "t:2: " },
		{ "default kill\nallow mkdir EPERM", "t:2: \"EPERM\": only deny takes an error" },
		{ "default kill\ndeny mkdir EPERM ENOSYS", "t:2: \"ENOSYS\": a second error" },
		{ "default kill\ndeny mkdir ENONE", "t:2: there is no error \"ENONE\"" },
		{ "logging maybe", "t:1: logging is yes or no" },
		{ "logging yes no", "t:1: logging is yes or no" },
		{ "include", "t:1: include takes one name" },
		{ "include a b", "t:1: include takes one name" },
		{ "default kill\ninclude t", "t includes itself" },
		{ "default kill\ninclude missing", "there is no filter \"missing\"" },
		{ "default kill\ninclude bad", "bad:1: there is no system call \"x\"" },
		{ "default kill\nnesting: include bad", "bad:1: there is no system call \"x\"" },
		{ "default kill\ndeny ioctl arg1==1", "looks at 64 bits" },
		{ "default kill\nallow ioctl int1==1 int1==2", "tests argument 1 twice" },
		{ "default kill\nallow ioctl int1", "t:2: there is no system call \"int1\"" },
		{ "default kill\nallow ioctl int6==1", "is not arg0 to arg5" },
		{ "default kill\nallow ioctl arg==1", "is not arg0 to arg5" },
		{ "default kill\nallow ioctl foo1==1", "is not arg0 to arg5" },
		{ "default kill\nallow ioctl int1=1", "has none of ==" },
		{ "default kill\nallow ioctl int1!1", "has none of ==" },
		{ "default kill\nallow ioctl int1==", "is neither a number nor a constant" },
		{ "default kill\nallow ioctl int1==0x", "is neither a number nor" },
		{ "default kill\nallow ioctl int1==0x11112222333344445", "is neither a number nor" },
		{ "default kill\nallow ioctl int1==-1", "is neither a number nor" },
		{ "default kill\nallow ioctl int1==FROB", "is neither a number nor" },
		{ "default kill\nallow ioctl int1==0x100000000", "never holds" },
		{ "default kill\nallow ioctl arg1&1==2", "never holds" },
		{ "default kill\nallow ioctl int1<5", "only == can be tested" },
		{ "default kill\nallow ioctl arg1&1>=5", "only == can be tested" },
		/* libseccomp has one answer besides "yes, if". */
		{ "default kill\nallow ioctl int1==1\ndeny ioctl EPERM\nallow ioctl int1==2", "ioctl is allowed by tests" },
		{ "default allow\nallow ioctl int1==1", "ioctl is allowed by tests" },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const char *const pairs[] = { "t", row[i].text, "bad", "allow x", NULL };
		autofree char *faults = NULL;
		struct ruleset ruleset;

		cr_expect_gt(parse(pairs, false, &ruleset, &faults), 0, "%s passes", row[i].text);
		cr_expect(strstr(faults, row[i].fault) != NULL, "%s: %s", row[i].text, faults);
		ruleset_free(&ruleset);
	}
}

Test(filter_text, all_faults_are_told_up_to_a_hundred)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	autofree char *faults = NULL;
	struct ruleset ruleset;
	size_t lines = 0;

	cr_assert(to != NULL);
	for (int i = 0; i < 250; i++)
		(void)fprintf(to, "allow no_such_%d\n", i);
	cr_assert_eq(fclose(to), 0);
	const char *const pairs[] = { "t", text, NULL };
	cr_expect_eq(parse(pairs, false, &ruleset, &faults), 250);
	for (const char *at = faults; (at = strchr(at, '\n')); at++)
		lines++;
	cr_expect_eq(lines, 101);
	cr_expect(strstr(faults, "and 150 more") != NULL, "%s", faults + strlen(faults) - 60);
	ruleset_free(&ruleset);
	free(text);
}

Test(filter_text, bytes_that_are_no_text)
{
	const char *const pairs[] = { "t", "default kill\nallow \x1b[31mred\n", NULL };
	autofree char *faults = NULL;
	struct ruleset ruleset;

	cr_expect_eq(parse(pairs, false, &ruleset, &faults), 1);
	cr_expect(strchr(faults, '\x1b') == NULL, "a terminal's bytes are told as they are");
	ruleset_free(&ruleset);
}

Test(filter_text, includes_end)
{
	const char *const around[] = { "a", "default kill\ninclude b", "b", "include a", NULL };
	const char *const twice[] = { "a", "default kill\ninclude b\ninclude b", "b", "allow mkdir", NULL };
	autofree char *faults = NULL, *none = NULL;
	struct ruleset ruleset;

	cr_expect_eq(parse(around, false, &ruleset, &faults), 1);
	cr_expect(strstr(faults, "b:1: a includes itself") != NULL, "%s", faults);
	ruleset_free(&ruleset);
	cr_expect_eq(parse(twice, false, &ruleset, &none), 0, "%s", none);
	ruleset_free(&ruleset);
}

Test(filter_text, tests_of_arguments)
{
	static const struct {
		const char *text;
		struct test test;
		const char *shown;
	} row[] = {
		{ "arg0==5", { 0, TEST_EQ, UINT64_MAX, 5 }, "arg0==0x5" },
		{ "int1==TIOCSTI", { 1, TEST_EQ, UINT32_MAX, TIOCSTI }, "int1==0x5412" },
		{ "arg5>=0xffffffffffffffff", { 5, TEST_GE, UINT64_MAX, UINT64_MAX }, "arg5>=0xffffffffffffffff" },
		{ "arg2!=1", { 2, TEST_NE, UINT64_MAX, 1 }, "arg2!=0x1" },
		{ "arg2<1", { 2, TEST_LT, UINT64_MAX, 1 }, "arg2<0x1" },
		{ "arg2<=1", { 2, TEST_LE, UINT64_MAX, 1 }, "arg2<=0x1" },
		{ "arg2>1", { 2, TEST_GT, UINT64_MAX, 1 }, "arg2>0x1" },
		{ "int0&CLONE_NEWUSER==CLONE_NEWUSER", { 0, TEST_EQ, CLONE_NEWUSER, CLONE_NEWUSER },
		    "arg0&0x10000000==0x10000000" },
		{ "int0&~(CLONE_FS|CLONE_FILES)==0", { 0, TEST_EQ, UINT32_MAX & ~(uint64_t)(CLONE_FS | CLONE_FILES), 0 },
		    "arg0&0xfffff9ff==0x0" },
		{ "arg0&~1==0", { 0, TEST_EQ, ~(uint64_t)1, 0 }, "arg0&0xfffffffffffffffe==0x0" },
		{ "arg3==1|2|0x4", { 3, TEST_EQ, UINT64_MAX, 7 }, "arg3==0x7" },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct error err = ERROR_INIT;
		struct test test;
		char shown[96];

		cr_assert_eq(argument_parse(row[i].text, &test, &err), 0, "%s: %s", row[i].text, err.text);
		cr_expect(test.argument == row[i].test.argument && test.op == row[i].test.op &&
		    test.mask == row[i].test.mask && test.value == row[i].test.value, "%s", row[i].text);
		cr_expect_str_eq(argument_format(&test, shown, sizeof(shown)), row[i].shown);
	}
}

/* A call that nobody put anywhere would be refused by all, and missed in no review. */
Test(filter_text, every_call_is_in_one_group)
{
	static const uint32_t token[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32,
		SCMP_ARCH_AARCH64, SCMP_ARCH_ARM, SCMP_ARCH_RISCV64, SCMP_ARCH_S390X, SCMP_ARCH_PPC64LE,
		SCMP_ARCH_MIPS64 };

	for (size_t t = 0; t < sizeof(token) / sizeof(token[0]); t++)
		for (int number = 0; number < HIGHEST; number++) {
			int offset = token[t] == SCMP_ARCH_X32 ? 0x40000000 : token[t] == SCMP_ARCH_MIPS64 ? 5000 : 0;
			autofree char *name = seccomp_syscall_resolve_num_arch(token[t], offset + number);
			unsigned groups = 0;

			for (size_t g = 0; name && g < filter_groups_count; g++) {
				char calls[4096], word[80];
				(void)snprintf(calls, sizeof(calls), " %s ", filter_groups[g].calls);
				(void)snprintf(word, sizeof(word), " %s ", name);
				groups += strstr(calls, word) != NULL;
			}
			cr_expect(!name || groups == 1, "%s is in %u groups", name, groups);
		}
}
