/*
 * Shows the terminal that a login came with (login on a console, su) in the container, whose
 * own devpts hides it: under its own name where that is free, since login(1) opens it again
 * by name, else as /dev/hostpts<N>, where ttyname(3) finds it.
 */
#ifndef CONTAINER_TERMINAL_H
#define CONTAINER_TERMINAL_H

#include "lib/error.h"

#include <stdbool.h>

/*
 * terminal: the caller's descriptor.  init: pidfd of the container's.  needs_name: the
 * caller will open it by its own name (a session leader), so another one is a failure.
 * *reserved becomes a descriptor that keeps the container's users from getting a terminal of
 * the same number, or -1; to be closed with the session.
 */
int terminal_show(int terminal, int init, bool needs_name, int *reserved, struct error *err);

#endif
