/*
 * Born inside the container, as root with what join_enter() left of the capabilities.  What
 * follows is ordered: session, descriptors and keyring while root and not dumpable, then the
 * ids, then the proof that they can't be had back, and only then anything that the user has a
 * say in (the home, PATH, the shell).  Nothing of root's goes along: no descriptor but 0 to 2,
 * no variable, no capability, no keyring.
 */
#include "ctl/become.h"

#include "ctl/command.h"
#include "lib/own.h"
#include "lib/process_attributes.h"
#include "lib/sys.h"
#include "lib/text.h"

#include <grp.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define USER_PATH "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"
#define ENVIRONMENT_MAX 32

static int
set_ids(const struct subject *subject, struct error *err)
{
	autofree gid_t *gids = calloc(subject->groups_count + 1, sizeof(*gids));

	if (!gids)
		return error_set(err, errno, "set the groups");
	for (size_t i = 0; i < subject->groups_count; i++)
		gids[i] = subject->groups[i].gid;
	if (setgroups(subject->groups_count, gids) < 0)
		return error_set(err, errno, "set the groups");
	if (setresgid(subject->gid, subject->gid, subject->gid) < 0)
		return error_set(err, errno, "set the gid %u", (unsigned)subject->gid);
	if (setresuid(subject->uid, subject->uid, subject->uid) < 0)
		return error_set(err, errno, "set the uid %u", (unsigned)subject->uid);
	return 0;
}

static int
prove_ids(const struct subject *subject, struct error *err)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	if (getresuid(&r, &e, &s) < 0 || r != subject->uid || e != r || s != r ||
	    getresgid(&rg, &eg, &sg) < 0 || rg != subject->gid || eg != rg || sg != rg)
		return error_set(err, EPERM, "become uid %u", (unsigned)subject->uid);
	if (setresuid(0, 0, 0) == 0 || setuid(0) == 0 || setgroups(0, NULL) == 0 ||
	    (subject->gid != 0 && setresgid(0, 0, 0) == 0))
		return error_set(err, EPERM, "root could be had back");
	return 0;
}

/*
 * The session keyring came along from root's login.  While root: the user's quota of keys may
 * be used up.  Where a filter or the kernel refuses keyctl(2), it does so to the user, too.
 */
static int
leave_keyring(struct error *err)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0 || errno == ENOSYS ||
	    errno == EPERM)
		return 0;
	return error_set(err, errno, "leave root's keyring");
}

struct environment {
	char *variable[ENVIRONMENT_MAX + 1]; /* owned */
	size_t count;
};

static int
add_variable(struct environment *environment, const char *name, const char *value,
    struct error *err)
{
	char *variable;

	if (!value || !value[0])
		return 0;
	if (environment->count == ENVIRONMENT_MAX || asprintf(&variable, "%s=%s", name, value) < 0)
		return error_set(err, ENOMEM, "set %s", name);
	environment->variable[environment->count++] = variable;
	return 0;
}

static int
make_environment(const struct become *become, struct environment *environment, struct error *err)
{
	const struct subject *subject = become->subject;
	const struct { const char *name, *value; } variables[] = {
		{ "HOME", subject->home }, { "USER", subject->user }, { "LOGNAME", subject->user },
		{ "SHELL", subject->shell[0] ? subject->shell : "/bin/sh" }, { "PATH", USER_PATH },
		{ "TERM", getenv("TERM") }, { "LANG", getenv("LANG") },
	};

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		if (add_variable(environment, variables[i].name, variables[i].value, err) < 0)
			return -1;
	for (size_t i = 0; i < sizeof(become->kit->environment) / sizeof(become->kit->environment[0]);
	     i++) {
		char text[sizeof(become->kit->environment[0])];
		char *value = text;
		(void)text_format(text, sizeof(text), "%s", become->kit->environment[i]);
		const char *name = strsep(&value, "=");
		if (name[0] && add_variable(environment, name, value, err) < 0)
			return -1;
	}
	return 0;
}

/* The exit status of a shell that can't run it. */
static int
run(const struct become *become, struct environment *environment, struct error *err)
{
	const char *shell = become->subject->shell[0] ? become->subject->shell : "/bin/sh";
	const char *slash = strrchr(shell, '/');
	char name[sizeof(become->subject->shell) + 1];

	if (become->command) {
		(void)setenv("PATH", USER_PATH, 1); /* execvpe(3) looks here, not in its argument */
		(void)execvpe(become->command[0], become->command, environment->variable);
	} else {
		/* A leading '-' makes it a login shell. */
		(void)text_format(name, sizeof(name), "-%s", slash ? slash + 1 : shell);
		(void)execve(shell, (char *const[]) { name, NULL }, environment->variable);
	}
	(void)error_set(err, errno, "run %s", become->command ? become->command[0] : shell);
	return err->errnum == ENOENT ? BECOME_NOT_FOUND : BECOME_CANNOT_RUN;
}

static int
prepare(const struct become *become, struct environment *environment, struct error *err)
{
	if (relay_take(become->relay, err) < 0)
		return -1;
	if (sys_close_range(STDERR_FILENO + 1, ~0U, 0) < 0)
		return error_set(err, errno, "close root's descriptors");
	if ((!(become->kit->process.flags & WIRE_PROCESS_KEYRING) && leave_keyring(err) < 0) ||
	    set_ids(become->subject, err) < 0 ||
	    attributes_raise_ambient(&become->kit->process, err) < 0 || prove_ids(become->subject, err) < 0 ||
	    make_environment(become, environment, err) < 0)
		return -1;
	if (chdir(become->subject->home) < 0 && chdir("/") < 0)
		return error_set(err, errno, "change directory to /");
	if (!(become->kit->process.flags & WIRE_PROCESS_UMASK))
		(void)umask(022);
	if (sigprocmask(SIG_SETMASK, &become->relay->mask, NULL) < 0)
		return error_set(err, errno, "set the signal mask");
	return 0;
}

_Noreturn void
become_run(const struct become *become)
{
	struct environment environment = { .count = 0 };
	struct error err = ERROR_INIT;
	int status = CTL_FAILED;

	if (prepare(become, &environment, &err) == 0)
		status = run(become, &environment, &err);
	(void)complain_error("enter", &err);
	_exit(status);
}
