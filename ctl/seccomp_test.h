/*
 * A program run under a filter, and what it was refused.
 */
#ifndef CTL_SECCOMP_TEST_H
#define CTL_SECCOMP_TEST_H

#include "filter/build.h"

/*
 * Runs command with the caller's own rights; where these don't do for a filter, with
 * no_new_privs.  Afterwards standard error has a line for each call, program and architecture
 * that was refused.  Returns command's exit status, 128 and its signal, or an enum ctl_exit.
 */
int seccomp_test(const struct filter *filter, char **command);

/* In ctl/seccomp.c: NULL, having said why not. */
struct filter *seccomp_build(const char *name, bool nesting);

#endif
