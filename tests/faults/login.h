/*
 * Logins without a fault, which must work whatever came before.
 */
#ifndef FAULTS_LOGIN_H
#define FAULTS_LOGIN_H

#include "tests/faults/result.h"
#include "tests/faults/trace.h"
#include "tests/faults/worker.h"

#include <stdbool.h>
#include <sys/types.h>

/* The module waits 4 s for a first answer, and 20 s more for a container: lib/client.c. */
#define LOGIN_ANSWER_MS 26000
#define LOGIN_END_MS 10000
/* Of a login after a fault. */
#define LOGIN_NEXT_MS 2000

/* A caller for the user, before it opens its session. */
int login_start(struct trace *trace, const struct worker *worker, const char *user);

/* The caller, which has its answer, is as contained as one without a fault; or the log, from there on, tells. */
void login_check_member(const struct worker *worker, const struct trace *trace, off_t log, struct result *result);

/* The whole of a login, in a process of its own, while ours goes on serving what trace has; is_root: root's. */
void login_beside(struct worker *worker, struct trace *trace, bool is_root, struct result *result);

/* That login must get in, as contained as ever, and soon; which: it, for the verdict. */
void login_next(struct worker *worker, struct trace *trace, bool is_root, const char *which, struct result *result);

#endif
