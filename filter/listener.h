/*
 * A filter that asks in place of refusing: for trying one on a program, which then can be told
 * call by call what it was refused.  Pure.
 */
#ifndef FILTER_LISTENER_H
#define FILTER_LISTENER_H

#include "filter/compile.h"

/* A call of SYS_sendmsg with this as its sixth argument passes: by it the listener is handed on. */
#define LISTENER_PASS 0x70635f6c

/*
 * One program, since a process can have one listener only: what compiled refuses or logs is
 * SECCOMP_RET_USER_NOTIF, what it kills is killed.  The result's code is the caller's.
 */
int listener_program(const struct compiled *compiled, struct program *program, struct error *err);

#endif
