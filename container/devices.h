/*
 * The devices that a container has besides the harmless ones: what the policy's rules allow and
 * is plugged in, found by a helper that lives as long as the container.  Nodes in its /dev, and
 * numbers in its cgroup.  Part of the supervisor, container/server.h.
 */
#ifndef CONTAINER_DEVICES_H
#define CONTAINER_DEVICES_H

#include "container/device_helper.h"
#include "container/device_nodes.h"
#include "lib/device_wire.h"
#include "lib/error.h"
#include "policy/plan.h"

#include <stdbool.h>
#include <stdint.h>

#define DEVICES_MAX 512

struct device {
	struct device_node node;
	unsigned access;   /* enum device_access */
	char links[DEVICE_LINKS_SIZE]; /* names below /dev, '\n' after each */
	bool is_told;      /* by a helper of ours; of a predecessor's only the node is known */
	bool is_stale;     /* not told yet by the helper that runs now */
	bool is_shown;     /* the node is there, or can't be */
};

struct devices {
	char *rules;       /* owned; of the plan; NULL: none, and no helper */
	uid_t uid;
	gid_t gid;
	struct device_helper helper;
	int64_t started;   /* monotonic ms; of the helper */
	bool is_whole;     /* the helper has told all that was there */
	bool is_late;      /* a login has gone on without, and the log says so */
	int dev;           /* owned; the container's /dev, once it lives, or -1 */
	struct device *device; /* owned */
	size_t count;
};

#define DEVICES_INIT { .helper = DEVICE_HELPER_INIT, .dev = -1 }

struct server;

/* With the cgroups made, before the container is cloned: the numbers, and the helper's start. */
int devices_build(struct server *server, const struct plan *plan, struct error *err);

/* The container lives: its /dev is there. */
void devices_alive(struct server *server);

/* A predecessor's container: by the record. */
void devices_adopt(struct server *server);

/* A login with other rules than the helper has: from now on they are the container's. */
void devices_change(struct server *server, const struct plan *plan);

/* The socket is readable. */
void devices_hear(struct server *server);

/* Whether logins have no more to wait for, and until when (monotonic ms) they wait at most. */
int64_t devices_patience(const struct server *server);
bool devices_are_ready(const struct server *server);

/* Says so, once for a helper, where logins go on without what it has not told. */
void devices_tell_missing(struct server *server);

/* A session's terminal is a device, too: to be called when one came, or is gone. */
int devices_set_numbers(struct server *server, struct error *err);

void devices_free(struct devices *devices);

#endif
