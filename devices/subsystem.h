/*
 * The devices of a subsystem, from sysfs: a directory and a link each, where libudev reads and
 * checks some hundred files a device.  Most machines have sixty-four virtual terminals, and a rule
 * about a board on USB is about none of them.
 */
#ifndef DEVICES_SUBSYSTEM_H
#define DEVICES_SUBSYSTEM_H

#include "lib/error.h"
#include "policy/device_rule.h"

/*
 * Calls take with the path in /sys of each device of subsystem that rule can be about: what rule says
 * is asked there.  Left out is what can't match.  A subsystem that is not there has no devices.
 * -1 with err, or where take returned less than 0.
 */
int subsystem_scan(const char *subsystem, const struct device_rule *rule,
    int (*take)(const char *syspath, void *context), void *context, struct error *err);

#endif
