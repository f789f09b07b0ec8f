/*
 * Both variants of each filter: which logins have nesting is theirs to say.
 */
#include "ctl/filters.h"

#include "ctl/command.h"
#include "ctl/seccomp_test.h"
#include "lib/filter_cache.h"
#include "lib/own.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int
fill_cache(const char *name, bool nesting)
{
	struct filter_entry_head head;
	struct error err = ERROR_INIT;
	autofd int fd = filter_cache_open(name, nesting, geteuid(), &head, &err);

	return fd < 0 ? complain_error("check", &err) : CTL_OK;
}

static bool
has_faults(const char *name)
{
	for (int nesting = 0; nesting < 2; nesting++) {
		struct filter *filter = seccomp_build(name, nesting);
		if (!filter)
			return true;
		filter_free(filter);
	}
	return false;
}

static void
check_one(const char *name, const struct origin *origin, void *context)
{
	int *code = context;
	char text[640];

	if (!strcmp(name, FILTER_NONE))
		return;
	if (has_faults(name)) {
		if (origin)
			(void)snprintf(text, sizeof(text), "%s:%u: seccomp: the filter \"%s\" cannot be used",
			    origin->file, origin->line, name);
		else
			(void)snprintf(text, sizeof(text), "seccomp: the filter \"%s\", which is built in, cannot be "
			    "used", name);
		complain_line(text);
		*code = CTL_NO;
		return;
	}
	for (int nesting = 0; nesting < 2 && geteuid() == 0; nesting++)
		if (fill_cache(name, nesting) != CTL_OK)
			*code = CTL_FAILED;
}

int
filters_check(const struct policy_text *text)
{
	int code = CTL_OK;

	policy_each_value(text, POLICY_KEY_SECCOMP, check_one, &code);
	return code;
}
