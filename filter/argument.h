/*
 * A test of an argument, and the names of numbers in it.  Pure.
 */
#ifndef FILTER_ARGUMENT_H
#define FILTER_ARGUMENT_H

#include "filter/ruleset.h"
#include "lib/error.h"

/*
 * One word of a line, without blanks:
 *	argN OP NUMBER      all 64 bits
 *	intN OP NUMBER      the low 32 bits, which is all that the kernel looks at of an int
 *	argN & MASK == NUMBER
 * OP is one of == != < <= > >=.  NUMBER and MASK are decimal, 0x..., a constant's name, or
 * several with "|" between; before a MASK, "~" takes all other bits, of parentheses too.
 */
int argument_parse(const char *text, struct test *test, struct error *err);

/* The same as text, for people. */
const char *argument_format(const struct test *test, char *buffer, size_t size);

/* "EPERM" and so on; -1: there is none of that name. */
int errno_parse(const char *name);
const char *errno_name(int errnum, char buffer[24]);

#endif
