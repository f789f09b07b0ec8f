/*
 * The supervisor's half clones; the other half is the container's first process: root in new
 * namespaces, until it executes init.  It opens init before the host is covered, and tells
 * what went wrong over one socket; if the supervisor dies meanwhile, it ends too, since init
 * cannot report ready.
 */
#include "container/build.h"

#include "container/idmap.h"
#include "container/inside.h"
#include "container/userns.h"
#include "lib/own.h"
#include "lib/places.h"
#include "lib/sys.h"
#include "lib/text.h"

#include <grp.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/socket.h>

#define STATUS_FD 3
#define READY 'R'

/* One packet.  init's is one byte, READY. */
struct message {
	char kind;
	struct error error;
};

static const char message_notice = 'N';
static const char message_failed = 'F';

static void
tell(int status, char kind, const struct error *error)
{
	struct message message = { .kind = kind, .error = *error };

	/* Who should hear it is gone if this fails; the process ends either way. */
	(void)send(status, &message, sizeof(message), MSG_NOSIGNAL);
}

static void
tell_notice(const char *text, void *context)
{
	struct error error = ERROR_INIT;

	(void)error_set(&error, 0, "%s", text);
	tell(*(int *)context, message_notice, &error);
}

/* Nothing of the login program that happened to start us shall show in PID 1. */
static int
become_neutral(struct error *err)
{
	static const struct rlimit no_core = { 0, 0 };
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	if (setgroups(0, NULL) < 0)
		return error_set(err, errno, "drop the supplementary groups");
	if (setsid() < 0)
		return error_set(err, errno, "make a session");
	if (setrlimit(RLIMIT_CORE, &no_core) < 0)
		return error_set(err, errno, "forbid core dumps");
	/*
	 * With init the whole container dies, so the out-of-memory killer should take anything
	 * else.  Going below one's own score needs CAP_SYS_RESOURCE; without it init is still the
	 * smallest process there is.
	 */
	autofd int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (score >= 0)
		(void)!write(score, "-1000", 5);
	return 0;
}

static unsigned
namespace_flags(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->step[i].kind == STEP_NAMESPACES)
			return plan->step[i].flags;
	return 0;
}

/* What the supervisor makes for the first process, since it is named by pids of the host's. */
struct ids {
	struct userns own;   /* with the namespaces that it owns */
	int template;        /* owned; root's as the user's; or -1 */
	uid_t root_uid;
	gid_t root_gid;
};

#define IDS_INIT { .own = USERNS_INIT, .template = -1 }

static void
ids_free(struct ids *ids)
{
	userns_free(&ids->own);
	own_close(&ids->template);
}

static int
make_own(const struct step *step, struct ids *ids, struct error *err)
{
	struct userns_request request = {
		.uid_map = step->source, .gid_map = step->value,
		.flags = step->flags & (CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET),
		.nesting = step->flags & STEP_F_NESTING,
		.owner = userns_owner(step->uid),
	};

	if (!step->source || !step->value)
		return error_set(err, 0, "the user has no subordinate ids");
	ids->root_uid = step->uid;
	ids->root_gid = step->gid;
	if (userns_make(&request, &ids->own, err) < 0)
		return -1;
	if (request.owner == 0)
		ids->own.owner_errnum = ERANGE;
	return 0;
}

static int
make_ids(const struct plan *plan, struct ids *ids, struct error *err)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->step[i];
		if (step->kind == STEP_USER_NAMESPACE && make_own(step, ids, err) < 0)
			return -1;
		if (step->kind != STEP_HOME || step->home != HOME_TEMPLATE)
			continue;
		ids->template = idmap_root_to(step->uid, step->gid, err);
		if (ids->template < 0)
			return -1;
	}
	return 0;
}

/* Less than others have is not given in silence. */
static void
notice_owner(const struct ids *ids, int *status)
{
	char text[256];

	if (ids->own.owner_errnum == 0)
		return;
	(void)text_format(text, sizeof(text), "the user namespace is root's, with whom the user shares what the "
	    "kernel counts by user (inotify, signals, message queues): become uid %u: %s",
	    (unsigned)userns_owner(ids->root_uid), strerror(ids->own.owner_errnum));
	tell_notice(text, status);
}

static int
first_process(struct inside *inside, const struct cgroups *cgroups, const struct ids *ids,
    int *status, struct error *err)
{
	static char *const argv[] = { (char *)(uintptr_t)"pam_ctr-init", NULL };
	static char *const envp[] = { NULL };

	inside->notice = tell_notice;
	inside->context = status;
	inside->userns = ids->own.fd[USERNS_USER];
	inside->template_userns = ids->template;
	inside->root_uid = ids->root_uid;
	inside->root_gid = ids->root_gid;
	if (getpid() != 1)
		return error_set(err, 0, "the container's first process is not its PID 1");
	if (become_neutral(err) < 0 || cgroups_enter(cgroups, err) < 0 ||
	    userns_enter_parts(&ids->own, err) < 0)
		return -1;
	notice_owner(ids, status);
	autofd int init = open(PLACE_INIT, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (init < 0)
		return error_set(err, errno, "open %s: is pam_ctr installed whole?", PLACE_INIT);
	int rc = inside_run(inside, err);
	inside_free(inside);
	if (rc < 0)
		return -1;
	/* A mount that could not be had is passed over, but not what was taken to make it. */
	if (getgroups(0, NULL) != 0)
		return error_set(err, EPERM, "drop the user's groups");
	if (chdir("/") < 0)
		return error_set(err, errno, "change directory to /");
	(void)umask(077);
	/* Survive the exec: 3, the status socket.  Everything else is O_CLOEXEC, and is closed. */
	autofd int executable = fcntl(init, F_DUPFD_CLOEXEC, STATUS_FD + 2);
	if (executable < 0 || (*status != STATUS_FD && dup2(*status, STATUS_FD) < 0) ||
	    fcntl(STATUS_FD, F_SETFD, 0) < 0)
		return error_set(err, errno, "hand the status to init");
	*status = STATUS_FD;
	if (sys_close_range(STATUS_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return error_set(err, errno, "mark the descriptors to be closed");
	/*
	 * The kernel would leave up to two pages between init's strings and its stack, at random: a page more for
	 * as long as the container lives.  init reads nothing but the signals that it gets, and starts no program.
	 */
	(void)personality(ADDR_NO_RANDOMIZE);
	(void)syscall(SYS_execveat, executable, "", argv, envp, AT_EMPTY_PATH);
	return error_set(err, errno, "run %s", PLACE_INIT);
}

/* clone3(2) says little; these are its reasons here. */
static int
explain_clone(int errnum, struct error *err)
{
	switch (errnum) {
	case ENOSPC:
		return error_set(err, errnum, "make namespaces: the host has as many as it allows "
		    "(sysctl user.max_*_namespaces)");
	case EAGAIN:
		return error_set(err, errnum, "start a process: the host's or pam_ctr's task limit is reached");
	case ENOMEM:
		return error_set(err, errnum, "start a process: memory is short, or this PID namespace is ending");
	default:
		return error_set(err, errnum, "make the container's namespaces");
	}
}

int
build_start(struct build *build, const struct plan *plan, const struct cgroups *cgroups,
    const struct inside_cover *cover, struct error *err)
{
	int pair[2];
	int pidfd = -1;
	struct ids ids = IDS_INIT;
	int cgroup = cgroups_clone_fd(cgroups);
	struct clone_args args = {
		.flags = namespace_flags(plan) | CLONE_PIDFD | (cgroup >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = cgroup >= 0 ? (uint64_t)cgroup : 0,
	};

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_set(err, errno, "make a socket for the building");
	autofd int ours = pair[0];
	autofd int theirs = pair[1];
	if (make_ids(plan, &ids, err) < 0) {
		ids_free(&ids);
		return -1;
	}
	pid_t pid = sys_clone3(&args);
	if (pid == 0) {
		struct error why = ERROR_INIT;
		struct inside inside = INSIDE_INIT;
		own_close(&ours);
		inside.plan = plan;
		inside.cover = cover;
		(void)first_process(&inside, cgroups, &ids, &theirs, &why);
		tell(theirs, message_failed, &why);
		_exit(1);
	}
	int rc = pid < 0 ? explain_clone(errno, err) : 0;
	*build = (struct build) { .pid = pid, .pidfd = pidfd, .status = -1, .userns = -1 };
	if (rc == 0) {
		build->status = take_fd(&ours);
		build->userns = take_fd(&ids.own.fd[USERNS_USER]);
	}
	ids_free(&ids);
	return rc;
}

enum build_news
build_news(struct build *build, struct error *err)
{
	struct message message = { .kind = 0 };
	ssize_t length;

	do
		length = recv(build->status, &message, sizeof(message), MSG_DONTWAIT);
	while (length < 0 && errno == EINTR);
	if (length == 1 && message.kind == READY)
		return BUILD_READY;
	if (length == (ssize_t)sizeof(message)) {
		message.error.text[sizeof(message.error.text) - 1] = '\0';
		*err = message.error;
		return message.kind == message_notice ? BUILD_NOTICE : BUILD_FAILED;
	}
	(void)error_set(err, 0, "the container's first process ended without a word");
	return BUILD_FAILED;
}

void
build_free(struct build *build)
{
	own_close(&build->pidfd);
	own_close(&build->status);
	own_close(&build->userns);
	*build = (struct build)BUILD_INIT;
}
