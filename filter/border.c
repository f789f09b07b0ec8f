/*
 * The one thing that libseccomp 2.5 can't say (2.6 can't either): "all numbers from here on".
 * A few instructions for each architecture, which fall through to the program behind them.
 */
#include "filter/border.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define X32_BIT 0x40000000U
#define ARM_PRIVATE 0x0f0000U /* cacheflush, set_tls and others: __ARM_NR_BASE */
#define NUMBERS_END 7000      /* MIPS' three tables begin at 4000, 5000 and 6000 */
#define BLOCK_MAX 8

static uint32_t
highest(uint32_t token)
{
	uint32_t base = token == SCMP_ARCH_X32 ? X32_BIT : 0;

	for (uint32_t number = NUMBERS_END; number > 0; number--) {
		char *name = seccomp_syscall_resolve_num_arch(token, (int)(base + number));

		free(name);
		if (name)
			return base + number;
	}
	return UINT32_MAX;
}

static bool
has(const struct architectures *architectures, uint32_t token)
{
	for (size_t i = 0; i < architectures->count; i++)
		if (architectures->token[i] == token)
			return true;
	return false;
}

/*
 * The number is compared; above the highest: the action, else on to the end.  Numbers from
 * apart on are somebody else's, and compared with a highest of their own (0: not at all).
 */
struct border {
	uint32_t token; /* the kernel's name of the architecture */
	uint32_t highest;
	uint32_t apart, apart_highest;
};

static void
border_of(uint32_t token, const struct architectures *architectures, struct border *border)
{
	*border = (struct border) { .token = token, .highest = highest(token) };
	if (token == SCMP_ARCH_X86_64 && has(architectures, SCMP_ARCH_X32)) {
		border->apart = X32_BIT;
		border->apart_highest = highest(SCMP_ARCH_X32);
	} else if (token == SCMP_ARCH_ARM) {
		border->apart = ARM_PRIVATE;
	}
}

#define LOAD(field) \
	((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field)))
#define JUMP(op, value, yes, no) \
	((struct sock_filter)BPF_JUMP(BPF_JMP | (op) | BPF_K, (value), (yes), (no)))
#define RETURN(action) ((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, (action)))
#define GO(count) ((struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (count)))

/* Block by block; the jumps to the end are set when the end is known. */
static size_t
block_write(const struct border *border, uint32_t action, struct sock_filter *code)
{
	size_t count = 2;

	code[1] = LOAD(nr);
	if (border->apart && border->apart_highest) {
		code[count++] = JUMP(BPF_JGE, border->apart, 0, 3);
		code[count++] = JUMP(BPF_JGT, border->apart_highest, 0, 1);
		code[count++] = RETURN(action);
		code[count++] = GO(0);
	} else if (border->apart) {
		code[count++] = JUMP(BPF_JGE, border->apart, 2, 0);
	}
	code[count++] = JUMP(BPF_JGT, border->highest, 0, 1);
	code[count++] = RETURN(action);
	code[count++] = GO(0);
	code[0] = JUMP(BPF_JEQ, border->token, 0, (uint8_t)(count - 1));
	return count;
}

int
border_add(struct program *program, const struct architectures *architectures, uint32_t action,
    struct error *err)
{
	struct sock_filter before[1 + ARCHITECTURES_MAX * (BLOCK_MAX + 1)];
	size_t count = 1;
	struct border border;

	before[0] = LOAD(arch);
	for (size_t i = 0; i < architectures->count; i++) {
		/* To the kernel an x32 program is an x86-64 one with high numbers. */
		if (architectures->token[i] == SCMP_ARCH_X32)
			continue;
		border_of(architectures->token[i], architectures, &border);
		count += block_write(&border, action, before + count);
	}
	for (size_t i = 0; i < count; i++)
		if (before[i].code == (BPF_JMP | BPF_JA))
			before[i].k = (uint32_t)(count - i - 1);
	struct sock_filter *all = realloc(program->code, (count + program->count) * sizeof(*all));
	if (!all)
		return error_set(err, errno, "put a border before the program");
	memmove(all + count, all, program->count * sizeof(*all));
	memcpy(all, before, count * sizeof(*all));
	program->code = all;
	program->count += count;
	return 0;
}
