/*
 * ctrctl: the administrator's tool.  One file a subcommand; this is what they share.  The
 * only part of pam_ctr that prints.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include "lib/error.h"
#include "lib/record.h"
#include "lib/subject.h"
#include "policy/policy.h"

#include <stdbool.h>

/* Exit codes, ctrctl(8). */
enum ctl_exit {
	CTL_OK = 0,
	CTL_NO = 1,         /* a negative answer: no such container, faults in the policy */
	CTL_USAGE = 2,
	CTL_PERMISSION = 3, /* needs root */
	CTL_FAILED = 4
};

struct command {
	const char *name;
	const char *synopsis; /* what follows the name */
	const char *help;
	int (*run)(int argc, char **argv); /* argv[0] is the subcommand; an enum ctl_exit or, for enter,
	                                      the command's status */
	bool needs_root;
};

int command_list(int argc, char **argv);
int command_show(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_plan(int argc, char **argv);
int command_check(int argc, char **argv);
int command_enter(int argc, char **argv);
int command_kill(int argc, char **argv);
int command_gc(int argc, char **argv);

/* Prints "ctrctl: ..." on standard error and returns code. */
int ctl_complain(enum ctl_exit code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for an error, CTL_FAILED (CTL_PERMISSION for EACCES and EPERM without root). */
int ctl_fail(const struct error *err);

/* Takes "--NAME" out of the arguments; true if it was there. */
bool ctl_flag(int *argc, char **argv, const char *name);

/* Takes "--NAME VALUE" or "--NAME=VALUE" out; otherwise is returned if it is not there. */
const char *ctl_option(int *argc, char **argv, const char *name, const char *otherwise);

/* A name or a number -> uid; a number needs no passwd entry.  -1: complained. */
int ctl_uid(const char *user, uid_t *uid);

/* Who user is, by NSS, with groups; -1: complained.  subject_free() is the caller's. */
int ctl_subject(const char *user, const char *service, struct subject *subject);

/* The policy of user for service on this machine, exit code on failure, 0 if it is filled. */
struct resolved {
	struct subject *subject;
	struct policy_text *text;
	struct machine machine;
	struct policy policy;
};
int ctl_resolve(const char *user, const char *service, const char *path, struct resolved *resolved);
void ctl_resolved_free(struct resolved *resolved);

/* What /run/pam_ctr has: each(record, context) for every readable record, by uid. */
int ctl_each_record(int (*each)(const struct record *record, void *context), void *context);

enum liveness { LIVES, ORPHANED, DEAD }; /* ORPHANED: the container lives, its supervisor does not */
enum liveness ctl_liveness(const struct record *record);
const char *ctl_liveness_name(enum liveness liveness);

/* "1.5G", "-" for what is not known, "max" for no limit. */
const char *ctl_bytes(uint64_t bytes, char *buffer, unsigned long size);
const char *ctl_count(uint64_t count, char *buffer, unsigned long size);

/* Prints a JSON string with its quotes; a number, or null where it is not known or not set. */
void ctl_json_text(const char *name, const char *text, const char *after);
void ctl_json_number(const char *name, uint64_t number, const char *after);

#endif
