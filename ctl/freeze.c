/*
 * ctrctl freeze and thaw.
 */
#include "ctl/command.h"
#include "ctl/order.h"
#include "lib/own.h"

#include <stdlib.h>

static int
give(const char *command, enum wire_type type, const char *done, const struct options *options)
{
	struct order order;
	autofree char *text = malloc(WIRE_TEXT_MAX);
	int code = text ? order_prepare(command, options->operand[0], &order) :
	    complain(CTL_FAILED, "%s: no memory", command);

	if (code == CTL_OK)
		code = order_give(&order, type, 0, "", text);
	if (code == CTL_OK)
		order_print(&order, done, options->json);
	return output_end(code);
}

int
command_freeze(const struct options *options)
{
	return give("freeze", WIRE_FREEZE, "frozen", options);
}

int
command_thaw(const struct options *options)
{
	return give("thaw", WIRE_THAW, "thawed", options);
}
