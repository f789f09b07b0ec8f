/*
 * supervisor UID: one user's, as root on the host, started by the first login's PAM module
 * (or ctrctl) with the listening socket as descriptor 3, an empty environment and all
 * signals blocked: see lib/spawn.h.  It takes nothing over of the program that started it.
 */
#include "container/cgroup_own.h"
#include "container/log.h"
#include "container/server.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/places.h"
#include "lib/spawn.h"
#include "lib/sys.h"
#include "lib/text.h"

#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>

/* A session holds up to ten descriptors, a request three. */
#define DESCRIPTORS_WANTED 65536

static int
reset_signals(struct error *err)
{
	sigset_t none;

	/* By the C library's word; it keeps some to itself. */
	for (int number = 1; number < NSIG; number++)
		if (signal(number, SIG_DFL) == SIG_ERR && errno != EINVAL)
			return error_set(err, errno, "reset signal %d", number);
	/* A full disk or a limit shall be an error, not the end. */
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		return error_set(err, errno, "ignore a signal");
	(void)sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) < 0 ? error_set(err, errno, "reset the signals") : 0;
}

/*
 * The caller's limits are meant for its user, and would end us in the middle of a record.
 * Raising a hard limit needs CAP_SYS_RESOURCE; without it, up to the hard limit.
 */
static void
raise_limits(void)
{
	static const struct {
		unsigned resource; /* an enum in one C library, an int in the other */
		rlim_t wanted;
	} limits[] = {
		{ RLIMIT_NOFILE, DESCRIPTORS_WANTED }, { RLIMIT_FSIZE, RLIM_INFINITY },
		{ RLIMIT_AS, RLIM_INFINITY },          { RLIMIT_DATA, RLIM_INFINITY },
		{ RLIMIT_CPU, RLIM_INFINITY },         { RLIMIT_NPROC, RLIM_INFINITY },
		{ RLIMIT_MEMLOCK, RLIM_INFINITY }, /* BPF programs, up to Linux 5.10 */
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct rlimit now = { limits[i].wanted, limits[i].wanted };
		if (setrlimit(limits[i].resource, &now) == 0 || getrlimit(limits[i].resource, &now) < 0)
			continue;
		now.rlim_cur = now.rlim_max;
		(void)setrlimit(limits[i].resource, &now);
	}
}

/* Descriptors 0 to 2 are the caller's terminal or log; ours are nobody's. */
static int
close_standard(struct error *err)
{
	autofd int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return error_set(err, errno, "open /dev/null");
	for (int fd = 0; fd <= 2; fd++)
		if (fd != null && dup2(null, fd) < 0)
			return error_set(err, errno, "close descriptor %d", fd);
	if (null <= 2)
		(void)take_fd(&null);
	return 0;
}

static int
detach(struct error *err)
{
	/* A cgroup's directory is for its user to read; what is not for all to see says so by its mode. */
	(void)umask(022);
	/* A setuid caller's (sudo's, atd's) real ids are its user's, and prlimit(2) goes by these. */
	if (setsid() < 0 || chdir("/") < 0 || setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 ||
	    setresuid(0, 0, 0) < 0)
		return error_set(err, errno, "detach from the caller");
	raise_limits();
	return reset_signals(err);
}

static int
check_listener(uid_t uid, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNSPEC };
	socklen_t length = sizeof(address);
	char want[sizeof(address.sun_path)];

	if (text_format(want, sizeof(want), "%s/%u/%s", PLACE_RUN, (unsigned)uid, PLACE_SOCKET_NAME) < 0 ||
	    getsockname(SPAWN_FD, (struct sockaddr *)&address, &length) < 0)
		return error_set(err, errno, "look at the listening socket");
	if (address.sun_family != AF_UNIX || strcmp(address.sun_path, want) != 0)
		return error_set(err, EINVAL, "descriptor %d is not the socket %s", SPAWN_FD, want);
	if (fcntl(SPAWN_FD, F_SETFD, FD_CLOEXEC) < 0 || fcntl(SPAWN_FD, F_SETFL, O_NONBLOCK) < 0)
		return error_set(err, errno, "set up the listening socket");
	return 0;
}

static int
open_directory(uid_t uid, struct error *err)
{
	char path[64];

	(void)text_format(path, sizeof(path), "%s/%u", PLACE_RUN, (unsigned)uid);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_set(err, errno, "open %s", path) : fd;
}

/* Mostly room for strings: pages of zeros, which cost nothing here until they are written to. */
static struct server only;

static int
supervise(uid_t uid, struct error *err)
{
	struct server *server = &only;

	server->uid = uid;
	server->listener = SPAWN_FD;
	server->build = (struct build)BUILD_INIT;
	server->userns = -1;
	server->accounting = (struct accounting)ACCOUNTING_INIT;
	server->devices = (struct devices)DEVICES_INIT;
	server->notice = (struct notice)NOTICE_INIT;
	server->kernel_log = (struct kernel_log)KERNEL_LOG_INIT;
	server->victim = (struct victim)VICTIM_INIT;
	server->strain = (struct strain)STRAIN_INIT;
	server->init = server->rest = server->admission = -1;
	server->record.uid = (uid_t)-1; /* RECORD_INIT, but for pages of zeros */
	server->deadline = NEVER;
	server->directory = open_directory(uid, err);
	if (server->directory < 0 || machine_read(&server->machine, err) < 0 ||
	    cgroup_own_leave(&server->machine, err) < 0)
		return -1;
	return server_run(server, err);
}

int
main(int argc, char **argv)
{
	struct error err = ERROR_INIT;
	uint64_t uid;

	if (argc != 2 || !text_to_number(argv[1], UINT32_MAX - 1, &uid) || uid == 0 || geteuid() != 0)
		return 2;
	log_open();
	if (check_listener((uid_t)uid, &err) == 0 && close_standard(&err) == 0 && detach(&err) == 0 &&
	    supervise((uid_t)uid, &err) == 0)
		return 0;
	log_error(&err, "supervisor failed: uid=%s what=\"go on\"", argv[1]);
	return 1;
}
