/*
 * ctrctl without a fault, and its words.
 */
#ifndef FAULTS_CTRCTL_H
#define FAULTS_CTRCTL_H

#include "tests/faults/worker.h"

#define CTRCTL "/usr/sbin/ctrctl"
#define CTRCTL_ARGUMENTS 8
#define CTRCTL_WORDS 8192
/* What the slowest order may take: ctl/order.c; the grace is none. */
#define CTRCTL_MS 40000

/*
 * Fills argv, of CTRCTL_ARGUMENTS + 2, with what a row of orders has: "@" is the worker's user, "%" the
 * last session in the record.  session has room for that one's name.
 */
void ctrctl_arguments(const struct worker *worker, const char *const *row, char session[32], char **argv);

/* Its exit status, or -1: it did not end.  words, if not NULL: what it said on both streams, of CTRCTL_WORDS. */
int ctrctl_call(const struct worker *worker, const char *const *row, char *words);

/* What was written to a descriptor of a file, from its beginning. */
void ctrctl_words(int fd, char *words);

#endif
