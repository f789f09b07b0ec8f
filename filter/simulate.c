/*
 * The part of classic BPF that seccomp programs are made of, linux/filter.h, and the kernel's
 * way to choose among several programs' answers.  Pure.
 */
#include "filter/simulate.h"

#include "lib/own.h"

#include <seccomp.h>
#include <string.h>

#define NUMBERS_MAX 1000 /* no kernel has as many */

static bool
jump_is_taken(const struct sock_filter *code, uint32_t value)
{
	switch (BPF_OP(code->code)) {
	case BPF_JEQ: return value == code->k;
	case BPF_JGT: return value > code->k;
	case BPF_JGE: return value >= code->k;
	case BPF_JSET: return (value & code->k) != 0;
	default: return false;
	}
}

/* One program; jumps go forward only, so it ends. */
static uint32_t
run(const struct program *program, const struct seccomp_data *data)
{
	uint32_t value = 0;

	for (size_t at = 0; at < program->count; at++) {
		const struct sock_filter *code = &program->code[at];

		if (code->code == (BPF_LD | BPF_W | BPF_ABS) && code->k <= sizeof(*data) - sizeof(value))
			memcpy(&value, (const char *)data + code->k, sizeof(value));
		else if (code->code == (BPF_ALU | BPF_AND | BPF_K))
			value &= code->k;
		else if (code->code == (BPF_JMP | BPF_JA))
			at += code->k;
		else if (BPF_CLASS(code->code) == BPF_JMP)
			at += jump_is_taken(code, value) ? code->jt : code->jf;
		else if (code->code == (BPF_RET | BPF_K))
			return code->k;
		else
			break;
	}
	return SECCOMP_RET_KILL_PROCESS;
}

/* As the kernel does: the newest program first, an older one only if it is stricter. */
uint32_t
simulate(const struct compiled *compiled, const struct seccomp_data *data, bool *logs)
{
	uint32_t answer = SECCOMP_RET_ALLOW;
	bool ignored = false;

	logs = logs ? logs : &ignored;
	*logs = false;
	for (size_t i = compiled->count; i-- > 0;) {
		uint32_t own = run(&compiled->program[i], data);

		if ((int32_t)(own & SECCOMP_RET_ACTION_FULL) < (int32_t)(answer & SECCOMP_RET_ACTION_FULL)) {
			answer = own;
			*logs = compiled->program[i].logs;
		}
	}
	return answer;
}

/* By the table of numbers: by name libseccomp tells nothing but the way through socketcall or ipc. */
static int
own_number(uint32_t token, const char *name)
{
	for (int number = 0; number < NUMBERS_MAX; number++) {
		autofree char *known = seccomp_syscall_resolve_num_arch(token, number);
		if (known && !strcmp(known, name))
			return number;
	}
	return -1;
}

int
simulate_call(uint32_t token, const char *name, struct seccomp_data *data)
{
	int number = compile_mux(token, name) ? own_number(token, name) : -1;

	if (number < 0)
		number = seccomp_syscall_resolve_name_rewrite(token, name);

	if (number < 0)
		return -1;
	data->nr = number;
	data->arch = token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token;
	return 0;
}
