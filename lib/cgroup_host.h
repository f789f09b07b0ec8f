/*
 * How the host's cgroup tree stands, and whose it is to set up: what a boot, or the first login
 * of a host where nothing was set up at boot, has to know.  Reads only.  cgroups(7).
 */
#ifndef LIB_CGROUP_HOST_H
#define LIB_CGROUP_HOST_H

#include "lib/error.h"
#include "lib/machine.h"

#include <stdbool.h>

#define CGROUP_HOST_MOUNT "/sys/fs/cgroup"

enum cgroup_host_kind {
	CGROUP_HOST_MISSING, /* no hierarchy is mounted, or in use anywhere: cgroup2 may be mounted */
	CGROUP_HOST_OWN,     /* cgroup2 alone, and its root is the machine's own */
	CGROUP_HOST_FOREIGN  /* not ours to set up, see why */
};

/* Texts that do not fit are cut; none of them is a user's. */
struct cgroup_host {
	enum cgroup_host_kind kind;
	const char *why;       /* with CGROUP_HOST_FOREIGN: a constant */
	char mount[256];       /* where cgroup2 is mounted, or may be */
	char options[128];     /* of the hierarchy: "nsdelegate,favordynmods" */
	char features[256];    /* the options that the kernel knows, a line each */
	char controllers[256]; /* that cgroup2 has, or would have; separated by blanks */
	char enabled[256];     /* which of them its root hands down */
};

/* -1 with err where /proc can't be read. */
int cgroup_host_read(struct cgroup_host *host, struct error *err);

/*
 * The pure parts.  judge: kind, why, mount and options from the text of /proc/self/mountinfo
 * (which is cut up on the way), and of what else there is to know.  controllers: those of
 * /proc/cgroups that no v1 hierarchy holds, under cgroup2's names.
 */
struct cgroup_host_facts {
	bool has_systemd;        /* /run/systemd/system is there, sd_booted(3) */
	const char *cgroups;     /* text of /proc/cgroups */
	const char *init_cgroup; /* text of /proc/1/cgroup */
};
void cgroup_host_judge(struct cgroup_host *host, char *mountinfo,
    const struct cgroup_host_facts *facts);
void cgroup_host_expect_controllers(struct cgroup_host *host, const char *cgroups);

/*
 * For machine_read() of a host with no hierarchy at all: where one may be mounted, its places are
 * filled as if it were, and machine->mounts_cgroup2 is set, and the options to do it with.
 */
int cgroup_host_expect(struct machine *machine, struct error *err);

/* The options that cgroup2 is mounted with here, of those that the kernel knows: "a,b", or "". */
void cgroup_host_options(const struct cgroup_host *host, char *options, unsigned long size);

#endif
