/*
 * Asks the programs, not the text: what is shown is what the kernel will do.
 */
#include "filter/verdict.h"

#include "filter/argument.h"
#include "filter/simulate.h"

#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define X32_BIT 0x40000000U

const char *
action_name(uint32_t action, char buffer[VERDICT_NAME_MAX])
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW: return "allow";
	case SECCOMP_RET_LOG: return "log";
	case SECCOMP_RET_ERRNO: return errno_name((int)(action & SECCOMP_RET_DATA), buffer);
	case SECCOMP_RET_KILL_PROCESS:
	case SECCOMP_RET_KILL_THREAD: return "kill";
	default: return "?";
	}
}

const char *
verdict_name(struct verdict verdict, char buffer[VERDICT_NAME_MAX])
{
	switch (verdict.kind) {
	case VERDICT_ALLOW: return "allow";
	case VERDICT_LOG: return "log";
	case VERDICT_ERRNO: return errno_name(verdict.errnum, buffer);
	case VERDICT_KILL: return "kill";
	case VERDICT_NONE: break;
	}
	return "default";
}

const char *
call_verdict(const struct filter *filter, const char *name, uint32_t token,
    char buffer[VERDICT_NAME_MAX])
{
	const struct call *call = ruleset_find(&filter->ruleset, name);
	struct seccomp_data data = { .nr = 0 };

	if (simulate_call(token, name, &data) < 0)
		return "-";
	/* What socketcall(2) does, too, can't be told apart: there the tests don't count. */
	if (call && call->conditions > 0 && !compile_mux(token, name))
		return "tests";
	return action_name(simulate(&filter->compiled, &data, NULL), buffer);
}

void
condition_format(const struct condition *condition, char *text, size_t size)
{
	char name[VERDICT_NAME_MAX], test[96];
	size_t length = 0;

	for (size_t i = 0; i < condition->tests && length < size; i++)
		length += (size_t)snprintf(text + length, size - length, "%s ",
		    argument_format(&condition->test[i], test, sizeof(test)));
	if (length < size)
		(void)snprintf(text + length, size - length, "%s", verdict_name(condition->verdict, name));
}

const char *
call_name(uint32_t arch, int number, char name[FILTER_NAME_MAX], const char **architecture)
{
	bool is_x32 = arch == SCMP_ARCH_X86_64 && ((unsigned)number & X32_BIT);
	uint32_t token = is_x32 ? SCMP_ARCH_X32 : arch;
	char *known = seccomp_syscall_resolve_num_arch(token, number);

	if (known)
		(void)snprintf(name, FILTER_NAME_MAX, "%s", known);
	else
		(void)snprintf(name, FILTER_NAME_MAX, "number %d", number & (int)~X32_BIT);
	free(known);
	*architecture = architecture_name(token);
	return name;
}
