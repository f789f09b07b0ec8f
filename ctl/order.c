/*
 * What ctrctl's orders have in common: who may give them, to whom, and what comes of it.
 */
#include "ctl/order.h"

#include "ctl/account.h"
#include "ctl/command.h"
#include "ctl/json.h"
#include "ctl/view.h"
#include "lib/client.h"
#include "lib/own.h"
#include "lib/text.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* Beside the policy's grace: a loaded machine's time. */
#define ORDER_MS 30000

int
order_prepare(const char *command, const char *user, struct order *order)
{
	struct error err = ERROR_INIT;
	int code = caller_check(command);

	*order = (struct order) { .command = command, .user = user };
	if (code == CTL_OK && account_uid(user, &order->uid, &err) < 0)
		code = complain(CTL_NO, "%s: %s", command, err.text);
	return code;
}

int
order_timeout(uid_t uid)
{
	struct error ignored = ERROR_INIT;
	struct view view = VIEW_INIT;
	int ms = ORDER_MS;

	if (view_read(uid, &view, &ignored) == 0 &&
	    view.record.grace < (unsigned)(INT_MAX - ORDER_MS) / 1000)
		ms += (int)view.record.grace * 1000;
	view_free(&view);
	return ms;
}

int
order_give_packet(const struct order *order, const void *packet, unsigned long length,
    char *text)
{
	enum client_verdict verdict;
	struct error err = ERROR_INIT;

	if (client_order(order->uid, packet, length, order_timeout(order->uid), &verdict, text, &err) < 0)
		return complain_error(order->command, &err);
	switch (verdict) {
	case CLIENT_DONE:
		return CTL_OK;
	case CLIENT_NO:
		return complain(CTL_NO, "%s: %s", order->command, text);
	case CLIENT_NOBODY:
		break;
	}
	return complain(CTL_NO, "%s: %s has no container", order->command, order->user);
}

int
order_give(const struct order *order, enum wire_type type, uint32_t flags, const char *what,
    char *text)
{
	autofree void *packet = malloc(WIRE_PACKET_MAX);
	struct error err = ERROR_INIT;
	long length = packet ? wire_pack_order(packet, WIRE_PACKET_MAX, type, flags, what, &err) :
	    error_set(&err, errno, "give an order");

	if (length < 0)
		return complain_error(order->command, &err);
	return order_give_packet(order, packet, (unsigned long)length, text);
}

void
order_print(const struct order *order, const char *what, bool as_json)
{
	struct json json = { .out = stdout };
	char user[320];

	if (!as_json) {
		(void)printf("%s: %s\n", text_escape(order->user, user, sizeof(user)), what);
		return;
	}
	json_object(&json, NULL);
	json_text(&json, "user", order->user);
	json_number(&json, "uid", order->uid);
	json_yes_no(&json, what, true);
	json_object_end(&json);
}
