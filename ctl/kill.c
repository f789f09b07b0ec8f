/*
 * ctrctl kill: asks the supervisor to end the container, or one of its sessions, and waits
 * until nothing is left of it.  A container whose supervisor died gets a new one, which ends it.
 */
#include "ctl/kill.h"

#include "ctl/command.h"
#include "ctl/order.h"
#include "lib/client.h"
#include "lib/own.h"

#include <stdio.h>
#include <stdlib.h>

int
kill_container(uid_t uid, bool *existed, struct error *err)
{
	return client_end(uid, order_timeout(uid), existed, err);
}

static int
kill_all(const struct order *order)
{
	struct error err = ERROR_INIT;
	bool existed;

	if (kill_container(order->uid, &existed, &err) < 0)
		return complain_error("kill", &err);
	return existed ? CTL_OK : complain(CTL_NO, "kill: %s has no container", order->user);
}

static int
kill_session(const struct order *order, const char *session)
{
	autofree char *text = malloc(WIRE_TEXT_MAX);

	return text ? order_give(order, WIRE_KILL, 0, session, text) :
	    complain(CTL_FAILED, "kill: no memory");
}

int
command_kill(const struct options *options)
{
	struct order order;
	int code = order_prepare("kill", options->operand[0], &order);

	if (code == CTL_OK)
		code = options->session ? kill_session(&order, options->session) : kill_all(&order);
	if (code == CTL_OK)
		order_print(&order, "ended", options->json);
	return output_end(code);
}
