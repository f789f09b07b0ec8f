/*
 * Did the kernel take a limit?  It answers in its own words: rounded to pages, "max" as a
 * number, lists normalised, other devices' lines around ours.  Pure.
 */
#ifndef CONTAINER_CGROUP_VALUE_H
#define CONTAINER_CGROUP_VALUE_H

#include <stdbool.h>

/*
 * True if got (all that the file of this name said after the write) means wanted (what was
 * written to it).  file is the name without a directory; page is the page size.
 */
bool cgroup_value_matches(const char *file, const char *wanted, const char *got,
    unsigned long page);

#endif
