/*
 * /etc/subuid and /etc/subgid, nsswitch.conf, login.defs, and the helper's answer.  A range that is
 * taken becomes root inside: it must be one that the text gives to this user and to nobody else.
 * An input: the first byte says which of the texts the rest is.
 */
#include "fuzz.h"

#include "lib/id_map.h"
#include "lib/own.h"
#include "lib/subid_text.h"
#include "subid/login_defs.h"

#include <stdio.h>
#include <string.h>

#define UID 1000U

static void
check_span(const struct subid_span *span)
{
	fuzz_check(span->count >= ID_MAP_RANGE && span->start >= ID_MAP_RANGE);
	fuzz_check((uint64_t)span->start + span->count <= UINT32_MAX);
	fuzz_check(UID < span->start || UID - span->start >= span->count);
}

/* There must be a line "OWNER:START:COUNT" of the user's in it. */
static void
check_ranges(const char *text, size_t size)
{
	const struct subid_query query = { .path = "subuid", .user = "alice", .uid = UID, .self = UID };
	struct error err = ERROR_INIT;
	struct subid_span span;
	char by_name[64], by_number[64];

	if (subid_text_find(&query, text, size, &span, &err) < 0) {
		fuzz_check(err.text[0]);
		return;
	}
	check_span(&span);
	(void)snprintf(by_name, sizeof(by_name), "alice:%u:%u", span.start, span.count);
	(void)snprintf(by_number, sizeof(by_number), "%u:%u:%u", UID, span.start, span.count);
	fuzz_check(strstr(text, by_name) || strstr(text, by_number), "%s", by_name);
}

static void
check_source(const char *text, size_t size)
{
	char name[SUBID_SOURCE_MAX];

	(void)size;
	memset(name, 'x', sizeof(name));
	subid_text_source(text, name);
	fuzz_check(memchr(name, '\0', sizeof(name)) && name[0]);
}

static void
check_answer(const char *text, size_t size)
{
	struct error err = ERROR_INIT;
	struct subid_span span;
	uint64_t number[4];

	(void)size;
	if (subid_text_answer(text, number, &err) < 0) {
		fuzz_check(err.text[0]);
		return;
	}
	for (int i = 0; i < 4; i += 2) {
		if (subid_span_check(&span, number[i], number[i + 1], UID, "the helper", &err) == 0)
			check_span(&span);
	}
}

static void
check_defs(const char *text, size_t size)
{
	struct error err = ERROR_INIT;
	struct login_defs defs;

	(void)size;
	for (enum subid_kind kind = SUBID_UIDS; kind < SUBID_KINDS; kind++)
		if (login_defs_parse(text, kind, &defs, &err) < 0)
			fuzz_check(err.text[0]);
}

static void
check_user(const char *text, size_t size)
{
	struct error err = ERROR_INIT;

	(void)size;
	if (subid_user_check(text, &err) == 0)
		fuzz_check(!strchr(text, ':') && !strchr(text, '\n'));
	else
		fuzz_check(fuzz_is_printable(err.text), "%s", err.text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const check[])(const char *text, size_t size) = { check_ranges, check_source, check_answer,
		check_defs, check_user };
	struct fuzz_input input = { data, size };
	unsigned which = fuzz_byte(&input) % (sizeof(check) / sizeof(check[0]));
	size_t left = input.left;
	autofree char *text = fuzz_rest(&input);

	check[which](text, left);
	return 0;
}
