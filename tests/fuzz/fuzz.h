/*
 * What fuzz targets share.  A target is one file with LLVMFuzzerTestOneInput(): it hands bytes to
 * the code that reads them in earnest, and checks what must hold of the result whatever they
 * were.  Two programs are made of each: one by clang with libFuzzer ("make fuzz"), and one by gcc
 * with replay.c, which runs the corpus once ("make test").  Both under AddressSanitizer and
 * UndefinedBehaviorSanitizer.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv); /* of targets that need it */

/* Ends the run as a finding: says what did not hold.  abort(3) stands here for the analyzers. */
#define fuzz_check(holds, ...) \
	do { \
		if (!(holds)) { \
			fuzz_tell(__FILE__, __LINE__, #holds, " " __VA_ARGS__); \
			abort(); \
		} \
	} while (0)
void fuzz_tell(const char *file, int line, const char *claim, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The bytes as a text of just their length with a NUL behind them, so that a step too far is seen. */
char *fuzz_text(const uint8_t *data, size_t size);

/* Takes apart what an input is made of; where it has no more, zeros and empty texts come. */
struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

unsigned fuzz_byte(struct fuzz_input *input);
uint32_t fuzz_number(struct fuzz_input *input); /* four bytes, the lowest first */
/* Up to the next byte of this value, or all that is left; the caller's, as of fuzz_text(). */
char *fuzz_until(struct fuzz_input *input, char end);
/* The rest; the caller's. */
char *fuzz_rest(struct fuzz_input *input);

/* No byte of it could speak to a terminal, or begin a line of its own. */
bool fuzz_is_printable(const char *text);

/*
 * Which descriptors are open; a run must leave those that it found.  To be called at the end of
 * each run; the first call only looks.
 */
void fuzz_same_descriptors(void);

/*
 * Makes an empty tmpfs of root's the working directory, so that what a target writes is nobody's;
 * in a mount namespace of this process's own, where another covers the directory cover (may be
 * NULL).  Where the process is not root it becomes root of a user namespace.
 */
void fuzz_sandbox(const char *cover);

/* Writes a file whole, beneath the working directory or at an absolute path. */
void fuzz_write(const char *path, const void *data, size_t size);

#endif
