/*
 * One login as the policy sees it, for explain, plan, check and gc: who, on which machine,
 * with which resolved policy.
 */
#ifndef CTL_LOGIN_H
#define CTL_LOGIN_H

#include "ctl/json.h"
#include "lib/error.h"
#include "lib/machine.h"
#include "lib/subject.h"
#include "policy/policy.h"

struct login {
	struct subject subject;
	struct machine machine;
	struct policy_text *text;
	struct policy policy;
};

/*
 * NULL, or config: the policy's path.  The installed one must be trusted, as a supervisor
 * demands; another one may be a draft in somebody's home.
 */
struct policy_text *login_load(const char *config, struct policy_faults *faults,
    struct error *err);

/* Prints each fault on a line of standard error, or err if there are none. */
void login_print_faults(const struct policy_faults *faults, const struct error *err);

/*
 * Works out what a login of user through service (NULL: sshd) gets.  Returns it, to be
 * login_free()d, or NULL having said why; *code is then the exit code.
 */
struct login *login_resolve(const char *command, const char *user, const char *service,
    const char *config, int *code);

/* Makes a SUBJECT_INIT a user who is in no section but [default]; it owns nothing. */
void login_fill_anybody(struct subject *subject);

/* The same as login_resolve for that user; err instead of words. */
struct login *login_anybody(struct policy_text *text, struct error *err);

/* Members user, uid, service and contained of the object that is open. */
void login_json(const struct login *login, struct json *json);

void login_free(struct login *login);

#endif
