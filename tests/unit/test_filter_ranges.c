/* Every number of every set is asked, and of the rest all around it: by the simulator, as the kernel would. */
#include "filter/ranges.h"
#include "filter/simulate.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>

#define X32 0x40000000U
#define REST (SECCOMP_RET_ERRNO | EXDEV)
#define END 1200

/* What is behind the ranges answers everything. */
static void
program_make(struct program *program)
{
	*program = (struct program) { .code = malloc(sizeof(*program->code)), .count = 1 };
	cr_assert(program->code);
	program->code[0] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, REST);
}

static uint32_t
ask(const struct program *program, uint32_t architecture, uint32_t number)
{
	const struct compiled compiled = { .program = { *program }, .count = 1 };
	const struct seccomp_data data = { .nr = (int)number, .arch = architecture };

	return simulate(&compiled, &data, NULL);
}

typedef bool set(uint32_t number);

static bool none(uint32_t number) { return number > END; }
static bool all(uint32_t number) { return number <= END; }
static bool first(uint32_t number) { return number == 0; }
static bool every_other(uint32_t number) { return number % 2 == 1; }
static bool threes(uint32_t number) { return number % 7 < 3; }
static bool blocks(uint32_t number) { return number / 100 % 2 == 0; }
static bool last(uint32_t number) { return number == END; }

static void
check(set *is_allowed, const char *name)
{
	struct ranges ranges = RANGES_INIT;
	struct program program;
	struct error err = ERROR_INIT;

	program_make(&program);
	/* Backwards, and some twice: the order and repetition are nobody's matter. */
	for (uint32_t number = END + 1; number-- > 0;)
		for (uint32_t i = 0; is_allowed(number) && i <= number % 5; i += 4)
			cr_assert_eq(ranges_take(&ranges, SCMP_ARCH_X86_64, number, &err), 0, "%s", err.text);
	cr_assert_eq(ranges_add(&program, &ranges, &err), 0, "%s", err.text);
	for (uint32_t number = 0; number < END + 100; number++)
		cr_expect_eq(ask(&program, SCMP_ARCH_X86_64, number),
		    number <= END && is_allowed(number) ? SECCOMP_RET_ALLOW : REST, "%s: %u", name, number);
	cr_expect_eq(ask(&program, SCMP_ARCH_X86_64, UINT32_MAX), REST, "%s", name);
	cr_expect_eq(ask(&program, SCMP_ARCH_X86, 0), REST, "%s: another architecture", name);
	ranges_free(&ranges);
	free(program.code);
}

Test(filter_ranges, what_is_taken_is_allowed)
{
	check(none, "none");
	check(all, "all");
	check(first, "first");
	check(every_other, "every other");
	check(threes, "threes");
	check(blocks, "blocks");
	check(last, "last");
}

/* An x32 number is one of x86-64 with a bit; i386 has its own. */
Test(filter_ranges, architectures_apart)
{
	struct ranges ranges = RANGES_INIT;
	struct program program;
	struct error err = ERROR_INIT;

	program_make(&program);
	cr_assert_eq(ranges_take(&ranges, SCMP_ARCH_X86_64, 5, &err), 0);
	cr_assert_eq(ranges_take(&ranges, SCMP_ARCH_X86, 6, &err), 0);
	cr_assert_eq(ranges_take(&ranges, SCMP_ARCH_X32, X32 + 7, &err), 0);
	cr_assert_eq(ranges_add(&program, &ranges, &err), 0);
	for (uint32_t number = 0; number < 20; number++) {
		cr_expect_eq(ask(&program, SCMP_ARCH_X86_64, number) == SECCOMP_RET_ALLOW, number == 5);
		cr_expect_eq(ask(&program, SCMP_ARCH_X86, number) == SECCOMP_RET_ALLOW, number == 6);
		cr_expect_eq(ask(&program, SCMP_ARCH_X86_64, X32 + number) == SECCOMP_RET_ALLOW, number == 7);
	}
	ranges_free(&ranges);
	free(program.code);
}

/* The kernel finds out only by these which calls are always allowed. */
Test(filter_ranges, nothing_but_what_the_kernel_follows)
{
	static const uint16_t followed[] = { BPF_LD | BPF_W | BPF_ABS, BPF_RET | BPF_K, BPF_JMP | BPF_JA,
		BPF_JMP | BPF_JGE | BPF_K, BPF_JMP | BPF_JEQ | BPF_K };
	struct ranges ranges = RANGES_INIT;
	struct program program;
	struct error err = ERROR_INIT;

	program_make(&program);
	for (uint32_t number = 0; number < END; number += 3)
		cr_assert_eq(ranges_take(&ranges, SCMP_ARCH_X86_64, number, &err), 0);
	cr_assert_eq(ranges_add(&program, &ranges, &err), 0);
	for (size_t i = 0; i < program.count; i++) {
		bool is_followed = false;
		for (size_t k = 0; k < sizeof(followed) / sizeof(followed[0]); k++)
			is_followed |= program.code[i].code == followed[k];
		cr_expect(is_followed, "instruction %zu is %#x", i, program.code[i].code);
	}
	ranges_free(&ranges);
	free(program.code);
}
