/*
 * One user's home that is kept apart, opened for the subcommands of ctrctl home.
 */
#ifndef CTL_HOME_H
#define CTL_HOME_H

#include "ctl/bar.h"
#include "ctl/command.h"
#include "ctl/login.h"
#include "home/progress.h"
#include "home/rights.h"

#include <stdbool.h>
#include <stdint.h>

struct home {
	const char *verb;      /* "home commit", for messages */
	const struct options *options;
	const char *name;      /* as on the command line, or of the group's member */
	struct login *login;   /* owned */
	const char *store_name; /* below PLACE_LIB/UID; NULL: the policy keeps nothing */
	int own;               /* owned; PLACE_LIB/UID; -1: nothing was ever kept */
	int store, upper;      /* owned; -1: there is none */
	int tree;              /* owned; what lies below, without mounts on it, detached */
	int lower;             /* owned; its top, opened to be read; -1: it is gone */
	gid_t *groups;         /* owned; of user */
	struct rights_user user;
	uint64_t limit;        /* bytes; of the store's quota, which is lifted meanwhile; 0: is not */
	struct bar bar;
	struct progress progress;
};

/*
 * Opens what there is.  CTL_OK, or having said why; home_close() in all cases.  What is not
 * there is no failure, but for what lies below where needs_lower.
 */
int home_open(struct home *home, const char *verb, const char *user, const struct options *options,
    bool needs_lower);
void home_close(struct home *home);

/*
 * For who changes it: nobody else does so until home_close(), no login can use it, which is
 * told so, and its quota does not hold root up.  With --kill a container is ended first.  CTL_OK, or having said why.
 */
int home_lock(struct home *home);

/* The names after the user: PATH... or NAME; NULL ends. */
const char *const *home_operands(const struct home *home);

/* A path of the command line relative to the home: also one that begins with the home's own. */
const char *home_relative(const struct home *home, const char *path);

/* What differs for the login's sake, and not by the user: a passthrough's place, a template's top. */
struct upper_difference;
bool home_is_own_doing(const struct home *home, const struct upper_difference *difference);

/* "ctrctl: home commit: alice: ..." of err; the exit code. */
int home_complain(struct home *home, const struct error *err);

/* "alice: " and the words on standard output. */
void home_say(struct home *home, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Each for one user, opened; the exit code. */
int home_commit(struct home *home);
int home_reset(struct home *home);
int home_snapshot(struct home *home);
int home_restore(struct home *home);
int home_delete(struct home *home);
int home_export(struct home *home);

/* Of all users at once, since it prints a document where --json is given. */
struct json;
int home_status(struct home *home, struct json *json);
int home_diff(struct home *home, struct json *json);

#endif
