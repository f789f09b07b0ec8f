/*
 * What a filter answers, in words: for ctrctl's tables.  Pure.
 */
#ifndef FILTER_VERDICT_H
#define FILTER_VERDICT_H

#include "filter/build.h"

#define VERDICT_NAME_MAX 24

/* "allow", "log", "EPERM", "kill" of a program's answer, SECCOMP_RET_*. */
const char *action_name(uint32_t action, char buffer[VERDICT_NAME_MAX]);

/* The same of a text's word. */
const char *verdict_name(struct verdict verdict, char buffer[VERDICT_NAME_MAX]);

/*
 * What a call gets from programs of architecture token: as above, "-" where there is none of that name,
 * "tests" where the answer depends on arguments.
 */
const char *call_verdict(const struct filter *filter, const char *name, uint32_t token,
    char buffer[VERDICT_NAME_MAX]);

/* A line's tests and what it says, "arg0&0x10000000==0x10000000 EPERM"; cut at size. */
void condition_format(const struct condition *condition, char *text, size_t size);

/* What the kernel calls arch (AUDIT_ARCH_*) and number: "number 999" where libseccomp knows none. */
const char *call_name(uint32_t arch, int number, char name[FILTER_NAME_MAX],
    const char **architecture);

#endif
