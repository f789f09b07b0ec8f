/*
 * pam_caller [OPTIONS]: an application that opens PAM sessions in the ways that sshd and login
 * never do, and prints each call's code.  Tests drive the installed module with it.  Runs as
 * root; what comes after a successful open runs inside the user's container.
 *
 *	--service NAME  --user NAME  --tty NAME  --rhost NAME
 *	--threads N     N more threads in the process while it calls
 *	--calls LIST    of open, close, hold (until standard input ends), line (until it has a line), fork
 *			(a child runs the command and is waited for), child-close, user-close (a child closes,
 *			as it is or once it has become the user), user=NAME (sets PAM_USER), locale
 *			(says which one it has), comma separated
 *	-- COMMAND...	what "fork" runs, as the user
 */
#include <grp.h>
#include <locale.h>
#include <pthread.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct caller {
	pam_handle_t *pamh;
	const char *user;
	char **command;
	int status;
};

static int
conversation_refuse(int count, const struct pam_message **message, struct pam_response **response,
    void *data)
{
	(void)data;
	for (int i = 0; i < count; i++)
		printf("message: %s\n", message[i]->msg);
	*response = calloc((size_t)count, sizeof(**response));
	return *response != NULL ? PAM_SUCCESS : PAM_BUF_ERR;
}

static const char *
code_name(int code)
{
	static const struct {
		int code;
		const char *name;
	} names[] = {
		{ PAM_SUCCESS, "PAM_SUCCESS" },
		{ PAM_SESSION_ERR, "PAM_SESSION_ERR" },
		{ PAM_SYSTEM_ERR, "PAM_SYSTEM_ERR" },
		{ PAM_SERVICE_ERR, "PAM_SERVICE_ERR" },
		{ PAM_USER_UNKNOWN, "PAM_USER_UNKNOWN" },
		{ PAM_BUF_ERR, "PAM_BUF_ERR" },
		{ PAM_IGNORE, "PAM_IGNORE" },
		{ PAM_PERM_DENIED, "PAM_PERM_DENIED" },
		{ PAM_ABORT, "PAM_ABORT" },
		{ PAM_MODULE_UNKNOWN, "PAM_MODULE_UNKNOWN" },
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].code == code)
			return names[i].name;
	return "PAM_OTHER";
}

static void
caller_report(struct caller *caller, const char *call, int code)
{
	printf("%s: %s\n", call, code_name(code));
	if (code != PAM_SUCCESS)
		caller->status = 1;
}

static void *
thread_wait(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return NULL;
}

static void
call_open(struct caller *caller)
{
	caller_report(caller, "open", pam_open_session(caller->pamh, 0));
}

static void
call_close(struct caller *caller)
{
	caller_report(caller, "close", pam_close_session(caller->pamh, 0));
}

static void
call_hold(struct caller *caller)
{
	char byte;
	(void)caller;
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
}

static void
call_line(struct caller *caller)
{
	char byte = 0;
	(void)caller;
	while (byte != '\n' && read(STDIN_FILENO, &byte, 1) > 0)
		;
}

static void
call_locale(struct caller *caller)
{
	(void)caller;
	printf("locale: %s\n", setlocale(LC_ALL, NULL));
}

static void
become_user(const struct caller *caller)
{
	const struct passwd *pw = getpwnam(caller->user);
	if (pw == NULL || initgroups(pw->pw_name, pw->pw_gid) != 0 || setgid(pw->pw_gid) != 0 ||
	    setuid(pw->pw_uid) != 0)
		_exit(126);
}

/* The handle is a copy of the opener's. */
static void
close_in_child(struct caller *caller, const char *call, int as_user)
{
	int status = 0;
	pid_t child = fork();
	if (child == 0) {
		if (as_user)
			become_user(caller);
		_exit(pam_close_session(caller->pamh, 0));
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		printf("%s: killed\n", call);
	else
		caller_report(caller, call, WEXITSTATUS(status));
}

static void
call_child_close(struct caller *caller)
{
	close_in_child(caller, "child-close", 0);
}

static void
call_user_close(struct caller *caller)
{
	close_in_child(caller, "user-close", 1);
}

static _Noreturn void
child_exec(const struct caller *caller)
{
	char **environment = pam_getenvlist(caller->pamh);
	if (environment == NULL || caller->command == NULL)
		_exit(126);
	become_user(caller);
	execvpe(caller->command[0], caller->command, environment);
	_exit(127);
}

static void
call_fork(struct caller *caller)
{
	int status = 0;
	pid_t child = fork();
	if (child == 0)
		child_exec(caller);
	if (child < 0 || waitpid(child, &status, 0) != child) {
		perror("fork");
		caller->status = 1;
		return;
	}
	printf("fork: %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void
caller_call(struct caller *caller, const char *name)
{
	static const struct {
		const char *name;
		void (*call)(struct caller *caller);
	} calls[] = {
		{ "open", call_open },
		{ "close", call_close },
		{ "hold", call_hold },
		{ "line", call_line },
		{ "fork", call_fork },
		{ "child-close", call_child_close },
		{ "user-close", call_user_close },
		{ "locale", call_locale },
	};
	if (strncmp(name, "user=", 5) == 0) {
		caller_report(caller, "user", pam_set_item(caller->pamh, PAM_USER, name + 5));
		return;
	}
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(calls[i].name, name) == 0) {
			calls[i].call(caller);
			return;
		}
	fprintf(stderr, "pam_caller: no call \"%s\"\n", name);
	exit(2);
}

static void
caller_start(struct caller *caller, const char *service, const char *tty, const char *rhost)
{
	static const struct pam_conv conversation = { conversation_refuse, NULL };
	int code = pam_start(service, caller->user, &conversation, &caller->pamh);
	if (code == PAM_SUCCESS && tty != NULL)
		code = pam_set_item(caller->pamh, PAM_TTY, tty);
	if (code == PAM_SUCCESS && rhost != NULL)
		code = pam_set_item(caller->pamh, PAM_RHOST, rhost);
	if (code != PAM_SUCCESS) {
		printf("start: %s\n", code_name(code));
		exit(1);
	}
}

static void
threads_start(int count)
{
	pthread_t thread;
	for (int i = 0; i < count; i++)
		if (pthread_create(&thread, NULL, thread_wait, NULL) != 0) {
			perror("pthread_create");
			exit(2);
		}
}

int
main(int argc, char **argv)
{
	struct caller caller = { .user = "alice" };
	const char *service = "test", *tty = NULL, *rhost = NULL;
	char calls_default[] = "open,close", *calls = calls_default, *save = NULL;
	int i = 1, threads = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	(void)setlocale(LC_ALL, "");
	for (; i + 1 < argc && strcmp(argv[i], "--") != 0; i += 2) {
		if (strcmp(argv[i], "--service") == 0)
			service = argv[i + 1];
		else if (strcmp(argv[i], "--user") == 0)
			caller.user = argv[i + 1];
		else if (strcmp(argv[i], "--tty") == 0)
			tty = argv[i + 1];
		else if (strcmp(argv[i], "--rhost") == 0)
			rhost = argv[i + 1];
		else if (strcmp(argv[i], "--threads") == 0)
			threads = atoi(argv[i + 1]);
		else if (strcmp(argv[i], "--calls") == 0)
			calls = argv[i + 1];
		else
			break;
	}
	if (i < argc && strcmp(argv[i], "--") == 0)
		caller.command = argv + i + 1;
	else if (i < argc) {
		fprintf(stderr, "pam_caller: unknown argument \"%s\"\n", argv[i]);
		return 2;
	}
	caller_start(&caller, service, tty, rhost);
	threads_start(threads);
	for (char *name = strtok_r(calls, ",", &save); name != NULL; name = strtok_r(NULL, ",", &save))
		caller_call(&caller, name);
	(void)pam_end(caller.pamh, PAM_SUCCESS);
	return caller.status;
}
