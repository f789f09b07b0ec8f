/*
 * container/seed.c: what root of a machine finds in the place of the host's secrets.  Pure.
 */
#include "container/seed.h"

#include "lib/own.h"

#include <criterion/criterion.h>
#include <string.h>

Test(seed, no_password_is_left)
{
	static const struct {
		const char *host, *inside;
	} rows[] = {
		{ "root:$6$salt$hash:19000:0:99999:7:::\n", "root:*:19000:0:99999:7:::\n" },
		{ "a::19000::::::\nb:!:1::::::\nc:*:1::::::\n", "a:*:19000::::::\nb:*:1::::::\nc:*:1::::::\n" },
		{ "wheel:$y$hash:root,alice:alice\n", "wheel:*:root,alice:alice\n" },
		{ "a:secret", "a:*\n" }, /* no third field, no newline */
		{ "a:", "a:*\n" },
		{ "", "" },
		{ "\n\n", "" },
		{ "a line without a colon, perhaps a secret\nb:x:1\n", "b:*:1\n" },
		{ ":secret:1\n", ":*:1\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autofree char *text = seed_shadow(rows[i].host);
		cr_assert(text != NULL);
		cr_expect_str_eq(text, rows[i].inside, "\"%s\" became \"%s\"", rows[i].host, text);
	}
}

Test(seed, the_longest_growth_fits)
{
	char host[4096];

	for (size_t length = 0; length + 3 < sizeof(host); length += 2)
		memcpy(host + length, "::", 3);
	autofree char *text = seed_shadow(host);
	cr_assert(text != NULL);
	cr_expect_eq(strlen(text), strlen(host) + 2);
	for (size_t length = 0; length + 4 < sizeof(host); length += 3)
		memcpy(host + length, "a:\n", 4);
	autofree char *more = seed_shadow(host);
	cr_assert(more != NULL);
	cr_expect_eq(strlen(more), strlen(host) / 3 * 4);
}

/* No id of a nested user namespace is the user's own a second time. */
Test(seed, subordinate_ids_of_the_container)
{
	static const struct {
		id_t own;
		char text[32];
	} rows[] = {
		{ 2001, "7:10000:55000\n" }, { 9999, "7:10000:55000\n" }, { 10000, "7:10001:54999\n" },
		{ 20000, "7:20001:44999\n" }, { 50000, "7:10000:40000\n" }, { 64999, "7:10000:54999\n" },
		{ 65000, "7:10000:55000\n" }, { 400000, "7:10000:55000\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		autofree char *text = seed_subid(7, rows[i].own);
		cr_expect_str_eq(text, rows[i].text, "%u: %s", (unsigned)rows[i].own, text);
	}
}

Test(seed, sudo_is_by_number_and_only_by_policy)
{
	autofree char *with = seed_sudoers(2001, true);
	autofree char *without = seed_sudoers(2001, false);

	cr_assert(with && without);
	cr_expect(strstr(with, "\n#2001 ALL=(ALL:ALL) NOPASSWD: ALL\n"));
	cr_expect(!strstr(without, "2001") && !strstr(without, "NOPASSWD"));
	cr_expect(strstr(with, "\nroot ALL") && strstr(without, "\nroot ALL"), "sudo as root fails");
}
