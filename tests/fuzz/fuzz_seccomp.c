/*
 * The text of a system call filter, an administrator's or a draft of one, on to the programs that
 * the kernel gets.  What the programs answer must be what the text said, call by call; and the
 * entry of the cache that is packed of them must be a whole one.
 * An input: filters, a NUL between them; the second and third can be included as "b" and "c".
 */
#include "fuzz.h"

#include "filter/compile.h"
#include "filter/entry.h"
#include "filter/simulate.h"
#include "filter/text.h"
#include "lib/own.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* libseccomp takes a moment for many rules: some are enough to see that they are told right. */
#define CALLS_MAX 12

static const char *const name[] = { "a", "b", "c" };

struct texts {
	char *text[3]; /* owned */
};

static int
read_text(void *context, const char *wanted, struct filter_text *text, struct error *err)
{
	const struct texts *texts = context;

	for (size_t i = 0; i < 3; i++)
		if (!strcmp(name[i], wanted)) {
			*text = (struct filter_text) { name[i], name[i], texts->text[i], strlen(texts->text[i]) };
			return 0;
		}
	return error_set(err, ENOENT, "there is no filter of that name");
}

static uint32_t
action_of(struct verdict verdict)
{
	switch (verdict.kind) {
	case VERDICT_ALLOW: return SECCOMP_RET_ALLOW;
	case VERDICT_LOG: return SECCOMP_RET_LOG;
	case VERDICT_ERRNO: return SECCOMP_RET_ERRNO | ((uint32_t)verdict.errnum & SECCOMP_RET_DATA);
	case VERDICT_KILL: return SECCOMP_RET_KILL_PROCESS;
	case VERDICT_NONE: break;
	}
	return 0;
}

/* Calls without tests: of the others only the arguments decide. */
static void
check_answers(const struct ruleset *ruleset, const struct compiled *compiled, uint32_t token)
{
	for (size_t i = 0; i < ruleset->count; i++) {
		const struct call *call = &ruleset->call[i];
		struct verdict verdict = call->whole.kind == VERDICT_NONE ? ruleset->fallback : call->whole;
		struct seccomp_data data = { .nr = 0 };

		if (call->conditions > 0 || !strcmp(call->name, "prctl") ||
		    simulate_call(token, call->name, &data) < 0)
			continue;
		uint32_t answer = simulate(compiled, &data, NULL);
		fuzz_check(answer == action_of(verdict), "%s is answered %#x, not %#x", call->name, answer,
		    action_of(verdict));
	}
}

static void
check_entry(const struct compiled *compiled, const char *text)
{
	static const struct filter_maker maker = { 1, 2, 3 };
	struct error err = ERROR_INIT;
	struct sources sources = { .count = 1 };
	size_t size;

	sources.source[0] = (struct source) { .name = "a", .length = strlen(text) };
	sources.source[0].text = strdup(text);
	autofree void *bytes = entry_pack(compiled, &sources, false, &maker, &size, &err);
	fuzz_check(bytes != NULL && filter_entry_check(bytes, size, &err) == 0, "%s", err.text);
	sources_free(&sources);
}

static void
check_ruleset(const struct ruleset *ruleset, const char *text)
{
	struct error err = ERROR_INIT;
	struct architectures architectures;
	struct compiled compiled = COMPILED_INIT;

	architectures_of(0, &architectures);
	if (ruleset->count > CALLS_MAX)
		return;
	if (compile_ruleset(ruleset, &architectures, &compiled, &err) < 0) {
		fuzz_check(err.text[0]);
		return;
	}
	fuzz_check(compiled.count > 0 && compiled.count <= PROGRAMS_MAX);
	check_answers(ruleset, &compiled, architectures.token[0]);
	check_entry(&compiled, text);
	compiled_free(&compiled);
}

static void
check_faults(const char *faults, size_t count)
{
	size_t lines = 0;

	for (const char *c = faults; *c; c++) {
		lines += *c == '\n';
		fuzz_check(*c == '\n' || (*c >= ' ' && *c <= '~'), "%s", faults);
	}
	fuzz_check(lines > 0 && lines <= count + 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	struct texts texts;
	struct ruleset ruleset = RULESET_INIT;
	const struct filter_reader reader = { .read = read_text, .is_call = compile_knows,
		.context = &texts, .nesting = size % 2 };
	char *faults = NULL;
	size_t length;

	for (size_t i = 0; i < 3; i++)
		texts.text[i] = fuzz_until(&input, '\0');
	FILE *to = open_memstream(&faults, &length);
	fuzz_check(to != NULL);
	size_t count = text_parse(&reader, "a", &ruleset, to);
	fuzz_check(fclose(to) == 0);
	if (count > 0)
		check_faults(faults, count);
	else
		check_ruleset(&ruleset, texts.text[0]);
	ruleset_free(&ruleset);
	free(faults);
	for (size_t i = 0; i < 3; i++)
		free(texts.text[i]);
	return 0;
}
