/*
 * The one way to carry errors: a struct on the caller's stack, filled where the
 * operation failed and reported once, at the top.  No memory is allocated on the way.
 */
#ifndef LIB_ERROR_H
#define LIB_ERROR_H

#define ERROR_TEXT_MAX 512

/*
 * errnum: the errno of the failing call, or 0 where no call failed (bad input).
 * text:   operation and object, lower case, without errno's text and without a newline.
 */
struct error {
	int errnum;
	char text[ERROR_TEXT_MAX];
};

#define ERROR_INIT { .errnum = 0, .text = "" }

/*
 * Fills err (may be NULL) and returns -1, so that callers write
 *	return error_set(err, errno, "mount overlay on %s", home);
 * errno itself is left as it was.
 */
int error_set(struct error *err, int errnum, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the text; for a caller that knows the wider object.  Returns -1. */
int error_prefix(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Writes "text: errno text" (or the text alone when errnum is 0) into buffer, always
 * terminated.  Returns buffer.
 */
const char *error_render(const struct error *err, char *buffer, unsigned long size);

#endif
