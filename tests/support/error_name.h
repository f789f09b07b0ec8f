/*
 * The names of errno(3) that a C library may have no function for, as filters' texts have them.
 */
#ifndef TESTS_SUPPORT_ERROR_NAME_H
#define TESTS_SUPPORT_ERROR_NAME_H

#include <errno.h>
#include <stddef.h>

static const char *
error_name(int errnum)
{
	static const char *const names[] = {
#define ERROR(name) [name] = #name,
#include "filter/errors.def"
#undef ERROR
	};
	const size_t number = (size_t)errnum;

	return number < sizeof(names) / sizeof(names[0]) && names[number] ? names[number] : "no errno";
}

#endif
