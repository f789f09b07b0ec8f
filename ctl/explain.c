/*
 * ctrctl explain: the resolved policy of one login, each value with its line.
 */
#include "ctl/command.h"
#include "ctl/login.h"
#include "ctl/printed.h"

#include <stdio.h>
#include <stdlib.h>

/* "sshd": contained or not, and its values. */
static int
print_json(const struct login *login)
{
	struct json json = { .out = stdout };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return complain(CTL_FAILED, "explain: no memory");
	policy_explain(login->text, &login->policy, out);
	int code = fclose(out) == 0 ? CTL_OK : complain(CTL_FAILED, "explain: no memory");
	json_object(&json, NULL);
	login_json(login, &json);
	json_list(&json, "values");
	if (code == CTL_OK)
		printed_policy_json(text, &json);
	json_list_end(&json);
	json_object_end(&json);
	free(text);
	return code;
}

int
command_explain(const struct options *options)
{
	int code;
	struct login *login = login_resolve("explain", options->operand[0], options->operand[1],
	    options->config, &code);

	if (!login)
		return code;
	if (options->json) {
		code = print_json(login);
	} else {
		(void)printf("# user %s, uid %u, service %s: %s\n", login->subject.user,
		    (unsigned)login->subject.uid, login->subject.service,
		    login->policy.exempt ? "exempt, stays on the host" : "contained");
		policy_explain(login->text, &login->policy, stdout);
		code = CTL_OK;
	}
	login_free(login);
	return output_end(code);
}
