/*
 * Starts the container's first process, which builds its inside and becomes init.  The
 * supervisor meanwhile waits for nothing: it polls the status descriptor.
 */
#ifndef CONTAINER_BUILD_H
#define CONTAINER_BUILD_H

#include "container/cgroup.h"
#include "container/inside.h"
#include "lib/error.h"
#include "policy/plan.h"

#include <sys/types.h>

struct build {
	pid_t pid;
	int pidfd;  /* owned */
	int status; /* owned; messages of the first process arrive here */
	int userns; /* owned; the container's own user namespace, or -1 */
};

#define BUILD_INIT { .pid = -1, .pidfd = -1, .status = -1, .userns = -1 }

enum build_news {
	BUILD_NOTICE, /* err->text is worth a line in the log; the building goes on */
	BUILD_READY,  /* init runs */
	BUILD_FAILED  /* err says why; the process ends by itself */
};

/* Clones the process, which has copies of plan, cgroups and cover (or NULL) of its own. */
int build_start(struct build *build, const struct plan *plan, const struct cgroups *cgroups,
    const struct inside_cover *cover, struct error *err);

/* Reads one message; to be called when status is readable. */
enum build_news build_news(struct build *build, struct error *err);

void build_free(struct build *build);

#endif
