/*
 * Tests of arguments, read by descent from left to right; names of errors and of constants.
 * Pure.
 */
#include "filter/argument.h"

#include "lib/text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define LOW_32 UINT64_C(0xffffffff)
#define ALL_64 UINT64_MAX

/* Macros of some headers and enumerators of others; either way a name for a number. */
static const struct {
	const char *name;
	uint64_t value;
} constants[] = {
#define CONSTANT(name) { #name, (uint32_t)name },
#include "filter/constants.def"
#undef CONSTANT
};

/* By the number; glibc has a function for it, POSIX none. */
static const char *const error_names[] = {
#define ERROR(name) [name] = #name,
#include "filter/errors.def"
#undef ERROR
};
#define ERROR_COUNT ((int)(sizeof(error_names) / sizeof(error_names[0])))

/* In the order of enum test_op; the longer of two before its beginning is looked for. */
static const char *const op_name[] = {
	[TEST_EQ] = "==", [TEST_NE] = "!=", [TEST_LT] = "<", [TEST_LE] = "<=", [TEST_GT] = ">",
	[TEST_GE] = ">=",
};

int
errno_parse(const char *name)
{
	for (int errnum = 1; errnum < ERROR_COUNT; errnum++)
		if (error_names[errnum] && !strcmp(error_names[errnum], name))
			return errnum;
	return -1;
}

const char *
errno_name(int errnum, char buffer[24])
{
	if (errnum > 0 && errnum < ERROR_COUNT && error_names[errnum])
		return error_names[errnum];
	(void)text_format(buffer, 24, "errno %d", errnum);
	return buffer;
}

static bool
term_parse(const char *term, uint64_t *value)
{
	char *end;

	for (size_t i = 0; i < sizeof(constants) / sizeof(constants[0]); i++)
		if (!strcmp(constants[i].name, term)) {
			*value = constants[i].value;
			return true;
		}
	if (strncmp(term, "0x", 2) != 0)
		return text_to_number(term, UINT64_MAX, value);
	size_t digits = strlen(term + 2);
	if (digits == 0 || digits > 16 || strspn(term + 2, "0123456789abcdefABCDEF") != digits)
		return false;
	*value = strtoull(term, &end, 16);
	return *end == '\0';
}

/* Terms with "|" between, the whole of text, which is cut up. */
static int
sum_parse(char *text, uint64_t *value, struct error *err)
{
	*value = 0;
	for (char *term = text, *next; term; term = next) {
		uint64_t number;

		next = strchr(term, '|');
		if (next)
			*next++ = '\0';
		if (!term_parse(term, &number))
			return error_set(err, 0, "\"%s\" is neither a number nor a constant known here", term);
		*value |= number;
	}
	return 0;
}

static int
mask_parse(char *text, uint64_t *mask, struct error *err)
{
	bool is_negated = *text == '~';
	size_t length;

	text += is_negated;
	length = strlen(text);
	if (length > 1 && text[0] == '(' && text[length - 1] == ')') {
		text[length - 1] = '\0';
		text++;
	}
	if (sum_parse(text, mask, err) < 0)
		return -1;
	if (is_negated)
		*mask = ~*mask;
	return 0;
}

/* Cuts text at the operator; returns what is behind it, or NULL. */
static char *
op_cut(char *text, enum test_op *op)
{
	char *at = strpbrk(text, "=!<>");

	if (!at)
		return NULL;
	/* Those of two characters first. */
	for (size_t length = 2; length > 0; length--)
		for (enum test_op known = TEST_EQ; known <= TEST_GE; known++)
			if (strlen(op_name[known]) == length && !strncmp(at, op_name[known], length)) {
				*op = known;
				*at = '\0';
				return at + length;
			}
	return NULL;
}

static bool
subject_parse(const char *text, struct test *test)
{
	bool is_int = !strncmp(text, "int", 3);

	if ((!is_int && strncmp(text, "arg", 3) != 0) || text[3] < '0' || text[3] > '5' || text[4])
		return false;
	test->argument = (unsigned)(text[3] - '0');
	test->mask = is_int ? LOW_32 : ALL_64;
	return true;
}

int
argument_parse(const char *text, struct test *test, struct error *err)
{
	char copy[256], *mask, *value;
	uint64_t bits = ALL_64;

	if (text_format(copy, sizeof(copy), "%s", text) < 0)
		return error_set(err, 0, "a test of more than 255 characters");
	value = op_cut(copy, &test->op);
	if (!value)
		return error_set(err, 0, "\"%s\" has none of == != < <= > >= in it", text);
	mask = strchr(copy, '&');
	if (mask)
		*mask++ = '\0';
	if (!subject_parse(copy, test))
		return error_set(err, 0, "\"%s\" is not arg0 to arg5 (64 bits) or int0 to int5 (32)", copy);
	if ((mask && mask_parse(mask, &bits, err) < 0) || sum_parse(value, &test->value, err) < 0)
		return -1;
	test->mask &= bits;
	if (test->op != TEST_EQ && test->mask != ALL_64)
		return error_set(err, 0, "\"%s\": with a mask, or with int, only == can be tested", text);
	if (test->value & ~test->mask)
		return error_set(err, 0, "\"%s\" never holds: the mask takes bits of the value", text);
	return 0;
}

const char *
argument_format(const struct test *test, char *buffer, size_t size)
{
	unsigned long long mask = test->mask, value = test->value;

	if (mask == ALL_64)
		(void)text_format(buffer, size, "arg%u%s0x%llx", test->argument, op_name[test->op], value);
	else if (mask == LOW_32)
		(void)text_format(buffer, size, "int%u==0x%llx", test->argument, value);
	else
		(void)text_format(buffer, size, "arg%u&0x%llx==0x%llx", test->argument, mask, value);
	return buffer;
}
