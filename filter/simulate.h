/*
 * What the kernel would answer: a stack of programs run on one call.  For showing a filter, for
 * the tests, and to be sure of what libseccomp made.  Pure.
 */
#ifndef FILTER_SIMULATE_H
#define FILTER_SIMULATE_H

#include "filter/compile.h"

#include <linux/seccomp.h>

/*
 * The action (SECCOMP_RET_*) of the strictest program; *logs (may be NULL) tells whether that
 * one logs.  SECCOMP_RET_KILL_PROCESS for code that is none.
 */
uint32_t simulate(const struct compiled *compiled, const struct seccomp_data *data, bool *logs);

/*
 * libseccomp's token -> the number's and architecture's fields of data, the call's own number where it
 * has one besides socketcall(2); -1: there is no such call.
 */
int simulate_call(uint32_t token, const char *name, struct seccomp_data *data);

#endif
