/*
 * The passes before the resolution, over one file each (parse) or all of them (check).
 * Internal to policy/.
 */
#ifndef POLICY_PARSE_H
#define POLICY_PARSE_H

#include "policy/fault.h"
#include "policy/section.h"

/* A policy file larger than this is a mistake or an attack. */
#define POLICY_FILE_MAX (1 << 20)

/* Appends a file's sections to text; what is wrong goes to faults. */
void parse_file(struct policy_text *text, const char *name, const char *content, size_t length,
    struct fault_list *faults);

/*
 * Judges what only the whole shows: sections that are there twice, slices that are missing,
 * values that make no sense together.
 */
void check_text(const struct policy_text *text, struct fault_list *faults);

#endif
