/*
 * One line of /proc/self/mountinfo, proc(5).  The mount table is hostile text (users mount by
 * fusermount, and name things): a line is taken field by field, and what is none is passed over.
 */
#ifndef LIB_MOUNT_LINE_H
#define LIB_MOUNT_LINE_H

#include <stdbool.h>

/* The strings are parts of the line. */
struct mount_line {
	char *root;          /* of the mount within its file system, the escapes undone, too */
	char *point;         /* the kernel's escapes undone */
	const char *options; /* of this mount, separated by commas */
	const char *type;
	const char *super;   /* options of the file system */
};

/* Cuts line up.  False: it is none. */
bool mount_line_parse(char *line, struct mount_line *mount);

/* Undoes the kernel's \040 and the like, in place; what is no octal number of a byte stays. */
void mount_line_unescape(char *text);

/* True if the list, whose words are separated by any of separators, has this word. */
bool mount_line_list_has(const char *list, const char *separators, const char *word);

#endif
