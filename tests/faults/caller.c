/*
 * fault_caller REPORT USER SERVICE: an application that opens a PAM session, runs a process of the
 * user's in it as login and su do, and closes it.  Says where it is by marks, and what the user's
 * process saw, in the memory of descriptor REPORT (tests/faults/fault.h).  Runs as root, traced.
 * fault_caller look: prints what such a process sees.
 * All of its allocations go by the tracer (malloc.c), the module's and libpam's, too.
 */
#include "tests/faults/fault.h"

#include <errno.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

static struct report *report;
static char *text; /* of REPORT_TEXT; what a process of the user's says */

static void
mark(enum mark where)
{
	report->mark = (int)where;
	(void)raise(SIGSTOP);
}

/* Nobody is there to read or answer. */
static int
conversation_none(int count, const struct pam_message **message, struct pam_response **response,
    void *data)
{
	(void)count;
	(void)message;
	(void)response;
	(void)data;
	return PAM_CONV_ERR;
}

__attribute__((format(printf, 1, 2))) static void
say(const char *format, ...)
{
	size_t length = strlen(text);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text + length, REPORT_TEXT - length, format, args);
	va_end(args);
}

/* What tells where a process is and what it may do; nothing of it may differ from login to login. */
static void
say_status(void)
{
	static const char *const names[] = { "Umask:", "Uid:", "Gid:", "Groups:", "NSpid:", "SigBlk:",
		"SigIgn:", "SigCgt:", "Cap", "NoNewPrivs:", "Seccomp" };
	FILE *in = fopen("/proc/self/status", "re");
	char line[512];

	if (!in)
		say("status %d\n", errno);
	while (in && fgets(line, sizeof(line), in))
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (!strncmp(line, names[i], strlen(names[i])) && strncmp(line, "NSpid", 5) != 0)
				say("%s", line);
	if (in)
		(void)fclose(in);
}

static void
say_kernel(long keyring)
{
	struct utsname names;

	say("host %s\n", uname(&names) == 0 ? names.nodename : "?");
	say("keyring %s\n", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0) ==
	    keyring ? "the caller's" : "own");
	say("securebits %x\n", (unsigned)prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
	say("init %s\n", kill(1, 0) == 0 ? "mine" : strerror(errno));
	if (getsid(0) == getpid())
		say("a session of its own\n");
	else
		say("session is pid %d's\n", (int)getsid(0));
}

/* Whose it is, where the one that was before it is not known. */
static void
say_keyring(void)
{
	char description[256] = "";

	if (syscall(SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, description, sizeof(description)) < 0)
		say("keyring %d\n", errno);
	say("keyring %.255s\n", description);
}

/* The views that a container has of its own. */
static void
say_files(void)
{
	static const char *const paths[] = { "/", "/tmp", "/dev", "/dev/pts", "/dev/shm", "/proc/1", "/run",
		"/run/pam_ctr", "/run/pam_ctr/inside", "/srv/exams", "/proc/kcore", "/proc/sysrq-trigger",
		"/sys", "/home", "/etc/shadow", "/root" };
	struct stat st;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (stat(paths[i], &st) < 0)
			say("%s %d\n", paths[i], errno);
		else
			say("%s %o %u:%u r%d w%d\n", paths[i], (unsigned)st.st_mode, (unsigned)st.st_uid,
			    (unsigned)st.st_gid, access(paths[i], R_OK), access(paths[i], W_OK));
	}
}

static int
child_run(const struct passwd *user, pam_handle_t *pamh, long keyring)
{
	char **environment = pam_getenvlist(pamh);

	if (!environment || initgroups(user->pw_name, user->pw_gid) < 0 || setgid(user->pw_gid) < 0 ||
	    setuid(user->pw_uid) < 0)
		return 1;
	say_status();
	say_kernel(keyring);
	say_files();
	for (char **variable = environment; *variable; variable++)
		say("environment %s\n", *variable);
	return 0;
}

static void
run_child(const struct passwd *user, pam_handle_t *pamh, long keyring)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(child_run(user, pamh, keyring));
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		say("child %d status %x\n", child > 0, (unsigned)status);
}

/* All that a command of ctrctl's has. */
static int
look(void)
{
	static char own[REPORT_TEXT];

	text = own;
	say_status();
	say_keyring();
	say_kernel(-1);
	say_files();
	for (char **variable = environ; *variable; variable++)
		say("environment %s\n", *variable);
	return fputs(text, stdout) < 0 || fflush(stdout) != 0;
}

int
main(int argc, char **argv)
{
	static const struct pam_conv conversation = { conversation_none, NULL };
	pam_handle_t *pamh;

	if (argc == 2 && !strcmp(argv[1], "look"))
		return look();
	if (argc != 4)
		return 2;
	const struct passwd *user = getpwnam(argv[2]);
	int fd = atoi(argv[1]);
	void *shared = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (!user || shared == MAP_FAILED || close(fd) < 0 ||
	    pam_start(argv[3], argv[2], &conversation, &pamh) != PAM_SUCCESS)
		return 2;
	/* Whoever logs has its socket open; else libpam's first line would leave one. */
	openlog(argv[0], LOG_NDELAY, LOG_AUTHPRIV);
	long keyring = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
	report = shared;
	text = report->user;
	mark(MARK_OPEN);
	report->open = pam_open_session(pamh, 0);
	mark(MARK_OPENED);
	if (report->open == PAM_SUCCESS)
		run_child(user, pamh, keyring);
	mark(MARK_CLOSE);
	report->close = pam_close_session(pamh, 0);
	mark(MARK_CLOSED);
	return pam_end(pamh, PAM_SUCCESS) == PAM_SUCCESS ? 0 : 1;
}
