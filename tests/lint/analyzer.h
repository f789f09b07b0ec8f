/*
 * Included before all else by "clang --analyze" of make lint, which looks at one file at a time: how
 * functions of other files end.  Without it each error path seems to go on.
 */
#ifndef TESTS_LINT_ANALYZER_H
#define TESTS_LINT_ANALYZER_H

#include "lib/error.h"

#define error_set(...) (error_set(__VA_ARGS__), -1)
#define error_prefix(...) (error_prefix(__VA_ARGS__), -1)

#endif
