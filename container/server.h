/*
 * The supervisor of one uid: what it knows, shared by the files that make it up.
 *
 *	server.c     the event loop, and the way out
 *	request.c    a client's connection: what it wants, and the answer
 *	session.c    the processes that opened a PAM session
 *	lifecycle.c  the container: built, alive, ending, gone; adoption
 *	stay.c       how long sessions may stay, and their end
 *	notice.c     lines on the container's terminals
 *	admission.c  whether the host has room for one more container
 *	limit.c      limits that were hit
 *	strain.c     memory that is about to be used up
 *	order.c      what an administrator changes of a container that lives
 *	devices.c    the devices that it has besides the harmless ones
 *	count.c      what monitoring asks: logins, refusals, what ended containers used
 *	accounting.c who is logged in, for the host's who(1) and last(1)
 *
 * One thread, one loop over poll(2); nothing but the loop waits.
 */
#ifndef CONTAINER_SERVER_H
#define CONTAINER_SERVER_H

#include "container/accounting.h"
#include "container/build.h"
#include "container/cgroup.h"
#include "container/devices.h"
#include "container/kernel_log.h"
#include "container/live.h"
#include "container/notice.h"
#include "container/strain.h"
#include "container/terminal.h"
#include "lib/machine.h"
#include "lib/record.h"
#include "lib/stats.h"
#include "lib/subject.h"
#include "lib/wire.h"
#include "policy/door.h"
#include "policy/plan.h"
#include "policy/policy.h"

#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#define REQUESTS_MAX 256
#define SESSIONS_MAX 4096
#define NEVER INT64_MAX

enum state {
	STATE_NONE,     /* no container */
	STATE_BUILDING, /* the first process is at work */
	STATE_ALIVE,
	STATE_ENDING,   /* asked to end, or init is dead; init is not reaped yet */
	STATE_CLEARING  /* init is gone; cgroups are being emptied and removed */
};

enum request_state {
	REQUEST_NEW,     /* connected, has said nothing yet */
	REQUEST_GREETED, /* knows that we live; what it wants is still to be read */
	REQUEST_WAITING, /* a login that needs the container */
	REQUEST_JOINING, /* has its kit */
	REQUEST_ENDING,  /* wants to hear when the container is gone */
	REQUEST_ORDERED, /* has given an order that takes a while */
	REQUEST_PARTING, /* has heard that the container is gone; its connection ends when we do */
	REQUEST_DONE     /* to be swept */
};

/* An order that is being carried out, with the client or, if that is gone, without. */
struct order {
	enum wire_type type;
	char session[32];           /* WIRE_KILL: whose end it is */
	int64_t next;               /* monotonic ms: a look then */
	int64_t deadline;           /* monotonic ms: patience ends */
	struct live_report report;  /* its text is owned */
};

struct request {
	unsigned misheard;          /* times that receiving from it failed */
	enum request_state state;
	int fd;                     /* owned */
	int pidfd;                  /* owned; of the client */
	struct process_id client;
	bool leads_session;         /* the client is a session leader, setsid(2) */
	struct subject *subject;    /* owned */
	struct plan plan;           /* owned */
	char policy_path[PATH_MAX];
	struct policy policy;       /* owned; what was resolved */
	enum logout_action logout;
	unsigned grace;             /* seconds */
	bool existing_only;
	int tty;                    /* owned, or -1 */
	int filter;                 /* owned; a compiled system call filter, or -1 */
	char session[32];           /* once it has its kit */
	uint64_t accepted;          /* stats_now() */
	bool builds;                /* the container was built for it */
	enum stats_refusal at;      /* what it is at: why, were it refused now */
	struct door door;           /* what the policy says of coming in */
	bool shown;                 /* why it is refused is for the user to read */
	int64_t queued;             /* monotonic ms, since when it waits for room; 0: it does not */
	struct order order;
};

/* A limit's counter, with what keeps it from filling the log. */
struct limit_watch {
	struct cgroup_watch watch;
	int64_t quiet_until;        /* monotonic ms; not polled before */
	int64_t look_at;            /* monotonic ms, or NEVER: v1 tells of a kill before it counts it */
};

/* A process that the kernel killed for memory. */
struct victim {
	bool is_known;
	enum oom_cause cause;
	char program[32];           /* not escaped; "" not known */
	pid_t pid, inside;          /* 0: not known */
	char session[32];           /* "" not known */
};

#define VICTIM_INIT { .is_known = false, .cause = OOM_UNKNOWN }

struct session {
	int pidfd;                  /* owned; of the caller */
	int terminal;               /* owned, or -1: keeps a terminal's number */
	dev_t terminal_number;      /* of the caller's, where no rule lets the container open it; or 0 */
	struct terminal_loan loan;  /* of the caller's; lost with the supervisor, getty(8) makes it good */
	bool joined;
	const char *end;            /* how it ends, where somebody ended it; NULL: by itself */
	struct limit_watch limit[CGROUP_WATCHES_MAX];
	size_t limits;
	/* How long it may stay, in ms of CLOCK_BOOTTIME; see stay.c. */
	int64_t input;              /* last seen on its terminals, -1: it has none */
	int64_t latest;             /* when it can have been, at the latest: not over yet, it is so far */
	int64_t stamp;              /* what they said of it then: ms since the epoch */
	int64_t looked;             /* when that was looked at */
	int64_t again;              /* when to look again, or NEVER */
	const char *warned;         /* of which limit's end its terminals have been told, or NULL */
	const char *ending;         /* which limit ends it, or NULL */
	int stage;                  /* of the end: the next signal */
};

/* How long callers whose container is dead have to notice it before they are killed, too. */
#define CALLERS_MS 2000

struct server {
	uid_t uid;
	int listener;               /* owned */
	int directory;              /* owned; PLACE_RUN/UID */
	struct machine machine;
	bool served;                /* a client came */
	bool leaving;               /* a client of another version came, or it is put off: make room */
	bool is_put_off;            /* the container that is recorded; see container_adopt() */

	enum state state;
	struct record record;       /* of the container; record.session[i] belongs to session[i] */
	struct session *session;    /* owned */
	struct cgroups cgroups;
	struct build build;
	struct accounting accounting;
	struct devices devices;
	struct notice notice;
	int init;                   /* owned; pidfd, while ALIVE and ENDING */
	int userns;                 /* owned; the container's own user namespace, or -1: the host's */
	int admission;              /* owned; holds the lock of all who promise memory, or -1 */
	int rest;                   /* owned; pidfd of one process that is left, or -1 */
	int64_t started;            /* monotonic ms, of the building */
	int64_t deadline;           /* monotonic ms, of the present state, or NEVER */
	bool killed;                /* STATE_ENDING: init was sent SIGKILL; at the deadline once more */
	const char *reason;         /* why it ends, for the log */
	bool place_added;           /* kits that are under way don't know one of the cgroups */
	struct limit_watch limit[CGROUP_WATCHES_MAX];
	size_t limits;
	struct kernel_log kernel_log;
	struct victim victim;       /* whom the kernel's log named last, until it is told */
	struct strain strain;

	struct stats_page *stats;   /* owned, or NULL: nothing counted yet, or */
	bool stats_failed;          /* it can't be */

	struct request *request[REQUESTS_MAX]; /* each is owned */
	size_t requests;
};

/* server.c */
int64_t server_now(void);    /* CLOCK_MONOTONIC, ms */
int64_t server_uptime(void); /* CLOCK_BOOTTIME, ms: the same to every supervisor, and while suspended */
int server_run(struct server *server, struct error *err);

/* request.c */
void request_accept(struct server *server);           /* all who have connected */
void request_ready(struct server *server, struct request *request);
void request_step(struct server *server);             /* hears one of those that wait for it */
/* A client that has a kit may have told how its join went, and be gone: reads that. */
void request_hear(struct server *server, const char *session);
void request_serve_waiting(struct server *server);   /* the container is alive: give kits */
void request_refuse(struct server *server, struct request *request, const struct error *err);
void request_refuse_waiting(struct server *server, const struct error *err);
void request_tell_ended(struct server *server);      /* the container is gone */
void request_sweep(struct server *server);           /* forget those that are done */
bool request_is_any(const struct server *server, enum request_state state);
bool request_is_any_but(const struct server *server, enum request_state state);
void request_answer(struct request *request, enum wire_type type, const char *text);

/* session.c */
int session_open(struct server *server, struct request *request, struct error *err);
void session_joined(struct server *server, const char *id);
void session_close(struct server *server, size_t index, const char *how);
void session_close_all(struct server *server, const char *how);
size_t session_find(const struct server *server, const char *id); /* SIZE_MAX: none */

/*
 * adopt.c: what a predecessor left, at the start.  Where it can't be told what that is, it is put off: this
 * process leaves, and its successor looks again.  by_force: dissolve it all the same.
 */
void container_adopt(struct server *server, bool by_force);

/* lifecycle.c */
void container_set_state(struct server *server, enum state state, int64_t deadline);
void container_forget(struct server *server);        /* its cgroups must be gone, or be nobody's */
void container_build(struct server *server, struct request *request);
void container_build_news(struct server *server);
void container_init_died(struct server *server);
void container_end(struct server *server, const char *reason, bool at_once);
void container_step(struct server *server);          /* after events and at deadlines */
int container_save(struct server *server, struct error *err);
/* The cgroups, of which so many were known before, in the record for container_save(). */
void container_note_places(struct server *server, size_t known);
void container_note_place(struct server *server, size_t index, const char *directory); /* before it is one */

/* order.c */
void order_begin(struct server *server, struct request *request, const void *packet, long length);
void order_step(struct server *server);              /* after events and when it is time */
int64_t order_next(const struct server *server);     /* monotonic ms, or NEVER */
void order_catch_up(struct server *server);          /* a login came in by an older kit */

/* count.c */
void count_refused(struct server *server, const struct request *request);
void count_exempt(struct server *server, const struct request *request);
void count_joined(struct server *server, const struct request *request, uint64_t module_usec);
void count_ended(struct server *server, const struct usage *usage); /* before its cgroups go */

/* admission.c */
/*
 * Whether a container may be built for this login now.  True: yes, and until admission_end() no
 * other supervisor decides.  False: the login is refused, or is to be asked for again at
 * server->deadline.
 */
bool admission_pass(struct server *server, struct request *request);
void admission_end(struct server *server); /* its cgroups are there, or will not be */

/* stay.c */
void stay_begin(struct server *server, size_t index); /* a session has been opened, or adopted */
int64_t stay_until(const struct server *server);      /* monotonic ms: when to step, or NEVER */
void stay_step(struct server *server);

/* limit.c */
void limit_open(struct limit_watch *limit, size_t *count, const struct cgroups *cgroups,
    const char *session);
void limit_ready(struct server *server, struct limit_watch *limit, const char *session);
void limit_look(struct server *server, struct limit_watch *limit, size_t count,
    const char *session);
void limit_look_at_forks(struct server *server);     /* soon, whether it was told or not */
int64_t limit_until(const struct limit_watch *limit); /* monotonic ms: when to look, or NEVER */
void limit_hear(struct server *server);              /* the kernel's log has news */
void limit_close(struct server *server, struct limit_watch *limit, size_t *count,
    const char *session); /* a last look, then gone */
/* A limit for the log: a number, or "none". */
const char *limit_text(uint64_t limit, char *buffer, size_t size);

#endif
