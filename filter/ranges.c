/*
 * A search among the borders of the ranges.  Loads, comparisons with constants and returns are
 * all that is used: by these the kernel finds out, when the filter is loaded, which calls are
 * always allowed, and does not run it for them any more (kernel/seccomp.c, seccomp_is_const_allow()).
 */
#include "filter/ranges.h"

#include "lib/own.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define JUMP_MAX 255 /* how far a comparison can jump */
#define ENDS 3       /* instructions around the search of one architecture */
#define ROOM 128

#define LOAD(field) \
	((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field)))
#define JUMP(op, value, yes, no) \
	((struct sock_filter)BPF_JUMP(BPF_JMP | (op) | BPF_K, (value), (yes), (no)))
#define RETURN(action) ((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, (action)))
#define GO(count) ((struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(count)))
#define GO_ON GO(0) /* to the program behind all this: set when its place is known */

static struct allowed *
find(struct ranges *ranges, uint32_t token)
{
	/* To the kernel an x32 program is an x86-64 one with high numbers. */
	const uint32_t architecture = token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token;

	for (size_t i = 0; i < ranges->count; i++)
		if (ranges->allowed[i].architecture == architecture)
			return &ranges->allowed[i];
	struct allowed *allowed = &ranges->allowed[ranges->count++];
	*allowed = (struct allowed) { .architecture = architecture };
	return allowed;
}

int
ranges_take(struct ranges *ranges, uint32_t token, uint32_t number, struct error *err)
{
	struct allowed *allowed = find(ranges, token);

	if (allowed->count % ROOM == 0) {
		uint32_t *more = realloc(allowed->number, (allowed->count + ROOM) * sizeof(*more));
		if (!more)
			return error_set(err, errno, "list allowed calls");
		allowed->number = more;
	}
	allowed->number[allowed->count++] = number;
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const uint32_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* Where what is allowed begins and ends, by turns; at most two borders a number. */
static size_t
find_borders(const struct allowed *allowed, uint32_t *border)
{
	size_t count = 0;

	qsort(allowed->number, allowed->count, sizeof(*allowed->number), compare);
	for (size_t i = 0; i < allowed->count; i++) {
		const uint32_t number = allowed->number[i];
		if (count > 0 && number < border[count - 1])
			continue;
		if (count > 0 && number == border[count - 1])
			count--;
		else
			border[count++] = number;
		border[count++] = number + 1;
	}
	return count;
}

/*
 * Between border[low - 1] and border[high] the number is, and an odd number of borders below it
 * says that it is allowed.
 */
static size_t
search_write(const uint32_t *border, size_t low, size_t high, struct sock_filter *code)
{
	if (low == high) {
		*code = low % 2 ? RETURN(SECCOMP_RET_ALLOW) : GO_ON;
		return 1;
	}
	const size_t middle = low + (high - low) / 2;
	const size_t below = 2 * (middle - low) + 1; /* instructions, where no jump is too long */
	const size_t head = below > JUMP_MAX ? 2 : 1;
	const size_t count = search_write(border, low, middle, code + head);
	if (head == 2) {
		code[0] = JUMP(BPF_JGE, border[middle], 0, 1);
		code[1] = GO(count);
	} else {
		code[0] = JUMP(BPF_JGE, border[middle], (uint8_t)count, 0);
	}
	return head + count + search_write(border, middle + 1, high, code + head + count);
}

static size_t
block_write(const struct allowed *allowed, uint32_t *border, struct sock_filter *code)
{
	const size_t borders = find_borders(allowed, border);
	const size_t count = search_write(border, 0, borders, code + ENDS);

	code[0] = JUMP(BPF_JEQ, allowed->architecture, 1, 0);
	code[1] = GO(count + 1);
	code[2] = LOAD(nr);
	return ENDS + count;
}

int
ranges_add(struct program *program, const struct ranges *ranges, struct error *err)
{
	size_t numbers = 0, count = 1;

	for (size_t i = 0; i < ranges->count; i++)
		numbers += ranges->allowed[i].count;
	/* Three instructions a border at the most, and two borders a number. */
	const size_t room = 1 + ranges->count * (ENDS + 1) + 6 * numbers + program->count;
	autofree struct sock_filter *code = calloc(room, sizeof(*code));
	autofree uint32_t *border = calloc(2 * numbers + 1, sizeof(*border));
	if (!code || !border)
		return error_set(err, errno, "put ranges before the program");
	code[0] = LOAD(arch);
	for (size_t i = 0; i < ranges->count; i++)
		count += block_write(&ranges->allowed[i], border, code + count);
	for (size_t i = 0; i < count; i++)
		if (code[i].code == (BPF_JMP | BPF_JA) && code[i].k == 0)
			code[i].k = (uint32_t)(count - i - 1);
	memcpy(code + count, program->code, program->count * sizeof(*code));
	free(program->code);
	program->code = take_ptr(&code);
	program->count += count;
	return 0;
}

void
ranges_free(struct ranges *ranges)
{
	for (size_t i = 0; i < ranges->count; i++)
		free(ranges->allowed[i].number);
	*ranges = (struct ranges)RANGES_INIT;
}
