/*
 * What /proc tells of a process, whose name may hold anything, ')' and newlines included: who it
 * is decides who gets signals.  And the list of v1's devices controller, which is read back.
 * An input: the first byte says which of the two the rest is.
 */
#include "fuzz.h"

#include "container/census.h"
#include "container/device_access.h"
#include "lib/own.h"

#include <stdio.h>
#include <string.h>

static void
check_stat(const char *text)
{
	struct member member;
	autofree char *copy = fuzz_text((const uint8_t *)text, strlen(text));

	if (!member_parse(copy, &member))
		return;
	fuzz_check(memchr(member.name, '\0', sizeof(member.name)));
	fuzz_check(strchr(text, '(') && strrchr(text, ')'));
}

/* A process with this name, and numbers that are known. */
static void
check_name(const char *name)
{
	struct member member;
	char text[512];

	(void)snprintf(text, sizeof(text), "42 (%.15s) S 1 42 40 34816 42 0 0 0 0 0 0 0 0 0 20 0 1 0 777 0 0\n",
	    name);
	fuzz_check(member_parse(text, &member), "%s", text);
	fuzz_check(member.pid == 42 && member.parent == 1 && member.session == 40 && member.tty == 34816 &&
	    member.start == 777 && !member.dead);
	fuzz_check(!strncmp(member.name, name, 15), "%s is not %s", member.name, name);
}

static void
check_process(const char *text)
{
	check_stat(text);
	check_name(text);
}

static void
check_devices(const char *text)
{
	struct error err = ERROR_INIT;
	autofree struct device_numbers *numbers = calloc(1, sizeof(*numbers));

	fuzz_check(numbers != NULL);
	if (device_numbers_parse(numbers, text, &err) < 0)
		fuzz_check(err.text[0]);
	fuzz_check(numbers->count <= DEVICE_NUMBERS_MAX);
	for (size_t i = 0; i < numbers->count; i++) {
		const struct device_number *number = &numbers->item[i];
		fuzz_check((number->type == 'c' || number->type == 'b') && number->major >= 0, "all devices of all majors");
		fuzz_check(number->may != 0 && number->minor >= DEVICE_ALL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	bool devices = fuzz_byte(&input) % 2;
	autofree char *text = fuzz_rest(&input);

	(devices ? check_devices : check_process)(text);
	return 0;
}
