/*
 * Reads and resolves policies; changes nothing, needs no right but to read the files.
 */
#include "ctl/login.h"

#include "ctl/account.h"
#include "ctl/command.h"
#include "lib/own.h"
#include "lib/places.h"
#include "lib/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No user's name (a colon ends names in passwd), so that no section names it. */
#define ANYBODY_NAME "any:body"
#define ANYBODY_ID 65533

struct policy_text *
login_load(const char *config, struct policy_faults *faults, struct error *err)
{
	const char *path = config ? config : PLACE_POLICY;

	return policy_load(path, strcmp(path, PLACE_POLICY) == 0, faults, err);
}

void
login_print_faults(const struct policy_faults *faults, const struct error *err)
{
	char text[640];

	for (size_t i = 0; i < faults->count; i++)
		complain_line(faults->item[i]);
	if (faults->count == 0)
		(void)complain(CTL_FAILED, "%s", error_render(err, text, sizeof(text)));
}

static struct login *
new_login(void)
{
	struct login *login = calloc(1, sizeof(*login));

	if (login)
		login->subject = (struct subject)SUBJECT_INIT;
	return login;
}

static int
fill(struct login *login, struct error *err)
{
	if (machine_read(&login->machine, err) < 0)
		return -1;
	return policy_resolve(login->text, &login->subject, &login->machine, &login->policy, err);
}

struct login *
login_resolve(const char *command, const char *user, const char *service, const char *config,
    int *code)
{
	struct policy_faults faults = POLICY_FAULTS_INIT;
	struct error err = ERROR_INIT;
	struct login *login = new_login();

	*code = CTL_FAILED;
	if (!login) {
		(void)complain(CTL_FAILED, "%s: out of memory", command);
		return NULL;
	}
	if (account_subject(user, service ? service : "sshd", &login->subject, &err) < 0) {
		*code = err.errnum == ENOENT ? complain(CTL_NO, "%s: %s", command, err.text) :
		    complain_error(command, &err);
		goto undo_login;
	}
	login->text = login_load(config, &faults, &err);
	if (!login->text) {
		login_print_faults(&faults, &err);
		policy_faults_free(&faults);
		*code = complain(CTL_NO, "%s: the policy is at fault, and logins are refused",
		    command);
		goto undo_login;
	}
	if (fill(login, &err) == 0)
		return login;
	*code = complain(CTL_NO, "%s: %s: %s", command, user, err.text);
undo_login:
	login_free(login);
	return NULL;
}

void
login_fill_anybody(struct subject *subject)
{
	subject->uid = ANYBODY_ID;
	subject->gid = ANYBODY_ID;
	(void)text_format(subject->user, sizeof(subject->user), ANYBODY_NAME);
	(void)text_format(subject->home, sizeof(subject->home), "/home/anybody");
	(void)text_format(subject->service, sizeof(subject->service), "sshd");
}

struct login *
login_anybody(struct policy_text *text, struct error *err)
{
	struct login *login = new_login();

	if (!login) {
		(void)error_set(err, errno, "resolve the policy");
		policy_text_free(text);
		return NULL;
	}
	login->text = text;
	login_fill_anybody(&login->subject);
	if (fill(login, err) == 0)
		return login;
	login_free(login);
	return NULL;
}

void
login_json(const struct login *login, struct json *json)
{
	json_text(json, "user", login->subject.user);
	json_number(json, "uid", login->subject.uid);
	json_text(json, "service", login->subject.service);
	json_yes_no(json, "contained", !login->policy.exempt);
}

void
login_free(struct login *login)
{
	if (!login)
		return;
	policy_free(&login->policy);
	policy_text_free(login->text);
	subject_free(&login->subject);
	free(login);
}
