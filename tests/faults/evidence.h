/*
 * What proves a verdict: the log, and the state of a login beside that of one without a fault.
 */
#ifndef FAULTS_EVIDENCE_H
#define FAULTS_EVIDENCE_H

#include "tests/faults/worker.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Whether a line of the log is of that kind, and about the worker's user. */
typedef bool evidence_line(const struct worker *worker, const char *line);

evidence_line evidence_is_refusal; /* by the module, or by libpam itself */
evidence_line evidence_is_notice;  /* of a container that was built without something */

off_t evidence_log_size(void);

/* Whether such a line came after from, in a moment at the latest: the log is written by somebody else. */
bool evidence_log_tells(const struct worker *worker, evidence_line *is_it, off_t from);

/*
 * Line by line of state_of_member(): nothing of what keeps it in is missing, nothing is more.
 * missing: mounts of the host's and devices that it lacks; wrong: the first line that is not so.
 */
bool evidence_is_contained(const char *before, const char *after, size_t *missing, char *wrong, size_t size);

#endif
