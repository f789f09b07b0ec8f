/*
 * What a PAM caller (or ctrctl) and a supervisor say to each other over the supervisor's
 * SOCK_SEQPACKET socket, unix(7).  Both ends are root's; the supervisor still checks
 * SO_PEERCRED, and every field is bounded here.  One packet, one message.
 *
 * Whatever is asked, the first answer is WIRE_WAIT, at once, before anything is looked at: it lives.
 *
 *	client                               supervisor
 *	WIRE_OPEN + subject          ->
 *	                             <-      WIRE_KIT + fds | WIRE_EXEMPT | WIRE_REFUSED | WIRE_AGAIN
 *	WIRE_JOINED | WIRE_FAILED    ->      (then both close; JOINED with the time it took)
 *
 *	WIRE_END                     ->      (ctrctl kill)
 *	                             <-      WIRE_ENDED when nothing is left
 *
 *	WIRE_ADOPT                   ->      (ctrctl gc)
 *	                             <-      WIRE_ENDED when what was recorded is adopted or gone
 *
 *	WIRE_KILL, WIRE_FREEZE, ...  ->      (an order: ctrctl kill --session, freeze, thaw, set, reload)
 *	                             <-      WIRE_DONE + report | WIRE_REFUSED | WIRE_NOBODY
 *
 * After WIRE_ENDED the connection's end says that the supervisor has left, and its directory is gone; where it stays,
 * since somebody else has come, it closes at once.
 *
 * WIRE_AGAIN: this supervisor is leaving (or is of another version): connect anew.
 */
#ifndef LIB_WIRE_H
#define LIB_WIRE_H

#include "lib/error.h"
#include "lib/subject.h"

#include <stdint.h>

#define WIRE_VERSION 4
#define WIRE_PACKET_MAX 65536
#define WIRE_CGROUPS_MAX 8

enum wire_type {
	WIRE_OPEN = 1,
	WIRE_END,
	WIRE_ADOPT,
	WIRE_JOINED,
	WIRE_FAILED,
	WIRE_KILL,   /* text: the id of a session, which ends */
	WIRE_FREEZE,
	WIRE_THAW,
	WIRE_SET,    /* text: "KEY=VALUE" lines */
	WIRE_RELOAD, /* as WIRE_OPEN: the subject as it is now */
	WIRE_WAIT = 64,
	WIRE_KIT,
	WIRE_EXEMPT,
	WIRE_REFUSED,
	WIRE_AGAIN,
	WIRE_ENDED,
	WIRE_DONE,   /* text: what an order has changed */
	WIRE_NOBODY  /* an order, and there is no container */
};

/* Every message starts with this. */
struct wire_head {
	uint32_t version; /* WIRE_VERSION */
	uint32_t type;    /* enum wire_type */
};

enum wire_order_flags {
	WIRE_ORDER_KEEP = 1 << 0,   /* WIRE_SET: the policy's files say so, too */
	WIRE_ORDER_DRY_RUN = 1 << 1 /* WIRE_RELOAD: tell what would be done */
};

#define WIRE_TEXT_MAX 32768 /* of an order or a report, with its NUL */

enum wire_open_flags {
	WIRE_OPEN_EXISTING = 1 << 0, /* join a container that lives, never build one (ctrctl enter) */
	WIRE_OPEN_TTY = 1 << 1       /* one descriptor comes along: the login's terminal */
};

/* By the kernel's numbers; Linux has 16 of them, getrlimit(2). */
#define WIRE_RLIMITS 16

enum wire_process_flags {
	WIRE_PROCESS_NICE = 1 << 0,
	WIRE_PROCESS_UMASK = 1 << 1,
	WIRE_PROCESS_SCHEDULER = 1 << 2,
	WIRE_PROCESS_TIMER_SLACK = 1 << 3,
	WIRE_PROCESS_KEYRING = 1 << 4,
	WIRE_PROCESS_NO_NEW_PRIVS = 1 << 5
};

/* What a session's processes are besides contained; only what flags and rlimits name is touched. */
struct wire_process {
	uint64_t inheritable;     /* capabilities; the ambient ones are among them */
	uint64_t ambient;
	uint64_t rlimit[WIRE_RLIMITS][2]; /* soft, hard; UINT64_MAX: unlimited */
	uint64_t timer_slack;     /* nanoseconds */
	uint32_t rlimits;         /* a bit for each that is set */
	uint32_t flags;           /* enum wire_process_flags */
	uint32_t securebits;      /* added to the caller's */
	uint32_t umask;
	uint32_t scheduler;       /* SCHED_* */
	int32_t nice;
	uint32_t uid;             /* the user's: owns the keyring, has the ambient set */
	uint32_t reserved;
};

/* The answer that lets a caller join: fixed size, nothing to parse inside sshd. */
struct wire_kit {
	struct wire_head head;    /* WIRE_KIT */
	uint32_t namespaces;      /* CLONE_NEW* for the one setns(2) on the pidfd */
	uint32_t cgroups;         /* descriptors at the end; each takes "0" */
	uint32_t private_ids;     /* 1: a user namespace comes along, whose root the caller becomes */
	uint32_t filter;          /* 1: a compiled system call filter comes along, lib/filter_entry.h */
	uint64_t bounding;        /* capabilities the session keeps */
	uint64_t mark[2];         /* inodes of the container's mount and PID namespaces, lib/mark.h */
	struct wire_process process;
	char session[32];         /* id, for logs */
	char environment[8][256]; /* "NAME=value", "NAME" to unset it, "" ends */
	char banner[512];         /* for an interactive login to be shown, lines without a control byte; "" none */
	/* descriptors: pidfd of init, the user namespace and the filter if there are, cgroup files for writing */
};

/* WIRE_JOINED; an older client's is a wire_text, which does not tell. */
struct wire_joined {
	struct wire_head head;
	uint64_t usec;            /* what all of it took the caller; 0: not told */
};

/* WIRE_REFUSED, WIRE_FAILED: why.  show: to the user, too (1), or only in the log (0). */
struct wire_text {
	struct wire_head head;
	uint32_t show;
	char text[512];
	char contact[256]; /* whom a refused user is to ask; "": not said */
};

/*
 * Packs a WIRE_OPEN (policy_path: the policy file to use) into buffer.  Returns its length,
 * or -1 with err if the subject does not fit.
 */
long wire_pack_open(void *buffer, unsigned long size, const struct subject *subject,
    const char *policy_path, uint32_t flags, struct error *err);

/* The time that a WIRE_JOINED of this length tells; 0: none, or one that nobody waited. */
uint64_t wire_joined_usec(const void *packet, unsigned long length);

/* The same, as the order to look at the policy again. */
long wire_pack_reload(void *buffer, unsigned long size, const struct subject *subject,
    const char *policy_path, uint32_t flags, struct error *err);

/* What the supervisor makes of either; the subject and policy_path (4096 bytes) are filled. */
int wire_unpack_open(const void *packet, unsigned long length, struct subject *subject,
    char *policy_path, uint32_t *flags, struct error *err);

/*
 * An order, or the WIRE_DONE that answers one: flags (enum wire_order_flags) and a text of less
 * than WIRE_TEXT_MAX bytes.  Packing returns the length, or -1 with err.
 */
long wire_pack_order(void *buffer, unsigned long size, enum wire_type type, uint32_t flags,
    const char *text, struct error *err);
int wire_unpack_order(const void *packet, unsigned long length, uint32_t *flags, char *text,
    unsigned long size, struct error *err);

/*
 * Sends one packet with up to 16 descriptors, not blocking, MSG_NOSIGNAL.  sendmsg(2).
 * Returns 0, or -1 with err (EAGAIN: the peer does not read).
 */
int wire_send(int socket, const void *packet, unsigned long length, const int *fds,
    unsigned fds_count, struct error *err);

/*
 * Receives one packet, not blocking.  Descriptors arrive O_CLOEXEC; *fds_count is the room
 * on entry, the number on return; more than there is room for is an error, and none is kept.
 * Returns the length, 0 at end of file, -1 with err (EAGAIN: nothing there yet).
 */
long wire_receive(int socket, void *packet, unsigned long size, int *fds, unsigned *fds_count,
    struct error *err);

/* The same after waiting up to *timeout_ms (lowered by the time it took); ETIMEDOUT. */
long wire_await(int socket, void *packet, unsigned long size, int *fds, unsigned *fds_count,
    int *timeout_ms, struct error *err);

#endif
