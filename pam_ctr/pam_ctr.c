/*
 * pam_ctr.so: asks the user's supervisor for a place in the container and enters it.
 *
 * A guest, as root, in sshd's monitor, su, login, cron: never exits, prints, or changes what
 * is the caller's (signals, umask, ids, descriptors, static state); says each failure once,
 * here, by pam_syslog; and answers PAM_SESSION_ERR whenever the caller is not where policy
 * says it must be.  pam_sm_open_session(3).
 */
#include "lib/client.h"
#include "lib/join.h"
#include "lib/mark.h"
#include "lib/own.h"
#include "lib/process_attributes.h"
#include "lib/stats.h"
#include "lib/text.h"
#include "pam_ctr/arguments.h"
#include "pam_ctr/subject_pam.h"

#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

/* Set on the handle once this process has joined; pam_set_data(3). */
#define DATA_JOINED "pam_ctr_joined"
#define DATA_AMBIENT "pam_ctr_ambient"

int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
    __attribute__((visibility("default")));
int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
    __attribute__((visibility("default")));

/* One call of pam_sm_open_session(). */
struct opening {
	pam_handle_t *pamh;
	unsigned flags;
	int argc;
	const char **argv;
	struct subject *subject; /* owned by the caller */
	struct wire_text why;    /* of a refusal by the supervisor */
	uint64_t began;          /* stats_now() */
};

static bool
is_silent(const struct opening *opening)
{
	return opening->flags & PAM_SILENT;
}

/* One quoted value, whatever the reason quotes. */
static const char *
quote(char *text)
{
	for (char *c = text; *c; c++)
		if (*c == '"')
			*c = '\'';
	return text;
}

/*
 * The one place that says why a login failed: all of it to the log, and to the user what the
 * supervisor means for them to read, else a sentence that tells nothing of the host.
 */
static int
refuse(const struct opening *opening, const struct error *err)
{
	pam_handle_t *pamh = opening->pamh;
	const struct subject *subject = opening->subject;
	const struct wire_text *why = &opening->why;
	char text[640], shown[128], service[128];
	bool has_contact = why->contact[0];

	(void)error_render(err, text, sizeof(text));
	if (subject->user[0])
		pam_syslog(pamh, LOG_ERR, "login refused: user=%s uid=%d service=%s reason=\"%s\"",
		    text_escape(subject->user, shown, sizeof(shown)), (int)subject->uid,
		    text_escape(subject->service, service, sizeof(service)), quote(text));
	else
		pam_syslog(pamh, LOG_ERR, "login refused: reason=\"%s\"", quote(text));
	if (!is_silent(opening))
		pam_error(pamh, "pam_ctr: %s%s%s", why->show ? why->text : "your container could not be "
		    "opened; the administrator finds the reason in the log",
		    has_contact ? "; ask " : "", why->contact);
	return PAM_SESSION_ERR;
}

/* For monitoring, where no supervisor was there to count it; never itself a reason to refuse. */
static int
count(const struct subject *subject, enum stats_refusal refusal)
{
	struct error ignored = ERROR_INIT;
	struct stats_page *page = stats_open(subject->uid, subject->user, &ignored);

	stats_refused(page, refusal);
	stats_close(&page);
	return -1;
}

static bool
is_joined(pam_handle_t *pamh)
{
	const void *data = NULL;

	return pam_get_data(pamh, DATA_JOINED, &data) == PAM_SUCCESS && data;
}

/* The login's own terminal, so that it can be shown inside; -1: it has none (sshd, cron). */
static int
login_terminal(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (isatty(fd))
			return fd;
	return -1;
}

static int
put_environment(pam_handle_t *pamh, const struct wire_kit *kit, struct error *err)
{
	for (size_t i = 0; i < sizeof(kit->environment) / sizeof(kit->environment[0]); i++) {
		const char *variable = kit->environment[i];

		/* pam_putenv(3) refuses to unset what is not set. */
		if (!variable[0] || (!strchr(variable, '=') && !pam_getenv(pamh, variable)))
			continue;
		if (pam_putenv(pamh, variable) != PAM_SUCCESS)
			return error_set(err, 0, "set %s in PAM's environment", variable);
	}
	return 0;
}

struct ambient {
	struct wire_process process;
	pid_t opener;
};

/*
 * The caller's child that has become the user tells PAM so by PAM_DATA_SILENT, pam_end(3): su and
 * login do.  Whoever else ends here keeps what it has; without this, exec leaves it nothing.
 */
static void
raise_ambient(pam_handle_t *pamh, void *data, int status)
{
	struct ambient *ambient = data;
	struct error err = ERROR_INIT;
	char text[640];

	if ((unsigned)status & PAM_DATA_SILENT && getpid() != ambient->opener &&
	    geteuid() == ambient->process.uid && getuid() == ambient->process.uid &&
	    attributes_raise_ambient(&ambient->process, &err) < 0)
		pam_syslog(pamh, LOG_ERR, "ambient lost: uid=%u error=\"%s\"", (unsigned)ambient->process.uid,
		    error_render(&err, text, sizeof(text)));
	free(ambient);
}

static int
prepare_ambient(pam_handle_t *pamh, const struct wire_process *process, struct error *err)
{
	struct ambient *ambient;

	if (!process->ambient)
		return 0;
	ambient = malloc(sizeof(*ambient));
	if (!ambient)
		return error_set(err, errno, "keep the ambient capabilities with PAM");
	*ambient = (struct ambient) { .process = *process, .opener = getpid() };
	if (pam_set_data(pamh, DATA_AMBIENT, ambient, raise_ambient) == PAM_SUCCESS)
		return 0;
	free(ambient);
	return error_set(err, 0, "keep the ambient capabilities with PAM");
}

/* Everything that can fail without harm comes before join_enter(). */
static int
enter(pam_handle_t *pamh, const struct join_kit *kit, struct error *err)
{
	if (put_environment(pamh, &kit->message, err) < 0 ||
	    prepare_ambient(pamh, &kit->message.process, err) < 0)
		return -1;
	if (pam_set_data(pamh, DATA_JOINED, (void *)(uintptr_t)"joined", NULL) != PAM_SUCCESS)
		return error_set(err, 0, "keep the session's state with PAM");
	return join_enter(kit, err);
}

/*
 * sshd keeps it until it knows what the login is, and shows it before a shell on a terminal alone;
 * the supervisor sends one to those programs only that know what to do with it.
 */
static void
show_banner(const struct opening *opening, const struct wire_kit *kit)
{
	if (kit->banner[0] && !is_silent(opening))
		(void)pam_info(opening->pamh, "%s", kit->banner);
}

static int
contain(struct opening *opening, const struct arguments *arguments, struct error *err)
{
	pam_handle_t *pamh = opening->pamh;
	const struct subject *subject = opening->subject;
	int tty = login_terminal();
	struct client_request request = {
		.subject = subject,
		.policy_path = arguments->policy_path,
		.flags = tty >= 0 ? WIRE_OPEN_TTY : 0,
		.tty = tty,
	};
	struct join_kit kit = JOIN_KIT_INIT;
	enum client_answer answer;
	int connection = -1;

	if (client_open(&request, &answer, &kit, &connection, &opening->why, err) < 0)
		return count(subject, STATS_UNANSWERED);
	if (answer == CLIENT_REFUSED)
		return error_set(err, 0, "%s", opening->why.text);
	if (answer == CLIENT_EXEMPT) {
		if (arguments->debug)
			pam_syslog(pamh, LOG_DEBUG, "user %s is exempt", subject->user);
		return 0;
	}
	int rc = enter(pamh, &kit, err);
	if (rc < 0)
		client_report(&connection, err);
	else
		rc = client_joined(&connection, stats_now() - opening->began, err);
	if (rc < 0)
		(void)pam_set_data(pamh, DATA_JOINED, NULL, NULL);
	if (rc == 0 && arguments->debug)
		pam_syslog(pamh, LOG_DEBUG, "user %s: session %s joined", subject->user,
		    kit.message.session);
	if (rc == 0)
		show_banner(opening, &kit.message);
	join_kit_free(&kit);
	return rc;
}

static int
open_session(struct opening *opening, struct error *err)
{
	pam_handle_t *pamh = opening->pamh;
	struct subject *subject = opening->subject;
	struct arguments arguments;

	if (is_joined(pamh))
		return 0;
	if (subject_from_pam(pamh, subject, err) < 0)
		return -1;
	/* Before anything that may fail: root is never contained, so never locked out. */
	if (subject->uid == 0)
		return 0;
	if (arguments_parse(&arguments, opening->argc, opening->argv, err) < 0)
		return count(subject, STATS_CALLER);
	int inside = mark_check(err);
	if (inside != 0) {
		if (inside > 0 && arguments.debug)
			pam_syslog(pamh, LOG_DEBUG, "already inside a container: nothing to do");
		return inside > 0 ? 0 : -1;
	}
	if (join_is_possible(err) < 0 || subject_add_groups(pamh, subject, err) < 0)
		return count(subject, STATS_CALLER);
	return contain(opening, &arguments, err);
}

int
pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct error err = ERROR_INIT;
	autofree struct subject *subject = calloc(1, sizeof(*subject));

	if (!subject) {
		pam_syslog(pamh, LOG_CRIT, "login refused: reason=\"out of memory\"");
		return PAM_SESSION_ERR;
	}
	*subject = (struct subject)SUBJECT_INIT;
	struct opening opening = {
		.pamh = pamh, .flags = (unsigned)flags, .argc = argc, .argv = argv, .subject = subject,
		.began = stats_now(),
	};
	int result = open_session(&opening, &err) < 0 ? refuse(&opening, &err) : PAM_SUCCESS;
	subject_free(subject);
	return result;
}

/*
 * Nothing to do: the supervisor watches the process that opened the session, whose end is
 * the session's end, however it comes.  Waiting for the container here would deadlock under
 * sshd, whose unreaped child is a member of the container's PID namespace.
 */
int
pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}
