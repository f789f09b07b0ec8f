/*
 * Another policy for a container that lives: what an administrator sets of it, and what the
 * policy's files say by now.  The supervisor's, as root on the host.
 */
#ifndef CONTAINER_LIVE_H
#define CONTAINER_LIVE_H

#include "lib/error.h"
#include "lib/subject.h"
#include "policy/policy.h"

#include <stdbool.h>
#include <stddef.h>

struct server;

/*
 * What was done, for the client: a line each of fields with tabs between them.
 *	now|login|new SECTION KEY BEFORE AFTER REASON   a value that differs, and what became of it
 *	set - KEY VALUE POLICY -                        is set by an administrator, and stays so
 *	note - KEY - - TEXT
 */
struct live_report {
	char *text;
	size_t size, length;
	bool is_cut;
};

/* The policy as record_write_text() keeps it; the caller's, NULL: no memory. */
char *live_text(const struct policy *policy);

/*
 * "KEY=VALUE" lines; all of them are done, or none.  keep: the policy's files say so, too, so
 * that the next reload finds nothing to do.
 */
int live_set(struct server *server, const char *lines, bool keep, struct live_report *report,
    struct error *err);

/* What the files at policy_path say of subject, who is the container's user, is done as far as it can be. */
int live_reload(struct server *server, struct subject *subject, const char *policy_path,
    bool dry_run, struct live_report *report, struct error *err);

/* Where a predecessor died in the midst of one of these: what it had done of it is taken back. */
void live_restore(struct server *server);

#endif
