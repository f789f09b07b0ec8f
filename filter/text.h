/*
 * A filter's text -> struct ruleset.  Pure: files are read by whom the caller names.
 *
 *	default errno NAME | kill | log | allow    what no line names; once, the last counts
 *	logging yes | no                           refusals are told in the kernel's log
 *	include NAME                               another filter's lines, here
 *	allow CALL|@GROUP... [TEST...]
 *	log   CALL|@GROUP... [TEST...]             allowed, and told in the kernel's log
 *	deny  CALL|@GROUP... [TEST...] [ERRNO]     EPERM, if none is given
 *	kill  CALL|@GROUP... [TEST...]
 *	forget CALL|@GROUP...                      as if no line before had named them
 *
 * "nesting:" or "no-nesting:" before a line: it counts only where the policy says so.
 * "#" begins a comment.
 */
#ifndef FILTER_TEXT_H
#define FILTER_TEXT_H

#include "filter/ruleset.h"
#include "lib/error.h"

#include <stdio.h>

/* What a name in an include stands for; all is the source's, until it is freed. */
struct filter_text {
	const char *name;
	const char *path; /* for messages */
	const char *text;
	size_t length;
};

struct filter_reader {
	/* Finds the text of a name; the same name twice gives the same text. */
	int (*read)(void *context, const char *name, struct filter_text *text, struct error *err);
	/* Whether libseccomp knows a call of this name, of any processor. */
	bool (*is_call)(const char *name);
	void *context;
	bool nesting;
};

/*
 * Reads the text of name with all that it includes.  Faults are written to faults, one
 * "file:line: reason" a line, all of them up to a hundred.  Returns their number, 0: ruleset is filled
 * and is the caller's; it is to be freed in either case.
 */
size_t text_parse(const struct filter_reader *reader, const char *name, struct ruleset *ruleset,
    FILE *faults);

#endif
