/*
 * PAM's files as "ctrctl doctor" reads them, and its verdict, which goes through every way that a
 * stack can take.  It must come to an end, and the entries that it names must be there.
 * An input: files, a NUL between them: sshd's, "other"'s, "b"'s, "c"'s.
 */
#include "fuzz.h"

#include "ctl/pam_stack.h"
#include "ctl/pam_verdict.h"
#include "lib/own.h"

#include <string.h>

#define FILES 4

struct files {
	char *text[FILES]; /* owned; "" stands for no file */
};

static const char *
find_file(const char *name, void *context)
{
	static const char *const names[FILES] = { "sshd", "other", "b", "c" };
	const struct files *files = context;

	for (size_t i = 0; i < FILES; i++)
		if (!strcmp(names[i], name))
			return files->text[i][0] ? files->text[i] : NULL;
	return NULL;
}

static void
check_stack(const struct pam_stack *stack)
{
	fuzz_check(stack->count <= PAM_STACK_MAX && memchr(stack->broken, '\0', sizeof(stack->broken)));
	for (size_t i = 0; i < stack->count; i++) {
		const struct pam_entry *entry = &stack->entry[i];
		fuzz_check(memchr(entry->module, '\0', sizeof(entry->module)));
		fuzz_check(memchr(entry->file, '\0', sizeof(entry->file)) && entry->line > 0);
		fuzz_check(!strchr(entry->module, '/'), "%s", entry->module);
		for (size_t code = 0; code < PAM_STACK_CODES; code++)
			fuzz_check(entry->action[code] >= PAM_ACTION_RESET);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	struct files files;
	struct pam_verdict verdict;
	autofree struct pam_stack *stack = malloc(sizeof(*stack));
	bool serious;

	fuzz_check(stack != NULL);
	memset(stack, 0xa5, sizeof(*stack)); /* whoever fills it fills all of it */
	for (size_t i = 0; i < FILES; i++)
		files.text[i] = fuzz_until(&input, '\0');
	pam_stack_read("sshd", find_file, &files, stack);
	check_stack(stack);
	pam_verdict_of(stack, &verdict);
	fuzz_check(!verdict.has_module || verdict.at < stack->count);
	fuzz_check(!verdict.may_be_skipped || stack->count == 0 || verdict.skipped_by < stack->count);
	for (size_t i = 0; i < stack->count; i++)
		fuzz_check(pam_verdict_after(stack->entry[i].module, &serious) || !serious);
	for (size_t i = 0; i < FILES; i++)
		free(files.text[i]);
	return 0;
}
