/*
 * The module's arguments, pam.conf(5): config=PATH and debug, nothing else.
 */
#ifndef PAM_CTR_ARGUMENTS_H
#define PAM_CTR_ARGUMENTS_H

#include "lib/error.h"

#include <stdbool.h>

struct arguments {
	const char *policy_path; /* points into argv, or to the built-in path */
	bool debug;
};

/* -1: err names every argument that is not known or not right. */
int arguments_parse(struct arguments *arguments, int argc, const char **argv, struct error *err);

#endif
