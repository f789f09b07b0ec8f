/*
 * ctrctl enter: joins the container as a login would, then runs the user's shell in it.
 */
#include "ctl/account.h"
#include "ctl/command.h"
#include "lib/client.h"
#include "lib/join.h"
#include "lib/own.h"
#include "lib/places.h"
#include "lib/text.h"

#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define NOT_RUN 126

/* setuid last; then the proof that there is no way back. */
static int
become_user(const struct subject *subject)
{
	if (initgroups(subject->user, subject->gid) < 0 ||
	    setresgid(subject->gid, subject->gid, subject->gid) < 0 ||
	    setresuid(subject->uid, subject->uid, subject->uid) < 0)
		return -1;
	if (setresuid(0, 0, 0) == 0 || setuid(0) == 0 || geteuid() != subject->uid)
		return -1;
	return 0;
}

static void
set_environment(const struct subject *subject, const struct wire_kit *kit)
{
	const char *term = getenv("TERM");
	char kept[128];

	(void)snprintf(kept, sizeof(kept), "%s", term ? term : "dumb");
	(void)clearenv();
	(void)setenv("TERM", kept, 1);
	(void)setenv("HOME", subject->home, 1);
	(void)setenv("USER", subject->user, 1);
	(void)setenv("LOGNAME", subject->user, 1);
	(void)setenv("SHELL", subject->shell, 1);
	(void)setenv("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games", 1);
	for (size_t i = 0; i < sizeof(kit->environment) / sizeof(kit->environment[0]); i++) {
		char *variable = kit->environment[i][0] ? strdup(kit->environment[i]) : NULL;
		if (variable)
			(void)putenv(variable); /* takes it over */
	}
}

static _Noreturn void
run(const struct subject *subject, const struct wire_kit *kit, char **command)
{
	const char *shell = subject->shell[0] ? subject->shell : "/bin/sh";
	const char *base = strrchr(shell, '/');
	char name[4100];

	set_environment(subject, kit);
	if (become_user(subject) < 0) {
		(void)fprintf(stderr, "ctrctl: become user %s: %s\n", subject->user, strerror(errno));
		_exit(NOT_RUN);
	}
	if (chdir(subject->home) < 0 && chdir("/") < 0)
		_exit(NOT_RUN);
	if (command) {
		(void)execvp(command[0], command);
		(void)fprintf(stderr, "ctrctl: run %s: %s\n", command[0], strerror(errno));
		_exit(errno == ENOENT ? NOT_RUN + 1 : NOT_RUN);
	}
	/* A leading '-' makes it a login shell. */
	(void)snprintf(name, sizeof(name), "-%s", base ? base + 1 : shell);
	(void)execl(shell, name, (char *)NULL);
	(void)fprintf(stderr, "ctrctl: run %s: %s\n", shell, strerror(errno));
	_exit(NOT_RUN);
}

/* The child has the terminal; keys that end or stop are for it, and we wait for its end. */
static int
wait_for(pid_t pid)
{
	int status = 0;

	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGQUIT, SIG_IGN);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return CTL_FAILED;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int
join_and_run(const struct subject *subject, struct join_kit *kit, int *connection, char **command)
{
	struct error err = ERROR_INIT;
	int rc = join_enter(kit, &err);

	client_report(connection, rc < 0 ? &err : NULL);
	if (rc < 0)
		return complain_error("enter", &err);
	(void)fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		return complain(CTL_FAILED, "enter: fork: %s", strerror(errno));
	if (pid == 0)
		run(subject, &kit->message, command);
	return wait_for(pid);
}

static int
enter(const struct subject *subject, const char *path, char **command)
{
	struct join_kit kit = JOIN_KIT_INIT;
	struct wire_text why = { .text = "" };
	struct error err = ERROR_INIT;
	enum client_answer answer = CLIENT_REFUSED;
	int connection = -1;
	struct client_request request = {
		.subject = subject,
		.policy_path = path,
		.flags = WIRE_OPEN_EXISTING | (isatty(0) ? WIRE_OPEN_TTY : 0),
		.tty = 0,
	};

	if (join_is_possible(&err) < 0 || client_open(&request, &answer, &kit, &connection, &why, &err) < 0)
		return complain_error("enter", &err);
	if (answer == CLIENT_EXEMPT)
		return complain(CTL_NO, "enter: user %s is exempt, and has no container", subject->user);
	if (answer == CLIENT_REFUSED)
		return complain(CTL_NO, "enter: %s", why.text);
	int code = join_and_run(subject, &kit, &connection, command);
	join_kit_free(&kit);
	return code;
}

int
command_enter(const struct options *options)
{
	struct error err = ERROR_INIT;
	autofree struct subject *subject = calloc(1, sizeof(*subject));
	int code = caller_check("enter");

	if (code != CTL_OK)
		return code;
	if (!subject)
		return complain(CTL_FAILED, "enter: out of memory");
	*subject = (struct subject)SUBJECT_INIT;
	if (account_subject(options->operand[0], "ctrctl", subject, &err) < 0)
		code = complain(CTL_NO, "enter: %s", err.text);
	else if (subject->uid == 0)
		code = complain(CTL_NO, "enter: root is never contained: there is nothing to enter");
	else
		code = enter(subject, options->config ? options->config : PLACE_POLICY, options->command);
	subject_free(subject);
	return code;
}
