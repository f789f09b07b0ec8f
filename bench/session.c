/* What modules say goes to standard error; whoever asks for a password gets an empty one. */
#include "bench/session.h"

#include <stdio.h>
#include <stdlib.h>

static int
conversation_print(int count, const struct pam_message **message, struct pam_response **response,
    void *data)
{
	(void)data;
	for (int i = 0; i < count; i++)
		fprintf(stderr, "session: %s\n", message[i]->msg);
	*response = calloc((size_t)count, sizeof(**response));
	return *response ? PAM_SUCCESS : PAM_BUF_ERR;
}

static int
check(pam_handle_t *pamh, const char *call, int code)
{
	if (code == PAM_SUCCESS)
		return 0;
	fprintf(stderr, "session: %s: %s\n", call, pam_strerror(pamh, code));
	return -1;
}

int
session_start(pam_handle_t **pamh, const char *service, const char *user)
{
	static const struct pam_conv conversation = { conversation_print, NULL };

	*pamh = NULL;
	return check(*pamh, "start", pam_start(service, user, &conversation, pamh));
}

int
session_open(pam_handle_t *pamh)
{
	return check(pamh, "open", pam_open_session(pamh, 0));
}

int
session_close(pam_handle_t *pamh)
{
	return check(pamh, "close", pam_close_session(pamh, 0));
}
