/*
 * The helper that finds devices, seen from the supervisor: its start, and what of its words counts.
 */
#ifndef CONTAINER_DEVICE_HELPER_H
#define CONTAINER_DEVICE_HELPER_H

#include "lib/command.h"
#include "lib/device_wire.h"
#include "lib/error.h"

#include <stdbool.h>

struct device_helper {
	struct command_child child;
	int socket; /* owned; to it, or -1 */
};

#define DEVICE_HELPER_INIT { .child = COMMAND_CHILD_INIT, .socket = -1 }

/* rules: a line each. */
int device_helper_start(struct device_helper *helper, const char *rules, struct error *err);

/* Accepts one that is not started, or has ended. */
void device_helper_stop(struct device_helper *helper);

/*
 * The next word that makes sense: 1; 0: there is none now; -1: the helper has ended.  What can't
 * be below a /dev is passed over.
 */
int device_helper_hear(const struct device_helper *helper, struct device_message *message);

#endif
