/*
 * struct policy -> struct plan.  A plan is data: the list of steps that builds one user's
 * container, in the order in which they are run.  Whoever runs it takes no decision; what
 * "ctrctl plan USER" prints is what is built.  Pure: plan_build() asks the machine nothing.
 */
#ifndef POLICY_PLAN_H
#define POLICY_PLAN_H

#include "policy/policy.h"

/* Who runs a step, and when. */
enum phase {
	PHASE_HOST,    /* the supervisor, on the host, before the container is there */
	PHASE_CLONE,   /* the clone of the container's first process */
	PHASE_INSIDE,  /* that process, in its own namespaces, before it becomes init */
	PHASE_SESSION  /* at each login: the supervisor makes it, the caller enters it */
};

enum step_kind {
	/* cgroups; target is an absolute directory or file of a cgroup file system */
	STEP_CGROUP_MAKE,      /* mkdir target; existing is fine; copies cpuset's inherited masks on v1 */
	STEP_CGROUP_VACATE,    /* processes of the cgroup target move to value, a cgroup in it */
	STEP_CGROUP_ENABLE,    /* write value ("+pids +memory") to the subtree_control target */
	STEP_CGROUP_SET,       /* write value to target (source, if there is none), read back */
	STEP_CGROUP_ENTER,     /* the process goes into the cgroup target */
	STEP_CGROUP_DELEGATE,  /* target is uid's and gid's to make cgroups in; its limits are not */
	STEP_CGROUP_MOUNT,     /* mount cgroup2 (source) on target with the options value, unless it is */
	STEP_CGROUP_OPTIONS,   /* give the cgroup2 on target the options value, all of them */
	STEP_DEVICE_LIST,      /* what processes of target may open: value, lines as of v1's devices.allow */

	/* the host */
	STEP_DEVICES,          /* value: rules of which devices are uid's and gid's besides, a line each */
	STEP_SHARE,            /* make the host's private mounts shared, so that later ones arrive */

	/* namespaces */
	STEP_NAMESPACES,       /* clone with flags (CLONE_NEW*) */
	STEP_USER_NAMESPACE,   /* a private one: source: uid_map, value: gid_map, flags: CLONE_NEW* that
	                        * it owns; uid, gid: what root inside is outside; STEP_F_NESTING */
	STEP_LOOPBACK,         /* the loopback interface goes up */
	STEP_CGROUP_NAMESPACE, /* unshare the cgroup namespace, once in the cgroups */
	STEP_HOSTNAME,         /* sethostname(value) */

	/* mounts; all in the container's own mount namespace */
	STEP_SLAVE,            /* mount --make-rslave /: host to container, never back */
	STEP_ROOT,             /* a root of its own: root, source (base, NULL: the host's), value (upper),
	                        * size; uid, gid, groups: who reads the host's; STEP_F_NOSUID; targets are looked up in it from then on */
	STEP_ACCOUNT,          /* source, value: passwd(5) and group(5) lines that the root is to have */
	STEP_PIVOT,            /* what is not below the own root goes */
	STEP_PROC,             /* a new procfs on target; every other procfs is detached */
	STEP_MASK,             /* cover target: file with /dev/null, directory with an empty one */
	STEP_DEV,              /* tmpfs on target with the standard nodes and links */
	STEP_DEVPTS,           /* new devpts instance on target, at most size terminals */
	STEP_TMPFS,            /* tmpfs on target: size, mode, uid, gid */
	STEP_DIRECTORY,        /* mkdir target, on a tmpfs of ours or (PHASE_HOST) the host: mode, uid, gid */
	STEP_READ_ONLY,        /* target, with what is mounted below, read-only */
	STEP_WRITABLE,         /* target writable again below a read-only one */
	STEP_BIND,             /* source on target; STEP_F_READ_ONLY */
	STEP_HIDE,             /* an empty directory or file over target */
	STEP_HOME,             /* the home on target: home, source (lower), value (upper), size */
	STEP_PASSTHROUGH,      /* source, below the real home, on target in the new one */
	STEP_MARK,             /* target shows that this is the inside: see lib/mark.h */

	/* what a session gets along */
	STEP_RLIMIT,           /* target's limit (number: RLIMIT_*) is value: limit[] */
	STEP_UMASK,            /* mode */
	STEP_NICE,             /* number */
	STEP_SCHEDULER,        /* number: SCHED_*, value: its name */
	STEP_TIMER_SLACK,      /* limit[0] nanoseconds, value */
	STEP_KEYRING,          /* a session keyring of uid's */
	STEP_BOUNDING,         /* the bounding set that it keeps: capabilities */
	STEP_SECUREBITS,       /* number, value: their names */
	STEP_INHERITABLE,      /* capabilities */
	STEP_AMBIENT,          /* capabilities */
	STEP_NO_NEW_PRIVS,
	STEP_SECCOMP,          /* the filter value, after all other steps; STEP_F_NESTING */
	STEP_ENVIRONMENT       /* value: NAME=value, or NAME, which is unset */
};

enum step_flags {
	STEP_F_OPTIONAL = 1 << 0,  /* a target that does not exist is passed over */
	STEP_F_READ_ONLY = 1 << 1,
	STEP_F_NOEXEC = 1 << 2,
	STEP_F_FRESH = 1 << 3, /* STEP_CGROUP_MAKE: the container's own; made anew if left over */
	STEP_F_NOSUID = 1 << 4,
	STEP_F_SUDO = 1 << 5,  /* STEP_ROOT: uid may become root inside without a password */
	STEP_F_NESTING = 1 << 6, /* user namespaces may be made by the user */
	STEP_F_ANSWERS = 1 << 7 /* STEP_BIND: passed over, and told, where the source's server is dead */
};

struct step {
	enum phase phase;
	enum step_kind kind;
	enum controller controller; /* STEP_CGROUP_* on v1; CONTROLLER_COUNT for cgroup2 */
	char *target;               /* owned; NULL where the kind has none */
	char *source;               /* owned */
	char *value;                /* owned */
	uint64_t size;              /* bytes; terminals for STEP_DEVPTS */
	uint64_t capabilities;
	uint64_t limit[2];          /* STEP_RLIMIT: soft and hard */
	int number;                 /* what the kernel calls it, or the value */
	unsigned flags;             /* enum step_flags; CLONE_NEW* for STEP_NAMESPACES */
	unsigned mode;              /* permission bits */
	uid_t uid;
	gid_t gid;
	char *groups;               /* owned; STEP_ROOT: the user's gids, a blank between two */
	enum home_kind home;
	enum root_kind root;
	const char *because;        /* static: why it is done, and why here */
};

struct plan {
	struct step *step; /* owned */
	size_t count;
};

#define PLAN_INIT { .step = NULL, .count = 0 }

/*
 * Where things are kept; tests have their own.
 *	run: /run/pam_ctr, lib: /var/lib/pam_ctr, policy_cgroup see struct policy
 */
struct plan_places {
	const char *run;
	const char *lib;
};

/*
 * Builds the plan of subject's container under policy on machine.  Fails where the machine
 * lacks what the policy asks for (a controller that nobody mounted, a limit that v1 does
 * not know).  plan must be PLAN_INIT or freed; it is the caller's.
 */
int plan_build(const struct policy *policy, const struct subject *subject,
    const struct machine *machine, const struct plan_places *places, struct plan *plan,
    struct error *err);

/* Appends a step that the plan then owns; -1 with errno ENOMEM.  For plan_build's parts. */
int plan_add(struct plan *plan, struct step step, struct error *err);

/*
 * The cgroup part of the plan (policy/plan_cgroups.c), appended in two goes: plan_cgroups()
 * all but the sessions' (PHASE_HOST; STEP_CGROUP_ENTER of cgroup2 in PHASE_CLONE, of v1 in
 * PHASE_INSIDE: to be called before the other steps of these phases), plan_cgroups_session()
 * the PHASE_SESSION steps.  Layout, below each controller's root:
 *	<cgroup>/                      the sum of all containers (host_limits)
 *	<cgroup>/<slice>.slice/        if the user has a slice (slice_limits)
 *	<cgroup>/.../<uid>/            the container (limits); init lives here
 *	<cgroup>/.../<uid>/session/    template of a session's leaf: the supervisor replaces the
 *	                               last name by the session's id.  On v1 only below pids.
 * Where the user may nest (and pids is on cgroup2), <uid>/ is the user's to make cgroups in,
 * all controllers are handed down there, and init and sessions are one level below:
 *	<cgroup>/.../<uid>/login/, <cgroup>/.../<uid>/login/session/
 * pids.max: the leaf has the limit, the container PIDS_RESERVE more, so that a login finds
 * room beside a session that used it all.
 */
#define PIDS_RESERVE 32
#define CGROUP_LOGIN "login"
/* What is in no container, where the cgroup that all is below has processes of its own. */
#define CGROUP_HOST "pam_ctr-host"
int plan_cgroups(const struct policy *policy, const struct subject *subject,
    const struct machine *machine, struct plan *plan, struct error *err);

/*
 * The same for a container that lives and has the policy before: its directories are made where
 * there is none, but not anew, limits that are no more are opened.  With_shared: also the limits
 * of the host and of the slice, which others live under.  Whose directories come new has to be
 * moved into them.
 */
int plan_cgroups_live(const struct policy *before, const struct policy *policy,
    const struct subject *subject, const struct machine *machine, bool with_shared,
    struct plan *plan, struct error *err);

int plan_cgroups_session(const struct policy *policy, const struct subject *subject,
    const struct machine *machine, struct plan *plan, struct error *err);

/* The PHASE_INSIDE steps that come after the cgroup namespace, where the user may nest. */
int plan_cgroups_inside(const struct policy *policy, const struct subject *subject,
    const struct machine *machine, struct plan *plan, struct error *err);

/*
 * The container's cgroup directories of the plan, without the session's leaf, for whoever
 * looks at use or removes them: calls each(directory, controller, context).
 */
void plan_each_cgroup(const struct plan *plan,
    void (*each)(const char *directory, enum controller controller, void *context), void *context);

/* What root inside is outside, as the plan's user namespace has it; 0 without one. */
void plan_root_ids(const struct plan *plan, uid_t *uid, gid_t *gid);

/* Prints one line a step: phase, kind, its fields, "# because". */
void plan_print(const struct plan *plan, FILE *out);

void plan_free(struct plan *plan);

const char *step_kind_name(enum step_kind kind);

#endif
