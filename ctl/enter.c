/*
 * ctrctl enter and run: joins the user's container as a PAM caller does, and runs a command
 * there as the user.  This process is the session: the supervisor counts it until it ends.
 * enter wants a container that is there, run has one built as a login does.
 */
#include "ctl/account.h"
#include "ctl/become.h"
#include "ctl/command.h"
#include "ctl/relay.h"
#include "ctl/view.h"
#include "lib/client.h"
#include "lib/own.h"
#include "lib/places.h"
#include "lib/sys.h"
#include "lib/text.h"

#include <limits.h>
#include <string.h>
#include <sys/wait.h>

struct entry {
	const char *command;        /* "enter" or "run" */
	bool builds;
	struct subject subject;
	char policy_path[PATH_MAX]; /* the one that the container was built by */
	struct join_kit kit;
	int connection;
	struct relay relay;
};

/*
 * What the admin's shell and its parents left open is nobody's business from here on; and
 * where one of 0 to 2 is missing, the next thing that root opens must not become it.  What
 * takes its place is for the command, so not O_CLOEXEC.
 */
static int
clean_descriptors(struct error *err)
{
	if (sys_close_range(STDERR_FILENO + 1, ~0U, 0) < 0)
		return error_set(err, errno, "close inherited descriptors");
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return error_set(err, errno, "open /dev/null");
	return 0;
}

/* For the log only: whose terminal the session was entered from. */
static void
name_terminal(struct subject *subject)
{
	char name[PATH_MAX];

	if (ttyname_r(STDIN_FILENO, name, sizeof(name)) == 0 && !strncmp(name, "/dev/", 5))
		(void)text_format(subject->tty, sizeof(subject->tty), "%s", name + 5);
}

static int
find_container(struct entry *entry, const char *config)
{
	struct error err = ERROR_INIT;
	struct view view = VIEW_INIT;
	const char *user = entry->subject.user;
	int rc = view_read(entry->subject.uid, &view, &err);

	if (rc < 0)
		return complain_error(entry->command, &err);
	if (!config)
		config = view.record.policy_path[0] ? view.record.policy_path : PLACE_POLICY;
	int too_long = text_format(entry->policy_path, sizeof(entry->policy_path), "%s", config);
	view_free(&view);
	if (too_long < 0)
		return complain(CTL_USAGE, "%s: --config: the path is too long", entry->command);
	if (rc > 0 && !entry->builds)
		return complain(CTL_NO, "%s: %s has no container: one is built at the first login, or by "
		    "ctrctl run (ctrctl explain %s: whether it is contained)", entry->command, user, user);
	return CTL_OK;
}

static int
ask(struct entry *entry)
{
	struct client_request request = {
		.subject = &entry->subject,
		.policy_path = entry->policy_path,
		.flags = entry->builds ? 0 : WIRE_OPEN_EXISTING,
		.tty = -1,
	};
	struct wire_text why = { .text = "" };
	enum client_answer answer;
	struct error err = ERROR_INIT;

	if (client_open(&request, &answer, &entry->kit, &entry->connection, &why, &err) < 0)
		return complain_error(entry->command, &err);
	switch (answer) {
	case CLIENT_KIT:
		return CTL_OK;
	case CLIENT_EXEMPT:
		return complain(CTL_NO, "%s: %s is exempt and stays on the host: use su",
		    entry->command, entry->subject.user);
	case CLIENT_REFUSED:
		break;
	}
	return complain(CTL_NO, "%s: %s", entry->command, why.text);
}

/* Signals are held from before the fork; a terminal for the command is one of the container's. */
static int
join(struct entry *entry, struct error *err)
{
	int rc = relay_prepare(&entry->relay, err);

	if (rc == 0)
		rc = join_enter(&entry->kit, err);
	if (rc == 0)
		rc = relay_open(&entry->relay, entry->subject.uid, err);
	if (rc < 0)
		client_report(&entry->connection, err);
	else /* unheard, the session would be ended, and with it the command, before it could say a word */
		rc = client_joined(&entry->connection, CLIENT_UNTIMED, err);
	return rc;
}

static int
exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int
run(struct entry *entry, char **command)
{
	struct error err = ERROR_INIT;
	struct become become = {
		.subject = &entry->subject,
		.kit = &entry->kit.message,
		.command = command,
		.relay = &entry->relay,
	};
	int status;

	if (join(entry, &err) < 0)
		return complain_error(entry->command, &err);
	/* The first process of ours that is in the container's PID namespace. */
	pid_t child = fork();
	if (child < 0) {
		(void)error_set(&err, errno, "fork in the container (is pids.max used up?)");
		return complain_error(entry->command, &err);
	}
	if (child == 0)
		become_run(&become);
	if (relay_run(&entry->relay, child, &status, &err) < 0)
		return complain_error(entry->command, &err);
	if (entry->relay.is_left)
		(void)complain(CTL_NO, "%s: left; the command was told (SIGHUP)", entry->command);
	return exit_code(status);
}

static int
enter(struct entry *entry, const struct options *options)
{
	struct error err = ERROR_INIT;
	int code;

	if (clean_descriptors(&err) < 0)
		return complain_error(entry->command, &err);
	if (account_subject(options->operand[0], "ctrctl", &entry->subject, &err) < 0)
		return err.errnum == ENOENT ? complain(CTL_NO, "%s: %s", entry->command, err.text) :
		    complain_error(entry->command, &err);
	if (entry->subject.uid == 0)
		return complain(CTL_NO, "%s: root is never contained: there is nothing to enter",
		    entry->command);
	name_terminal(&entry->subject);
	if (join_is_possible(&err) < 0)
		return complain_error(entry->command, &err);
	code = find_container(entry, options->config);
	if (code == CTL_OK)
		code = ask(entry);
	if (code == CTL_OK)
		code = run(entry, options->command);
	return code;
}

static int
command(struct entry *entry, const struct options *options)
{
	int code = caller_check(entry->command);

	if (code != CTL_OK)
		return code;
	(void)sigprocmask(SIG_SETMASK, NULL, &entry->relay.mask);
	code = enter(entry, options);
	relay_free(&entry->relay);
	join_kit_free(&entry->kit);
	own_close(&entry->connection);
	subject_free(&entry->subject);
	return code;
}

#define ENTRY_INIT(name, builds_) { .command = (name), .builds = (builds_), \
	.subject = SUBJECT_INIT, .kit = JOIN_KIT_INIT, .connection = -1, .relay = RELAY_INIT }

int
command_enter(const struct options *options)
{
	struct entry entry = ENTRY_INIT("enter", false);

	return command(&entry, options);
}

int
command_launch(const struct options *options)
{
	struct entry entry = ENTRY_INIT("run", true);

	if (!options->command)
		return complain(CTL_USAGE, "run: a command is missing after --");
	return command(&entry, options);
}
