/*
 * PID 1 of a container: reaps orphans, and ends everybody when told.
 *
 * Root's, not dumpable, with one capability (CAP_KILL, to end the user's processes): inside,
 * nobody can trace, limit or kill it; the kernel keeps signals of its own namespace from
 * PID 1 unless it asks for them.  Knows nothing of policy; started by the supervisor with one
 * descriptor, on which one byte says that it is ready.  From then on it never exits early:
 * with it the whole PID namespace dies.  pid_namespaces(7), signalfd(2).
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define READY_FD 3

/* Why the container was not started; the supervisor logs the number. */
enum {
	EXIT_NOT_FIRST = 64,
	EXIT_SIGNALS,
	EXIT_PRIVILEGES,
	EXIT_READY
};

static int
drop_privileges(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = 1U << CAP_KILL, .permitted = 1U << CAP_KILL },
	};

	for (unsigned long capability = 0; prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0; capability++)
		continue;
	if (errno != EINVAL) /* the kernel knows no more of them */
		return -1;
	if (syscall(SYS_capset, &header, data) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	/* Last: changing credentials would make it dumpable again. */
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static void
reap(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
}

/*
 * Asks everybody to end: SIGTERM, and SIGCONT for what is stopped.  No SIGHUP: it would kill
 * at once who handles SIGTERM; who ignores it is killed after the grace.  When nobody is left the supervisor ends us too: only it sees all of them, since
 * what came in by setns(2) has its parent outside and is none of our children.
 */
static void
end_everybody(void)
{
	static const int signals[] = { SIGTERM, SIGCONT };

	/* kill(-1) anywhere but in a PID namespace of our own would end the host. */
	if (getpid() != 1)
		return;
	for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)kill(-1, signals[i]);
}

static _Noreturn void
serve(int signals)
{
	for (;;) {
		struct signalfd_siginfo info;
		ssize_t n = read(signals, &info, sizeof(info));
		if (n == (ssize_t)sizeof(info) && info.ssi_signo == SIGTERM)
			end_everybody();
		reap();
	}
}

int
main(void)
{
	sigset_t blocked;

	if (getpid() != 1)
		return EXIT_NOT_FIRST;
	/* Blocked, not handled: a fault's signal still kills us, the rest waits in the signalfd. */
	(void)sigfillset(&blocked);
	if (sigprocmask(SIG_SETMASK, &blocked, NULL) < 0)
		return EXIT_SIGNALS;
	(void)sigemptyset(&blocked);
	(void)sigaddset(&blocked, SIGCHLD);
	(void)sigaddset(&blocked, SIGTERM);
	int signals = signalfd(-1, &blocked, SFD_CLOEXEC);
	if (signals < 0)
		return EXIT_SIGNALS;
	if (drop_privileges() < 0)
		return EXIT_PRIVILEGES;
	/* Executed by descriptor, it would show as that descriptor's number. */
	(void)prctl(PR_SET_NAME, "pam_ctr-init", 0, 0, 0);
	if (write(READY_FD, "R", 1) != 1)
		return EXIT_READY;
	/* No descriptor of the host's stays: keep the signalfd alone. */
	if (signals != 0 && dup2(signals, 0) == 0)
		signals = 0;
	(void)syscall(SYS_close_range, 1, ~0U, 0);
	serve(signals);
}
