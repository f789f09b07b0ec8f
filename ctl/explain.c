/*
 * ctrctl explain: the resolved policy of one login, each value with its line.
 */
#include "ctl/command.h"
#include "ctl/login.h"

#include <stdio.h>

int
command_explain(const struct options *options)
{
	int code;
	struct login *login = login_resolve("explain", options->operand[0], options->operand[1],
	    options->config, &code);

	if (!login)
		return code;
	(void)printf("# user %s, uid %u, service %s: %s\n", login->subject.user,
	    (unsigned)login->subject.uid, login->subject.service,
	    login->policy.exempt ? "exempt, stays on the host" : "contained");
	policy_explain(login->text, &login->policy, stdout);
	login_free(login);
	return output_end(CTL_OK);
}
