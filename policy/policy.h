/*
 * text -> struct policy.  Pure but for policy_load(), which opens the files; needs no root.
 * Three passes: parse (lines -> sections, each value judged on its own), check (what only
 * the whole shows), resolve (one subject on one machine).
 *
 * Sections apply in this order, later ones win, lists are replaced as a whole:
 *	[default], [group NAME] (in file order), [user NAME], [service NAME]
 * [host] holds what is the machine's own, [slice NAME] a budget that several users share.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "lib/error.h"
#include "lib/machine.h"
#include "lib/subject.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define POLICY_DEFAULT_PATH "/etc/pam_ctr.conf"

struct policy_text; /* the files, parsed and checked; nothing of one user's yet */

/* Where a value came from; file is NULL for a built-in default. */
struct origin {
	const char *file; /* owned by the policy_text */
	unsigned line;
};

struct text_list {
	char **item; /* owned, as is each string */
	size_t count;
};

/* What the keys from userns to network are where no line sets them; the table is in key.c. */
enum profile {
	PROFILE_SHARED,  /* the host's root in the host's user namespace: a bounded login */
	PROFILE_SEALED,  /* no privilege can be gained, the host's root is read-only */
	PROFILE_MACHINE  /* root inside, over an overlay of one's own */
};

enum userns_kind {
	USERNS_HOST,
	USERNS_PRIVATE /* one's own ids are themselves, all others subordinate ones */
};

enum root_kind {
	ROOT_HOST,      /* as it is */
	ROOT_READ_ONLY, /* the host's, id-mapped, read-only */
	ROOT_OVERLAY,   /* lower: the host's or root_base, upper: kept under /var/lib/pam_ctr */
	ROOT_EPHEMERAL  /* the same, the upper on a tmpfs that goes with the container */
};

enum network_kind {
	NETWORK_HOST,
	NETWORK_PRIVATE
};

enum home_kind {
	HOME_OVERLAY,   /* lower: the real home, upper: kept under /var/lib/pam_ctr */
	HOME_EPHEMERAL, /* the same, the upper on a tmpfs that goes with the container */
	HOME_TEMPLATE,  /* lower: home_template, upper: kept */
	HOME_HOST       /* the real home itself */
};

enum logout_action {
	LOGOUT_KEEP, /* ends when the last session is gone and no process of the user's is left */
	LOGOUT_KILL  /* ends with the last session */
};

/* The limits of a process, in the order of rlimits.def; setrlimit(2). */
enum limited {
#define LIMITED(id, name, resource, unit, least) LIMITED_##id,
#include "policy/rlimits.def"
#undef LIMITED
	LIMITED_COUNT
};

enum core_dumps {
	CORE_DUMPS_FILE, /* where the host's core_pattern makes files; else none */
	CORE_DUMPS_NONE
};

enum scheduler_kind {
	SCHEDULER_NONE, /* as the caller has it */
	SCHEDULER_OTHER,
	SCHEDULER_BATCH,
	SCHEDULER_IDLE
};

enum no_new_privs {
	NO_NEW_PRIVS_AUTO, /* where setuid programs do not count anyway */
	NO_NEW_PRIVS_YES,
	NO_NEW_PRIVS_NO
};

enum cpu_view {
	CPU_VIEW_SHARE,  /* as many CPUs as cpu.max gives */
	CPU_VIEW_MACHINE
};

enum lxcfs_use {
	LXCFS_AUTO, /* where it is mounted */
	LXCFS_NO
};

/* What becomes of a login that needs a new container where the host's memory is promised away. */
enum admission {
	ADMISSION_NONE,   /* nobody looks */
	ADMISSION_REFUSE,
	ADMISSION_QUEUE   /* waits a moment, then is refused */
};

/* The limits, in the order of limits.def; the kernel's cgroup v2 names are their names. */
enum limit {
#define LIMIT(id, name, controller, type) LIMIT_##id,
#include "policy/limits.def"
#undef LIMIT
	LIMIT_COUNT
};

/*
 * A limit's value is the text that the v2 file takes ("268435456", "150000 100000", "max"),
 * human units and percentages already worked out for this machine; NULL: not set.  Bytes
 * are multiples of 64 KiB, a page of any machine, so that they read back as written.
 * cpuset.cpus is as the kernel prints it.  io.max may hold several lines, one a device,
 * separated by '\n', each "DEVICE rbps=.. wbps=.. riops=.. wiops=.." (only those that were
 * given, in this order); DEVICE is "MAJ:MIN" or an absolute path that whoever writes the
 * limit has to translate by stat(2).
 */
struct limits {
	char *value[LIMIT_COUNT];          /* owned */
	struct origin origin[LIMIT_COUNT];
};

/* The keys that are not limits, in the order of keys.def. */
enum policy_key {
#define KEY(id, name, place, type, field, builtin) POLICY_KEY_##id,
#include "policy/keys.def"
#undef KEY
	POLICY_KEY_COUNT
};

/*
 * Exempt: nothing but exempt, exempt_names and their origin is filled; an exempt login must
 * not fail over what it does not use.
 */
struct policy {
	bool exempt;                 /* uid 0, or named by the key exempt: not contained */
	struct text_list exempt_names; /* users and @groups, as written */

	char *cgroup;                /* name of the cgroup all containers live under */
	bool share_mounts;           /* make the host's mounts shared where they are private */
	char *contact;               /* whom a refused user is to ask; NULL: not said */
	enum admission admission;
	uint64_t admission_committed; /* bytes that containers may be promised together; 0: any */
	uint64_t admission_available; /* bytes that must be free; 0: any */
	uint64_t admission_wait;     /* seconds */
	struct limits host_limits;   /* for the sum of all containers */

	char *slice;                 /* NULL: none */
	struct limits slice_limits;
	struct limits limits;        /* the user's own */

	enum profile profile;
	enum userns_kind userns;
	enum root_kind root;
	char *root_base;             /* of an overlay or ephemeral root; NULL: the host's tree */
	uint64_t root_size;          /* bytes, of the upper; 0: no limit, of an overlay alone */
	struct text_list run;        /* below the host's /run, shown inside where they are there */
	bool setuid;                 /* setuid programs and file capabilities count inside */
	bool sudo;                   /* root inside, by sudo without a password */
	bool nesting;                /* user namespaces can be made inside */
	enum network_kind network;
	char *seccomp;               /* the name of a system call filter; NULL: none */

	char *hostname;              /* %u and %h already replaced */
	enum home_kind home;
	char *home_template;         /* only with HOME_TEMPLATE */
	uint64_t home_size;          /* bytes, of the upper; 0: no limit, of a kept one alone */
	struct text_list home_passthrough; /* relative to the home */
	uint64_t tmp_size;           /* bytes; /tmp and /var/tmp have this much each */
	uint64_t shm_size;           /* bytes, /dev/shm */
	uint64_t runtime_size;       /* bytes, /run/user/UID */
	uint64_t pts_max;            /* pseudo terminals */
	struct text_list read_only;  /* absolute paths; a leading '-': may be missing */
	struct text_list hidden;
	struct text_list writable;
	struct text_list tmpfs;      /* "path" or "path:size", size already in bytes */
	struct text_list bind;       /* "source:target" or "source:target:ro" */
	struct text_list devices;    /* rules for this login, see device_rule.h */
	enum logout_action logout;
	uint64_t grace;              /* seconds between SIGTERM and SIGKILL */

	bool banner;                 /* an interactive login is shown limits and use */
	char *nologin;               /* why nobody may log in now; NULL: they may */
	uint64_t max_sessions;       /* 0: any number */
	uint64_t session_time;       /* seconds; 0: for ever */
	uint64_t idle_timeout;       /* seconds; 0: never */

	uint64_t capabilities;       /* the bounding set, a bit each */
	uint64_t inheritable;        /* for programs whose files have them inheritable */
	uint64_t ambient;            /* what the user's programs have by themselves */
	enum no_new_privs no_new_privs;
	struct text_list securebits; /* words of prctl(2)'s bits */
	char *rlimit[LIMITED_COUNT]; /* "SOFT:HARD" each; NULL: as the caller has it */
	enum core_dumps core_dumps;
	char *umask;                 /* octal; NULL here and below: as the caller has it */
	char *nice;
	enum scheduler_kind scheduler;
	char *timer_slack;           /* nanoseconds */
	bool session_keyring;        /* a new one for each login */
	enum cpu_view cpu_view;
	enum lxcfs_use lxcfs;

	bool cpus_shared;            /* limits' cpuset.cpus follows from cpu.max, as cpu_view has it */

	struct origin origin[POLICY_KEY_COUNT];
};

/*
 * All faults of a policy, each "file:line: key: reason"; after the first hundred only a line
 * that says so.
 */
struct policy_faults {
	char **item; /* owned */
	size_t count;
};

#define POLICY_FAULTS_INIT { .item = NULL, .count = 0 }

/*
 * Opens path and path.d/ *.conf (sorted by name), parses and checks all of them.
 * trusted: each file must be a regular file of root's, not writable by others, below
 * 1 MiB, in directories of which the same holds (policy files grant rights); false for
 * "ctrctl check COPY".  Returns NULL with faults filled (at least one; err names the first)
 * when anything is wrong.  faults must be POLICY_FAULTS_INIT or freed, and is the caller's;
 * NULL: only err is wanted.  The result is the caller's, policy_text_free().
 */
struct policy_text *policy_load(const char *path, bool trusted, struct policy_faults *faults,
    struct error *err);

/*
 * The same with one more drop-in of this name, or with content in place of the one that is
 * there: what the policy would be, before anything is written.
 */
struct policy_text *policy_load_with(const char *path, bool trusted, const char *name,
    const char *content, struct policy_faults *faults, struct error *err);

/*
 * Whether the key exempt names subject, in files that may be at fault elsewhere: a typo must
 * not lock out those who are to mend it.  The files must be trusted all the same.
 */
bool policy_exempts(const char *path, const struct subject *subject,
    const struct machine *machine);

/* The same from memory: tests and fuzzers.  name stands in messages for the file. */
struct policy_text *policy_parse(const char *name, const char *text, size_t length,
    struct policy_faults *faults, struct error *err);

/*
 * Calls each with all that text says of a key: first the built-in value, if it has one, with
 * origin NULL, then each line's, in the order of the text, as it is written.
 */
void policy_each_value(const struct policy_text *text, enum policy_key key,
    void (*each)(const char *value, const struct origin *origin, void *context), void *context);

/*
 * The values that this machine cannot have (a CPU, a capability that it lacks), whoever they are
 * for: -1 with faults filled, which must be POLICY_FAULTS_INIT and are the caller's.  Sections are
 * judged for a subject that has a place in none of them.
 */
int policy_check_machine(const struct policy_text *text, const struct subject *subject,
    const struct machine *machine, struct policy_faults *faults);

/*
 * The policy of one subject on one machine; subject->service decides which [service NAME]
 * applies.  policy must be POLICY_INIT or freed; it is the caller's, and empty on failure
 * (a value that this machine cannot have: a CPU that is not there, a hostname too long; or
 * sections of which each is right and whose values make no sense together).
 * Its origins point into text, which must outlive it.
 */
int policy_resolve(const struct policy_text *text, const struct subject *subject,
    const struct machine *machine, struct policy *policy, struct error *err);

/*
 * Prints every key, its value, and the file:line it came from ("built in" for a default).
 * What is printed is itself a policy file, which resolves to the same policy.
 */
void policy_explain(const struct policy_text *text, const struct policy *policy, FILE *out);

void policy_free(struct policy *policy);
void policy_text_free(struct policy_text *text);
void policy_faults_free(struct policy_faults *faults);

/* The limit's name ("memory.max") and the controller it belongs to. */
const char *limit_name(enum limit limit);
enum controller limit_controller(enum limit limit);

#define POLICY_INIT { .exempt = false }

#endif
