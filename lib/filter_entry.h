/*
 * A compiled filter as bytes: the texts that it was made of, by whom, and the programs.  A file
 * of the cache, root's alone; written by the helper, read by the supervisor, which hands it to
 * the logins.  The numbers are this machine's, since so are the programs.
 */
#ifndef LIB_FILTER_ENTRY_H
#define LIB_FILTER_ENTRY_H

#include "lib/error.h"
#include "lib/filter_source.h"

#include <stdint.h>

#define FILTER_PROGRAMS_MAX 3
#define FILTER_CODE_MAX 4096     /* instructions of a program: BPF_MAXINSNS */
#define FILTER_ENTRY_MAX (2 * 1024 * 1024)
#define FILTER_ENTRY_MAGIC "pam_ctr filter 1"

struct filter_entry_program {
	uint32_t offset; /* of the file */
	uint32_t count;  /* instructions, struct sock_filter */
	uint32_t logs;   /* 1: what it refuses is told in the kernel's log */
};

/* Who made it, by its file: another compiler may say something else of the same text. */
struct filter_maker {
	uint64_t size, changed, inode; /* bytes, nanoseconds */
};

struct filter_entry_head {
	char magic[16];
	uint64_t hash;               /* of all that follows it */
	struct filter_maker maker;
	uint32_t size;               /* of the file */
	uint32_t nesting;
	uint32_t texts;              /* the filter's own first, then each that it includes */
	uint32_t programs;           /* in the order in which they are to be loaded */
	struct filter_entry_program program[FILTER_PROGRAMS_MAX];
	uint32_t probe_number;       /* a call with probe_argument that only the filter answers so */
	uint32_t probe_argument;
	uint32_t probe_errno;
};

/* Followed by length bytes, and by zeros up to a multiple of eight. */
struct filter_entry_text {
	char name[FILTER_NAME_SIZE];
	uint64_t length;
};

#define FILTER_ENTRY_ALIGN(size) (((size) + 7) & ~(size_t)7)

/* What is in head->hash. */
uint64_t filter_entry_hash(const void *bytes, size_t size);

int filter_maker_at(const char *path, struct filter_maker *maker, struct error *err);

/*
 * -1 with err where bytes (size of them, aligned as malloc does) are not a whole entry: from then on its offsets
 * and counts can be used as they are.
 */
int filter_entry_check(const void *bytes, size_t size, struct error *err);

/* The text at *cursor (0: the first), which moves on to the next; name and text lie in bytes. */
const struct filter_entry_text *filter_entry_text(const void *bytes, size_t *cursor);

#endif
