/*
 * Programs put one behind the other: what one lets pass jumps to the next one's beginning.
 */
#include "filter/listener.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#define FIELD(name) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, name))
#define PROGRAM_MAX 4096 /* BPF_MAXINSNS */

static struct sock_filter
translate(struct sock_filter code, size_t left)
{
	if (code.code != (BPF_RET | BPF_K))
		return code;
	switch (code.k & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
		return left == 0 ? code : (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)left - 1);
	case SECCOMP_RET_ERRNO:
	case SECCOMP_RET_LOG:
		return (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	default:
		return code;
	}
}

int
listener_program(const struct compiled *compiled, struct program *program, struct error *err)
{
	struct architectures architectures;
	architectures_of(0, &architectures);
	const struct sock_filter pass[] = {
		FIELD(arch),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, architectures.token[0], 0, 5),
		FIELD(nr),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendmsg, 0, 3),
		FIELD(args[5]),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, LISTENER_PASS, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	size_t count = sizeof(pass) / sizeof(pass[0]), at = count;

	for (size_t i = 0; i < compiled->count; i++)
		count += compiled->program[i].count;
	*program = (struct program) { .logs = false };
	program->code = count <= PROGRAM_MAX ? calloc(count, sizeof(*program->code)) : NULL;
	if (!program->code)
		return error_set(err, count <= PROGRAM_MAX ? ENOMEM : E2BIG, "make one program of the filter");
	program->count = count;
	memcpy(program->code, pass, sizeof(pass));
	for (size_t i = 0; i < compiled->count; i++) {
		const struct program *from = &compiled->program[i];
		bool is_last = i + 1 == compiled->count;

		for (size_t j = 0; j < from->count; j++)
			program->code[at++] = translate(from->code[j], is_last ? 0 : from->count - j);
	}
	return 0;
}
