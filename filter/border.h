/*
 * An answer for the calls that are newer than libseccomp: put before a program of its.
 */
#ifndef FILTER_BORDER_H
#define FILTER_BORDER_H

#include "filter/compile.h"

/*
 * A call whose number is above all that libseccomp knows of its architecture gets action, before
 * the program is asked.  A C library that tries a new call first expects ENOSYS from a kernel
 * that lacks it, and takes EPERM for the final answer.
 */
int border_add(struct program *program, const struct architectures *architectures,
    uint32_t action, struct error *err);

#endif
