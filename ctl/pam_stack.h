/*
 * The text of PAM's files -> the session stack of a service, flat, as libpam would run it:
 * pam.conf(5), with Debian's "@include".  Pure: files come from the caller.
 */
#ifndef CTL_PAM_STACK_H
#define CTL_PAM_STACK_H

#include <stdbool.h>
#include <stddef.h>

#define PAM_STACK_MAX 256   /* entries; more is told as broken */
#define PAM_STACK_CODES 32  /* return values of modules; 0 is success */
#define PAM_STACK_SESSION_ERR 14
#define PAM_STACK_IGNORE 25
#define PAM_STACK_UNKNOWN 28 /* PAM_MODULE_UNKNOWN */

/* What is done with a return value; a number of entries to jump over is above 0. */
enum pam_action {
	PAM_ACTION_IGNORE = 0,
	PAM_ACTION_OK = -1,
	PAM_ACTION_DONE = -2,
	PAM_ACTION_BAD = -3,
	PAM_ACTION_DIE = -4,
	PAM_ACTION_RESET = -5
};

struct pam_entry {
	char module[128];      /* its file's name, without directories */
	char file[128];        /* where the line is */
	unsigned line;
	unsigned level;        /* of substacks; 0 outside */
	bool is_substack;      /* no module: the entries behind it on the next level are its */
	bool may_be_missing;   /* "-session": no word where the module's file is missing */
	int action[PAM_STACK_CODES];
};

struct pam_stack {
	struct pam_entry entry[PAM_STACK_MAX];
	size_t count;
	bool has_file;         /* the service has a file of its own */
	bool is_other;         /* the entries are those of the service "other" */
	char broken[256];      /* why libpam refuses all of it; "" if it does not */
};

/*
 * The text of the file of this name (a service's, or an absolute path), with a NUL, or NULL:
 * there is none.  The caller of pam_stack_read() keeps it.
 */
typedef const char *pam_file(const char *name, void *context);

/* Fills stack; a service without a file, or without a session line, has that of "other". */
void pam_stack_read(const char *service, pam_file *file, void *context, struct pam_stack *stack);

#endif
