/*
 * Values of a process's own attributes, but for its limits.  Pure.
 */
#include "policy/process_value.h"

#include "lib/text.h"

#include <linux/securebits.h>
#include <stdlib.h>
#include <string.h>

/* The owner's own bits: without them sshd's and the user's new files would be of no use. */
#define UMASK_MAX 077
/* prctl(2) takes an unsigned long, which has 32 bits on some machines. */
#define NANOSECONDS_MAX 4000000000U

bool
value_umask(const char *text, const struct value_context *context, struct value *value)
{
	size_t digits = strspn(text, "01234567");
	unsigned long mask = strtoul(text, NULL, 8);

	(void)context;
	if (digits == 0 || digits > 4 || text[digits] != '\0')
		return value_refuse(value, text, "is not an octal mask (\"022\", \"077\")");
	if (mask > UMASK_MAX)
		return value_refuse(value, text, "takes the user's own files from the user; 077 is most");
	return value_add(value, "%03lo", mask);
}

bool
value_nanoseconds(const char *text, const struct value_context *context, struct value *value)
{
	static const struct {
		const char *unit;
		uint64_t nanoseconds;
	} units[] = { { "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 }, { "", 1 } };
	char digits[16];
	size_t length = strspn(text, "0123456789");
	uint64_t number = 0;

	(void)context;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(text + length, units[i].unit) != 0 ||
		    text_format(digits, sizeof(digits), "%.*s", (int)length, text) < 0 ||
		    !text_to_number(digits, NANOSECONDS_MAX / units[i].nanoseconds, &number) || number == 0)
			continue;
		return value_add(value, "%llu", (unsigned long long)(number * units[i].nanoseconds));
	}
	return value_refuse(value, text, "is not a time of 1ns to 4s (\"50us\", \"1ms\")");
}

/* What they say of root holds for the caller, too: see the refused ones. */
static const struct {
	const char *word;
	unsigned bits;
	const char *refused;
} securebit[] = {
	{ "noroot", SECBIT_NOROOT, NULL },
	{ "noroot_locked", SECBIT_NOROOT | SECBIT_NOROOT_LOCKED, NULL },
	{ "keep_caps_locked", SECBIT_KEEP_CAPS_LOCKED, NULL },
	{ "no_setuid_fixup_locked", SECBIT_NO_SETUID_FIXUP_LOCKED, NULL },
	{ "no_cap_ambient_raise", SECBIT_NO_CAP_AMBIENT_RAISE, NULL },
	{ "no_cap_ambient_raise_locked",
	    SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED, NULL },
	{ "no_setuid_fixup", 0, "sshd would keep root's capabilities when it becomes the user, and "
	    "sftp runs in sshd itself" },
	{ "keep_caps", 0, "sshd would keep root's capabilities when it becomes the user, and sftp "
	    "runs in sshd itself" },
};

unsigned
securebits_of(const char *word)
{
	for (size_t i = 0; i < sizeof(securebit) / sizeof(securebit[0]); i++)
		if (strcmp(word, securebit[i].word) == 0)
			return securebit[i].bits;
	return 0;
}

static bool
add_securebit(char *item, const struct value_context *context, struct value *value)
{
	(void)context;
	for (size_t i = 0; i < sizeof(securebit) / sizeof(securebit[0]); i++) {
		if (strcmp(item, securebit[i].word) != 0)
			continue;
		if (securebit[i].refused != NULL)
			return value_refuse(value, item, "%s", securebit[i].refused);
		return value_add_separator(value) && value_add(value, "%s", item);
	}
	return value_refuse(value, item, "is none of noroot, no_cap_ambient_raise, these with _locked, "
	    "keep_caps_locked and no_setuid_fixup_locked");
}

bool
value_securebits(const char *text, const struct value_context *context, struct value *value)
{
	return value_each(text, ", \t", context, value, add_securebit);
}
