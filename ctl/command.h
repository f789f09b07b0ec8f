/*
 * ctrctl's subcommands: one row of a table each, one file each, one meaning of each exit
 * code.  What is here is ctl/'s own; nobody outside includes it.
 */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include "lib/error.h"

#include <stdbool.h>
#include <stddef.h>

enum ctl_exit {
	CTL_OK = 0,
	CTL_NO = 1,     /* asked and answered: no such container, faults found */
	CTL_USAGE = 2,
	CTL_DENIED = 3, /* not root, or inside a container */
	CTL_FAILED = 4
};

/* What a subcommand takes beside its operands. */
enum option {
	OPTION_JSON = 1 << 0,
	OPTION_CONFIG = 1 << 1,
	OPTION_COMMAND = 1 << 2, /* "-- COMMAND..." */
	OPTION_NESTING = 1 << 3,
	OPTION_VERBOSE = 1 << 4,
	OPTION_DRY = 1 << 5,
	OPTION_TEXTFILE = 1 << 8,
	OPTION_SESSION = 1 << 9,
	OPTION_KEEP = 1 << 10,
	OPTION_FOLLOW = 1 << 11,
	OPTION_FILE = 1 << 12,
	OPTION_TOP = 1 << 16, /* those of top alone */
	OPTION_HOME = 1 << 17 /* --kill, --live, --changes, --output */
};

#define OPERANDS_MAX 64

struct options {
	bool help;
	bool json;
	bool nesting;
	bool batch;
	bool keep;
	bool follow;
	bool kill, live, changes;
	const char *output;     /* NULL: not given */
	bool verbose;
	bool dry;               /* tell what would be done */
	const char *config;     /* NULL: not given */
	const char *textfile;   /* NULL: not given */
	const char *count;
	const char *delay;
	const char *sort;
	const char *session;
	const char *file;
	const char *operand[OPERANDS_MAX + 1]; /* NULL: not given */
	char **command;         /* what follows "--"; NULL: nothing */
};

struct command {
	const char *name;
	int (*run)(const struct options *options); /* returns an exit code */
	const char *synopsis;
	const char *help;       /* one line */
	const char *details;    /* further lines of COMMAND --help */
	unsigned takes;         /* enum option */
	int least, most;        /* operands */
};

/*
 * Reads what follows the subcommand's name; options and operands in any order.  -1 with err:
 * what is wrong, for a usage message.  Pure; options point into argv.
 */
int options_parse(const struct command *command, int argc, char **argv,
    struct options *options, struct error *err);

/* An option's spelling, for whoever lists them. */
struct option_spelling {
	const char *name;
	char letter;            /* "-f"; 0: there is none */
	enum option takes;
	size_t field;           /* of struct options: a bool, or the value's text */
	const char *value;      /* what the value is called; NULL: it has none */
};

/* The last has no name; COMMAND of "--" is not among them. */
extern const struct option_spelling option_spellings[];

/* The subcommands, in the order of the help; the last has no name. */
extern const struct command commands[];

int command_list(const struct options *options);
int command_show(const struct options *options);
int command_explain(const struct options *options);
int command_plan(const struct options *options);
int command_check(const struct options *options);
int command_enter(const struct options *options);
int command_launch(const struct options *options);
int command_kill(const struct options *options);
int command_top(const struct options *options);
int command_freeze(const struct options *options);
int command_thaw(const struct options *options);
int command_set(const struct options *options);
int command_reload(const struct options *options);
int command_root(const struct options *options);
int command_home(const struct options *options);
int command_boot(const struct options *options);
int command_gc(const struct options *options);
int command_seccomp(const struct options *options);
int command_devices(const struct options *options);
int command_log(const struct options *options);
int command_metrics(const struct options *options);
int command_doctor(const struct options *options);
int command_completions(const struct options *options);

/* Prints "ctrctl: ..." on standard error and returns code, for "return complain(...)". */
int complain(enum ctl_exit code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * A line on standard error.  What text quotes may be a user's (a name, a draft's key): bytes
 * that could speak to the terminal become \xNN, here and in complain().
 */
void complain_line(const char *text);

/* "ctrctl: what: " and all of err; CTL_DENIED where root would not be refused, else CTL_FAILED. */
int complain_error(const char *what, const struct error *err);

/* CTL_OK, or having said why: only root, and only outside, sees and does these things. */
int caller_check(const char *command);

/* What was printed has arrived (a full disk is a failure): code, or CTL_FAILED. */
int output_end(int code);

#endif
